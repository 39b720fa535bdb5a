"""`outcomes actions`: issues of what reviews agreed on."""

from datetime import UTC, datetime

import typer

from pipelines.cli_errors import FAILED, USAGE, CommandError

actions = typer.Typer(help="Issues of what reviews agreed on.", no_args_is_help=True)


@actions.callback()
def _group() -> None:
    """Keep `push` a command of its own."""


@actions.command()
def push(context: typer.Context) -> None:
    """Make the issues that are wished for and read back how far each is, as every run does."""
    from pipelines.agreed_actions import settle  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.home import only_run  # noqa: PLC0415 - heavy

    configuration = load(context.obj.config)
    if configuration.actions.source is None:
        raise CommandError("[actions]: is not in the configuration. Add it, see docs/review.md", USAGE)
    with only_run(context.obj.home):
        result = settle(configuration, context.obj.home, datetime.now(UTC))
    if result is None:
        typer.echo("nothing to do: nobody has written anything")
        return
    if result.error:
        raise CommandError(result.error, FAILED)
    typer.echo(f"ok: {result.rows_changed:,} actions changed, {result.calls:,} calls")
