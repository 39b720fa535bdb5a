"""Where the journal lies: a file in the home folder, or a PostgreSQL database."""

import os
import re
from pathlib import Path

from connectors.journal.kept import JournalError

URL_VARIABLE = "OUTCOMES_JOURNAL_URL"
FILE = "journal.sqlite"
SQLITE = "sqlite:///"
POSTGRESQL = "postgresql+psycopg://"
_POSTGRESQL = re.compile(r"^(postgres|postgresql|postgresql\+psycopg)://")


def url_of(home: Path) -> str:
    """The database that `OUTCOMES_JOURNAL_URL` names, else `journal.sqlite` in the home folder.

    Raises:
        JournalError: the variable names another kind of database.
    """
    given = os.environ.get(URL_VARIABLE, "").strip()
    if not given:
        return f"{SQLITE}{home.absolute() / FILE}"
    if _POSTGRESQL.match(given):
        return _POSTGRESQL.sub(POSTGRESQL, given)
    raise JournalError(
        f"{URL_VARIABLE}: is not the address of a PostgreSQL database. "
        "Write it as postgresql://user:password@host/database, or leave it out for a file in the home folder"
    )


def is_there(home: Path) -> bool:
    """Whether anybody has written anything, or a database is named."""
    return bool(os.environ.get(URL_VARIABLE, "").strip()) or (home / FILE).exists()
