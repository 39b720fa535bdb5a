"""Finds the person whom `outcomes erase` is asked for, with everything that the warehouse knows them by."""

import duckdb

from pipelines.catalog import load_models
from pipelines.catalog_headers import Model
from pipelines.erased import Erased, Identity, Person, key_of
from pipelines.erased_names import names_of, words_of
from pipelines.models import build_model

PEOPLE_MODELS = ("staged.stg_person_account", "staged.stg_membership")
"""The computed tables that know people, with what they rest on."""

_ACCOUNTS = """
SELECT
    a.source, a.id, a.login, a.email, coalesce(s.is_bot, false) AS is_bot,
    coalesce(p.person_key, md5('account ' || a.source || ':' || a.id)) AS person_key
FROM raw.account AS a
LEFT JOIN staged.stg_account AS s ON s.source = a.source AND s.account_id = a.id
LEFT JOIN staged.stg_person_account AS p ON p.source = a.source AND p.account_id = a.id
"""
_LISTED = """
SELECT person, md5('person ' || lower(trim(person))) AS person_key, account
FROM (
    SELECT person, account FROM raw.person_account
    UNION SELECT person, NULL FROM raw.membership
    UNION SELECT person, NULL FROM raw.joiner
)
"""


class UnknownPersonError(Exception):
    """Nobody is known by that name, or several people are. `str()` is one line."""


def find_person(con: duckdb.DuckDBPyConnection, wanted: str) -> Person:
    """The person known by a login, account id, address or own key, with all of their accounts.

    Accounts are joined as a build joins them. `source:login` names an account of one source.

    Raises:
        UnknownPersonError: nobody is known so, or several people are.
    """
    build_people(con)
    # Small letters are the database's on both sides: Python's are others, as of a "ß".
    keys = con.execute(
        f"SELECT DISTINCT person_key, source FROM ({_ACCOUNTS}) WHERE lower($wanted) IN (lower(id), "
        "lower(login), lower(email), lower(source || ':' || id), lower(source || ':' || login)) "
        f"UNION SELECT DISTINCT person_key, NULL FROM ({_LISTED}) WHERE lower(trim(person)) = lower($wanted)",
        {"wanted": wanted.strip()},
    ).fetchall()
    if not keys:
        raise UnknownPersonError(
            "erase: the warehouse knows nobody by that name. Give a login, an account id, an address or the "
            "key of your own list"
        )
    if len({key for key, _ in keys}) > 1:
        where = ", ".join(sorted({source for _, source in keys if source}))
        raise UnknownPersonError(
            f"erase: several people are known by that name, in {where}. Name one account as source:login"
        )
    return _person(con, keys[0][0])


def was_erased(con: duckdb.DuckDBPyConnection, wanted: str) -> bool:
    """Whether somebody of that name was erased before."""
    erased = Erased.load(con)
    return any(erased.kind(role, key_of(wanted)) for role in ("person", "account"))


def build_people(con: duckdb.DuckDBPyConnection) -> None:
    """Join accounts into people as a build does, from what is stored now."""
    for model in _people_models():
        build_model(con, model)


def _people_models() -> list[Model]:
    models = load_models()
    wanted = set(PEOPLE_MODELS)
    for model in reversed(models):
        if model.table in wanted:
            wanted.update(model.depends_on)
    return [model for model in models if model.table in wanted]


def _person(con: duckdb.DuckDBPyConnection, key: str) -> Person:
    accounts = con.execute(
        f"SELECT source, id, is_bot, login, email FROM ({_ACCOUNTS}) WHERE person_key = ? ORDER BY ALL", [key]
    ).fetchall()
    told = con.execute(f"SELECT person, account FROM ({_LISTED}) WHERE person_key = ?", [key]).fetchall()
    listed = {account for _, account in told if account}
    ids = {account for _, account, *_ in accounts}
    everything = {name for *_, login, email in accounts for name in names_of(login, email)}
    everything |= {person for person, _ in told} | listed | ids
    # A number alone may be anything in a text, and the key of another person in a list.
    telling = {name for name in everything if not all(word.isdigit() for word in words_of(name))}
    shared = _addresses_of_others(con, key)
    qualified = {
        f"{source}:{name}" for source, account, _, login, _ in accounts for name in (account, login) if name
    }
    struck = {name for *_, is_bot, login, email in accounts if not is_bot for name in (login, email) if name}
    return Person(
        accounts=tuple(Identity(source, account, is_bot) for source, account, is_bot, *_ in accounts),
        addresses=frozenset(email for *_, email in accounts if email and key_of(email) not in shared),
        keys=frozenset(one for one in {person for person, _ in told} | telling if key_of(one) not in shared),
        listed=frozenset(one for one in everything | qualified if key_of(one) not in shared),
        names=frozenset(telling),
        struck=frozenset(struck | listed),
    )


def _addresses_of_others(con: duckdb.DuckDBPyConnection, key: str) -> set[str]:
    """The addresses of accounts that are not the person's: such a one, shared, tells of nobody."""
    rows = con.execute(
        f"SELECT DISTINCT email FROM ({_ACCOUNTS}) WHERE person_key <> ? AND email IS NOT NULL", [key]
    ).fetchall()
    return {key_of(email) for (email,) in rows}


def is_named(account: str, person: Person) -> bool:
    """Whether a member of `outcomes.toml` is this person."""
    return key_of(account) in {key_of(name) for name in person.keys | person.listed}
