"""A published snapshot of a large organisation, made of the demonstration's: its rows many times over.

Every team, service and department of the demonstration stands in it in many copies, each with its numbers
moved a little, its items, its survey and what was found beside; five years instead of its twenty months, the
years before made of those that there are. So a table's columns, reasons, gaps and proportions are those that
the product publishes. Some copies have far more items than others, as services do. Rows lie in the order in
which `pipelines.publish` writes them.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import publish
from pipelines.items import create_item_view
from pipelines.stored_values import SCOPE_ROWS, create_values_view

ORDER = {table: query.rpartition("ORDER BY ")[2] for table, query in publish._TABLES.items()}
"""In which the rows of each table lie."""
SCOPES_AT_ONCE = 200
COPIES_OF_A_DEPARTMENT = 8
"""So many copies of the demonstration share their departments: some thirty teams in each."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How many times the demonstration with its 8 teams and 12 services stands side by side, and how long."""

    copies: int
    years: int


SCALES = {"S": Scale(1, 2), "M": Scale(16, 3), "L": Scale(163, 5)}
"""L has 1,304 teams, 1,956 services and 42 departments, M and L as many teams as `organisation.py` has."""

_PREPARE = """
CREATE TEMP TABLE copy AS SELECT j::INTEGER AS j, CASE j WHEN 0 THEN '' ELSE '-' || j END AS suffix,
  CASE j - j % {shared} WHEN 0 THEN '' ELSE '-' || (j - j % {shared}) END AS department_suffix,
  least(greatest(30 // (j + 1), 1), 10) AS times
FROM range({copies}) AS made(j);
CREATE TEMP TABLE scope AS
SELECT 'organisation' AS old, 'organisation' AS new, 'organisation' AS kind, 0 AS j, 1 AS times
UNION ALL
SELECT 'department:' || d.id, 'department:' || d.id || c.suffix, 'department', c.j, 1
FROM small.department d, copy c WHERE c.j % {shared} = 0
UNION ALL SELECT 'team:' || t.id, 'team:' || t.id || c.suffix, 'team', c.j, c.times FROM small.team t, copy c
UNION ALL
SELECT 'service:' || s.id, 'service:' || s.id || c.suffix, 'service', c.j, c.times FROM small.service s, copy
c;
CREATE TEMP TABLE ordered AS SELECT *, row_number() OVER (ORDER BY kind, new) // {at_once} AS chunk FROM
scope;
CREATE TEMP TABLE span AS
WITH known AS (
  SELECT *, row_number() OVER (PARTITION BY grain ORDER BY period_start DESC) - 1 AS age, count(*) OVER (
    PARTITION BY grain) AS many,
    CASE grain WHEN 'day' THEN 365 WHEN 'week' THEN 52 WHEN 'month' THEN 12 ELSE 4 END AS yearly
  FROM small.period
), made AS (
  SELECT k.*, shift,
    CASE WHEN k.grain IN ('day', 'week') THEN k.period_start - shift * (CASE k.grain WHEN 'day' THEN 365 ELSE
    364 END)
      ELSE (k.period_start - to_years(shift))::DATE END AS new_start,
    CASE WHEN k.grain IN ('day', 'week') THEN k.period_end - shift * (CASE k.grain WHEN 'day' THEN 365 ELSE
    364 END)
      ELSE (k.period_end - to_years(shift))::DATE END AS new_end
  FROM known k, (SELECT unnest(range({years}))::INTEGER AS shift) AS shifts
  WHERE (shift = 0 OR (k.age >= k.many - k.yearly)) AND k.age + shift * k.yearly < {years} * k.yearly
)
SELECT grain, period AS old,
  CASE grain WHEN 'day' THEN strftime(new_start, '%Y-%m-%d') WHEN 'week' THEN strftime(new_start, '%G-W%V')
    WHEN 'month' THEN strftime(new_start, '%Y-%m') ELSE strftime(new_start, '%Y-Q') || quarter(new_start) END
    AS new,
  new_start, new_end, is_complete, shift
FROM made;
"""


def make(template: Path, target: Path, scale: Scale) -> None:
    """Write the large snapshot to `target`, made of the small one."""
    with duckdb.connect() as con:
        con.execute("SET timezone = 'UTC'; SET memory_limit = '4GB'")
        con.execute(f"ATTACH '{template}' AS small (READ_ONLY)")
        con.execute(
            f"ATTACH '{target}' AS large (STORAGE_VERSION '{publish.STORAGE_VERSION}', "
            f"ROW_GROUP_SIZE {publish.ROWS_TOGETHER})"
        )
        con.execute(
            _PREPARE.format(
                copies=scale.copies, years=scale.years, shared=COPIES_OF_A_DEPARTMENT, at_once=SCOPES_AT_ONCE
            )
        )
        tables = [name for (name,) in con.execute(_TABLES_OF_TEMPLATE).fetchall()]
        for table in [name for name in tables if name != "scope_rows"]:
            began = time.monotonic()
            _fill(con, table)
            print(f"{table}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        con.execute(f"CREATE TABLE large.scope_rows AS {SCOPE_ROWS.replace('snapshot.', 'large.')}")
        con.execute("USE large")
        create_values_view(con)
        create_item_view(con, "main")
        con.execute(publish.MACROS.read_text(encoding="utf-8"))
        con.execute("USE memory; DETACH large")


_TABLES_OF_TEMPLATE = (
    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'small' ORDER BY table_name"
)


def _fill(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """One table, in the order in which it is published; what is of no scope is taken as it is."""
    con.execute(f'CREATE TABLE large."{table}" AS FROM small."{table}" LIMIT 0')
    columns = [row[0] for row in con.execute(f'DESCRIBE small."{table}"').fetchall()]
    if table in _BY_HAND:
        con.execute(f'INSERT INTO large."{table}" BY NAME {_BY_HAND[table]}')
        return
    if table == "metric_observation":
        _observations(con)
        return
    if "scope" not in columns or table == "run_manifest":
        con.execute(f'INSERT INTO large."{table}" FROM small."{table}"')
        return
    order = ORDER.get(table, "scope")
    if not order.startswith(("grain", "scope")):
        con.execute(f'INSERT INTO large."{table}" BY NAME {_scoped(table, columns)} ORDER BY {order}')
        return
    [(chunks,)] = con.execute("SELECT max(chunk) + 1 FROM ordered").fetchall()
    grains = [""]
    if "grain" in columns:
        grains = [name for (name,) in con.execute(f'SELECT DISTINCT grain FROM small."{table}"').fetchall()]
    for grain in sorted(grains):
        for chunk in range(chunks):
            where = f"AND o.chunk = {chunk}" + (f" AND v.grain = '{grain}'" if grain else "")
            con.execute(
                f'INSERT INTO large."{table}" BY NAME {_scoped(table, columns, where)} ORDER BY {order}'
            )


def _scoped(table: str, columns: list[str], where: str = "") -> str:
    """The rows of every copy of a scope: its numbers moved, its periods those of five years."""
    moved = {"scope": "o.new"}
    by_period = {"grain", "period", "period_start"} <= set(columns)
    by_name = table == "left_out"
    if by_period or by_name:
        moved["period"] = "p.new"
        moved |= {"period_start": "p.new_start"} if by_period else {}
        moved |= {"period_end": "p.new_end"} if "period_end" in columns else {}
    if "value" in columns:
        factor = "(0.8 + 0.4 * (hash(o.new, v.metric, p.new) % 1000) / 1000)"
        moved |= {name: f"v.{name} * {factor}" for name in ("value", "low", "high") if name in columns}
    if table == "left_out":
        moved["items"] = "v.items * o.times"
    replaced = ", ".join(f"{value} AS {name}" for name, value in moved.items() if name in columns)
    joined = ""
    if by_period or by_name:
        joined = "JOIN span p ON p.old = v.period" + (" AND p.grain = v.grain" if by_period else "")
    return (
        f'SELECT v.* REPLACE ({replaced}) FROM small."{table}" v JOIN ordered o ON o.old = v.scope {joined} '
        f"WHERE true {where}"
    )


def _observations(con: duckdb.DuckDBPyConnection) -> None:
    """Every item as often as its copy has it, by metric and by the number of its scopes."""
    for (metric,) in con.execute(
        "SELECT DISTINCT metric FROM small.metric_observation ORDER BY 1"
    ).fetchall():
        con.execute(
            f"""INSERT INTO large.metric_observation BY NAME
            SELECT v.* REPLACE (
              v.scopes + 100000 * c.j AS scopes, v.item_id || c.suffix || CASE n WHEN 0 THEN '' ELSE '.' || n
              END
              AS item_id, v.service_id || c.suffix AS service_id, v.team_id || c.suffix AS team_id)
            FROM small.metric_observation v, copy c, range(c.times) AS made(n) WHERE v.metric = $metric
            ORDER BY {ORDER["metric_observation"]}""",
            {"metric": metric},
        )


_PARTS = "array_to_string(list_transform(string_split({}, '+'), lambda part: part || c.suffix), '+')"
# ruff: noqa: E501 - queries
_BY_HAND = {
    "team": "SELECT t.* REPLACE (t.id || suffix AS id, t.name || suffix AS name, "
    "t.department || department_suffix AS department) FROM small.team t, copy ORDER BY id",
    "department": "SELECT d.* REPLACE (d.id || suffix AS id, d.name || suffix AS name, d.parent || suffix "
    f"AS parent) FROM small.department d, copy WHERE j % {COPIES_OF_A_DEPARTMENT} = 0 ORDER BY id",
    "service": "SELECT s.* REPLACE (s.id || suffix AS id, s.name || suffix AS name) FROM small.service s, copy "
    "ORDER BY id",
    "service_owner": "SELECT s.* REPLACE (s.service || suffix AS service, s.team || suffix AS team) "
    "FROM small.service_owner s, copy ORDER BY ALL",
    "period": "SELECT grain, new AS period, new_start AS period_start, new_end AS period_end, is_complete "
    "FROM span ORDER BY grain, period_start",
    "metric_scopes": "SELECT v.metric, v.scopes + 100000 * c.j AS scopes, CASE v.scope WHEN 'organisation' "
    "THEN v.scope ELSE v.scope || CASE WHEN v.scope LIKE 'department:%' THEN c.department_suffix ELSE c.suffix END "
    "END AS scope FROM small.metric_scopes v, copy c ORDER BY metric, scopes, scope",
    "item": "SELECT v.* REPLACE (v.item_id || c.suffix || CASE n WHEN 0 THEN '' ELSE '.' || n END AS item_id, "
    "v.service_id || c.suffix AS service_id) FROM small.item v, copy c, "
    f"range(c.times * CASE WHEN c.j = 0 THEN 1 ELSE 2 END) AS made(n) ORDER BY {ORDER['item']}",
    "survey_unit": f"SELECT v.* REPLACE ({_PARTS.format('v.unit_id')} AS unit_id, v.name || c.suffix AS name, "
    "CASE v.parent WHEN 'organisation' THEN v.parent ELSE v.parent || c.department_suffix END AS parent, "
    "list_transform(v.parts, lambda part: part || c.suffix) AS parts) FROM small.survey_unit v, copy c "
    "ORDER BY wave_id, unit_id",
    "survey_cell": f"SELECT v.* REPLACE (CASE v.scope_kind WHEN 'organisation' THEN v.scope WHEN 'department' "
    f"THEN v.scope || c.department_suffix ELSE {_PARTS.format('v.scope')} END AS scope, "
    "v.scope_name || c.suffix AS scope_name, CASE v.parent WHEN 'organisation' THEN v.parent ELSE "
    "v.parent || c.department_suffix END AS parent) FROM small.survey_cell v, copy c WHERE c.j = 0 OR "
    f"v.scope_kind = 'unit' OR (v.scope_kind = 'department' AND c.j % {COPIES_OF_A_DEPARTMENT} = 0) "
    f"ORDER BY {ORDER['survey_cell']}",
    "data_check_item": "SELECT v.* REPLACE (v.team_id || c.suffix AS team_id) FROM small.data_check_item v, "
    "copy c",
}
