"""Answers what is wrong with the data of a scope, from the published snapshot: as JSON, or a line a check."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import duckdb

from pipelines.snapshot_reader import (
    SCHEMA_VERSION,
    UnknownNameError,
    known_scopes,
    parse_period,
    plain,
    require_name,
)

MARKS = {"none": "ok    ", "note": "note  ", "warning": "LOOK  ", "failed": "FAILED"}
SCOPES_WITH_ROWS = ("organisation", "team", "service")
"""A department has counts; its rows are those of its teams."""

_CHECKS = """
SELECT
    c.check_id, c.title, c.things, c.about, coalesce(d.looked_at, 0), coalesce(d.found, 0), d.share,
    CASE WHEN c.error IS NULL THEN coalesce(d.severity, 'none') ELSE 'failed' END, c.action
FROM data_check_catalog AS c
LEFT JOIN data_check AS d
    ON d.check_id = c.check_id AND d.scope = $scope
    AND d.period IS NOT DISTINCT FROM CASE c.counted WHEN 'quarter' THEN $period END
ORDER BY c.position
"""
_WITHHELD = """
SELECT metric, list(DISTINCT statistic ORDER BY statistic), coverage_linked, coverage_eligible
FROM metric_values
WHERE scope = $scope AND period = $period AND withheld_reason = 'low_coverage'
GROUP BY metric, coverage_linked, coverage_eligible
ORDER BY metric
"""
_ROWS = """
SELECT i.team_id, i.service_id, i.item_kind, i.item_id, i.label, i.url, i.detail, i.hours, i.occurred_at
FROM data_check_item AS i
JOIN data_check_catalog AS c ON c.check_id = i.check_id
WHERE i.check_id = $check AND i.period IS NOT DISTINCT FROM CASE c.counted WHEN 'quarter' THEN $period END
    AND $scope IN ('organisation', 'team:' || i.team_id, 'service:' || i.service_id)
ORDER BY i.occurred_at DESC NULLS LAST, i.item_kind, i.item_id, i.team_id
"""


def data_quality(
    con: duckdb.DuckDBPyConnection, name: str, scope: str, period: str | None, check: str | None
) -> dict[str, Any]:
    """What every check found in a scope and quarter, what is withheld there, and one check's rows.

    Args:
        con: the published snapshot.
        name: its file's name.
        scope: organisation, department:id, team:id or service:id.
        period: a quarter; None for the last closed one.
        check: the check whose rows are wanted; None for none.

    Raises:
        UnknownNameError: there is no such scope, quarter or check.
    """
    require_name("scope", scope, known_scopes(con), f"--scope {scope}")
    quarter = _quarter(con, period)
    if check is not None:
        known = [one for (one,) in con.execute("SELECT check_id FROM data_check_catalog").fetchall()]
        require_name("check", check, known, f"--check {check}")
    asked = {"scope": scope, "period": quarter}
    names = ("check", "title", "things", "about", "looked_at", "found", "share", "severity", "action")
    checks = [dict(zip(names, row, strict=True)) for row in con.execute(_CHECKS, asked).fetchall()]
    of_metric = ("metric", "statistics", "linked", "eligible")
    ((as_of, floor),) = con.execute("SELECT as_of, coverage_floor FROM run").fetchall()
    return {
        "schema_version": SCHEMA_VERSION,
        "snapshot": name,
        "as_of": plain(as_of),
        **asked,
        "coverage_floor": floor,
        "checks": checks,
        "withheld": [
            dict(zip(of_metric, row, strict=True)) for row in con.execute(_WITHHELD, asked).fetchall()
        ],
        **({"rows": _rows(con, scope, quarter, check)} if check else {}),
    }


def _quarter(con: duckdb.DuckDBPyConnection, period: str | None) -> str:
    if period is not None:
        grain, *_ = parse_period(con, period)
        if grain != "quarter":
            raise UnknownNameError(f"--period {period}: checks are counted by quarter. Write 2026-Q3")
        return period
    found = con.execute(
        "SELECT period FROM period WHERE grain = 'quarter' "
        "ORDER BY is_complete DESC, period_start DESC LIMIT 1"
    ).fetchone()
    return str(found[0]) if found else ""


def _rows(con: duckdb.DuckDBPyConnection, scope: str, quarter: str, check: str) -> list[dict[str, Any]]:
    if scope.partition(":")[0] not in SCOPES_WITH_ROWS:
        raise UnknownNameError(
            f"--scope {scope}: rows are kept by team. Name a team, a service or organisation"
        )
    names = ("team", "service", "item_kind", "item_id", "label", "url", "detail", "hours", "occurred_at")
    found = con.execute(_ROWS, {"check": check, "scope": scope, "period": quarter}).fetchall()
    return [{key: plain(value) for key, value in zip(names, row, strict=True)} for row in found]


def print_quality(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what `data_quality` found."""
    if as_json:
        sys.stdout.write(json.dumps(answer) + "\n")
        return
    lines = [f"Data quality, {answer['scope']}, {answer['period']}, as of {answer['as_of']}"]
    lines += [f"{MARKS[one['severity']]} {one['check']}: {_said(one)}" for one in answer["checks"]]
    floor = f"{answer['coverage_floor'] * 100:g} %"
    withheld = answer["withheld"]
    lines.append(f"Withheld, as less than {floor} is linked:{'' if withheld else ' nothing'}")
    lines += [f"{'':6} {one['metric']}: {one['linked']:,} of {one['eligible']:,}" for one in withheld]
    for row in answer.get("rows", ()):
        parts = (row["label"], row["service"] or "no service", row["detail"], row["occurred_at"], row["url"])
        lines.append(f"{'':6} {', '.join(str(part) for part in parts if part)}")
    sys.stdout.write("\n".join(lines) + "\n")


def _said(one: Mapping[str, Any]) -> str:
    if one["severity"] == "failed":
        return f"{one['title']}: it could not be made. `outcomes build --debug` shows why"
    if not one["looked_at"]:
        return f"{one['title']}: nothing to look at"
    if one["about"] == "join":
        tied = one["looked_at"] - one["found"]
        return f"{one['title']}: {tied:,} of {one['looked_at']:,} {one['things']}"
    found = f"{one['found']:,}" if one["found"] else "none"
    action = f". {one['action']}" if one["severity"] == "warning" else ""
    return f"{one['title']}: {found} of {one['looked_at']:,} {one['things']}{action}"
