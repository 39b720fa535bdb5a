"""Situations in which other tools link changes, deployments and incidents wrongly."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import duckdb

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]
LINKS = ["facts.fct_incident_deployment"]
CHANGES = ["facts.fct_change"]


def _links(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.sql(
        "SELECT item_id, deployment_item_id, link_method FROM facts.fct_incident_deployment ORDER BY ALL"
    ).fetchall()


def _changes(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str | None]]:
    rows = con.sql("SELECT item_id, attribution, deployment_item_id FROM facts.fct_change").fetchall()
    assert len(rows) == len({item for item, *_ in rows}), "one row per change of the one service"
    return {item: (attribution, deployment) for item, attribution, deployment in rows}


def test_a_change_has_one_first_deployment_at_or_after_its_merge(build: Build) -> None:
    """apache/devlake#7193: a join on too little linked every commit to the latest deployment."""
    random = Random(7193)
    names = [f"m{number}" for number in range(40)]
    hours = sorted(random.sample(range(1, 700), 40))
    moment = "2026-03-{:02d}T{:02d}:00Z"
    at = [moment.format(1 + hour // 24, hour % 24) for hour in hours]
    deployed = sorted(random.sample(range(40), 12))
    con = build(
        {
            "history": {1: " ".join(names)},
            "pull_request": [
                {"id": number, "first_commit": at[number], "merged_at": at[number]} for number in range(40)
            ],
            "deployment": [{"id": place, "sha": names[place], "at": at[place]} for place in deployed],
        },
        CHANGES,
    )
    # The first deployment at or after each merge, found by looking; the first of all brings none.
    later = [[place for place in deployed if place >= number] for number in range(40)]
    expected = {
        f"gh:{number}": ("not_yet_deployed", None)
        if not places
        else ("before_baseline" if places[0] == deployed[0] else "attributed", f"gh:{places[0]}")
        for number, places in enumerate(later)
    }
    assert _changes(con) == expected


def test_what_an_incident_belongs_to_does_not_hang_on_how_much_was_collected(build: Build) -> None:
    """apache/devlake#4989: the links changed with the range of data that happened to be there."""
    deployments = [
        {"id": f"d{day}", "sha": f"c{day}", "at": f"2026-03-{day:02d}T08:00Z"} for day in range(1, 29)
    ]
    history = {1: " ".join(f"c{day}" for day in range(1, 29))}
    incidents = [
        {"id": day, "started_at": f"2026-03-{day}T{hour}:00Z", "resolved_at": f"2026-03-{day}T23:30Z"}
        for day, hour in ((21, "09"), (22, "20"), (26, "07"))
    ]
    given = {"history": history, "incident": incidents}
    whole = build({**given, "deployment": deployments}, LINKS)
    late = build({**given, "deployment": deployments[19:]}, LINKS)
    assert _links(whole) == _links(late)
    assert [row[1:] for row in _links(whole)] == [
        ("gh:d21", "window"),
        ("gh:d22", "window"),
        ("gh:d25", "window"),
    ]


def test_a_pull_request_that_merely_holds_a_commit_is_not_the_one_that_brought_it(build: Build) -> None:
    """sorenlouv/backport#571, googleapis/release-please#817: an association names every pull request.

    apache/texera#4620: and it lags behind the merge. Nothing is asked for it here: what counts is the
    commit that a merge left behind, and it is known as soon as the merge is.
    """
    con = build(
        {
            "history": {1: "c0 m1"},
            "pull_request": [
                {"id": 1, "first_commit": "2026-03-02T00:00Z", "merged_at": "2026-03-02T10:00Z"},
                {
                    "id": 2,
                    "first_commit": "2026-03-01T00:00Z",
                    "merged_at": "2026-03-02T11:00Z",
                    "base_ref": "release",
                    "merge_commit_sha": "elsewhere",
                },
            ],
            "pull_request_commit": [
                {
                    "id": "2:m1",
                    "pull_request_id": "2",
                    "sha": "m1",
                    "authored_at": "2026-03-01T00:00Z",
                    "committed_at": "2026-03-01T00:00Z",
                }
            ],
            "deployment": [
                {"id": 1, "sha": "c0", "at": "2026-03-01T00:00Z"},
                {"id": 2, "sha": "m1", "at": "2026-03-02T10:00:05Z"},
            ],
        },
        CHANGES,
    )
    assert _changes(con) == {"gh:1": ("attributed", "gh:2"), "gh:2": ("other_branch", None)}


def test_a_change_that_was_stacked_on_another_branch_counts_where_its_commit_arrives(build: Build) -> None:
    """duckduckgo/Android#9650: merged into another base by a merge queue, and landed all the same."""
    con = build(
        {
            "history": {1: {"c0": [], "m1": ["c0"], "landed": ["c0", "m1"]}},
            "pull_request": [
                {
                    "id": 1,
                    "first_commit": "2026-03-02T00:00Z",
                    "merged_at": "2026-03-02T10:00Z",
                    "base_ref": "stack/part-1",
                }
            ],
            "deployment": [
                {"id": 1, "sha": "c0", "at": "2026-03-01T00:00Z"},
                {"id": 2, "sha": "landed", "at": "2026-03-03T00:00Z"},
            ],
        },
        CHANGES,
    )
    assert _changes(con) == {"gh:1": ("attributed", "gh:2")}
