"""Writes the `outcomes.toml` of the fictional organisation."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from pathlib import Path

from connectors.sandbox import analyses, guides
from connectors.sandbox.changes import DEPENDENCY_BOT
from connectors.sandbox.organisation import SCRIPTED_USER, found
from connectors.sandbox.reports import FROM_USERS
from connectors.sandbox.work_items import MEANINGS
from connectors.sandbox.world import Service, Team, World

TOKEN_VARIABLE = "OUTCOMES_SANDBOX_TOKEN"  # noqa: S105 (a variable's name; any text in it will do)
INCIDENT_WINDOW_HOURS = 24.0

Value = str | time | int | float | bool | date | list["Value"] | dict[str, "Value"]

AGREED_HOURS: Value = {"days": ["mon", "tue", "wed", "thu"], "from": time(8), "to": time(18)}


def write_configuration(
    path: Path,
    urls: Mapping[str, str],
    world: World | None = None,
    *,
    with_inbox: bool = False,
    runbooks: Path | None = None,
) -> None:
    """Write a complete configuration for the world behind these addresses.

    Without a world it is the plain organisation, which is the same for every seed.

    `with_inbox` adds the source of the files that `inbox_files` writes, and agreed hours; `runbooks` the
    source of the folder into which `guides` wrote.

    Every other one takes its token from the environment variable `TOKEN_VARIABLE`, which may hold anything.
    """
    path.write_text("\n".join(_lines(urls, world or found(0), with_inbox, runbooks)) + "\n", encoding="utf-8")


def _lines(urls: Mapping[str, str], world: World, with_inbox: bool, runbooks: Path | None) -> Iterable[str]:
    hours: dict[str, Value] = {"agreed_hours": [AGREED_HOURS]} if with_inbox else {}
    yield from _table(
        "[organisation]",
        id=world.organisation,
        name=world.name,
        time_zone=world.time_zone,
        quarter_start_month=world.quarter_start_month,
        history_start=world.history_start,
        **hours,
    )
    for kind, url in urls.items():
        yield from _table("[[source]]", name=kind, kind=kind, base_url=url, token_env=TOKEN_VARIABLE)
    if with_inbox:
        yield from _table("[[source]]", name="inbox", kind="inbox")
    if runbooks:
        scanned = {"path": str(runbooks.resolve()), "base_url": guides.ADDRESS}
        yield from _table("[[source]]", name="runbooks", kind="runbooks", **scanned)
    for identity, name in world.departments:
        yield from _table("[[department]]", id=identity, name=name)
    for team in world.teams:
        yield from _table("[[team]]", **_team(team, world))
    for service in world.services:
        yield from _table("[[service]]", **_service(service, "sonarqube" in urls))
    yield from _table(
        "[rules]",
        incident_window_hours=INCIDENT_WINDOW_HOURS,
        bots=["*[[]bot]", f"{DEPENDENCY_BOT}*", SCRIPTED_USER],
        user_reported=[*FROM_USERS],
        hotfix_labels=["hotfix"],
        hotfix_branches=["hotfix/*"],
        production_environments=["production", "production-*"],
        coverage_floor=0.8,
    )
    for name, meaning in MEANINGS.items():
        yield from _table("[[status]]", source="jira", name=name, means=meaning)


def _team(team: Team, world: World) -> dict[str, Value]:
    members: list[Value] = [
        _dated(spell.since, spell.until, account=spell.account)
        for spell in world.memberships
        if spell.team == team.id
    ]
    limit: dict[str, Value] = {"wip_limit": team.wip_limit} if team.wip_limit else {}
    return {"id": team.id, "name": team.name, "department": team.department, **limit, "members": members}


def _service(service: Service, is_with_sonar: bool) -> dict[str, Value]:
    owners: list[Value] = [_dated(spell.since, spell.until, team=spell.team) for spell in service.owners]
    deployments: dict[str, Value] = {"from": service.deployments_from}
    if service.deployments_match:
        deployments["match"] = service.deployments_match
    entry: dict[str, Value] = {
        "id": service.id,
        "name": service.name,
        "active_from": service.active_from,
        "owners": owners,
        "repositories": [f"github:{service.repository}"],
        "deployments": deployments,
    }
    if service.jira_projects:
        entry["jira_projects"] = [f"jira:{project}" for project in service.jira_projects]
    if service.incident_service:
        entry["incident_services"] = [f"pagerduty:{service.incident_service}"]
    if is_with_sonar and service.id in analyses.ANALYSED:
        entry["indicators"] = [f"sonarqube:{analyses.key(service.id)}"]
    return entry


def _dated(since: date | None, until: date | None, **rest: Value) -> Value:
    entry: dict[str, Value] = dict(rest)
    if since:
        entry["from"] = since
    if until:
        entry["to"] = until
    return entry


def _table(header: str, **entries: Value) -> Iterable[str]:
    yield ""
    yield header
    for key, value in entries.items():
        yield f"{key} = {_toml(value)}"


def _toml(value: Value) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
