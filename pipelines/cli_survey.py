"""The commands of a survey.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_options import TableFormat

if TYPE_CHECKING:
    from pipelines.survey.bank import Bank

survey = typer.Typer(help="What teams say: ask them, and publish it.", no_args_is_help=True)


@survey.callback()
def _survey() -> None:
    """Ask what people think of their work, and publish what protects each of them."""


@survey.command()
def bank(
    context: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(help="A bank's file, or the name of a shipped one. Without it, what is configured."),
    ] = None,
    language: Annotated[str | None, typer.Option(help="In this language, such as de.")] = None,
    format_: Annotated[TableFormat, typer.Option("--format", help="How to answer.")] = TableFormat.table,
) -> None:
    """Show what would be asked, or what is wrong with it."""
    from pipelines.survey.bank_answers import print_bank  # noqa: PLC0415 - heavy

    found = _bank_of(file, context.obj.home.path, context.obj.config)
    print_bank(found.translated(language) if language else found, as_json=format_ == TableFormat.json)


def _bank_of(file: str | None, home: Path, config: Path) -> "Bank":
    """The bank that is named, or else the one that the configuration asks, in its first language."""
    from pipelines.survey.bank import asked, named  # noqa: PLC0415 - heavy

    if file is not None:
        return named(file, Path())
    from pipelines.config import load  # noqa: PLC0415 - heavy

    settings = load(config).survey
    found = asked(settings.bank, settings.modules, home)
    in_each_language = [found.translated(language) for language in settings.languages]
    return in_each_language[0]
