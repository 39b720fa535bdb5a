"""The commands that answer from what is published or defined; they fetch and compute nothing.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_errors import USAGE, CommandError
from pipelines.cli_options import AnswerFormat, ExportFormat, Grain, RunFormat, day
from pipelines.home import Home


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
        metric or [], scope or [], grain.value if grain else None, day(first, "--from"), day(last, "--to")
    )
    with open_snapshot(context.obj.home) as (con, path):
        print_values(metric_values(con, path.name, wanted), format_.value)


def explain(
    context: typer.Context,
    metric: Annotated[str, typer.Argument(help="The metric's id.")],
    scope: Annotated[str, typer.Option(help="organisation, department:id, team:id or service:id.")],
    period: Annotated[str, typer.Option(help="2026-10-01, 2026-W40, 2026-10 or 2026-Q3.")],
    format_: Annotated[RunFormat, typer.Option("--format", help="How to answer.")] = RunFormat.text,
) -> None:
    """Show what a number is made of: definition, each step with its counts, items, other definitions."""
    from pipelines.explain import Asked, explanation  # noqa: PLC0415 - heavy
    from pipelines.explain_text import print_explanation  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import open_snapshot  # noqa: PLC0415 - heavy

    with open_snapshot(context.obj.home) as (con, path):
        answer = explanation(con, path.name, Asked(metric, scope, period))
    print_explanation(answer, as_json=format_ == RunFormat.json)


def forecast(
    context: typer.Context,
    scope: Annotated[str, typer.Option(help="organisation, department:id, team:id or service:id.")],
    items: Annotated[
        int | None, typer.Option(min=1, help="Ask in how many weeks so many are finished.")
    ] = None,
    weeks: Annotated[
        int | None, typer.Option(min=1, max=104, help="Ask how many are finished in so many weeks.")
    ] = None,
    format_: Annotated[RunFormat, typer.Option("--format", help="How to answer.")] = RunFormat.text,
) -> None:
    """Say how many items will be finished, and when, if the weeks to come are like those of the history."""
    from pipelines.answers_forecast import print_forecast  # noqa: PLC0415 - heavy
    from pipelines.forecasts import forecast_of  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import open_snapshot  # noqa: PLC0415 - heavy

    with open_snapshot(context.obj.home) as (con, _):
        print_forecast(forecast_of(con, scope, items, weeks), as_json=format_ == RunFormat.json)


def cost_of_delay(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A CSV file: item, cost_of_delay_per_week, duration_weeks.")
    ] = None,
    scope: Annotated[str | None, typer.Option(help="Instead of a file: whose finished items.")] = None,
    period: Annotated[
        str | None, typer.Option(help="And when they were finished: 2026-10 or 2026-Q3.")
    ] = None,
    format_: Annotated[RunFormat, typer.Option("--format", help="How to answer.")] = RunFormat.text,
) -> None:
    """Say which order of work costs the least delay, and what the order that was chosen cost."""
    from pipelines.answers_delay import print_order  # noqa: PLC0415 - heavy
    from pipelines.delay_costs import of_file, of_finished  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import open_snapshot  # noqa: PLC0415 - heavy

    as_json = format_ == RunFormat.json
    if file and not scope and not period:
        print_order(of_file(file), as_json=as_json)
    elif scope and period and not file:
        with open_snapshot(context.obj.home) as (con, _):
            print_order(of_finished(con, scope, period), as_json=as_json)
    else:
        raise CommandError("cost-of-delay: name either a file, or --scope and --period", USAGE)


def quality(
    context: typer.Context,
    scope: Annotated[
        str, typer.Option(help="organisation, department:id, team:id or service:id.")
    ] = "organisation",
    period: Annotated[str | None, typer.Option(help="2026-Q3; the last closed quarter unless named.")] = None,
    check: Annotated[str | None, typer.Option(help="Show the rows that this check found.")] = None,
    format_: Annotated[RunFormat, typer.Option("--format", help="How to answer.")] = RunFormat.text,
) -> None:
    """Show what is found to be wrong or missing in the data, and which numbers are withheld for it."""
    from pipelines.quality_answers import data_quality, print_quality  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import open_snapshot  # noqa: PLC0415 - heavy

    with open_snapshot(context.obj.home) as (con, path):
        print_quality(data_quality(con, path.name, scope, period, check), as_json=format_ == RunFormat.json)


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
    if warehouse and not canonical:
        raise CommandError(
            "--warehouse: works with --canonical only. Add it, or leave --warehouse out", USAGE
        )
    written = (
        _export_warehouse(context.obj.home, folder)
        if warehouse
        else _export_snapshot(context.obj.home, folder, None if canonical else format_.value)
    )
    typer.echo(f"{len(written)} files written to {folder}")


def _export_warehouse(home: Home, folder: Path) -> list[Path]:
    """What was fetched, in canonical form; no run may write to it meanwhile."""
    from pipelines.export import export_canonical  # noqa: PLC0415 - heavy
    from pipelines.home import only_run  # noqa: PLC0415 - used here alone
    from pipelines.warehouse import Warehouse  # noqa: PLC0415 - heavy

    if not home.warehouse.exists():
        raise CommandError(f"{home.warehouse}: nothing has been fetched yet. Run `outcomes run` first")
    with only_run(home):
        opened = Warehouse(home.warehouse)
        try:
            return export_canonical(opened.con, ["raw"], folder)
        finally:
            opened.close()


def _export_snapshot(home: Home, folder: Path, file_format: str | None) -> list[Path]:
    """What is published, in a format for analysis, or in canonical form where none is named."""
    from pipelines.export import export_canonical, export_tables  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import open_snapshot  # noqa: PLC0415 - heavy

    with open_snapshot(home) as (con, _):
        if file_format is None:
            return export_canonical(con, ["main"], folder)
        return export_tables(con, folder, file_format)


def catalog() -> None:
    """Print the metric definitions as the page `docs/metrics.md`."""
    from pipelines.catalog import load_metrics  # noqa: PLC0415 - heavy
    from pipelines.catalog_page import render  # noqa: PLC0415 - heavy

    typer.echo(render(load_metrics()), nl=False)
