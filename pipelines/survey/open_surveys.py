"""What is told of surveys whose results are not published yet: their dates, and answers in tens.

A snapshot says it when it is made. That a survey has ended is said beside it, at once and without a count.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from connectors.ballots.box import Box, BoxError
from connectors.journal import open_survey
from pipelines.survey.held import BALLOTS
from pipelines.survey.waves import in_tens

OPEN_SURVEY = """
CREATE TABLE snapshot.open_survey (
    wave_id VARCHAR, kind VARCHAR, title VARCHAR, opens_on DATE, closes_on DATE, state VARCHAR,
    answered VARCHAR, asked VARCHAR
)"""
"""One row per survey that is open, or closed and not published. `answered` and `asked`: of the whole
organisation, in tens and in words; null where the ballot box cannot tell."""

_WAVES = """
SELECT wave_id, kind, title, CAST(opens_at AT TIME ZONE coalesce(time_zone, 'UTC') AS DATE),
  CAST((greatest(opens_at, least(coalesce(closed_at, closes_at), closes_at)) - INTERVAL 1 MICROSECOND)
    AT TIME ZONE coalesce(time_zone, 'UTC') AS DATE),
  state
FROM survey.wave WHERE origin = 'here' AND state IN ('open', 'closed') ORDER BY opens_at, wave_id
"""

_DAYS = """
SELECT title, CAST(opens_at AT TIME ZONE coalesce(time_zone, 'UTC') AS DATE),
  CAST((greatest(opens_at, least(coalesce(closed_at, $now), closes_at)) - INTERVAL 1 MICROSECOND)
    AT TIME ZONE coalesce(time_zone, 'UTC') AS DATE)
FROM survey.wave WHERE wave_id = $wave
"""


def open_surveys(con: duckdb.DuckDBPyConnection, home: Path) -> list[tuple[Any, ...]]:
    """The rows of `open_survey`, in the order of its columns."""
    return [(*row, *_turnout(home / BALLOTS, row[0])) for row in con.execute(_WAVES).fetchall()]


def write_open_surveys(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put them into the attached snapshot."""
    con.execute(OPEN_SURVEY)
    if rows:
        marks = ", ".join("(?, ?, ?, ?, ?, ?, ?, ?)" for _ in rows)
        con.execute(
            f"INSERT INTO snapshot.open_survey VALUES {marks}", [value for row in rows for value in row]
        )


def say_ended(
    con: duckdb.DuckDBPyConnection, home: Path, wave_id: str, state: open_survey.State, now: datetime
) -> None:
    """Say that a wave takes no more answers, and why, to whoever does not wait for the next snapshot."""
    [(title, opens_on, closes_on)] = con.execute(_DAYS, {"wave": wave_id, "now": now}).fetchall()
    open_survey.say(home, open_survey.Said(wave_id, title, opens_on, closes_on, state))


def _turnout(box: Path, wave_id: str) -> tuple[str | None, str | None]:
    """How many answered and were asked, in tens. A box that cannot be read keeps no night from publishing."""
    if not box.exists():
        return None, None
    try:
        codes, cast = Box(box).turnout(wave_id)
    except BoxError:
        return None, None
    return (in_tens(cast), in_tens(codes)) if codes else (None, None)
