"""The command `outcomes`. Every error is one line that says what, where and what to do.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer

from pipelines.cli_errors import FAILED, INTERRUPTED, USAGE, CommandError, describe
from pipelines.cli_options import AnswerFormat, ExportFormat, Grain, LogFormat, RunFormat
from pipelines.home import (
    CONFIG_VARIABLE,
    DEFAULT_CONFIG,
    DEFAULT_HOME,
    HOME_VARIABLE,
    Home,
)

if TYPE_CHECKING:
    from pipelines.run import Outcome

app = typer.Typer(
    name="outcomes",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="How work flows and how reliable it is, per team and service, with how sure each number is.",
)


@dataclass(slots=True)
class Options:
    """The options that stand before the command."""

    config: Path
    home: Home
    debug: bool
    log_format: str


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
    chosen = Home((home or Path(DEFAULT_HOME)).absolute())
    context.obj = Options(config, chosen, debug, log_format.value)
    context.meta["home_given"] = home is not None


def _utc(text: str, option: str) -> datetime:
    """A day or a moment as UTC; a moment must say its offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{option} {text}: not a date. Write 2026-10-01 or 2026-10-01T06:00:00Z", USAGE
        ) from None
    if moment.tzinfo is None:
        if len(text) > len("2026-10-01"):
            raise CommandError(f"{option} {text}: has no offset. End it with Z or +02:00", USAGE)
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def _day(text: str | None, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise CommandError(f"{option} {text}: not a date. Write it as 2026-10-01", USAGE) from None


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
    typer.echo(f"{target} written. Put your organisation into it, then run `outcomes check`.")


@app.command()
def check(context: typer.Context) -> None:
    """Check the configuration, the credentials and what can be read with them."""
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.sources import create_sources  # noqa: PLC0415 - heavy

    configuration = load(context.obj.config)
    typer.echo(
        f"{context.obj.config}: {len(configuration.teams)} teams, {len(configuration.services)} services, "
        f"{len(configuration.sources)} sources"
    )
    failures = 0
    for source in create_sources(configuration, context.obj.home).values():
        for finding in source.check():
            failures += not finding.is_fine
            typer.echo(f"{'ok    ' if finding.is_fine else 'FAILED'} {finding.where}: {finding.message}")
    if failures:
        raise CommandError(f"{failures} of the checks above failed. Mend what they name")


@app.command()
def run(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="Read everything again from this day on.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source (repeatable).")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read, write nothing.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="Compute as if it were this moment.")] = None,
    format_: Annotated[RunFormat, typer.Option("--format", help="How to report.")] = RunFormat.text,
) -> None:
    """Run the nightly job once, as Dagster runs it."""
    from pipelines.assets.workspace import RunOptions  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy

    configuration = load(context.obj.config)
    names = [settings.name for settings in configuration.sources]
    unknown = [name for name in source or [] if name not in names]
    if unknown:
        raise CommandError(f"--source {unknown[0]}: not configured. Known are {', '.join(names)}", USAGE)
    if dry_run:
        _plan(context, source or [], format_)
        return
    run_options = RunOptions(
        as_of=_utc(as_of, "--as-of").isoformat() if as_of else None,
        since=_utc(since, "--since").isoformat() if since else None,
        sources=source or [],
        full=full,
    )
    _finish(_run(context, "nightly", run_options), format_)


def _plan(context: typer.Context, only: list[str], format_: RunFormat) -> None:
    """Look at every source without reading its data."""
    import json  # noqa: PLC0415 - used here alone

    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.sources import create_sources, plan  # noqa: PLC0415 - heavy

    configuration = load(context.obj.config)
    rows = plan(configuration, create_sources(configuration, context.obj.home, only))
    status = "partial" if any(row["error"] for row in rows) else "ok"
    if format_ == RunFormat.json:
        typer.echo(json.dumps({"run_id": None, "status": status, "published": None, "sources": rows}))
    else:
        for row in rows:
            typer.echo(
                f"{row['source']:<16} {row['stream']:<20} {row['scope']}  {row['error'] or ''}".rstrip()
            )
    if status != "ok":
        raise CommandError("some sources cannot be read, see above. Nothing was written")


def _run(context: typer.Context, job: str, run_options: Any) -> "Outcome":
    from pipelines.run import prepare_environment, run_job  # noqa: PLC0415 - heavy
    from pipelines.terminal import run_reporter  # noqa: PLC0415 - heavy

    prepare_environment(context.obj.home, context.obj.config)
    with run_reporter(context.obj.log_format) as reporter:
        return run_job(job, run_options, context.obj.home, reporter)


def _finish(outcome: "Outcome", format_: RunFormat) -> None:
    """Say how the run ended and leave with the exit code that fits."""
    failed = [one for one in outcome.sources if one.error]
    for error in dict.fromkeys(one.error for one in failed):
        typer.echo(f"error: {error}", err=True)
    if outcome.error:
        typer.echo(f"error: {outcome.error}", err=True)
    if format_ == RunFormat.json:
        typer.echo(outcome.to_json())
    else:
        changed = sum(one.rows_changed for one in outcome.sources)
        calls = sum(one.calls for one in outcome.sources)
        shown = f"published {outcome.published}" if outcome.published else "nothing published"
        typer.echo(f"{outcome.status}: {changed:,} rows changed, {calls:,} calls, {shown}")
    if outcome.status != "ok":
        only_input = bool(failed) and all(one.is_input_error for one in failed) and not outcome.error
        raise typer.Exit(USAGE if only_input else FAILED)


@app.command()
def build(
    context: typer.Context,
    as_of: Annotated[str | None, typer.Option(help="Compute as if it were this moment.")] = None,
    format_: Annotated[RunFormat, typer.Option("--format", help="How to report.")] = RunFormat.text,
) -> None:
    """Compute and publish again from what has been fetched, after a change of rules or teams."""
    from pipelines.assets.workspace import RunOptions  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy

    load(context.obj.config)
    moment = _utc(as_of, "--as-of").isoformat() if as_of else None
    _finish(_run(context, "build", RunOptions(as_of=moment)), format_)


@app.command()
def demo(
    context: typer.Context,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop before the dashboard.")] = False,
    port: Annotated[int, typer.Option(help="The dashboard's port.")] = 8501,
) -> None:
    """Show everything on a made-up organisation, read through real connectors over HTTP."""
    from pipelines.demo import DEMO_HOME, run_demo  # noqa: PLC0415 - heavy
    from pipelines.terminal import run_reporter  # noqa: PLC0415 - heavy

    if not context.meta["home_given"]:
        context.obj.home = Home(Path(DEMO_HOME).absolute())
    with run_reporter(context.obj.log_format) as reporter:
        outcome = run_demo(context.obj.home, reporter)
    _finish(outcome, RunFormat.text)
    if not no_serve:
        _serve_dashboard(context.obj.home, port, "127.0.0.1")


@app.command()
def dashboard(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="The port.")] = 8501,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve the dashboard."""
    _serve_dashboard(context.obj.home, port, host)


def _serve_dashboard(home: Home, port: int, host: str) -> None:
    from pipelines.serve import dashboard_command, serve  # noqa: PLC0415 - heavy

    typer.echo(f"The dashboard is at http://{host}:{port} – Ctrl-C ends it.", err=True)
    raise typer.Exit(serve(home, [dashboard_command(port, host)]))


@app.command()
def dev(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="The dashboard's port.")] = 8501,
    dagster_port: Annotated[int, typer.Option(help="The port of Dagster's UI.")] = 3000,
) -> None:
    """Serve Dagster's UI with its nightly schedule, and the dashboard beside it."""
    from pipelines.run import prepare_environment  # noqa: PLC0415 - heavy
    from pipelines.serve import dagster_command, dashboard_command, serve  # noqa: PLC0415 - heavy

    prepare_environment(context.obj.home, context.obj.config)
    typer.echo(f"Dagster: http://127.0.0.1:{dagster_port} · dashboard: http://127.0.0.1:{port}", err=True)
    commands = [dagster_command(dagster_port, "127.0.0.1"), dashboard_command(port, "127.0.0.1")]
    raise typer.Exit(serve(context.obj.home, commands))


@app.command()
def metrics(
    context: typer.Context,
    metric: Annotated[list[str] | None, typer.Option(help="Only this metric (repeatable).")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="organisation, department:id, team:id, service:id (repeatable).")
    ] = None,
    grain: Annotated[Grain | None, typer.Option(help="Only periods of this length.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First day.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day.")] = None,
    format_: Annotated[AnswerFormat, typer.Option("--format", help="How to answer.")] = AnswerFormat.table,
) -> None:
    """Print published values, each with n, interval, coverage and verdict."""
    from pipelines.answers import print_values  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import Selection, metric_values, open_snapshot  # noqa: PLC0415 - heavy

    wanted = Selection(
        metric or [], scope or [], grain.value if grain else None, _day(first, "--from"), _day(last, "--to")
    )
    with open_snapshot(context.obj.home) as (con, path):
        print_values(metric_values(con, path.name, wanted), format_.value)


@app.command()
def explain(
    context: typer.Context,
    metric: Annotated[str, typer.Argument(help="The metric's id.")],
    scope: Annotated[str, typer.Option(help="organisation, department:id, team:id or service:id.")],
    period: Annotated[str, typer.Option(help="2026-10-01, 2026-W40, 2026-10 or 2026-Q3.")],
    format_: Annotated[RunFormat, typer.Option("--format", help="How to answer.")] = RunFormat.text,
) -> None:
    """Show what a number is made of: definition, what was left out and why, the items."""
    from pipelines.answers import print_explanation  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import explanation, open_snapshot  # noqa: PLC0415 - heavy

    with open_snapshot(context.obj.home) as (con, _):
        print_explanation(explanation(con, metric, scope, period), as_json=format_ == RunFormat.json)


@app.command()
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write; made if missing.")],
    format_: Annotated[
        ExportFormat, typer.Option("--format", help="The files' format.")
    ] = ExportFormat.parquet,
    canonical: Annotated[
        bool, typer.Option("--canonical", help="Ordered NDJSON without run ids, to compare two of them.")
    ] = False,
    warehouse: Annotated[
        bool, typer.Option("--warehouse", help="With --canonical: what was fetched, with accounts.")
    ] = False,
) -> None:
    """Write the published tables to files."""
    from pipelines.export import export_canonical, export_tables  # noqa: PLC0415 - heavy
    from pipelines.home import only_run  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import open_snapshot  # noqa: PLC0415 - heavy
    from pipelines.warehouse import Warehouse  # noqa: PLC0415 - heavy

    if warehouse and not canonical:
        raise CommandError(
            "--warehouse: works with --canonical only. Add it, or leave --warehouse out", USAGE
        )
    if warehouse:
        with only_run(context.obj.home):
            opened = Warehouse(context.obj.home.warehouse)
            try:
                written = export_canonical(opened.con, ["raw"], folder)
            finally:
                opened.close()
    else:
        with open_snapshot(context.obj.home) as (con, _):
            written = (
                export_canonical(con, ["main"], folder)
                if canonical
                else export_tables(con, folder, format_.value)
            )
    typer.echo(f"{len(written)} files written to {folder}")


@app.command()
def catalog() -> None:
    """Print the metric definitions as the page `docs/metrics.md`."""
    from pipelines.catalog import load_metrics  # noqa: PLC0415 - heavy
    from pipelines.catalog_page import render  # noqa: PLC0415 - heavy

    typer.echo(render(load_metrics()), nl=False)


def main() -> None:
    """Run the command; turn every failure into one line and an exit code."""
    debug = "--debug" in sys.argv
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: what was stored stays, the next run continues from there\n")
        sys.exit(INTERRUPTED)
    except click.ClickException as wrong:
        sys.stderr.write(f"error: {wrong.format_message()} See `outcomes --help`\n")
        sys.exit(USAGE)
    except Exception as failure:  # the border: whatever happened becomes one line
        if debug:
            raise
        text, code = describe(failure)
        sys.stderr.write(f"{text}\n")
        sys.exit(code)
    sys.exit(code if isinstance(code, int) else 0)
