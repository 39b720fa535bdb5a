"""What each data check says about itself, and what it finds: counts per scope and quarter, and the rows.

A check is one file, `sql/quality/<check>.sql`. Its query returns a row for everything that it looks at,
never a sum; `reason` is null where all is well. Nothing that people wrote is in these rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import polars as pl
from duckdb import DuckDBPyConnection
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.catalog import ROOT, read
from pipelines.catalog_headers import CatalogError, Text, Texts
from pipelines.statistics.frames import FEW_IN_PERIOD

CHECK_COLUMNS = {
    "item_kind": "VARCHAR",
    "item_id": "VARCHAR",
    "label": "VARCHAR",
    "url": "VARCHAR",
    "service_id": "VARCHAR",
    "team_id": "VARCHAR",
    "occurred_at": "TIMESTAMP WITH TIME ZONE",
    "reason": "VARCHAR",
    "hours": "DOUBLE",
}
"""The columns that every check returns, in this order. Label and page of what has a row in
`facts.dim_item` may be null, and so may the team: it is then the service's owner at that time. `hours`
says by how much, where that is an amount of time."""

ROWS_AT_MOST = 20
"""So many rows of a check, team and quarter are published, the newest first; the counts are of all."""
QUARTERS = 8
"""Counted are the quarters whose items a snapshot holds."""


class DataCheckHeader(BaseModel):
    """What a check's file says about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text
    question: Text
    meaning: Text
    """What it means where something is found."""
    action: Text
    """What to do then."""
    about: Literal["join", "ownership", "order", "history"]
    things: list[Text] = Field(min_length=2, max_length=2)
    """What it looks at: one, and several."""
    counted: Literal["quarter", "now"]
    """By the quarter in which a thing occurred, or as things stand now."""
    severity: Literal["warning", "note"]
    """How much it matters; a note is told and asks for nothing."""
    has_floor: bool = False
    """It warns below `[rules] coverage_floor` alone, as metrics are withheld below that."""
    reasons: dict[str, Text] = Field(min_length=1)
    depends_on: Texts

    @model_validator(mode="after")
    def _floor_is_for_joins(self) -> Self:
        if self.has_floor and (self.about != "join" or self.severity != "warning"):
            raise ValueError("has_floor: only a join that warns has a floor")
        return self


@dataclass(frozen=True, slots=True)
class DataCheck:
    """One check: its id, which is the file's name, its header and its SQL."""

    name: str
    header: DataCheckHeader
    sql: str


@dataclass(frozen=True, slots=True)
class Found:
    """How many things of the whole organisation a check looked at and found, in all quarters that count."""

    looked_at: int
    found: int
    is_fine: bool
    """It warns of nothing in the last closed quarter and the open one, or as things stand."""
    error: str | None = None


def load_checks(folder: Path = ROOT / "sql" / "quality") -> dict[str, DataCheck]:
    """Every check by its id. Raises `CatalogError`."""
    found = {}
    for path in sorted(folder.glob("*.sql")):
        header, sql = read(DataCheckHeader, path)
        found[path.stem] = DataCheck(path.stem, header, sql)
    return found


def prepare(con: DuckDBPyConnection, checks: Sequence[DataCheck]) -> None:
    """Make the tables anew that hold what checks find, and write down what each says about itself."""
    con.execute("CREATE SCHEMA IF NOT EXISTS published")
    con.execute(_TABLES)
    for position, check in enumerate(sorted(checks, key=_order)):
        own = check.header
        row = [check.name, position, own.title, own.question, own.meaning, own.action, own.about]
        row += [*own.things, own.counted, own.severity, own.has_floor, None]
        con.execute(
            f"INSERT INTO published.data_check_catalog VALUES ({', '.join('?' for _ in row)})",
            row,
        )


def _order(check: DataCheck) -> tuple[int, str]:
    return ["join", "ownership", "order", "history"].index(check.header.about), check.name


def write_check(con: DuckDBPyConnection, check: DataCheck, few: pl.DataFrame | None = None) -> Found:
    """Publish what a check finds, after `prepare`.

    `few`: the periods of scopes of which no number about people's work may be shown (`few_in_period`). Counts
    of these quarters are numbers too, and so are rows; what is found there is in the counts above alone.

    Raises:
        CatalogError: its columns or reasons are not what they must be.
        duckdb.Error: its query fails.
    """
    _demand_columns(con, check)
    bound = {"check": check.name, "severity": check.header.severity, "has_floor": check.header.has_floor}
    dated = "JOIN" if check.header.counted == "quarter" else "LEFT JOIN"
    on = _IN_QUARTER if check.header.counted == "quarter" else "false"
    con.execute(f"CREATE OR REPLACE TEMP TABLE data_check_row AS {_looked_at(check.sql, dated, on)}")
    hidden = pl.DataFrame(schema=FEW_IN_PERIOD) if few is None else few
    con.register("few_in_period", hidden.to_arrow())
    try:
        _demand_reasons(con, check)
        con.execute(_COUNTS, bound)
        con.execute(_ROWS, {"check": check.name, "reasons": check.header.reasons, "most": ROWS_AT_MOST})
    finally:
        con.unregister("few_in_period")
        con.execute("DROP TABLE data_check_row")
    ((looked_at, found, is_fine),) = con.execute(_SUMMARY, {"check": check.name}).fetchall()
    return Found(looked_at, found, is_fine)


def note_error(con: DuckDBPyConnection, check: DataCheck, error: str) -> Found:
    """Publish that a check could not be made, and nothing else of it."""
    for table in ("data_check", "data_check_item"):
        con.execute(f"DELETE FROM published.{table} WHERE check_id = ?", [check.name])
    con.execute(
        "UPDATE published.data_check_catalog SET error = ? WHERE check_id = ?",
        ["its query fails", check.name],
    )
    return Found(0, 0, is_fine=False, error=error)


def _demand_columns(con: DuckDBPyConnection, check: DataCheck) -> None:
    described = con.execute(f"DESCRIBE {check.sql}").fetchall()
    wrong = sorted({(name, kind) for name, kind, *_ in described} ^ set(CHECK_COLUMNS.items()))
    if wrong or [name for name, *_ in described] != list(CHECK_COLUMNS):
        raise CatalogError(f"{check.name}.sql: columns: must be {', '.join(CHECK_COLUMNS)}; differ: {wrong}")


def _demand_reasons(con: DuckDBPyConnection, check: DataCheck) -> None:
    rows = con.execute("SELECT DISTINCT reason FROM data_check_row WHERE reason IS NOT NULL").fetchall()
    unknown = sorted({reason for (reason,) in rows} - set(check.header.reasons))
    if unknown:
        raise CatalogError(f"{check.name}.sql: reasons: {', '.join(unknown)} not explained")


_TABLES = """
CREATE OR REPLACE TABLE published.data_check_catalog (
    check_id VARCHAR, position INTEGER, title VARCHAR, question VARCHAR, meaning VARCHAR, action VARCHAR,
    about VARCHAR, thing VARCHAR, things VARCHAR, counted VARCHAR, severity VARCHAR, has_floor BOOLEAN,
    error VARCHAR
);
CREATE OR REPLACE TABLE published.data_check (
    check_id VARCHAR, scope_kind VARCHAR, scope VARCHAR, period VARCHAR, looked_at BIGINT, found BIGINT,
    share DOUBLE, severity VARCHAR
);
CREATE OR REPLACE TABLE published.data_check_item (
    check_id VARCHAR, period VARCHAR, team_id VARCHAR, service_id VARCHAR, item_kind VARCHAR, item_id VARCHAR,
    label VARCHAR, url VARCHAR, reason VARCHAR, detail VARCHAR, hours DOUBLE, occurred_at TIMESTAMPTZ,
    found BIGINT
);
"""
"""One row per check; per check, scope and quarter (null: as things stand now) in which it looked at
something; and per thing that was found and team (null: nobody's), with how many there are in all."""

_IN_QUARTER = "f.seen_at >= q.starts_at AND f.seen_at < q.ends_at"


def _looked_at(sql: str, dated: str, on: str) -> str:
    """The check's rows with team, quarter, label and page."""
    # What is dated as of now belongs to the day that is ending, also where now is midnight.
    return f"""
    WITH quarter AS (
        SELECT
            p.period, CAST(p.period_start AS TIMESTAMP) AT TIME ZONE o.time_zone AS starts_at,
            CAST(p.period_end AS TIMESTAMP) AT TIME ZONE o.time_zone AS ends_at
        FROM staged.stg_period AS p CROSS JOIN config.organisation AS o
        WHERE p.grain = 'quarter' ORDER BY p.period_start DESC LIMIT {QUARTERS}
    ),
    finding AS (
        SELECT c.*, least(coalesce(c.occurred_at, r.as_of), r.as_of - INTERVAL 1 MICROSECOND) AS seen_at
        FROM ({sql}) AS c CROSS JOIN config.run AS r
    ),
    named AS (
        SELECT item_kind, item_id, min(label) AS label, min(url) AS url
        FROM facts.dim_item
        SEMI JOIN (SELECT DISTINCT item_kind, item_id FROM finding WHERE reason IS NOT NULL)
            USING (item_kind, item_id)
        GROUP BY ALL
    )
    SELECT
        f.* EXCLUDE (team_id, label, url, seen_at), coalesce(f.team_id, w.team_id) AS team_id, q.period,
        coalesce(f.label, n.label, f.item_id) AS label, coalesce(f.url, n.url) AS url
    FROM finding AS f
    {dated} quarter AS q ON {on}
    LEFT JOIN facts.dim_service_owner AS w
        ON w.service_id = f.service_id
        AND (w.valid_from_at IS NULL OR w.valid_from_at <= f.seen_at)
        AND (w.valid_to_at IS NULL OR w.valid_to_at > f.seen_at)
    LEFT JOIN named AS n ON f.reason IS NOT NULL AND n.item_kind = f.item_kind AND n.item_id = f.item_id
    """


_COUNTS = """
INSERT INTO published.data_check
WITH RECURSIVE above AS (
    SELECT id AS team_id, department FROM config.team WHERE department IS NOT NULL
    UNION
    SELECT a.team_id, d.parent FROM above AS a JOIN config.department AS d ON d.id = a.department
    WHERE d.parent IS NOT NULL
),
scoped AS (
    SELECT 'organisation' AS scope_kind, 'organisation' AS scope, * FROM data_check_row
    UNION ALL
    SELECT 'service', 'service:' || service_id, * FROM data_check_row WHERE service_id IS NOT NULL
    UNION ALL
    SELECT 'team', 'team:' || team_id, * FROM data_check_row WHERE team_id IS NOT NULL
    UNION ALL
    SELECT 'department', 'department:' || a.department, r.*
    FROM data_check_row AS r JOIN above AS a ON a.team_id = r.team_id
),
counted AS (
    SELECT
        scope_kind, scope, period,
        count(DISTINCT (item_kind, item_id)) AS looked_at,
        count(DISTINCT (item_kind, item_id)) FILTER (reason IS NOT NULL) AS found
    FROM scoped
    GROUP BY ALL
),
few AS (
    SELECT f.scope, p.period FROM few_in_period AS f JOIN staged.stg_period AS p USING (grain, period_start)
)
SELECT
    $check, scope_kind, scope, period, looked_at, found, found / looked_at,
    CASE
        WHEN found = 0 THEN 'none'
        WHEN $severity = 'note' THEN 'note'
        WHEN $has_floor AND looked_at - found >= u.coverage_floor * looked_at THEN 'note'
        ELSE 'warning'
    END
FROM counted ANTI JOIN few USING (scope, period) CROSS JOIN config.rule AS u
"""

_ROWS = """
INSERT INTO published.data_check_item
WITH once AS (
    SELECT * FROM data_check_row
    WHERE reason IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY period, team_id, item_kind, item_id ORDER BY service_id, reason
    ) = 1
),
few AS (
    SELECT f.scope, p.period FROM few_in_period AS f JOIN staged.stg_period AS p USING (grain, period_start)
),
counted AS (
    SELECT *, count(*) OVER (PARTITION BY period, team_id) AS of_team FROM once
)
SELECT
    $check, c.period, team_id, service_id, item_kind, item_id, label, url, reason,
    map_extract_value($reasons::MAP(VARCHAR, VARCHAR), reason), hours, occurred_at, of_team
FROM counted AS c
ANTI JOIN few AS f ON f.period = c.period AND f.scope IN ('team:' || c.team_id, 'service:' || c.service_id)
QUALIFY row_number() OVER (
    PARTITION BY c.period, team_id ORDER BY occurred_at DESC NULLS LAST, item_kind, item_id
) <= $most
"""

_SUMMARY = """
WITH latest AS (
    SELECT period FROM staged.stg_period WHERE grain = 'quarter' ORDER BY period_start DESC LIMIT 2
)
SELECT
    coalesce(sum(looked_at), 0)::BIGINT, coalesce(sum(found), 0)::BIGINT,
    coalesce(bool_and(severity <> 'warning') FILTER (period IS NULL OR period IN (FROM latest)), true)
FROM published.data_check
WHERE check_id = $check AND scope_kind = 'organisation'
"""
