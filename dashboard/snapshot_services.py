"""The data layer's questions about services: who owned them when, and what is nobody's; see `snapshot`."""

import polars as pl
import streamlit as st

from dashboard.snapshot import ask, run
from dashboard.snapshot_settings import UNOWNED, ask_table, columns_of

_OWNER = {
    "service": pl.String(),
    "team": pl.String(),
    "valid_from": pl.Date(),
    "valid_to": pl.Date(),
    "origin": pl.String(),
    "is_assumed": pl.Boolean(),
}
OF_PEOPLE = ("members", "accounts")
"""Kinds of things without an owner that are people: the configuration's business, and on no page."""


@st.cache_data(show_spinner=False, max_entries=8)
def owners(path: str) -> pl.DataFrame:
    """Who owned each service when, the earliest first: columns of service_owner, and team_name.

    `origin` and `is_assumed` are null where an old snapshot lacks them.
    """
    known = columns_of(path, "service_owner")
    names = [f'o."{name}"' if name in known else f'null as "{name}"' for name in _OWNER]
    return ask(
        path,
        f"""select {", ".join(names)}, coalesce(t.name, o.team) as team_name
            from service_owner o left join team t on t.id = o.team
            order by o.service, o.valid_from nulls first, lower(team_name), o.team""",
    )


@st.cache_data(show_spinner=False, max_entries=8)
def unowned(path: str) -> pl.DataFrame:
    """What is nobody's, or unclear, services and repositories first: kind, source, name, why, items."""
    order = "kind <> 'service', kind <> 'repository', kind, source, lower(name), why"
    return ask_table(path, "unowned", UNOWNED, order).filter(~pl.col("kind").is_in(OF_PEOPLE))


def without_owner(path: str) -> list[str]:
    """The ids of services in use that nobody owns at the snapshot's day."""
    day = run(path).today
    found = owners(path).filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= day))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
    )
    in_use = ask(
        path, "select id from service where retired_at is null or retired_at > $day order by id", day=day
    )
    owned = set(found["service"])
    return [one for one in in_use["id"] if one not in owned]
