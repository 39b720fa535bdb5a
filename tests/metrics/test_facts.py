"""What several metrics rest on: labels, starts and finishes, and sums that must come out."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.catalog import load_metrics
from pipelines.models import observe

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]

DAYS_AND_DEPLOYMENTS = [
    (3, 4), (4, 6), (2, 2), (3, 3), (5, 9), (3, 3), (0, 0), (4, 5), (3, 4), (3, 3), (1, 1), (4, 7), (3, 5),
]  # fmt: skip
"""Of thirteen weeks: the days with a deployment, and the deployments."""


def _counted(con: duckdb.DuckDBPyConnection, metric: str) -> pl.DataFrame:
    """The observations that enter the number."""
    return observe(con, load_metrics()[metric]).filter(pl.col("excluded_reason").is_null())


def test_thirteen_weeks_of_deployments_with_a_week_of_none(build: Build) -> None:
    # 52 deployments, some of them on one day; the calendar has the seventh week although no row has it.
    monday = date(2026, 1, 5)
    times = sorted(
        f"{monday + timedelta(weeks=week, days=number % days)}T{8 + number:02d}:00Z"
        for week, (days, count) in enumerate(DAYS_AND_DEPLOYMENTS)
        for number in range(count)
    )
    deployments = [{"id": f"c{place}", "at": at} for place, at in enumerate(times)]
    line = " ".join(one["id"] for one in deployments)
    case = {"as_of": "2026-04-06T00:00Z", "history": {1: line}, "deployment": deployments}
    con = build(case, ["facts.fct_deployment", "facts.dim_service_owner", "staged.stg_period"])
    on_dates = _counted(con, "deployment_frequency")["on_date"].to_list()
    weeks = con.sql(
        "SELECT period_start FROM staged.stg_period WHERE grain = 'week' AND is_complete ORDER BY 1"
    ).fetchall()
    per_week = Counter(day - timedelta(days=day.weekday()) for day in on_dates)
    days_per_week = Counter(day - timedelta(days=day.weekday()) for day in set(on_dates))
    assert [(days_per_week[week], per_week[week]) for (week,) in weeks] == DAYS_AND_DEPLOYMENTS
    assert len(on_dates) == 52


def test_items_have_labels_and_pages_but_no_titles(build: Build) -> None:
    first, second = "2026-03-01T00:00Z", "2026-03-02T00:00Z"
    github_issue = {"source": "gh", "container_id": "1", "key": "#5", "labels": ["incident"]}
    case = {
        "history": {1: "0123456789 m7"},
        "pull_request": [{"id": 7, "title": "Secret plan", "first_commit": first, "merged_at": second}],
        "deployment": [{"id": 1, "sha": "0123456789", "at": first}, {"id": 2, "sha": None, "at": second}],
        "incident": [{"id": "P1", "title": "Ann broke it", "started_at": first}],
        "issue": [
            {"id": 12, "title": "Another plan", "created_at": first},
            {"id": 5, **github_issue, "created_at": second},
        ],
    }
    con = build(case, ["facts.dim_item"])
    rows = con.sql(
        "SELECT item_kind, item_id, label, url, service_id FROM facts.dim_item "
        "WHERE item_kind NOT IN ('service', 'service_week', 'team') ORDER BY ALL"
    ).fetchall()
    page = "https://git.test/acme/shop/pull/7"
    assert rows == [
        ("change", "gh:7", "shop#7", page, "shop"),
        ("change_from_merge", "gh:7", "shop#7", page, "shop"),
        ("deployment", "gh:1", "deployment 0123456", "https://git.test/acme/shop/commit/0123456789", "shop"),
        ("deployment", "gh:2", "deployment 2", None, "shop"),
        ("incident", "gh:5", "shop#5", None, "shop"),
        ("incident", "pd:P1", "incident P1", None, "shop"),
        ("issue", "jira:12", "SHOP-12", None, "shop"),
        ("pull_request", "gh:7", "shop#7", page, "shop"),
    ]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        # Done for the last time; a second done status is no new finish; open again is not finished.
        ("02 In Progress, 03 Done", ("02", "03")),
        ("02 In Progress, 03 Done, 05 Closed", ("02", "03")),
        ("02 In Progress, 03 Done, 05 To Do", ("02", None)),
        ("02 In Progress, 03 Done, 05 In Progress, 07 Done", ("02", "07")),
        # Never started is finished all the same; a return to the backlog erases nothing.
        ("04 Done", (None, "04")),
        ("02 In Progress, 03 To Do, 04 Done", ("02", "04")),
        ("", (None, None)),
    ],
)
def test_start_and_finish_of_a_work_item(
    build: Build, way: str, expected: tuple[str | None, str | None]
) -> None:
    moves, before = [], "To Do"
    for step in filter(None, way.split(", ")):
        day, _, after = step.partition(" ")
        moves.append([f"2026-03-{day}T09:00Z", before, after])
        before = after
    categories = {"To Do": "new", "In Progress": "indeterminate", "Done": "done", "Closed": "done"}
    case = {
        "status": [{"id": name, "name": name, "category": category} for name, category in categories.items()],
        "issue": [{"id": 1, "created_at": "2026-03-01T08:00Z", "moves": moves}],
    }
    con = build(case, ["facts.fct_work_item"])
    [(started, finished)] = con.sql("SELECT started_on, finished_on FROM facts.fct_work_item").fetchall()
    assert tuple(day and f"{day:%d}" for day in (started, finished)) == expected


def test_without_a_history_the_finish_is_known_and_the_start_is_not(build: Build) -> None:
    issue = {
        "id": 1,
        "created_at": "2026-03-01T08:00Z",
        "closed_at": "2026-03-09T08:00Z",
        "has_changelog": False,
    }
    con = build({"issue": [{**issue, "status": "Done"}, {**issue, "id": 2}]}, ["facts.fct_work_item"])
    rows = con.sql(
        "SELECT item_id, started_on, finished_on::VARCHAR FROM facts.fct_work_item ORDER BY 1"
    ).fetchall()
    assert rows == [("jira:1", None, "2026-03-09"), ("jira:2", None, None)]


@pytest.mark.parametrize(
    ("title", "branch", "expected"),
    [
        ('Revert "Faster till"', "revert-12-faster-till", (True, 12)),
        ('Revert "Faster till (#12)"', "undo", (True, 12)),
        ('Revert "Faster till"', "undo", (True, None)),
        # Reverting a revert brings the change back.
        ('Revert "Revert "Faster till""', "revert-13-revert-12-faster-till", (False, None)),
        ('Reapply "Faster till"', "again", (False, None)),
        ("Revert to the old till", "old-till", (False, None)),
        # No pull request has such a number; anybody may write it into a title.
        ('Revert "Faster till (#99999999999999999999)"', "undo", (True, None)),
    ],
)
def test_what_is_a_revert(build: Build, title: str, branch: str, expected: tuple[bool, int | None]) -> None:
    request = {"id": 14, "title": title, "head_ref": branch, "created_at": "2026-03-01T00:00Z"}
    con = build({"pull_request": [request]}, ["facts.fct_pull_request"])
    assert con.sql("SELECT is_revert, reverts_number FROM facts.fct_pull_request").fetchall() == [expected]


def test_a_first_commit_after_the_opening_is_flagged(build: Build) -> None:
    # 1 was rebased a second after its opening, 2 in that very second; of 3 no commit is known.
    opened = "2026-03-02T08:00:00Z"
    commits = (["2026-03-02T08:00:01Z"], [opened], [])
    requests = [
        {"id": number, "created_at": opened, "commits": dates}
        for number, dates in enumerate(commits, start=1)
    ]
    con = build({"pull_request": requests}, ["facts.fct_pull_request"])
    rows = con.sql(
        "SELECT number, is_first_commit_after_opening, first_commit_at = opened_at "
        "FROM facts.fct_pull_request ORDER BY number"
    ).fetchall()
    assert rows == [(1, True, True), (2, False, True), (3, False, None)]


def test_pickup_and_review_make_the_time_to_merge(build: Build) -> None:
    """middlewarehq/middleware#696, middlewarehq/middleware#697: stages that did not make the whole."""
    # Two hundred pull requests with openings, drafts, reviews and merges at random hours of four days.
    random = Random(20260301)
    at = [f"2026-03-{1 + hour // 24:02d}T{hour % 24:02d}:00Z" for hour in range(96)]
    requests = []
    for number in range(200):
        opened, ready, merged = sorted(random.choices(range(96), k=3))
        reviews = [["ben", at[random.randrange(opened, 96)]] for _ in range(random.randrange(4))]
        events = [["ReadyForReviewEvent", at[ready]]] if random.random() < 0.5 else []
        moments = {"created_at": at[opened], "merged_at": at[merged]}
        requests.append({"id": number, **moments, "events": events, "reviews": reviews})
    con = build(
        {"pull_request": requests}, ["facts.fct_pull_request", "facts.dim_service_owner", "facts.dim_run"]
    )
    parts = ("pull_request_pickup_time", "pull_request_review_time", "pull_request_time_to_merge")
    pickup, review, total = (
        dict(_counted(con, part).select("item_id", "value").iter_rows()) for part in parts
    )
    assert pickup.keys() == review.keys()
    assert 100 < len(pickup) < len(total) == 200
    assert min(*pickup.values(), *review.values()) == 0
    assert {item: pickup[item] + review[item] for item in pickup} == {item: total[item] for item in pickup}
