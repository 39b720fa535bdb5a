"""The names by which people are known here, for sources to strike them out of what others wrote."""

from duckdb import DuckDBPyConnection

from pipelines.config_model import Configuration

_KNOWN = """
SELECT unnest([login, email]) FROM raw.account WHERE lower(coalesce(kind, '')) <> 'bot'
UNION SELECT account FROM raw.person_account
"""


def known_names(con: DuckDBPyConnection, configuration: Configuration) -> frozenset[str]:
    """Logins and addresses of the accounts that were read, and of the members that the file names.

    In the first run no account has been read yet. Files and folders, whose watermarks hold the redactor's
    fingerprint, are read again when more names are known; titles of issues stay until the issue changes.
    """
    members = {member.account for team in configuration.teams for member in team.members}
    read = {name for (name,) in con.execute(_KNOWN).fetchall() if name}
    return frozenset(read | members)
