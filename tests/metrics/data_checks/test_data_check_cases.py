"""Every case of `<check>.yaml`: given rows go through the real SQL, expected rows were worked by hand."""

import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from pipelines.catalog_headers import CatalogError
from pipelines.data_checks import CHECK_COLUMNS, load_checks

FOLDER = Path(__file__).parent
CHECKS = load_checks()
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
]
TABLE = re.compile(r"\b(?:raw|config|staged|facts|ops|published)\.[a-z_]+")
CLAIM = re.compile(r"\b(because|caus\w+|drives?|driven|leads? to|led to|due to|prove[sn]?)\b", re.IGNORECASE)


def _comparable(value):
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z").replace(":00Z", "Z")
    return round(float(value), 6) if isinstance(value, int | float) else value


def _sorted(rows):
    return sorted((tuple(map(_comparable, row)) for row in rows), key=repr)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_case(name, case, build):
    check = CHECKS[name]
    con = build(case["given"], check.header.depends_on)
    found = con.sql(check.sql)
    assert dict(zip(found.columns, map(str, found.types), strict=True)) == CHECK_COLUMNS
    rows = found.project(", ".join(case["columns"])).fetchall()
    assert _sorted(rows) == _sorted([tuple(row) for row in case["expect"]])


def test_every_check_has_cases():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(CHECKS)


def test_every_reason_stands_in_the_sql():
    for check in CHECKS.values():
        unused = {one for one in check.header.reasons if f"'{one}'" not in check.sql and one[:3] != "no_"}
        assert unused <= {"repository", "project", "incident_service", "catalogue_service", "indicator"} | {
            *("team", "team_elsewhere", "pull_requests"),  # the kinds of what is nobody's
        }


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.name)
def test_depends_on_is_what_the_sql_reads(check):
    code = re.sub(r"--[^\n]*", "", check.sql)
    assert sorted(check.header.depends_on) == sorted(set(TABLE.findall(code)))


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.name)
def test_a_check_reads_nothing_that_people_wrote_and_claims_no_causes(check):
    assert not re.search(r"title|description|headline|author|\baccount\b|login|e_?mail|person", check.sql)
    texts = [check.header.title, check.header.question, check.header.meaning, check.header.action]
    assert [text for text in [*texts, *check.header.reasons.values()] if CLAIM.search(text)] == []


HEADER = """/*
title = "T"
question = "Q?"
meaning = "M."
action = "A."
about = "order"
things = ["thing", "things"]
counted = "now"
severity = "note"
depends_on = ["facts.dim_team"]
{more}
[reasons]
odd = "it is odd"
*/
SELECT 1
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('colour = "red"', "odd.sql:11: colour: Extra inputs are not permitted"),
        ("has_floor = true", "odd.sql:11: has_floor: only a join that warns has a floor"),
        ('title = "again"', "odd.sql:11: the header is not TOML"),
    ],
)
def test_a_wrong_header_is_refused_when_loading(tmp_path, more, said):
    (tmp_path / "odd.sql").write_text(HEADER.format(more=more), encoding="utf-8")
    with pytest.raises(CatalogError, match=re.escape(said)):
        load_checks(tmp_path)
