"""What is nobody's is told in one line per kind and source; names that things had are kept."""

import re

import duckdb
import pytest

from connectors.records import Issue, Project
from pipelines.catalog import load_models
from pipelines.export import export_canonical
from pipelines.ownership import _FIXES, unowned
from pipelines.warehouse import Warehouse


@pytest.fixture
def told():
    """Findings of rows written by hand: kind, source, name, why, items."""

    def findings(*rows):
        with duckdb.connect() as con:
            con.execute(
                "CREATE SCHEMA staged; CREATE TABLE staged.stg_unowned "
                "(kind VARCHAR, source VARCHAR, name VARCHAR, why VARCHAR, items BIGINT)"
            )
            for row in rows:
                con.execute("INSERT INTO staged.stg_unowned VALUES (?, ?, ?, ?, ?)", row)
            return [(one.where, one.is_fine, one.message) for one in unowned(con)]

    return findings


def test_nothing_is_nobodys(told):
    assert told() == []


def test_a_line_per_kind_source_and_reason(told):
    found = told(
        ("repository", "github", "acme/lost", "belongs to no service", 1),
        ("repository", "github", "acme/adrift", "belongs to no service", 1),
        ("repository", "ghes", "acme/other", "belongs to no service", 1),
        ("incident_service", "pagerduty", "Lost API", "no service names it under incident_services", 12),
        ("service", None, "till", "has no owner today", 1),
    )
    fix = "Name them under [[service]] repositories, or leave them out with `exclude`"
    unnamed = "no service names it under incident_services. Name them under [[service]] incident_services"
    unknown = "Name its [[service]] owners, or under [[team]] known_as what its team is called elsewhere"
    assert found == [
        ("incident service of pagerduty", False, f"Lost API (12): {unnamed}"),
        ("repository of ghes", False, f"acme/other: belongs to no service. {fix}"),
        ("repository of github", False, f"acme/adrift, acme/lost: belongs to no service. {fix}"),
        ("service", False, f"till: has no owner today. {unknown}"),
    ]


def test_many_names_are_cut_short(told):
    rows = [("project", "jira", f"P{number}", "belongs to no service", 1) for number in range(9)]
    ((_, _, message),) = told(*rows)
    assert message.startswith("P0, P1, P2, P3, P4 and 4 more: belongs to no service. ")


def test_of_people_only_how_many(told):
    found = told(
        ("members", None, "payments", "no source knows these members by the names in the configuration", 1),
        ("accounts", "github", "github", "these accounts share an address with another one here", 4),
    )
    assert [message.partition(":")[0] for _, _, message in found] == ["4 accounts", "payments (1)"]


def test_every_kind_has_its_fix():
    (model,) = [one for one in load_models() if one.name == "stg_unowned"]
    assert set(_FIXES) == set(model.accepted_values["kind"])


def test_what_the_sandbox_organisation_leaves_to_nobody(built, tmp_path):
    place = built.copy_to(tmp_path)
    warehouse = Warehouse(place.home.warehouse)
    found = {one.where: one.message for one in unowned(warehouse.con)}
    logins = warehouse.con.execute("SELECT login FROM raw.account WHERE login IS NOT NULL").fetchall()
    warehouse.close()
    assert "incident service of pagerduty" in found
    text = " ".join(found.values())
    assert [login for (login,) in logins if re.search(rf"\b{re.escape(login)}\b", text)] == []


# --- names that things had


def names(warehouse):
    return warehouse.con.execute(
        "SELECT kind, id, name, valid_to::VARCHAR FROM raw.former_name ORDER BY ALL"
    ).fetchall()


def land(warehouse, records, *told, run="run"):
    return warehouse.land(run, "source", "*", "some", [records.batch(told)])


def issue(key, title="Round prices"):
    values = dict.fromkeys(Issue.__slots__)
    values |= {"id": "7", "key": key, "container_id": key.split("-")[0], "title": title, "labels": []}
    return Issue(**{**values, "has_changelog": True, "is_flagged": None})


def test_a_renamed_repository_is_remembered_under_its_former_names(warehouse, records):
    for name in ("alder/old", "alder/catalogue", "alder/shop"):
        land(warehouse, records, records.repository(name))
    assert names(warehouse) == [
        ("repository", "7", "alder/catalogue", "2026-03-02"),
        ("repository", "7", "alder/old", "2026-03-02"),
    ]


def test_a_moved_issue_and_a_project_under_a_new_key(warehouse, records):
    land(warehouse, records, issue("OPS-1"), Project(id="1", key="OPS", name="Ops"))
    land(warehouse, records, issue("PAY-9"), Project(id="1", key="PLAT", name="Ops"))
    assert [row[:3] for row in names(warehouse)] == [("issue", "7", "OPS-1"), ("project", "1", "OPS")]


def test_what_changes_otherwise_leaves_no_name(warehouse, records):
    land(warehouse, records, issue("OPS-1"))
    land(warehouse, records, issue("OPS-1", title="Round them up"))
    assert names(warehouse) == []


def test_the_canonical_form_of_names_tells_no_run(warehouse, records, tmp_path):
    for run, name in (("first", "alder/old"), ("second", "alder/new")):
        land(warehouse, records, records.repository(name), run=run)
    export_canonical(warehouse.con, ["raw"], tmp_path / "out")
    text = (tmp_path / "out" / "raw.former_name.ndjson").read_text(encoding="utf-8")
    assert "second" not in text
    assert '"name": "alder/old"' in text
