"""Actions that are kept outside the app stand among what was promised, each once and without names."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from page_text import markup
from streamlit.testing.v1 import AppTest

from connectors.journal.entries import Action
from dashboard import snapshot_file, team_index
from dashboard.health.compose import compose
from dashboard.health.document import HealthCheck
from dashboard.health.dump import dump
from dashboard.health.promises import promised
from dashboard.health.tables import extract, thaw
from dashboard.health.written import Entries, Note
from dashboard.kept import STORE
from dashboard.report import agenda, digest, html, markdown, page_html, pdf
from dashboard.snapshot import Snapshot

QUARTER = "2026-Q3"
LAST_DAY = date(2026, 11, 4)
"""The last day known to the fake snapshot, which is of the morning after."""
METRICS = ("action_follow_through", "action_resolution")
OURS = "0f" * 16
"""An entry's id, as the journal gives them."""
ITEMS: list[tuple[str, str | None, date | None, str]] = [
    # id, team, due, state
    ("inbox:A-1", "beacon", date(2026, 8, 10), "done"),
    ("inbox:A-2", "beacon", date(2026, 9, 5), "open"),
    ("inbox:A-3", "beacon", date(2026, 7, 20), "dropped"),
    ("inbox:A-4", "beacon", date(2026, 7, 1), "open"),
    ("inbox:before", "beacon", date(2026, 6, 30), "open"),
    ("inbox:after", "beacon", date(2026, 10, 1), "done"),
    ("inbox:never", "beacon", None, "open"),
    ("inbox:soon", "beacon", date(2026, 12, 31), "open"),
    ("inbox:later", "beacon", date(2027, 1, 1), "open"),
    ("inbox:atlas", "atlas", date(2026, 8, 10), "open"),
    ("inbox:lately", "atlas", date(2026, 10, 23), "open"),
    ("inbox:all", None, date(2026, 8, 11), "open"),
    (f"journal:{'1a' * 16}", "beacon", date(2026, 8, 10), "done"),
    (f"diary:{OURS}", "beacon", date(2026, 8, 10), "done"),
    ("inbox:ops-7", "beacon", date(2026, 8, 10), "done"),
    ("inbox:made", "beacon", date(2026, 8, 10), "done"),
]
PAGES = {"inbox:A-1": "https://jira.example/browse/A-1", "inbox:made": "https://jira.example/browse/OPS-8"}


def scopes_of(team: str | None) -> list[str]:
    return ["organisation", *(["department:market", f"team:{team}"] if team else [])]


def rows(scope: str, item: tuple[str, str | None, date | None, str]) -> list[tuple[object, ...]]:
    """The item in both metrics, as the pipeline publishes it."""
    item_id, team, due, state = item
    reason = "no_due_date" if due is None else "not_due" if due > LAST_DAY else None
    on = min(due or LAST_DAY, LAST_DAY)
    counted = [state == "done", state in ("done", "dropped")]
    return [
        (metric, scope, item_id, team, on, is_event, reason, on, on + timedelta(days=1))
        for metric, is_event in zip(METRICS, counted, strict=True)
    ]


@pytest.fixture(scope="module")
def path(published: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    changed = tmp_path_factory.mktemp("registers") / "changed.duckdb"
    shutil.copy(next((published / "snapshots").glob("*.duckdb")), changed)
    with duckdb.connect(str(changed)) as con:
        con.execute("set timezone = 'UTC'")
        for metric in METRICS:
            con.execute(
                "insert into metric_catalog select * replace (? as metric, 'agreed_action' as item_kind) "
                "from metric_catalog where metric = 'change_failure_rate'",
                [metric],
            )
        con.executemany(
            "insert into metric_item (metric, scope, item_kind, item_id, team_id, on_date, is_event, "
            "is_open, excluded_reason, counts_from, counts_to) "
            "values (?, ?, 'agreed_action', ?, ?, ?, ?, false, ?, ?, ?)",
            [row for item in ITEMS for scope in scopes_of(item[1]) for row in rows(scope, item)],
        )
        as_of = datetime(2026, 11, 5, 3, 10, tzinfo=UTC)
        con.executemany(
            "insert into item values ('agreed_action', ?, ?, ?, null, ?)",
            [
                (
                    key,
                    f"action {key}",
                    PAGES.get(key),
                    datetime(*due.timetuple()[:3], tzinfo=UTC) if due else as_of,
                )
                for key, _, due, _ in ITEMS
            ],
        )
    return str(changed)


def written(what: str, *, entry: str = "", **told: object) -> Note:
    said = {
        "scope": "team:beacon",
        "quarter": "2026-Q2",
        "what": what,
        "answers": "",
        "owner": "Team",
        "due": date(2026, 9, 1),
        "known_by": "We see it.",
        "effort": "small",
    }
    return Note(Action.model_validate(said | told), date(2026, 9, 28), entry)


ENTRIES = Entries(
    (
        written("Deploy on every merge", entry=OURS, state="done", issue="OPS-7"),
        written("Of a year ago", quarter="2025-Q3", state="done", issue="OPS-8"),
    )
)


@pytest.fixture(scope="module")
def check(path: str) -> HealthCheck:
    return compose(path, ENTRIES, "team:beacon", QUARTER)


def told(check: HealthCheck) -> list[tuple[str, str, date, str | None]]:
    return [(one.what, one.state, one.due, one.url) for one in check.promises.items]


def test_they_stand_in_one_list_with_the_journals_each_once(check: HealthCheck) -> None:
    assert told(check) == [
        ("Deploy on every merge", "done", date(2026, 9, 1), None),
        ("Action A-1", "done", date(2026, 8, 10), "https://jira.example/browse/A-1"),
        ("Action A-4", "open", date(2026, 7, 1), None),
        ("Action A-2", "open", date(2026, 9, 5), None),
        ("Action A-3", "dropped", date(2026, 7, 20), None),
    ]
    assert check.promises.sentence == "2 of 5 done, 2 not done, 1 dropped."
    assert check.lede.startswith("Two of five things we promised are done.")


def test_above_teams_they_are_those_that_name_no_team(path: str) -> None:
    assert told(compose(path, ENTRIES, "organisation", QUARTER)) == [
        ("Action all", "open", date(2026, 8, 11), None)
    ]
    department = compose(path, ENTRIES, "department:market", QUARTER).promises
    assert (department.items, department.sentence) == ((), "The review of Q2 2026 agreed on no action.")


def test_in_a_quarter_that_is_open_those_to_come_in_it_are_there_with_their_own_day(path: str) -> None:
    assert told(compose(path, Entries(), "team:beacon", "2026-Q4")) == [
        ("Action after", "done", date(2026, 10, 1), None),
        ("Action soon", "not_due", date(2026, 12, 31), None),
    ]


def test_they_are_withheld_where_items_are(path: str, tmp_path: Path) -> None:
    few = tmp_path / "few.duckdb"
    shutil.copy(path, few)
    with duckdb.connect(str(few)) as con:
        con.execute(
            "insert into metric_values select * replace ('action_follow_through' as metric, null as value, "
            "'few_people' as withheld_reason) from metric_values where metric = 'change_failure_rate' "
            "and scope = 'team:beacon' and period = '2026-Q3'"
        )
    check = compose(str(few), ENTRIES, "team:beacon", QUARTER)
    assert [one.what for one in check.promises.items] == ["Deploy on every merge"]
    assert "inbox" not in extract(str(few), ENTRIES, "team:beacon", QUARTER)
    of_all = promised(str(few), ENTRIES, QUARTER)
    assert {scope: len(found) for scope, found in of_all.items()} == {
        "team:beacon": 1,
        "team:atlas": 1,
        "organisation": 1,
    }


@pytest.fixture
def asked(path: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions about actions that are asked of the snapshot, of which nothing is known yet."""
    STORE.forget(path)
    real, found = snapshot_file.ask, []

    def ask(path: str, query: str, **bound: object) -> pl.DataFrame:
        found.extend([query] * ("agreed_action" in query))
        return real(path, query, **bound)

    monkeypatch.setattr(snapshot_file, "ask", ask)
    return found


def test_the_index_of_teams_counts_them_by_one_question(path: str, asked: list[str]) -> None:
    """What is to come in the open quarter is not overdue yet; that of 23 October is."""
    shown = Snapshot(path)
    quiet = Entries((*ENTRIES.notes, written("Cut the queue", scope="team:cedar")))
    closed = {team.name: team for team in team_index.teams(shown, {}, quiet, QUARTER)}
    assert len(asked) == 1
    assert {name: team.promised for name, team in closed.items() if team.promised} == {
        "Atlas": (0, 1),
        "Beacon": (2, 5),
        "Cedar": (0, 1),
    }
    assert {name: team.overdue for name, team in closed.items() if team.overdue} == {"Atlas": 1, "Beacon": 2}
    assert {name: team.without_update for name, team in closed.items() if team.without_update} == {"Cedar": 1}
    assert [name for name, team in closed.items() if team.passes("silent")] == ["Atlas", "Beacon", "Cedar"]
    opened = {team.name: team for team in team_index.teams(shown, {}, quiet, "2026-Q4")}
    assert {name: team.promised for name, team in opened.items() if team.promised} == {
        "Atlas": (0, 1),
        "Beacon": (1, 2),
    }
    assert [name for name, team in opened.items() if team.is_silent] == ["Atlas"]


def test_the_overview_shows_them(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Callable[..., AppTest]
) -> None:
    """Without a journal three of the others are Beacon's own as well."""
    (tmp_path / "snapshots").mkdir()
    shutil.copy(path, tmp_path / "snapshots")
    (tmp_path / "snapshots" / "CURRENT").write_text(Path(path).name)
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    page = plain(markup(open_page("overview", show="No update on actions")))
    assert "2 of 8 teams." in page
    assert re.search(
        r"Atlas health check .* 0 of 1 1 overdue .* Beacon health check .* 4 of 7 2 overdue", page
    )


def test_leaders_are_told_of_those_that_are_overdue_for_two_weeks(path: str, asked: list[str]) -> None:
    """23 October is thirteen days ago. One question for each of the two quarters."""
    quiet = Entries((*ENTRIES.notes, written("Cut the queue")))
    told = digest.leaders_weekly(path, quiet, None, datetime(2026, 11, 5, 6, tzinfo=UTC))
    assert told is not None
    (line,) = [line.said for line in told.parts[0].lines if line.label == "Promised"]
    assert line == (
        "One of 11 has no update: “Cut the queue” (Beacon, due 1 Sep 2026). "
        "Four of 11 are kept elsewhere and overdue: “Action A-4” (Beacon, due 1 Jul 2026), “Action atlas” "
        "(Atlas, due 10 Aug 2026), “Action all” (Fennel & Rye, due 11 Aug 2026) and 1 more."
    )
    assert len(asked) == 2


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


def test_page_files_and_agenda_say_the_same_and_link_to_where_it_is_kept(check: HealthCheck) -> None:
    address = '<a href="https://jira.example/browse/A-1" target="_blank" rel="noopener noreferrer">'
    link = f"{address}Action A-1</a>"
    page = "".join(part.markup for part in html.sections(check))
    for whole in (page, page_html.render([check]), agenda.sheet(check)):
        assert link in whole
        assert "Not done Action A-4" in plain(whole)
    assert "Kept outside this app, with its title. Due 10 Aug 2026." in plain(page)
    assert "known by: kept" not in plain(page).lower()
    text = markdown.render(check)
    linked = "[Action A-1](<https://jira.example/browse/A-1>)"
    assert f"- **Done**: {linked}. Kept outside this app, with its title. Due 10" in text
    assert "- **Not done**: Action A-4. Kept outside this app, with its title. Due 1 Jul 2026." in text
    part = json.loads(pdf.document([check], {}))["scopes"][0]["sections"][0]
    assert [(one["chip"]["label"], one["what"], one["url"]) for one in part["items"][:3]] == [
        ("Done", "Deploy on every merge", ""),
        ("Done", "Action A-1", "https://jira.example/browse/A-1"),
        ("Not done", "Action A-4", ""),
    ]
    assert b"https://jira.example/browse/A-1" in pdf.render([check], {})


@pytest.mark.parametrize("scope", ["team:beacon", "organisation"])
def test_frozen_they_are_the_same_to_the_byte_and_no_other_item_is_kept(
    path: str, check: HealthCheck, scope: str
) -> None:
    content = extract(path, ENTRIES, scope, QUARTER)
    thawed, kept = thaw(content)
    live, again = (compose(*one, scope, QUARTER) for one in ((path, ENTRIES), (thawed, kept)))
    assert dump(again) == dump(live)
    assert markdown.render(again) == markdown.render(live)
    held = json.loads(content)["tables"]
    ids = {row[held["item"]["columns"].index(["item_id", "VARCHAR"])] for row in held["item"]["rows"]}
    own = {"inbox:A-1", "inbox:A-2", "inbox:A-3", "inbox:A-4"}
    assert ids == (own if scope == "team:beacon" else {"inbox:all"})


def test_an_address_that_is_none_is_no_link(path: str, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.duckdb"
    shutil.copy(path, hostile)
    with duckdb.connect(str(hostile)) as con:
        con.execute(
            "update item set url = 'javascript:alert(1)', label = 'action <b>x</b> [y](https://evil.example)'"
            " where item_id = 'inbox:A-1'"
        )
    check = compose(str(hostile), ENTRIES, "team:beacon", QUARTER)
    for text in ("".join(part.markup for part in html.sections(check)), agenda.sheet(check)):
        assert "javascript" not in text
        assert "Action &lt;b&gt;x&lt;/b&gt;" in text
    assert "javascript" not in markdown.render(check)
    assert "](https://evil" not in markdown.render(check)
    assert "javascript" not in pdf.document([check], {})
