"""A journal to write into: each test that asks for one runs over SQLite and over PostgreSQL."""

import os

import psycopg
import pytest
from postgresql_server import WITHOUT_VARIABLE, postgresql_server

from connectors.journal.journal import Journal
from connectors.journal.where import URL_VARIABLE, url_of

SQLITE = pytest.param("sqlite", id="sqlite")
POSTGRESQL = pytest.param("postgresql", id="postgresql", marks=pytest.mark.xdist_group("postgresql"))


@pytest.fixture(autouse=True)
def no_other_journal(monkeypatch):
    """A developer's own journal is none of the tests' business."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)


@pytest.fixture(scope="session")
def server():
    """The address of a PostgreSQL server of our own. Where there is none the tests fail, unless told so."""
    if os.environ.get(WITHOUT_VARIABLE) == "1":
        pytest.skip(f"{WITHOUT_VARIABLE} says that there is no PostgreSQL")
    with postgresql_server() as url:
        yield url


@pytest.fixture
def on_postgresql(server, monkeypatch):
    """The journal's address in an empty database."""
    with psycopg.connect(server, autocommit=True) as con:
        con.execute("DROP SCHEMA public CASCADE")
        con.execute("CREATE SCHEMA public")
    monkeypatch.setenv(URL_VARIABLE, server)
    return server


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def url(request, tmp_path):
    """Where the journal of a test lies."""
    if request.param == "postgresql":
        request.getfixturevalue("on_postgresql")
    return url_of(tmp_path)


@pytest.fixture
def opened():
    """What opens a journal, to be closed with the test."""
    every = []

    def _opened(url):
        every.append(Journal.open(url))
        return every[-1]

    yield _opened
    for one in every:
        one.close()


@pytest.fixture
def journal(url, opened):
    return opened(url)
