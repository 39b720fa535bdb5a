"""The commands of a survey.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import USAGE, CommandError
from pipelines.cli_options import TableFormat

if TYPE_CHECKING:
    from pipelines.survey.bank import Bank

survey = typer.Typer(help="What teams say: ask them, and publish it.", no_args_is_help=True)


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


class Template(StrEnum):
    """The forms for which there is a mapping to fill in."""

    google_forms = "google-forms"
    microsoft_forms = "microsoft-forms"


@survey.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="The answers: a .csv or .xlsx file.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="What its columns and labels mean.")] = None,
    wave: Annotated[str | None, typer.Option(help="Which wave it was, such as 2026-Q3.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Say what would be imported, by counts.")] = False,
    template: Annotated[Template | None, typer.Option(help="Print a mapping to fill in.")] = None,
    bank: Annotated[
        str, typer.Option(help="What the template asks: a shipped bank or a file.")
    ] = "quarterly",
    language: Annotated[str | None, typer.Option(help="The template's language, such as de.")] = None,
) -> None:
    """Import a survey that was held elsewhere."""
    if template is not None:
        from pipelines.survey.bank import named  # noqa: PLC0415 - heavy
        from pipelines.survey.importing.templates import template as filled  # noqa: PLC0415 - heavy

        found = named(bank, Path())
        asked = found.translated(language) if language else found
        typer.echo(filled(template.value, asked, bank), nl=False)
        return
    if file is None or mapping is None or wave is None:
        what = "a file, --mapping and --wave are needed"
        fix = "Or print a mapping to fill in with --template google-forms"
        raise CommandError(f"survey import: {what}. {fix}", USAGE)
    from pipelines.survey.importing.command import import_survey  # noqa: PLC0415 - heavy

    import_survey(file, mapping, wave, context.obj.config, is_check=check)
