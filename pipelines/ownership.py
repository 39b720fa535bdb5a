"""What is nobody's, as lines for `outcomes check`."""

from collections.abc import Mapping

from duckdb import DuckDBPyConnection

from connectors.base import Finding

NAMES_SHOWN = 5

_FIXES: Mapping[str, str] = {
    "repository": "Name them under [[service]] repositories, or leave them out with `exclude`",
    "project": "Name them under [[service]] jira_projects, or leave them out with `exclude`",
    "incident_service": "Name them under [[service]] incident_services",
    "catalogue_service": "Add a [[service]] for each that is to be measured",
    "indicator": "Name them under [[service]] indicators",
    "service": "Name its [[service]] owners, or under [[team]] known_as what its team is called elsewhere",
    "team": "Give it a service, or remove it",
    "team_elsewhere": "Say under [[team]] known_as which team each of them is",
    "members": "Write a login, account id or address that a source knows",
    "accounts": "Say whose they are in a file of memberships in the inbox",
    "pull_requests": "Run once with --full and --source for their source",
}
"""What to do about each kind of thing in `staged.stg_unowned`."""


def unowned(con: DuckDBPyConnection) -> list[Finding]:
    """One finding per kind of thing, source and reason why it is nobody's, with examples.

    `staged.stg_unowned` must have been built. Of people there are counts alone.
    """
    rows = con.execute(
        "SELECT kind, source, why, list(CASE WHEN items > 1 OR kind = 'members' "
        "THEN name || ' (' || items || ')' ELSE name END ORDER BY items DESC, name), sum(items)::BIGINT "
        "FROM staged.stg_unowned GROUP BY kind, source, why ORDER BY kind, source, why"
    ).fetchall()
    return [_finding(*row) for row in rows]


def _finding(kind: str, source: str | None, why: str, names: list[str], items: int) -> Finding:
    words = kind.replace("_", " ")
    where = f"{words} of {source}" if source else words
    if kind == "accounts":
        said = f"{items} accounts: {why}"
    else:
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        said = f"{', '.join(names[:NAMES_SHOWN])}{more}: {why}"
    return Finding(where, is_fine=False, message=f"{said}. {_FIXES[kind]}")
