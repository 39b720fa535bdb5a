"""The commands that run something: the nightly job, a build, the demo, and the servers.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli_errors import FAILED, INTERRUPTED, USAGE, CommandError
from pipelines.cli_options import RunFormat, utc
from pipelines.home import DEFAULT_CONFIG, Home

if TYPE_CHECKING:
    from pipelines.config_access import Access
    from pipelines.progress import Reporter
    from pipelines.run import Outcome

ISSUES_VARIABLE = "OUTCOMES_ACTIONS"
"""Tells the app that issues are made of actions."""


def run(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="Read everything again from this day on.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source (repeatable).")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again, and build it all anew.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read, write nothing.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="Compute as if it were this moment.")] = None,
    format_: Annotated[RunFormat, typer.Option("--format", help="How to report.")] = RunFormat.text,
) -> None:
    """Run the nightly job once, as Dagster runs it."""
    with _reporting_failure(format_):
        _run_nightly(context, since, source or [], full, dry_run, as_of, format_)


@contextmanager
def _reporting_failure(format_: RunFormat) -> Iterator[None]:
    """End with the line of JSON that was asked for, also where the run could not even begin."""
    try:
        yield
    except (typer.Exit, KeyboardInterrupt):
        raise  # said already
    except Exception:
        if format_ == RunFormat.json:
            _print_report(None, "failed", [])
        raise


def _print_report(run_id: str | None, status: str, sources: list[dict[str, Any]]) -> None:
    """The line of JSON of a run that has published nothing."""
    import json  # noqa: PLC0415 - used here alone

    report = {"run_id": run_id, "status": status, "published": None, "sources": sources}
    typer.echo(json.dumps(report))


def _run_nightly(
    context: typer.Context,
    since: str | None,
    only: list[str],
    full: bool,
    dry_run: bool,
    as_of: str | None,
    format_: RunFormat,
) -> None:
    from pipelines.assets.workspace import RunOptions  # noqa: PLC0415 - heavy
    from pipelines.sources import configured  # noqa: PLC0415 - heavy

    configuration = configured(context.obj.config, context.obj.home)
    zone = configuration.organisation.time_zone
    moment = utc(as_of, "--as-of", zone).isoformat() if as_of else None
    beginning = utc(since, "--since", zone).isoformat() if since else None
    _require_known(only, [settings.name for settings in configuration.sources])
    if dry_run:
        _plan(context, only, format_)
        return
    run_options = RunOptions(as_of=moment, since=beginning, sources=only, full=full, rebuild=full)
    _finish(_run(context, "nightly", run_options, format_), format_)


def _require_known(only: list[str], names: list[str]) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - used here alone

    unknown = next((name for name in only if name not in names), None)
    if unknown is None:
        return
    close = get_close_matches(unknown, names, n=1)
    known = f"Known are {', '.join(names)}" if names else "The configuration has none"
    fix = f"Did you mean {close[0]}?" if close else known
    raise CommandError(f"--source {unknown}: not configured. {fix}", USAGE)


def _plan(context: typer.Context, only: list[str], format_: RunFormat) -> None:
    """Look at every source without reading its data."""
    from pipelines.sources import configured, create_sources, plan  # noqa: PLC0415 - heavy

    configuration = configured(context.obj.config, context.obj.home)
    rows = plan(configuration, create_sources(configuration, context.obj.home, only))
    errors = list(dict.fromkeys(row["error"] for row in rows if row["error"]))
    for error in errors:
        typer.echo(f"error: {error}", err=True)
    status = "partial" if errors else "ok"
    if format_ == RunFormat.json:
        _print_report(None, status, rows)
    else:
        for row in rows:
            typer.echo(f"{row['status']:<7} {row['source']:<16} {row['stream']:<20} {row['scope']}")
    if errors:
        raise typer.Exit(FAILED)


def _run(context: typer.Context, job: str, run_options: Any, format_: RunFormat) -> "Outcome":
    from pipelines.run import prepare_environment, run_job  # noqa: PLC0415 - heavy

    home = context.obj.home
    prepare_environment(home, context.obj.config)
    return _until_interrupted(context, lambda reporter: run_job(job, run_options, home, reporter), format_)


def _until_interrupted(
    context: typer.Context, work: Callable[["Reporter"], "Outcome"], format_: RunFormat
) -> "Outcome":
    """Run it and show its progress; where Ctrl-C ended it before it published, say so and leave."""
    from pipelines.interrupts import Ending, noted_interrupts  # noqa: PLC0415 - heavy
    from pipelines.terminal import run_reporter  # noqa: PLC0415 - heavy

    outcome = None
    with noted_interrupts() as is_asked_to_end:
        try:
            with run_reporter(context.obj.log_format) as reporter:
                outcome = work(Ending(reporter, is_asked_to_end))
        except KeyboardInterrupt:
            pass
        if outcome and (outcome.published or not is_asked_to_end()):
            return outcome
    if format_ == RunFormat.text:
        _print_stops(outcome)
    elif outcome:
        typer.echo(outcome.to_json())
    else:
        _print_report(None, "failed", [])
    typer.echo("interrupted: what was stored stays, the next run continues from there", err=True)
    raise typer.Exit(INTERRUPTED)


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
        _print_stops(outcome)
    if outcome.status != "ok":
        only_input = bool(failed) and all(one.is_input_error for one in failed) and not outcome.error
        raise typer.Exit(USAGE if only_input else FAILED)


def _print_stops(outcome: "Outcome | None") -> None:
    """What was found missing and read again, and where each source stands that was not read to its end."""
    for one in outcome.sources if outcome else ():
        if one.reread_count:
            rows = "row that the source has was" if one.reread_count == 1 else "rows that the source has were"
            where = f"{one.source}/{one.scope}/{one.stream}"
            typer.echo(f"{where}: {one.reread_count:,} {rows} missing: read again")
    for stop in outcome.stops if outcome else ():
        typer.echo(str(stop))


def build(
    context: typer.Context,
    full: Annotated[
        bool, typer.Option("--full", help="Build everything anew, also what nothing changed for.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="Compute as if it were this moment.")] = None,
    format_: Annotated[RunFormat, typer.Option("--format", help="How to report.")] = RunFormat.text,
) -> None:
    """Compute and publish again from what has been fetched, after a change of rules or teams."""
    from pipelines.assets.workspace import RunOptions  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy

    with _reporting_failure(format_):
        zone = load(context.obj.config).organisation.time_zone
        moment = utc(as_of, "--as-of", zone).isoformat() if as_of else None
        _finish(_run(context, "build", RunOptions(as_of=moment, rebuild=full), format_), format_)


def demo(
    context: typer.Context,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop before the dashboard.")] = False,
    port: Annotated[int, typer.Option(help="The dashboard's port.")] = 8501,
) -> None:
    """Show everything on a made-up organisation, read through real connectors over HTTP."""
    from dashboard.report.freezing import freezes  # noqa: PLC0415 - heavy
    from pipelines.config_access import Access  # noqa: PLC0415 - heavy
    from pipelines.demo import DEMO_HOME, run_demo  # noqa: PLC0415 - heavy
    from pipelines.serve import require_free_port  # noqa: PLC0415 - used here and below

    if not no_serve:
        require_free_port("--port", port, "127.0.0.1")
    if not context.meta["home_given"]:
        context.obj.home = Home(Path(DEMO_HOME).absolute())
    home = context.obj.home
    text, freeze = RunFormat.text, freezes(home.path)
    _finish(_until_interrupted(context, lambda reporter: run_demo(home, reporter, freeze), text), text)
    if not no_serve:
        _serve_dashboard(context.obj.home, port, "127.0.0.1", Access())


def dashboard(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="The port.")] = 8501,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    without_sign_in: Annotated[
        bool,
        typer.Option(
            "--without-sign-in",
            help="Let everybody who can reach --host read all that is published, and write, unnamed.",
        ),
    ] = False,
) -> None:
    """Serve the dashboard: to this machine alone, or to those who sign in as the configuration says."""
    from pipelines.serve import require_free_port  # noqa: PLC0415 - used here and below
    from pipelines.sign_in import is_loopback  # noqa: PLC0415 - used here alone

    require_free_port("--port", port, host)
    access = _access(context)
    _tell_of_issues(context)
    if access.metadata_url and without_sign_in:
        raise CommandError(
            "--without-sign-in: the configuration has people sign in. Leave it out, or remove [access]", USAGE
        )
    if not (access.metadata_url or without_sign_in or is_loopback(host)):
        raise CommandError(
            f"--host {host}: everybody who reaches it would read all that is published, and write. "
            "Configure [access], or say --without-sign-in if that is meant",
            USAGE,
        )
    _serve_dashboard(context.obj.home, port, host, access, is_to_any_host=without_sign_in)


def _access(context: typer.Context) -> "Access":
    """Who may sign in; nobody does where there is no configuration and none was named."""
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.config_access import Access  # noqa: PLC0415 - heavy

    path = context.obj.config
    return Access() if path == Path(DEFAULT_CONFIG) and not path.exists() else load(path).access


def _tell_of_issues(context: typer.Context) -> None:
    """Whether issues are made of actions: the app then lets people wish for one."""
    from pipelines.config import load  # noqa: PLC0415 - heavy

    path = context.obj.config
    is_there = path != Path(DEFAULT_CONFIG) or path.exists()
    os.environ[ISSUES_VARIABLE] = "1" if is_there and load(path).actions.source else ""


def _serve_dashboard(
    home: Home, port: int, host: str, access: "Access", *, is_to_any_host: bool = False
) -> None:
    from pipelines.serve import dashboard_command, serve  # noqa: PLC0415 - heavy
    from pipelines.sign_in import told  # noqa: PLC0415 - heavy

    with told(access, is_to_any_host=is_to_any_host) as how:
        typer.echo(f"{_where_and_for_whom(access, port, host)} – Ctrl-C ends it.", err=True)
        code = serve(home, [dashboard_command(port, host, how.options)], how)
    raise typer.Exit(code)


def _where_and_for_whom(access: "Access", port: int, host: str) -> str:
    from pipelines.sign_in import is_loopback  # noqa: PLC0415 - used here alone

    if access.redirect_url:
        whom = "those who have a role" if access.restricted else "everybody who can sign in"
        return f"The dashboard is at {access.redirect_url.rpartition('/')[0]}, for {whom}"
    whom = "this machine alone" if is_loopback(host) else "everybody who reaches it"
    return f"The dashboard is at http://{host}:{port}, without sign-in, for {whom}"


def dev(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="The dashboard's port.")] = 8501,
    dagster_port: Annotated[int, typer.Option(help="The port of Dagster's UI.")] = 3000,
) -> None:
    """Serve Dagster's UI with its nightly schedule, and the dashboard beside it."""
    from pipelines.run import prepare_environment  # noqa: PLC0415 - heavy
    from pipelines.serve import (  # noqa: PLC0415 - heavy
        dagster_command,
        dashboard_command,
        require_free_port,
        serve,
    )
    from pipelines.sign_in import told  # noqa: PLC0415 - heavy

    require_free_port("--port", port, "127.0.0.1")
    require_free_port("--dagster-port", dagster_port, "127.0.0.1")
    access = _access(context)
    _tell_of_issues(context)
    prepare_environment(context.obj.home, context.obj.config)
    with told(access) as how:
        typer.echo(f"Dagster: http://127.0.0.1:{dagster_port} · dashboard: http://127.0.0.1:{port}", err=True)
        pages = dashboard_command(port, "127.0.0.1", how.options)
        code = serve(context.obj.home, [dagster_command(dagster_port, "127.0.0.1"), pages], how)
    raise typer.Exit(code)
