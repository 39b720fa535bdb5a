"""`outcomes check` shows what the rules match of a first page; expected lines are written by hand."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from connectors.base import NotFound
from connectors.records import Deployment, Incident, Status
from pipelines.config import load
from pipelines.preview import preview

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CONFIGURATION = """
[organisation]
id = "alder"
name = "Alder"
time_zone = "Europe/Berlin"

[[team]]
id = "shop"
name = "Shop"

[[service]]
id = "catalogue"
name = "Catalogue"
owners = [{ team = "shop" }]
repositories = ["github:alder/catalogue"]
incident_services = ["pagerduty:P1"]

[[source]]
name = "github"
kind = "github"
base_url = "http://127.0.0.1:9"

[[source]]
name = "jira"
kind = "jira"
base_url = "http://127.0.0.1:9"

[[source]]
name = "pagerduty"
kind = "pagerduty"
base_url = "http://127.0.0.1:9"
"""


def deployment(number, environment):
    nothing = dict.fromkeys(
        ["service", "ref", "task", "state", "finished_at", "updated_at", "url", "original_environment"]
    )
    return Deployment(
        id=str(number), repository_id="7", sha="c1", environment=environment, created_at=NOW, **nothing
    )


def incident(number, service):
    values = dict.fromkeys(field.name for field in fields(Incident))
    values |= {"id": str(number), "service_id": service, "service_name": f"service {service}"}
    return Incident(**values | {"created_at": NOW, "started_at": NOW, "is_test": False})


@pytest.fixture
def shown(records, tmp_path):
    """The preview of these deployments, incidents and statuses, as text by what it is about."""

    def build(deployments, incidents=(), statuses=(), rules=""):
        path = tmp_path / "outcomes.toml"
        path.write_text(CONFIGURATION + rules, encoding="utf-8")
        sources = {
            "github": records.source(
                "github",
                {"repositories": [records.batch([records.repository()])], "deployments": deployments},
            ),
            "jira": records.source("jira", {"statuses": [records.batch(statuses)]}),
            "pagerduty": records.source("pagerduty", {"incidents": [records.batch(incidents)]}),
        }
        return {found.where: found for found in preview(load(path), sources)}

    return build


def test_what_is_to_production_and_what_is_not(shown, records):
    page = [deployment(1, "Production"), deployment(2, "production"), deployment(3, "staging")]
    # Only the first page is looked at: the second one would be the fourth deployment.
    found = shown([records.batch(page, is_final=False), records.batch([deployment(4, "production")])])
    line = found["deployments of catalogue"]
    assert line.is_fine
    assert line.message == (
        "2 of 3 deployments are to production: Production (1), production (1); not: staging (1)"
    )


def test_a_rule_that_matches_nothing_is_pointed_out(shown, records):
    line = shown([records.batch([deployment(1, "berlin"), deployment(2, "berlin")])])[
        "deployments of catalogue"
    ]
    assert not line.is_fine
    assert line.message == (
        "none of 2 deployments is to production: berlin (2). "
        "Set deployments.match of the service, or [rules] production_environments"
    )
    mended = shown(
        [records.batch([deployment(1, "berlin")])], rules='\n[rules]\nproduction_environments = ["berlin"]\n'
    )
    assert mended["deployments of catalogue"].is_fine


def test_nothing_to_see_is_no_mistake_and_an_unreadable_stream_is_left_out(shown, records):
    assert shown([records.batch([])])["deployments of catalogue"].message == "no deployments seen yet"
    lost = NotFound("github/alder/catalogue", "the repository does not exist", "Check its name")
    assert shown([lost])["deployments of catalogue"].message == "no deployments seen yet"


def test_incidents_of_services_and_of_nobody(shown, records):
    found = shown([records.batch([])], incidents=[incident(1, "P1"), incident(2, "P9"), incident(3, "P9")])
    line = found["incidents of pagerduty"]
    assert (line.is_fine, line.message) == (True, "1 of 3 are of a service; nobody's: service P9 (2)")
    line = shown([records.batch([])], incidents=[incident(2, "P9")])["incidents of pagerduty"]
    assert not line.is_fine
    assert line.message.endswith("Name them under [[service]] incident_services")


def test_what_each_status_means(shown, records):
    statuses = [
        Status(id="1", name="To Do", category="new"),
        Status(id="2", name="Review", category="indeterminate"),
        Status(id="3", name="Odd", category=None),
    ]
    line = shown([records.batch([])], statuses=statuses)["statuses of jira"]
    assert not line.is_fine
    assert line.message == (
        "active: Review; backlog: To Do; unknown: Odd. Say what they mean under [[status]]"
    )
