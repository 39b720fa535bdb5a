"""The command `outcomes`. Every error is one line that says what, where and what to do.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

import gc
import os
import sys
import threading
from collections.abc import Sized
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipelines import (
    cli_actions,
    cli_answers,
    cli_digest,
    cli_inbox,
    cli_privacy,
    cli_report,
    cli_runs,
    cli_survey,
)
from pipelines.cli_errors import (
    FAILED,
    INTERRUPTED,
    USAGE,
    CommandError,
    describe,
    describe_usage,
    quiet_libraries,
)
from pipelines.cli_options import LogFormat, Options
from pipelines.home import CONFIG_VARIABLE, DEFAULT_CONFIG, DEFAULT_HOME, HOME_VARIABLE, Home

app = typer.Typer(
    name="outcomes",
    add_completion=False,
    pretty_exceptions_enable=False,
    help="How work flows and how reliable it is, per team and service, with how sure each number is.",
)


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path, typer.Option(envvar=CONFIG_VARIABLE, help="The configuration file.")] = Path(
        DEFAULT_CONFIG
    ),
    home: Annotated[
        Path | None,
        typer.Option(envvar=HOME_VARIABLE, help=f"The home folder.  [default: {DEFAULT_HOME}]"),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    log_format: Annotated[LogFormat, typer.Option(help="How progress is written.")] = LogFormat.text,
) -> None:
    """Keep the global options for the command."""
    quiet_libraries(debug=debug)
    chosen = Home((home or Path(DEFAULT_HOME)).absolute())
    context.obj = Options(config, chosen, debug, log_format.value)
    context.meta["home_given"] = home is not None
    _forget_comments(chosen)


def _forget_comments(home: Home) -> None:
    """Whatever the command is, comments of surveys that are two quarters old are deleted first."""
    path = home.path / "comments.sqlite"
    if not path.exists():
        return
    from connectors.comments import CommentsError, forget  # noqa: PLC0415 - seldom needed

    try:
        forget(path, datetime.now(UTC).date())
    except CommentsError as trouble:
        typer.echo(f"warning: {trouble}", err=True)


@app.command()
def init(context: typer.Context) -> None:
    """Write a commented configuration to start from."""
    from pipelines.run import shipped_file  # noqa: PLC0415 - heavy

    target: Path = context.obj.config
    try:
        with target.open("x", encoding="utf-8") as out:
            out.write(shipped_file("outcomes.example.toml").read_text(encoding="utf-8"))
    except FileExistsError:
        raise CommandError(f"{target}: exists already. Name another file with --config", USAGE) from None
    except OSError as refused:
        raise CommandError(
            f"{target}: cannot be written ({refused.strerror}). Name another file with --config", USAGE
        ) from None
    typer.echo(f"{target} written. Put your organisation into it, then run `outcomes check`.")


@app.command()
def check(context: typer.Context) -> None:
    """Check the configuration, the credentials and what can be read, and show what the rules match."""
    from pipelines.preview import preview  # noqa: PLC0415 - heavy
    from pipelines.sources import configured, create_sources  # noqa: PLC0415 - heavy

    configuration = configured(context.obj.config, context.obj.home)
    typer.echo(
        f"{context.obj.config}: {_counted(configuration.teams, 'team')}, "
        f"{_counted(configuration.services, 'service')}, {_counted(configuration.sources, 'source')}"
    )
    failed = []
    sources = create_sources(configuration, context.obj.home)
    with ExitStack() as stack:
        for source in sources.values():
            stack.enter_context(closing(source))
            for finding in source.check():
                failed += [] if finding.is_fine else [finding]
                typer.echo(f"{'ok    ' if finding.is_fine else 'FAILED'} {finding.where}: {finding.message}")
        typer.echo("What the rules match, on a first page of each:")
        for finding in preview(configuration, sources):
            typer.echo(f"{'ok    ' if finding.is_fine else 'LOOK  '} {finding.where}: {finding.message}")
    if failed:
        code = USAGE if all(finding.is_input_error for finding in failed) else FAILED
        raise CommandError(f"{len(failed)} of the checks above failed. Mend what they name", code)


for command in (
    cli_runs.run,
    cli_runs.build,
    cli_runs.demo,
    cli_runs.dashboard,
    cli_runs.dev,
    cli_answers.metrics,
    cli_answers.explain,
    cli_answers.forecast,
    cli_answers.cost_of_delay,
    cli_answers.quality,
    cli_answers.export,
    cli_report.report,
    cli_answers.catalog,
    cli_privacy.erase,
):
    app.command()(command)
app.add_typer(cli_inbox.record, name="record")
app.add_typer(cli_inbox.inbox, name="inbox")
app.add_typer(cli_survey.survey, name="survey")
app.add_typer(cli_actions.actions, name="actions")
app.add_typer(cli_digest.digest, name="digest")


def _counted(things: Sized, one: str) -> str:
    return f"{len(things)} {one}{'' if len(things) == 1 else 's'}"


def main() -> None:
    """Run the command; turn every failure into one line and an exit code."""
    arguments = sys.argv[1:] or ["--help"]
    # What is imported stays; to look for garbage in it takes a tenth of the time in which a run starts.
    gc.set_threshold(100_000)
    try:
        code = app(args=arguments, prog_name="outcomes", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except typer.TyperException as wrong:
        sys.stderr.write(f"{describe_usage(wrong)}\n")
        sys.exit(USAGE)
    except Exception as failure:  # the border: whatever happened becomes one line
        if "--debug" in arguments:
            raise
        text, code = describe(failure)
        sys.stderr.write(f"{text}\n")
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> NoReturn:
    """End the process, also where a thread still waits for a server that does not answer.

    Such a thread cannot be ended, and Python's orderly end would pull its libraries away under it.
    """
    if code == INTERRUPTED and any(thread.daemon for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
