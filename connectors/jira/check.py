"""What `outcomes check` says of a Jira: six calls, and one for each project that no list shows."""

from collections.abc import Iterator

from connectors.base import Finding, SourceError
from connectors.jira.agile import Agile
from connectors.jira.fields import COST_OF_DELAY, FLAGGED, SPRINT, TEAM, Fields
from connectors.jira.site import Site
from connectors.traffic import Traffic

LABELS = {SPRINT: "sprint", FLAGGED: "flag", TEAM: "team", COST_OF_DELAY: "cost of delay"}


def findings(site: Site, agile: Agile, traffic: Traffic, *, is_signed_in: bool) -> Iterator[Finding]:
    """Server and account, boards, custom fields, and each project."""
    try:
        server = site.server()
        account = site.account() if is_signed_in else None
        site.projects()  # what fails here would fail for each of them
    except SourceError as error:
        yield Finding.of(error, site.name)
        return
    kind = "Cloud" if server.is_cloud else "Data Center"
    signed_in = f"signed in as {account}" if account else "not signed in"
    left = "" if traffic.allowance_left is None else f", {traffic.allowance_left} requests left for now"
    yield Finding(site.name, is_fine=True, message=f"Jira {kind} {server.release}, {signed_in}{left}")
    yield _boards(site, agile)
    yield _fields(site)
    keys: dict[str, str] = {}
    for key in site.keys:
        where = f"{site.name}/{key}"
        try:
            project = site.project(key, where)
        except SourceError as error:
            yield Finding.of(error)
            continue
        first = keys.setdefault(project.id, key)
        if first != key:  # every run would read its issues for both, and write them as changed
            yield Finding(where, False, f"is the same project as {first}. Name it once in jira_projects")
            continue
        renamed = "" if project.key == key else f"; its key is {project.key} now"
        yield Finding(where, is_fine=True, message=f"can be read{renamed}")


def _boards(site: Site, agile: Agile) -> Finding:
    where = f"{site.name}/boards"
    try:
        is_there = agile.is_there()
    except SourceError as error:
        return Finding.of(error, where)
    nowhere = "no Jira Software here, or not for this account"
    return Finding(where, is_fine=True, message="can be read, with their sprints" if is_there else nowhere)


def _fields(site: Site) -> Finding:
    where = f"{site.name}/fields"
    try:
        fields = site.fields()
    except SourceError as error:
        return Finding.of(error, where)
    known = {label: _named(fields, role) for role, label in LABELS.items()}
    found = ", ".join(f"{label} from {named}" for label, named in known.items() if named)
    missing = ", ".join(label for label, named in known.items() if not named)
    parts = (found, missing and f"no field for {missing}")
    return Finding(where, is_fine=True, message="; ".join(filter(None, parts)))


def _named(fields: Fields, role: str) -> str:
    """The role's fields by name and id; of fields that many projects have for themselves the first."""
    nodes = fields.by_role.get(role, ())
    shown = " and ".join(f"{node.name} ({node.id})" for node in nodes[:2])
    return shown + (f" and {len(nodes) - 2} more" if len(nodes) > 2 else "")
