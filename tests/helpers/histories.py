"""Random histories of a small organisation: what its raw tables hold, night after night."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
from hypothesis import strategies as st

Given = dict[str, Any]
Fill = Callable[[duckdb.DuckDBPyConnection, Given], None]

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
LINES = (
    "c0 m1 m2",
    "c0 m1 m2 m3 m4",
    {"c0": [], "m1": ["c0"], "m2": ["c0"], "m3": ["m1", "m2"], "m4": ["m3"]},
)
"""Histories of the repository: one that goes on in the second, and one with branches."""

moments = st.integers(0, 24 * 40).map(lambda hours: (FIRST + timedelta(hours=hours)).isoformat())
"""Any hour of forty days; the nights fall among them, so that much is not seen yet."""


def _later(*options: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(options)


def _ordered(count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(moments, min_size=count, max_size=count).map(sorted)


@st.composite
def pull_requests(draw: st.DrawFn) -> Given:
    """A pull request with its commits, reviews and events."""
    first, created, event, review, ended = draw(_ordered(5))
    row: Given = {"created_at": created, "author_id": draw(st.sampled_from(["ann", "ben", "ci"]))}
    row |= draw(st.sampled_from([{}, {"merged_at": ended}, {"merged_at": ended}, {"closed_at": ended}]))
    row |= draw(st.sampled_from([{}, {"first_commit": first}, {"commits": [first, ended]}]))
    row |= draw(
        st.sampled_from([{}, {"reviews": [["ben", review]]}, {"reviews": [["ann", review], ["ci", event]]}])
    )
    row |= draw(st.sampled_from([{}, {"is_draft": True, "events": [["ReadyForReviewEvent", event]]}]))
    row |= draw(
        st.sampled_from([{}, {"labels": ["hotfix"]}, {"base_ref": "next"}, {"head_ref": "revert-1-x"}])
    )
    row["additions"], row["deletions"] = draw(st.integers(0, 500)), 1
    return row | draw(st.sampled_from([{}, {"merge_commit_headline": "Round prices (#2)"}]))


@st.composite
def deployments(draw: st.DrawFn) -> Given:
    """A deployment that succeeded, failed, or neither."""
    created, at = draw(_ordered(2))
    sha = draw(st.sampled_from(["c0", "m1", "m2", "m3", "m4", "elsewhere"]))
    return {"created_at": created, "sha": sha} | draw(
        st.sampled_from([{"at": at}, {"at": at}, {"failed": at}, {}])
    )


@st.composite
def issues(draw: st.DrawFn) -> Given:
    """A work item with its moves between statuses, its flags and sprints."""
    times = draw(_ordered(6))
    stations = draw(st.lists(st.sampled_from(["In Progress", "Review", "To Do", "Done"]), max_size=4))
    befores = ["To Do", *stations]
    moves = [list(move) for move in zip(times[1:], befores, stations, strict=False)]
    flags = draw(st.sampled_from([[], [["flagged", times[2], None, "Impediment"]]]))
    sprints = draw(st.sampled_from([[], [["sprint", times[3], None, "7"]]]))
    row: Given = {"created_at": times[0], "moves": moves, "changes": [*flags, *sprints]}
    row |= draw(
        st.sampled_from([{}, {"container_id": "OTHER"}, {"labels": ["expedite"]}, {"has_changelog": False}])
    )
    return row | {"type": draw(_later("Bug", "Story")), "parent_id": draw(_later("1", "2"))}


@st.composite
def incidents(draw: st.DrawFn) -> Given:
    """An incident that may name a commit."""
    started, resolved = draw(_ordered(2))
    row: Given = {"started_at": started, "resolved_at": draw(_later(resolved))}
    return row | {"description": draw(_later("since m1000000", "since fade017"))}


@st.composite
def limits(draw: st.DrawFn) -> Given:
    """A limit that a team wrote down."""
    valid_from = FIRST.date() + timedelta(days=draw(st.integers(-3, 40)))
    team = draw(st.sampled_from(["team", "other"]))
    return {"source": "journal", "team": team, "wip_limit": draw(st.integers(1, 4)), "valid_from": valid_from}


@st.composite
def themes(draw: st.DrawFn) -> Given:
    """A theme of a quarter, known by a label, by a goal, or by nothing."""
    scope = draw(st.sampled_from(["organisation", "team:team", "team:other"]))
    markers = draw(st.sampled_from([["expedite"], ["SHOP-1"], []]))
    quarter = draw(st.sampled_from(["2026-Q1", "2026-Q2"]))
    return {"source": "journal", "of_scope": scope, "quarter": quarter, "markers": markers}


@st.composite
def commits(draw: st.DrawFn) -> Any:
    """What is known of the repository's history."""
    return draw(st.sampled_from(LINES))


KINDS = {
    "pull_request": (pull_requests, 4),
    "deployment": (deployments, 4),
    "issue": (issues, 4),
    "incident": (incidents, 2),
    "team_limit": (limits, 2),
    "quarter_theme": (themes, 2),
}
"""Raw table → its items, and how many of them there are at most."""


@dataclass
class World:
    """What has been read so far."""

    rows: dict[str, dict[int, Given]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    history: Any = LINES[0]
    bots: tuple[str, ...] = ("ci",)
    window: float = 24.0
    owners: tuple[Given, ...] = ({"service": "shop", "team": "team"},)
    name: str = "acme/shop"
    sprint_at: str = FIRST.isoformat()
    as_of: datetime = FIRST + timedelta(days=20)

    def move(self, hours: int) -> None:
        """Let now be so many hours later."""
        self.as_of += timedelta(hours=hours)

    def given(self) -> Given:
        """It in the notation of the metrics' cases; a row that is gone says when."""
        told = {
            kind: [
                {"id": f"{kind[0]}{key}" if kind == "deployment" else key, **row} for key, row in rows.items()
            ]
            for kind, rows in self.rows.items()
        }
        people = [
            {"id": who, "login": who, "kind": "Bot" if who in self.bots else "User"}
            for who in ("ann", "ben", "ci")
        ]
        return {
            **told,
            "history": {"1": self.history},
            "account": people,
            "repository": [{"id": "1", "name": self.name}],
            "sprint": [{"id": "7", "name": "Seven", "state": "active", "started_at": self.sprint_at}],
            "config": {
                "rule": [{"incident_window_hours": self.window, "coverage_floor": 0.8}],
                "service_owner": list(self.owners),
                "team": [{"id": "team", "name": "Team", "wip_limit": 2}, {"id": "other", "name": "Other"}],
            },
            "as_of": self.as_of,
        }


SETTINGS = {
    "history": commits(),
    "bots": st.sampled_from([("ci",), ("ci", "ben"), ()]),
    "window": st.sampled_from([24.0, 48.0]),
    "owners": st.sampled_from(
        [
            ({"service": "shop", "team": "team"},),
            (
                {"service": "shop", "team": "team", "valid_to": FIRST.date() + timedelta(days=9)},
                {"service": "shop", "team": "other", "valid_from": FIRST.date() + timedelta(days=9)},
            ),
        ]
    ),
    "name": st.sampled_from(["acme/shop", "acme/store"]),
    "sprint_at": moments,
}
"""What changes seldom: rules, membership, names."""


@st.composite
def changes(draw: st.DrawFn) -> Callable[[World], None]:
    """One change to the world: a row that is new, late, otherwise, gone or deleted; or a setting."""
    if draw(st.integers(0, 5)) == 0:
        name = draw(st.sampled_from(sorted(SETTINGS)))
        value = draw(SETTINGS[name])
        return lambda world: setattr(world, name, value)
    kind = draw(st.sampled_from(sorted(KINDS)))
    rows, most = KINDS[kind]
    key, row = draw(st.integers(1, most)), draw(rows())
    how = draw(st.sampled_from(["write", "write", "write", "gone", "deleted"]))

    def apply(world: World) -> None:
        if how == "write":
            world.rows[kind][key] = row
        elif how == "deleted":
            world.rows[kind].pop(key, None)
        elif key in world.rows[kind]:
            world.rows[kind][key] = {**world.rows[kind][key], "gone_at": FIRST.isoformat()}

    return apply


def nights(most: int) -> st.SearchStrategy[list[tuple[list[Callable[[World], None]], int]]]:
    """For each night what changed since the last one, and by how many hours now has moved, back at times."""
    first = st.tuples(st.lists(changes(), min_size=8, max_size=20), st.just(0))
    hours = st.sampled_from([0, 1, 24, 24, 24, 200, -24])
    later = st.tuples(st.lists(changes(), max_size=3), hours)
    return st.tuples(first, st.lists(later, min_size=1, max_size=most)).map(lambda both: [both[0], *both[1]])
