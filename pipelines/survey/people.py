"""Who is one person, as far as the warehouse knows, and which accounts are bots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from unicodedata import normalize

import duckdb

_NEEDED = {"raw.account", "staged.stg_account", "staged.stg_person_account"}
_TABLES = "SELECT table_schema || '.' || table_name FROM information_schema.tables"
# The names by which `staged.stg_membership` finds members, and what each of them stands for.
_NAMES = """
WITH name AS (
    SELECT
        s.is_bot, p.person_key, a.login,
        unnest(list_distinct([
            lower(a.id), lower(trim(a.login)), lower(trim(a.email)),
            a.source || ':' || lower(a.id), a.source || ':' || lower(trim(a.login))
        ])) AS name
    FROM raw.account AS a
    JOIN staged.stg_account AS s ON s.source = a.source AND s.account_id = a.id
    LEFT JOIN staged.stg_person_account AS p ON p.source = a.source AND p.account_id = a.id
    WHERE a.gone_at IS NULL
)
SELECT
    name, CASE WHEN count(DISTINCT person_key) = 1 THEN min(person_key) END, bool_and(is_bot), min(login)
FROM name WHERE name IS NOT NULL GROUP BY name ORDER BY name
"""


def account_key(account: str) -> str:
    """What two spellings of one account have in common."""
    return normalize("NFC", account.strip()).casefold()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of accounts. Without a warehouse nothing is, and each account is a person."""

    persons: Mapping[str, str] = field(default_factory=dict)
    """A login, id or address in small letters → what stands for the person."""
    bots: frozenset[str] = frozenset()
    logins: Mapping[str, str] = field(default_factory=dict)
    """What stands for a person → one of their logins, to name them."""
    bot_patterns: tuple[str, ...] = ()

    def person(self, account: str) -> str:
        """What stands for the person who has the account: the same for each of their accounts."""
        key = account_key(account)
        return self.persons.get(key, key)

    def is_bot(self, account: str) -> bool:
        """Whether a source calls the account a bot, or a pattern of `[rules] bots` fits it."""
        key = account_key(account)
        return key in self.bots or any(fnmatchcase(key, pattern.lower()) for pattern in self.bot_patterns)


def known_people(con: duckdb.DuckDBPyConnection | None, bots: Sequence[str]) -> Known:
    """What the warehouse knows as of its last build.

    Args:
        con: the warehouse; None where there is none yet.
        bots: the patterns of `[rules] bots`.
    """
    if con is None or not {row[0] for row in con.execute(_TABLES).fetchall()} >= _NEEDED:
        return Known(bot_patterns=tuple(bots))
    rows = con.execute(_NAMES).fetchall()
    return Known(
        persons={account_key(name): person for name, person, _, _ in rows if person},
        bots=frozenset(account_key(name) for name, _, is_bot, _ in rows if is_bot),
        logins={person: login for _, person, _, login in reversed(rows) if person and login},
        bot_patterns=tuple(bots),
    )
