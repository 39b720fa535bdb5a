"""`outcomes check` shows what the rules match of a first page; expected lines are written by hand."""

from collections import defaultdict
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from connectors.base import NotFound
from connectors.records import Account, Deployment, Incident, Issue, Status
from pipelines.config import load
from pipelines.preview import preview
from pipelines.preview_rules import of_selection

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

    def build(deployments=(), incidents=(), statuses=(), rules="", changes=(), issues=(), scopes=("*",)):
        path = tmp_path / "outcomes.toml"
        path.write_text(CONFIGURATION + rules, encoding="utf-8")
        of_github = {
            "repositories": [records.batch([records.repository()])],
            "deployments": deployments,
            "pull_requests": [records.batch(changes)],
        }
        of_jira = {"statuses": [records.batch(statuses)], "issues": [records.batch(issues)]}
        sources = {
            "github": records.source("github", defaultdict(list, of_github), scopes),
            "jira": records.source("jira", defaultdict(list, of_jira)),
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


# --- what each of [rules] fits and leaves out


def account(number, login, kind="User"):
    return Account(id=str(number), login=login, kind=kind)


def test_bots_are_named_where_the_source_calls_them_so_and_people_never(shown):
    accounts = [
        account(1, "dependabot[bot]", "Bot"),
        account(2, "renovate[bot]", "Bot"),
        account(3, "deploy-robot"),
        account(4, "ada"),
        account(5, "robert"),
    ]
    line = shown(changes=accounts, rules='\n[rules]\nbots = ["*[[]bot]", "*-robot", "svc-*"]\n')[
        "bots of github"
    ]
    assert line.is_fine
    assert line.message == (
        "3 of 5 accounts; 2 by their type: dependabot[bot] (1), renovate[bot] (1); 1 by patterns alone; "
        "of the patterns: *[[]bot] (2), *-robot (1); nothing fits svc-*"
    )


def test_a_pattern_that_fits_most_people_is_pointed_out_without_a_name(shown):
    people = [account(number, f"ada{number}") for number in range(4)]
    line = shown(changes=people, rules='\n[rules]\nbots = ["a*"]\n')["bots of github"]
    assert not line.is_fine
    assert line.message == (
        "4 of 4 accounts; 0 by their type; 4 by patterns alone; of the patterns: a* (4). "
        "So many may be people: narrow [rules] bots"
    )


def test_environments_that_are_left_out_are_named(shown, records):
    names = ["production", "production", "prod-eu", "staging", "staging", "preview-12"]
    page = [deployment(number, name) for number, name in enumerate(names)]
    line = shown([records.batch(page)])["environments of github"]
    assert line.is_fine
    assert line.message == (
        "3 of 6 deployments have the name of a production environment: production (2), prod-eu (1); "
        "left out: staging (2), preview-12 (1)"
    )
    line = shown([records.batch([deployment(1, "berlin")])])["environments of github"]
    assert not line.is_fine
    assert line.message.endswith(
        "left out: berlin (1). Set [rules] production_environments, or deployments.match of services"
    )


def test_hotfixes_by_label_and_branch(shown, records):
    changes = [
        records.pull_request(1, labels=["Hotfix"], head_ref="ada/prices"),
        records.pull_request(2, labels=["hotfix"], head_ref="hotfix/prices"),
        records.pull_request(3, labels=["emergency"], head_ref="prices"),
        records.pull_request(4, labels=["feature"], head_ref="ada/more-prices"),
    ]
    line = shown(changes=changes)["hotfixes of github"]
    assert line.is_fine
    assert line.message == (
        "2 of 4 pull requests are hotfixes: hotfix (2), hotfix/* (1); nothing fits hotfix-*; "
        "left out: emergency (1)"
    )
    assert "ada" not in line.message


def test_a_label_that_looks_like_a_hotfix_and_is_no_rule_is_pointed_out(shown, records):
    line = shown(changes=[records.pull_request(1, labels=["hot-fix"])])["hotfixes of github"]
    assert not line.is_fine
    assert line.message == (
        "0 of 1 pull requests are hotfixes; nothing fits hotfix, hotfix/*, hotfix-*; left out: hot-fix (1). "
        "Add what means a hotfix to [rules] hotfix_labels"
    )


def issue(number, kind="Task", labels=()):
    values = dict.fromkeys(field.name for field in fields(Issue))
    values |= {"id": str(number), "key": f"PAY-{number}", "container_id": "PAY", "type": kind}
    return Issue(
        **values | {"labels": list(labels), "created_at": NOW, "updated_at": NOW, "has_changelog": False}
    )


def test_incidents_among_issues_by_label_and_type(shown):
    rules = '\n[rules]\nincident_labels = ["incident"]\nincident_issue_types = ["Outage"]\n'
    issues = [
        issue(1, labels=["Incident"]),
        issue(2, "Outage"),
        issue(3, labels=["sev1"]),
        issue(4, "Postmortem"),
    ]
    line = shown(issues=issues, rules=rules)["incidents among issues of jira"]
    assert line.is_fine
    assert line.message == (
        "2 of 4 issues are incidents: incident (1), outage (1); left out: Postmortem (1), sev1 (1)"
    )
    line = shown(issues=[issue(1, labels=["outage"])])["incidents among issues of jira"]
    assert not line.is_fine
    assert line.message == (
        "0 of 1 issues are incidents; nothing fits incident; left out: outage (1). "
        "Add what means an incident to [rules] incident_labels"
    )


SELECTING = """
[[source]]
name = "second"
kind = "github"
base_url = "http://127.0.0.1:9"
include = ["alder/shop", "alder/kiosk"]
exclude = ["*/attic"]

[[service]]
id = "old"
name = "Old"
repositories = ["second:alder/attic", "second:alder/shop"]
"""


def test_what_include_and_exclude_fit(tmp_path):
    path = tmp_path / "outcomes.toml"
    path.write_text(CONFIGURATION + SELECTING, encoding="utf-8")
    (line,) = of_selection(load(path), {"second": ["alder/shop"], "github": ["alder/catalogue"]})
    assert (line.where, line.is_fine) == ("selection of second", False)
    assert line.message == (
        "1 are read; include: alder/shop (1); nothing fits alder/kiosk; "
        "exclude leaves out what services own: alder/attic. "
        "Mend the pattern, or let the token see what it means"
    )
    path.write_text(
        CONFIGURATION + SELECTING.replace("kiosk", "attic-of-shop").replace("*/attic", "*/x"), "utf-8"
    )
    (line,) = of_selection(load(path), {"second": ["alder/shop", "alder/attic", "alder/attic-of-shop"]})
    assert (line.is_fine, line.message) == (
        True,
        "3 are read; include: alder/attic-of-shop (1), alder/shop (1)",
    )


def test_a_selection_that_leaves_out_everything_is_told(tmp_path):
    path = tmp_path / "outcomes.toml"
    path.write_text(CONFIGURATION + SELECTING.replace("*/attic", "*"), encoding="utf-8")
    (line,) = of_selection(load(path), {"second": []})
    assert not line.is_fine
    assert "exclude leaves out what services own: alder/attic, alder/shop" in line.message
