"""An explanation: each step with its counts, the items that tell most, a clear line where no number is."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import duckdb
import pytest
from stories import CHANGES, FAILURES

from pipelines import publish
from pipelines.catalog import load_metrics, load_models
from pipelines.compute import (
    CALENDAR_TABLES,
    aggregation_frames,
    compute_metric,
    compute_neighbours,
    prepare_published,
)
from pipelines.explain import Asked, explanation
from pipelines.explain_text import print_explanation
from pipelines.items import create_item_view
from pipelines.models import observe
from pipelines.published_catalog import write_catalog
from pipelines.snapshot_reader import UnknownNameError
from pipelines.stored_values import VALUES_OF, create_values_view

METRICS = {
    name: metric
    for name, metric in load_metrics().items()
    if name in ("change_failure_rate", "change_lead_time", "deployment_frequency", "work_item_age")
}
TABLES = sorted(
    {"facts.dim_item", *CALENDAR_TABLES, *(one for metric in METRICS.values() for one in metric.depends_on)}
)
STORIES: dict[str, Any] = {
    "failures": FAILURES,
    "changes": CHANGES,
    "failures, half way": {**FAILURES, "as_of": "2026-02-12T07:00Z"},
    "items": {
        "issue": [
            {
                "id": 1,
                "created_at": "2026-02-01T08:00Z",
                "moves": [["2026-02-14T09:00Z", "To Do", "In Progress"]],
            },
            *(
                {
                    "id": number,
                    "created_at": "2026-02-01T08:00Z",
                    "moves": [
                        [f"2026-02-{begun}T09:00Z", "To Do", "In Progress"],
                        ["2026-03-05T09:00Z", "In Progress", "Done"],
                    ],
                }
                for number, begun in ((2, 26), (3, 23))
            ),
        ]
    },
}
PUBLISHED = (
    *(
        *VALUES_OF.values(),
        "metric_observation",
        "metric_scopes",
        "metric_neighbour",
        "metric_catalog",
        "item",
    ),
    "period",
    *("organisation", "department", "team", "service"),
)
BUILT: dict[str, duckdb.DuckDBPyConnection] = {}


def publish_into(con: duckdb.DuckDBPyConnection) -> None:
    """The tables of a snapshot, made as a run makes them, beside those they are made from."""
    prepare_published(con, METRICS)
    for metric in METRICS.values():
        compute_metric(con, metric, observe(con, metric), aggregation_frames(con))
        compute_neighbours(con, metric, load_models(), aggregation_frames(con))
    write_catalog(con, METRICS)
    for table in PUBLISHED:
        query = publish._TABLES[table]
        con.execute(f"CREATE TABLE {table} AS {query}", {"quarters": 8} if "$quarters" in query else None)
    con.execute("CREATE TABLE run AS SELECT as_of, DATE '2026-01-01' AS items_from FROM config.run")
    con.execute(
        "CREATE TABLE metric_freshness AS SELECT metric, s.* FROM metric_catalog, (VALUES "
        "('gh', 'deployments', TIMESTAMPTZ '2026-04-01 00:00Z', false), "
        "('pd', 'incidents', TIMESTAMPTZ '2026-03-31 00:00Z', true)) "
        "s(source, stream, last_success_at, is_stale)"
    )
    create_values_view(con)
    create_item_view(con, "main")
    con.execute(publish.MACROS.read_text(encoding="utf-8"))


@pytest.fixture
def built(
    build_to_keep: Callable[..., duckdb.DuckDBPyConnection],
) -> Callable[[str], duckdb.DuckDBPyConnection]:
    def find(story: str) -> duckdb.DuckDBPyConnection:
        if story not in BUILT:
            BUILT[story] = build_to_keep(STORIES[story], TABLES)
            publish_into(BUILT[story])
        return BUILT[story]

    return find


@contextmanager
def changed(con: duckdb.DuckDBPyConnection, statement: str) -> Iterator[None]:
    con.begin()
    try:
        con.execute(statement)
        yield
    finally:
        con.rollback()


def ask(con: duckdb.DuckDBPyConnection, metric: str, scope: str, period: str) -> dict[str, Any]:
    return explanation(con, "a-snapshot", Asked(metric, scope, period))


def page(answer: dict[str, Any]) -> list[str]:
    """The lines of the text, with the columns a blank apart."""
    with redirect_stdout(io.StringIO()) as out:
        print_explanation(answer, as_json=False)
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


# ---- a number and what it is made of


def test_each_step_has_its_counts(built: Any) -> None:
    answer = ask(built("failures"), "change_failure_rate", "service:shop", "2026-Q1")
    [ratio] = answer["values"]
    assert (ratio["value"], ratio["n"], ratio["coverage"]) == (0.3, 10, {"linked": 3, "eligible": 4})
    columns = ("item_kind", "excluded_reason", "items", "events")
    assert [tuple(step[name] for name in columns) for step in answer["steps"]] == [
        ("deployment", None, 10, 3),
        ("deployment", "failed_to_deploy", 1, 0),
        ("deployment", "redeploy", 1, 0),
        ("incident", None, 3, 3),
        ("incident", "not_linked", 1, 0),
        ("incident", "test", 1, 0),
    ]
    assert answer["remarks"] == []
    text = page(answer)
    begin = text.index("From rows to this number")
    assert text[begin + 1 : begin + 10] == [
        "rows",
        "12 deployments in this scope and period",
        "− 1 never succeeded",
        "− 1 the commit of the deployment before it again",
        "= 10 counted, 3 of them in the share",
        "5 incidents in this scope and period, for coverage alone",
        "− 1 an incident that no deployment could be linked to (not linked, lowers coverage)",
        "− 1 an incident that was a drill",
        "= 3 linked",
    ]


def test_what_counts_against_a_share_comes_first_then_the_newest(built: Any) -> None:
    answer = ask(built("failures"), "change_failure_rate", "team:team", "2026-Q1")
    deployments = [item["item_id"] for item in answer["items"] if item["item_kind"] == "deployment"]
    newest_first = [f"gh:d{day}" for day in (10, 9, 8, 6, 5, 3, 1)]
    assert deployments == ["gh:d7", "gh:d4", "gh:d2", *newest_first]
    assert [item["item_id"] for item in answer["left_out"]] == ["gh:never", "gh:again", "pd:4", "pd:0"]
    [first] = [line for line in page(answer) if line.startswith("yes deployment fade017")]
    assert first == "yes deployment fade017 2026-02-07 Shop explicit, high"
    assert "4 left out: `--format json` lists twenty of each" in page(answer)


def test_where_a_greater_share_is_better_what_lacks_comes_first(built: Any) -> None:
    con = built("failures")
    with changed(con, "UPDATE metric_catalog SET direction = 'higher_is_better'"):
        items = ask(con, "change_failure_rate", "organisation", "2026-Q1")["items"]
    order = (10, 9, 8, 6, 5, 3, 1, 7, 4, 2)
    assert [item["item_id"] for item in items if item["item_kind"] == "deployment"] == [
        f"gh:d{day}" for day in order
    ]


@pytest.mark.parametrize(
    ("direction", "order"),
    [("lower_is_better", ["gh:1", "gh:2", "gh:3"]), ("higher_is_better", ["gh:2", "gh:3", "gh:1"])],
)
def test_of_a_share_of_an_amount_the_greatest_part_comes_first(
    built: Any, direction: str, order: Any
) -> None:
    # Of 40, 80 and 10 there are 36, 24 and 3: what lacks are 4, 56 and 7.
    con = built("changes")
    with changed(con, f"UPDATE metric_catalog SET kind = 'share', direction = '{direction}'"):
        con.execute(
            "UPDATE metric_observation "
            "SET weight = CASE item_id WHEN 'gh:1' THEN 40 WHEN 'gh:2' THEN 80 ELSE 10 END"
        )
        answer = ask(con, "change_lead_time", "organisation", "2026-Q1")
    own = [item for item in answer["items"] if item["item_kind"] == "change"]
    assert [item["item_id"] for item in own] == order
    assert any(line.startswith("36 h of 40 h shop#1") for line in page(answer))


def test_the_longest_comes_first_with_its_link(built: Any) -> None:
    answer = ask(built("changes"), "change_lead_time", "service:shop", "2026-Q1")
    own = [item for item in answer["items"] if item["item_kind"] == "change"]
    assert [(item["item_id"], item["value"]) for item in own] == [
        ("gh:1", 36.0),
        ("gh:2", 24.0),
        ("gh:3", 3.0),
    ]
    assert own[0]["url"] == "https://git.test/acme/shop/pull/1"
    again = [item["value"] for item in answer["items"] if item["item_kind"] == "change_from_merge"]
    assert again == [12.0, 6.0, 1.0]
    text = page(answer)
    [line] = [line for line in text if line.startswith("36 h ")]
    assert line.endswith("2026-03-03 containment, high https://git.test/acme/shop/pull/1")
    assert "= 3 counted" in text
    assert "3 changes from their merge in this scope and period" not in text


def test_of_many_items_ten_are_shown_and_the_rest_is_counted(built: Any) -> None:
    con = built("failures")
    again = (
        "INSERT INTO metric_observation SELECT * REPLACE (item_id || 'x' AS item_id) FROM metric_observation"
    )
    with changed(con, again):
        answer = ask(con, "deployment_frequency", "organisation", "2026-Q1")
        assert len(answer["items"]) == 20
        text = page(answer)
    assert len([line for line in text if line.endswith(" Shop")]) == 10
    assert "10 more and 4 left out: `--format json` lists twenty of each" in text


def test_the_definition_is_there_with_its_version_and_its_query(built: Any) -> None:
    answer = ask(built("failures"), "change_failure_rate", "organisation", "2026-Q1")
    metric = METRICS["change_failure_rate"]
    assert (answer["version"], answer["since"]) == (metric.version, metric.since.isoformat())
    assert (answer["sql"], answer["sql_hash"]) == (metric.sql, metric.sql_hash)
    assert answer["reasons"]["test"] == "an incident that was a drill"
    text = page(answer)
    assert text[:2] == [
        "Change failure rate",
        "organisation (Acme), 2026-Q1: 1 January 2026 to 31 March 2026",
    ]
    assert f"version {metric.version}, since 1 November 2026, kept by {metric.owner}" in text
    assert "read from gh: 2026-04-01 00:00 UTC" in text
    assert "pd: 2026-03-31 00:00 UTC; stale: incidents" in text
    assert text[-len(metric.sql.splitlines()) :] == [
        " ".join(line.split()) for line in metric.sql.splitlines()
    ]


def test_the_text_says_which_side_of_a_share_stands_first(built: Any) -> None:
    answer = ask(built("failures"), "change_failure_rate", "service:shop", "2026-Q1")
    assert "The items behind it, those in the share first, then the newest" in page(answer)
    with changed(built("failures"), "UPDATE metric_catalog SET direction = 'higher_is_better'"):
        other = ask(built("failures"), "change_failure_rate", "service:shop", "2026-Q1")
    assert "The items behind it, those not in the share first, then the newest" in page(other)
    assert [answer["items"][0]["is_event"], other["items"][0]["is_event"]] == [True, False]


def test_steps_are_told_of_what_is_counted_and_of_what_can_be_linked(built: Any) -> None:
    """A service that is only known to be told of is neither; with links it would say how many have one."""
    steps = [
        {"item_kind": kind, "excluded_reason": reason, "items": items, "events": 0, "still_open": 0}
        for kind, reason, items in (("team_day", None, 2), ("service", "covered", 1))
    ]
    changes = {"item_kind": "team_day", "coverage_item_kind": "service", "kind": "count", "steps": steps}
    answer = ask(built("failures"), "change_failure_rate", "service:shop", "2026-Q1") | changes
    told = page(answer)
    assert "2 team days in this scope and period" in told
    assert "1 service in this scope and period, for coverage alone" in told
    assert "= 0 linked" in told
    without = page(answer | {"unlinked_reasons": []})
    assert "2 team days in this scope and period" in without
    assert not any("for coverage alone" in line or line[-6:] == "linked" for line in without)


# ---- under another definition


def test_the_median_stands_beside_the_mean(built: Any) -> None:
    answer = ask(built("changes"), "change_lead_time", "service:shop", "2026-Q1")
    found = {row["neighbour"]: row for row in answer["neighbours"] if row["statistic"] in ("p50", "mean")}
    values = {name: (row["value"], row["n"], row["is_used"]) for name, row in found.items()}
    assert values == {
        "median": (24.0, 3, True),
        "mean": (21.0, 3, False),  # (36 + 24 + 3) / 3
        "from_first_commit": (24.0, 3, True),
        "from_opening": (14.0, 3, False),
        "from_merge": (6.0, 3, False),
    }
    text = page(answer)
    assert "mean 21 h 3 not published: the greatest weigh most in it" in text
    assert "first commit 24 h too few 3 as published" in text
    assert "opening of the pull request 14 h too few 3 P50 −10 h" in text
    assert "merge 6 h too few 3 P50 −18 h" in text


def test_what_is_still_open_has_no_part_in_the_mean(built: Any) -> None:
    con = built("changes")
    still_open = (
        "UPDATE metric_observation SET is_open = true, is_event = false, ended_at = NULL "
        "WHERE item_kind = 'change' AND item_id = 'gh:1'"
    )
    with changed(con, still_open):
        con.execute("UPDATE metric_values_quarter SET open_count = 1 WHERE statistic = 'p50'")
        answer = ask(con, "change_lead_time", "service:shop", "2026-Q1")
    [mean] = [row for row in answer["neighbours"] if row["neighbour"] == "mean"]
    assert (mean["value"], mean["n"]) == (13.5, 2)  # (24 + 3) / 2
    said = "not published: the greatest weigh most in it, what is open not at all"
    assert f"mean 13.5 h 2 1 {said}" in page(answer)


def test_of_items_whose_values_are_not_kept_there_is_no_mean(built: Any) -> None:
    con = built("changes")
    with changed(con, "UPDATE metric_observation SET value = NULL"):
        answer = ask(con, "change_lead_time", "service:shop", "2026-Q1")
    assert "mean values not kept 3" in page(answer)


def test_the_age_of_an_item_is_that_of_the_period_and_not_of_today(built: Any) -> None:
    """At the end of 28 February those of the 14th, 23rd and 26th are 15, 6 and 3 days old, with both days."""
    answer = ask(built("items"), "work_item_age", "service:shop", "2026-02")
    assert [(item["item_id"], item["value"]) for item in answer["items"]] == [
        ("jira:1", 15.0),
        ("jira:3", 6.0),
        ("jira:2", 3.0),
    ]
    median, mean = answer["neighbours"]
    assert (median["value"], median["n"]) == (6.0, 3)
    assert (mean["value"], mean["n"]) == (8.0, 3)  # (15 + 6 + 3) / 3
    text = page(answer)
    assert "The items behind it, the oldest first" in text
    assert "mean 8 d 3 not published: the greatest weigh most in it" in text


def test_a_share_by_other_windows(built: Any) -> None:
    text = page(ask(built("failures"), "change_failure_rate", "organisation", "2026-02"))
    begin = text.index("Under another definition")
    assert text[begin + 1 : begin + 8] == [
        "Incident window value n",
        "12 hours 20 % 10 −10 points",
        "24 hours 30 % 10 as published",
        "48 hours 40 % 10 +10 points",
        "",
        "Links that rest on time alone value n",
        "with them 30 % 10 as published",
    ]
    assert text[begin + 8] == "without them: named, rolled back or reverted 10 % 10 −20 points"


def test_a_week_says_for_which_periods_other_definitions_are_computed(built: Any) -> None:
    answer = ask(built("failures"), "change_failure_rate", "service:shop", "2026-W06")
    assert answer["neighbours"] == []
    assert answer["remarks"] == [
        (
            "What another definition would give (incident window, links that rest on time alone) is "
            "computed per month and per quarter."
        )
    ]


# ---- no number, or not yet the whole one


def test_a_quarter_in_progress(built: Any) -> None:
    answer = ask(built("failures, half way"), "deployment_frequency", "service:shop", "2026-Q1")
    assert answer["is_complete"] is False
    assert answer["remarks"] == [
        "2026-Q1 is not over: it holds what is known up to 2026-02-12 07:00 UTC, and still changes."
    ]


def test_too_few(built: Any) -> None:
    answer = ask(built("changes"), "change_lead_time", "service:shop", "2026-Q1")
    assert answer["remarks"] == [
        "P85 is withheld: too few, 3 of the 10 that it takes.",
        "P85 from merge is withheld: too few, 3 of the 10 that it takes.",
    ]


def test_where_too_much_is_open_only_the_lower_end_of_the_range_is_known(built: Any) -> None:
    con = built("changes")
    with changed(con, "UPDATE metric_values_quarter SET low = 3.5, high = NULL WHERE statistic = 'p50'"):
        answer = ask(con, "change_lead_time", "service:shop", "2026-Q1")
    assert "P50 24 h from 3.5 h 3 3 of 3 first quarter" in page(answer)


@pytest.mark.parametrize(
    ("withheld", "line"),
    [
        ("withheld_reason = 'low_coverage'", "Ratio is withheld: too little is linked, 3 of 4."),
        (
            "withheld_reason = 'not_reached', statistic = 'p85', n = 7",
            "P85 is withheld: not reached, fewer than 85 % of 7 have ended.",
        ),
        ("withheld_reason = 'before_start'", "Ratio is withheld: before start."),
        (
            "withheld_reason = 'too_few', statistic = 'per_week', n = 3",
            "Per week is withheld: less than a day of the period is over.",
        ),
        (
            "withheld_reason = 'too_few', n = 5",
            "Ratio is withheld: there is nothing to take a share of.",
        ),
    ],
)
def test_a_withheld_number_says_what_withholds_it(built: Any, withheld: str, line: str) -> None:
    con = built("failures")
    with changed(con, f"UPDATE metric_values_quarter SET value = NULL, {withheld}"):
        assert line in ask(con, "change_failure_rate", "service:shop", "2026-Q1")["remarks"]


def test_nothing_happened(built: Any) -> None:
    answer = ask(built("changes"), "change_lead_time", "team:team", "2026-W12")
    assert answer["remarks"][0] == (
        "There is no number: nothing of the kind happened in team:team in 2026-W12."
    )
    assert (answer["steps"], answer["items"], answer["left_out"]) == ([], [], [])
    text = page(answer)
    assert "no rows" in text
    assert "Under another definition" not in text


def test_all_that_there_was_is_left_out(built: Any) -> None:
    answer = ask(built("changes"), "change_lead_time", "service:shop", "2026-W11")
    assert answer["remarks"][0] == (
        "There is no number: all that there was is left out in service:shop in 2026-W11."
    )
    assert [(item["item_id"], item["excluded_reason"]) for item in answer["left_out"]] == [("gh:4", "bot")]
    assert "− 1 opened by a bot" in page(answer)


def test_a_scope_that_no_source_covers(built: Any) -> None:
    # No source ever told of an incident.
    answer = ask(built("changes"), "change_failure_rate", "service:shop", "2026-Q1")
    assert (answer["values"], answer["neighbours"]) == ([], [])
    assert answer["remarks"] == [
        "There is no number: in 2026-Q1 no source covers service:shop for this metric."
    ]
    assert "− 5 no source tells of the service's incidents" in page(answer)


def test_a_period_of_which_items_are_no_longer_kept(built: Any) -> None:
    con = built("changes")
    with changed(con, "UPDATE run SET items_from = DATE '2026-02-01'"):
        answer = ask(con, "change_lead_time", "service:shop", "2026-Q1")
    assert answer["remarks"][-1] == (
        "Items are kept from 2026-02-01 on: the steps and items below are not all of 2026-Q1."
    )
    [mean] = [row for row in answer["neighbours"] if row["neighbour"] == "mean"]
    assert (mean["value"], mean["withheld_reason"]) == (None, "items_not_kept")
    assert "mean items not kept 3" in page(answer)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            ("change_fail_rate", "organisation", "2026-Q1"),
            "change_fail_rate: there is no such metric. Did you mean change_failure_rate?",
        ),
        (
            ("velocity", "organisation", "2026-Q1"),
            (
                "velocity: there is no such metric. "
                "Known are change_failure_rate, change_lead_time, deployment_frequency, work_item_age"
            ),
        ),
        (
            ("change_lead_time", "service:shopp", "2026-Q1"),
            "--scope service:shopp: there is no such scope. Did you mean service:shop?",
        ),
        (
            ("change_lead_time", "x", "2026-Q1"),
            "--scope x: there is no such scope. Known are organisation, service:shop, team:team",
        ),
        (
            ("change_lead_time", "organisation", "2025-Q1"),
            (
                "--period 2025-Q1: it is outside of what has been published. "
                "Write 2026-10-01, 2026-W40, 2026-10 or 2026-Q3"
            ),
        ),
        (
            ("change_lead_time", "organisation", "spring"),
            "--period spring: it is no period. Write 2026-10-01, 2026-W40, 2026-10 or 2026-Q3",
        ),
        (
            ("change_lead_time", "organisation", "2026-03-02"),
            (
                "--period 2026-03-02: change_lead_time has no value per day. "
                "It has them per week, month or quarter"
            ),
        ),
    ],
)
def test_a_name_that_is_not_published(built: Any, asked: tuple[str, str, str], line: str) -> None:
    with pytest.raises(UnknownNameError) as raised:
        ask(built("changes"), *asked)
    assert str(raised.value) == line


# ---- how it is written


def test_json_holds_everything_as_one_line(built: Any) -> None:
    answer = ask(built("failures"), "change_failure_rate", "service:shop", "2026-Q1")
    with redirect_stdout(io.StringIO()) as out:
        print_explanation(answer, as_json=True)
    assert json.loads(out.getvalue()) == answer
    assert out.getvalue().count("\n") == 1
    assert len(answer["items"]) == sum(s["items"] for s in answer["steps"] if s["excluded_reason"] is None)
    assert len(answer["left_out"]) == sum(s["items"] for s in answer["steps"] if s["excluded_reason"])


def test_lines_do_not_end_in_blanks_and_addresses_stay_whole(built: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    with redirect_stdout(io.StringIO()) as out:
        print_explanation(ask(built("changes"), "change_lead_time", "organisation", "2026-Q1"), as_json=False)
    lines = out.getvalue().splitlines()
    assert not [line for line in lines if line != line.rstrip()]
    assert [line for line in lines if line.endswith("https://git.test/acme/shop/pull/1")]
    sentences = lines[lines.index("The definition") : lines.index("From rows to this number")]
    assert max(map(len, sentences)) <= 60
