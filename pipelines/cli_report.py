"""The command `report`: health checks as a file, for meetings and for those who do not open the app."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import FAILED, USAGE, CommandError
from pipelines.cli_options import ReportFormat

if TYPE_CHECKING:
    from dashboard.report.files import Asked

ORGANISATION = "organisation"
ONE_REVISION = "--revision: each scope is frozen by itself. Name one alone with --scope"


def report(
    context: typer.Context,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="organisation, department:id or team:id (repeatable)."),
    ] = None,
    quarter: Annotated[str | None, typer.Option(help="2026-Q3; the last closed one unless named.")] = None,
    revision: Annotated[
        int | None,
        typer.Option(min=1, help="Of one scope's frozen quarter; the newest unless named."),
    ] = None,
    format_: Annotated[ReportFormat, typer.Option("--format", help="The file's format.")] = ReportFormat.pdf,
    output: Annotated[
        Path | None, typer.Option(help="The file to write.  [default: health-check-<quarter> here]")
    ] = None,
    teams: Annotated[
        bool | None,
        typer.Option(
            "--teams/--no-teams",
            help="As PDF, with a page for each department and team below.  [default: where at most 40 are]",
        ),
    ] = None,
    first_look: Annotated[
        bool,
        typer.Option("--first-look", help="Of one team, for itself: with its survey before leaders see it."),
    ] = False,
) -> None:
    """Write the quarterly health check to a file: the organisation's, unless scopes are named.

    As PDF it begins with one page for leaders, and ends with a page for each department and team below.
    """
    from dashboard.report import files  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import open_snapshot  # noqa: PLC0415 - heavy
    from pipelines.terminal import run_reporter  # noqa: PLC0415 - heavy

    home = context.obj.home
    with open_snapshot(home) as (_, path):
        as_pdf = format_ == ReportFormat.pdf
        if teams and not as_pdf:
            raise CommandError(f"--teams: is for the PDF. For {format_.value} name each with --scope", USAGE)
        asked = _narrowed(_asked(str(path), scope, quarter), revision, first_look=first_look)
        target = output or Path(files.file_name(format_.value, asked.quarter, asked.scopes, revision))
        if as_pdf and teams is not False:
            asked, left_out = files.with_those_below(str(path), asked, everyone=bool(teams))
            for one, count in left_out.items():
                told = f"{one}: {count} have no page here. Name a department with --scope, or add --teams."
                typer.echo(told, err=True)
        with _written(target) as out, run_reporter(context.obj.log_format) as reporter:
            gathered, each = [], files.gather(str(path), home.path, asked)
            for one in asked.scopes:
                reporter.step(one)
                gathered.append(next(each))
            reporter.step("the file")
            out.write(files.report(format_.value, gathered))
    typer.echo(f"{target} written.")


def _asked(path: str, scopes: list[str] | None, quarter: str | None) -> "Asked":
    """What is wanted, with names that exist."""
    from dashboard.report import files  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import require_name  # noqa: PLC0415 - heavy

    known = files.scopes(path)
    quarters, last = files.quarters(path)
    for one in scopes or ():
        require_name("scope with a health check", one, known, f"--scope {one}")
    if quarter is not None:
        require_name("quarter", quarter, quarters, f"--quarter {quarter}")
    chosen = quarter or last
    if chosen is None:
        raise CommandError("--quarter: no quarter is over yet. Name the one that is still open", USAGE)
    wanted = list(dict.fromkeys(scopes or [ORGANISATION]))
    return files.Asked(wanted, chosen, datetime.now(UTC))


def _narrowed(asked: "Asked", revision: int | None, *, first_look: bool) -> "Asked":
    """With what only one scope can be asked for."""
    is_one = len(asked.scopes) == 1
    if first_look and not (is_one and asked.scopes[0].startswith("team:")):
        raise CommandError("--first-look: is one team's own. Name that team alone with --scope", USAGE)
    if revision is not None and not is_one:
        raise CommandError(ONE_REVISION, USAGE)
    return replace(asked, is_own_look=first_look, revision=revision)


@contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """A file that is there whole or not at all; whether it can be written is known before the work begins.

    What is no ordinary file, such as a pipe, is written to as it stands.
    """
    real = target.resolve()
    is_plain = not real.exists() or real.is_file()
    beside = real.with_name(f".{real.name}.{os.getpid()}") if is_plain else real
    try:
        with beside.open("xb" if is_plain else "wb") as out:
            yield out
        if is_plain:
            beside.replace(real)
    except OSError as refused:
        is_full = refused.errno in (errno.ENOSPC, errno.EDQUOT)
        fix = "Free some space and run again" if is_full else "Name another file with --output"
        code = FAILED if is_full else USAGE
        raise CommandError(
            f"{target}: cannot be written ({refused.strerror or refused}). {fix}", code
        ) from refused
    finally:
        if is_plain:
            beside.unlink(missing_ok=True)
