"""Snapshots of other formats and broken ones, addresses that name nothing, and the pages on ingest and "
"settings."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import fake_settings
import pytest
import time_machine
from page_text import markup, said, table
from streamlit.testing.v1 import AppTest

from connectors.journal import open_survey
from connectors.journal.open_survey import Said
from dashboard import (
    address,
    layout,
    read_last,
    rules_shown,
    snapshot,
    snapshot_file,
    snapshot_format,
    survey_open,
)
from dashboard.snapshot_file import SnapshotError
from dashboard.survey_open import NOT_COUNTED
from pipelines import publish

Open = Callable[..., AppTest]


def json_of(**changes: object) -> str:
    """What is said of a survey, with a field that is not what it ought to be."""
    days = {"opens_on": "2026-11-09", "closes_on": "2026-11-19"}
    return json.dumps({"survey": "2026-Q4", "title": "Quarterly survey", "state": "open", **days, **changes})


NAME = "20261105T031300Z-7d1f2c3a.duckdb"


@pytest.fixture
def changed(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Change a copy of the published snapshot, and show that one."""

    def change(*statements: str) -> Path:
        home = shutil.copytree(published, tmp_path / "home")
        with duckdb.connect(str(home / "snapshots" / NAME)) as con:
            for statement in statements:
                con.execute(statement)
        monkeypatch.setenv("OUTCOMES_HOME", str(home))
        return home / "snapshots" / NAME

    return change


# --- formats


def test_pages_read_what_is_published() -> None:
    assert snapshot_format.FORMAT == publish.SNAPSHOT_FORMAT


@pytest.fixture(scope="module")
def old_home(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder with the published snapshot as the oldest version would have made it."""
    home = shutil.copytree(published, tmp_path_factory.mktemp("old") / "home")
    with duckdb.connect(str(home / "snapshots" / NAME)) as con:
        fake_settings.of_the_oldest_format(con)
    return home


@pytest.mark.parametrize("page", ["overview", "survey", "ingest", "settings"])
def test_an_older_snapshot_says_what_it_lacks_and_shows_the_rest(
    old_home: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open, page: str
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(old_home))
    text = said(open_page(page))
    assert "Made by an older version" in text
    assert "Settings, open surveys and the next run are not in it; the next run adds them." in text


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("overview", {"show": "Nope"}),
        ("overview", {"department": "Nope"}),
        ("services", {"department": "Nope"}),
        ("team", {"team": "Beacon", "view": "Nope"}),
        ("health", {"of": "Beacon", "version": "Revision 9"}),
    ],
)
def test_what_nothing_has_the_name_of_is_the_only_message_of_its_page(
    home: Path, open_page: Open, page: str, names: dict[str, str]
) -> None:
    assert re.findall(r"<h1>(.*?)</h1>", markup(open_page(page, **names))) == ["Nothing by that name"]


def test_a_newer_snapshot_is_refused_also_where_an_older_one_opens(changed: Callable[..., Path]) -> None:
    path = changed(f"update run set snapshot_format = {snapshot_format.FORMAT + 1}")
    older = path.parent / "20261101T000000Z-00000000.duckdb"
    shutil.copy(path, older)
    with duckdb.connect(str(older)) as con:
        con.execute("update run set snapshot_format = 1")
    with pytest.raises(SnapshotError, match="is of a newer format than these pages can read") as caught:
        snapshot.current()
    assert caught.value.fix.startswith("Update the dashboard")


def test_a_snapshot_from_before_the_first_format_says_how_to_make_it_anew(
    changed: Callable[..., Path],
) -> None:
    changed("drop table headline")
    with pytest.raises(SnapshotError, match="was made by an older version") as caught:
        snapshot.current()
    assert "`outcomes build`" in caught.value.fix


def test_a_snapshot_that_opens_and_cannot_be_read_gives_way_to_the_one_before(
    changed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = changed()
    shutil.copy(path, path.parent / "20261101T000000Z-00000000.duckdb")
    seen: list[str] = []

    def page() -> None:
        from dashboard import layout, snapshot

        with layout.frame():
            layout.read_or_fail(snapshot.current())  # type: ignore[attr-defined]

    def broken(path: str) -> None:
        raise duckdb.IOException("a block is not what it was")

    def read_or_fail(shown: snapshot.Snapshot) -> None:
        seen.append(shown.name)
        if shown.name == NAME.removesuffix(".duckdb"):
            with monkeypatch.context() as patch:
                patch.setattr(snapshot_file, "_file", broken)
                snapshot.ask(shown.path, "from run")
        layout.meta(shown, [])

    monkeypatch.setattr(layout, "read_or_fail", read_or_fail, raising=False)
    shown = AppTest.from_function(page, default_timeout=60).run()
    assert not shown.exception
    assert seen == ["20261105T031300Z-7d1f2c3a", "20261101T000000Z-00000000"]
    assert "The published snapshot does not open. The one of 5 Nov 2026, 04:10 is shown" in said(shown)


# --- addresses


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        ("team", {"team": "Nobody"}, "There is no team “Nobody” in what is published."),
        (
            "team",
            {"team": "Beacon", "quarter": "Q9 2026"},
            "There is no quarter “Q9 2026” in what is published.",
        ),
        ("team", {"metric": "Velocity"}, "There is no metric “Velocity” in what is published."),
        ("team", {"period": "week 99, 2026"}, "There is no period “week 99, 2026” in what is published."),
        ("metric", {"metric": "Velocity"}, "There is no metric “Velocity” in what is published."),
        ("metric", {"scope": "Nobody, team"}, "There is no scope “Nobody, team” in what is published."),
        ("overview", {"quarter": "2026-Q3"}, "There is no quarter “2026-Q3” in what is published."),
        ("overview", {"show": "Worst first"}, "There is no filter “Worst first” in what is published."),
        ("services", {"service": "nothing"}, "There is no service “nothing” in what is published."),
        ("survey", {"group": "Nobody"}, "There is no group “Nobody” in what is published."),
        ("quality", {"of": "Nobody"}, "There is no scope “Nobody” in what is published."),
        ("health", {"of": "Nobody"}, "There is no scope “Nobody” in what is published."),
    ],
)
def test_what_an_address_names_and_nothing_has_is_said(
    read_page: Open, page: str, query: dict[str, str], sentence: str
) -> None:
    shown = read_page(page, **query)
    assert sentence in said(shown)
    assert '<a href="?" target="_self">This page from its start</a>' in markup(shown)
    assert "<h1>Atlas</h1>" not in markup(shown), "no other team in its place"


def test_a_name_that_is_nearly_one_is_asked_about(read_page: Open) -> None:
    assert 'Did you mean <a href="?team=Beacon" target="_self">Beacon</a>?' in markup(
        read_page("team", team="Becon")
    )


def test_a_hostile_name_is_text_and_no_longer_than_a_line(read_page: Open) -> None:
    shown = markup(read_page("team", team="<img src=x onerror=alert(1)>\n\n" + "x" * 5000))
    assert "<img" not in shown
    assert len(re.findall("x{20,}", shown)[0]) < address.LONGEST_SHOWN


# --- ingest


def test_the_last_run_its_exit_and_the_next_one(read_page: Open) -> None:
    text = said(read_page("ingest"))
    assert (
        "One of three sources could not be read in full: pagerduty. Two metrics rest on older data." in text
    )
    assert "exit 1: a source could not be read; what was read is published" in text
    assert "Next run none: a demo is not read again" in text


@pytest.mark.parametrize(
    ("now", "told", "is_over"),
    [
        # 03:10 UTC is 04:10 in Berlin in November.
        (
            "2026-11-05T20:00:00",
            "6 Nov 2026, 04:10, if the schedule runs; it makes up for a missed night",
            False,
        ),
        (
            "2026-11-06T08:00:00",
            "6 Nov 2026, 04:10, if the schedule runs; it makes up for a missed night",
            False,
        ),
        ("2026-11-06T09:11:00", "was due on 6 Nov 2026, 04:10, and nothing has been published since", True),
    ],
)
def test_a_run_that_is_overdue_is_said(home: Path, now: str, told: str, is_over: bool) -> None:
    run = replace(snapshot.run(snapshot.current().path), is_demo=False)
    assert read_last.next_run(run, datetime.fromisoformat(now).replace(tzinfo=UTC)) == (told, is_over)


def test_each_stream_says_what_it_cost_and_what_is_missing(
    changed: Callable[..., Path], open_page: Open
) -> None:
    changed(
        "alter table run_manifest add column bytes_received BIGINT; alter table run_manifest add column "
        "retries BIGINT;"
        "alter table run_manifest add column wait_seconds DOUBLE; alter table run_manifest add column gap "
        "VARCHAR;"
        "alter table run_manifest add column gap_from TIMESTAMPTZ",
        "update run_manifest set bytes_received = 380813, retries = 2, wait_seconds = 61.4 where source = "
        "'github'",
        "insert into run_manifest by name select * replace ('fennel/basket' as scope, 9 as calls, 1187 as "
        "bytes_received, 0 as retries, 0.0 as wait_seconds, 88 as rows_read) from run_manifest where "
        "source = 'github'",
        "update run_manifest set gap = 'what changed since', gap_from = '2026-11-02 03:12:00Z' where "
        "source = 'jira'",
    )
    page = open_page("ingest")
    # 41 + 9 calls; 380,813 + 1,187 bytes are 382 kB; 912 + 88 rows; 6 + 6 changed.
    assert table(page, "What was read of github") == [
        [
            *("pull requests", "Read in full", "5 Nov 2026, 04:10", "1,000 read, 12 rows changed"),
            "50 calls, 382 kB, 2 retries, 61 s waited",
        ]
    ]
    [jira] = table(page, "What was read of jira")
    assert jira[1] == "Read in full CAT: missing: what changed since, from 2 Nov 2026, 04:12 on"
    assert jira[4] == "12 calls, not counted, retries not counted"
    assert table(page, "What was read of pagerduty") == [
        [
            *(
                "incidents",
                "Could not read the server answered 503",
                "2 Nov 2026, 04:12",
                "0 read, 0 rows changed",
            ),
            "1 call, not counted, retries not counted",
        ]
    ]


def test_stale_numbers_are_listed_with_what_they_wait_for(read_page: Open) -> None:
    assert table(read_page("ingest"), "Stale numbers") == [
        ["Change failure rate", "2 Nov 2026, 04:12", "pagerduty incidents"],
        ["Failed deployment recovery time", "2 Nov 2026, 04:12", "pagerduty incidents"],
    ]


@pytest.mark.parametrize(
    ("count", "said_as"),
    [
        (0, "0 bytes"),
        (821, "821 bytes"),
        (1313, "1.3 kB"),
        (999_700, "1.0 MB"),
        (19_400_000, "19 MB"),
        (None, "not counted"),
    ],
)
def test_bytes_are_said_in_two_figures(count: int | None, said_as: str) -> None:
    assert read_last.size(count) == said_as


# --- settings


def test_statuses_without_a_meaning_come_first(read_page: Open) -> None:
    page = read_page("settings")
    assert "One status has no meaning yet; two words of the rules match nothing so far." in said(page)
    assert table(page, "Statuses") == [
        ["Parked", "No meaning", "nobody: add it to [[status]]", "jira", "about 20"],
        ["Blocked", "begun, and waiting", "the configuration", "jira", "fewer than ten"],
        ["Done", "done", "the source's own category", "jira", "about 2,930"],
    ]


def test_environments_and_services_say_what_counts_as_production(read_page: Open) -> None:
    page = read_page("settings")
    assert "Environments whose name matches live and production count." in said(page)
    assert table(page, "Environments") == [
        ["production", "Production", "github", "about 2,000"],
        ["staging", "not production", "github", "about 1,420"],
        ["31 other names", "not production", "github", "fewer than ten"],
    ]
    assert table(page, "Deployments by service") == [
        ["basket", "deployments", "whatever is production", "yes"],
        ["ledger", "the inbox", "whatever is production", "None recognised"],
        ["search", "tags", "^v[0-9]", "yes"],
    ]


def test_words_say_what_they_match_and_whole_logins_are_not_shown(read_page: Open) -> None:
    found = table(read_page("settings"), "Words and patterns of the rules")
    assert ["outage", "none of 3,500 issues", "Matches nothing"] in found
    assert ["hotfix", "about 40 of 6,170 pull requests", ""] in found
    assert found[-2:] == [
        ["*[bot]", "fewer than ten of 70 accounts", ""],
        ["written in full, so not shown here", "fewer than ten of 70 accounts", ""],
    ]


def test_floors_windows_and_hours_are_said(read_page: Open) -> None:
    page = read_page("settings")
    text = said(page)
    assert "Incident window 24 h:" in text
    assert "Coverage floor 80 %:" in text
    assert "Privacy floor eight answers: no number of a survey rests on fewer" in text
    assert "nothing before 31 Mar 2025 is read" in text
    assert "years begin in April; days are those of Europe/Berlin" in text
    assert table(page, "Agreed hours") == [
        ["Monday to Thursday 08:00 to 18:00, Europe/Berlin", "basket and search"],
        ["Monday and Saturday 22:00 to 00:00, UTC", "ledger"],
    ]


def test_nothing_to_look_at_is_said_plainly() -> None:
    assert (
        rules_shown.lede(0, 0) == "Every status has a meaning, and every word of the rules matches something."
    )


# --- open surveys


def test_no_open_survey_is_said(read_page: Open) -> None:
    text = said(read_page("survey"))
    assert "No survey is open." in text
    assert "rests on the answers of at least six people" in text
    assert "Here it is eight people." in text


def test_an_open_survey_has_its_dates_and_its_turnout_in_tens(
    changed: Callable[..., Path], open_page: Open
) -> None:
    changed(
        "insert into open_survey values "
        "('2026-Q4', 'quarterly', 'Quarterly survey, 2026-Q4', DATE '2026-11-02', DATE '2026-11-12', 'open', "
        "'about 40', 'about 120'), "
        "('2026-Q4-pulse-11', 'pulse', 'Pulse <b>', DATE '2026-10-20', DATE '2026-10-30', 'open', "
        "'fewer than ten', 'about 30'), "
        "('2026-Q4-pulse-10', 'pulse', 'Pulse', DATE '2026-10-05', DATE '2026-10-15', 'closed', NULL, NULL)"
    )
    found = table(open_page("survey"), "Open surveys")
    unknown = "not known: no codes were made yet, or the ballot box could not be read"
    assert found == [
        ["Pulse", "Closed, not published yet", "5 Oct to 15 Oct 2026", unknown],
        [
            *("Pulse <b>", "Its time is over, not closed yet", "20 Oct to 30 Oct 2026"),
            "fewer than ten of about 30",
        ],
        [
            *("Quarterly survey, 2026-Q4", "Open until 12 Nov", "2 Nov to 12 Nov 2026"),
            "about 40 of about 120",
        ],
    ]


OPENED = Said("2026-Q4", "Quarterly survey, 2026-Q4", date(2026, 11, 9), date(2026, 11, 19), "open")
"""After the snapshot of 5 November was made."""
OF_SNAPSHOT = (
    "insert into open_survey values "
    "('2026-Q4', 'quarterly', 'Quarterly survey, 2026-Q4', DATE '2026-11-09', DATE '2026-11-19', 'open', "
    "'about 40', 'about 120'), "
    "('2026-Q4-pulse-10', 'pulse', 'Pulse', DATE '2026-10-05', DATE '2026-10-15', 'closed', NULL, NULL)"
)


@pytest.fixture
def open_now(changed: Callable[..., Path]) -> Callable[..., AppTest]:
    """That part of the page, on 10 November, beside a snapshot that is so changed and what was said since."""

    def page() -> None:
        from dashboard import layout, snapshot, survey_open

        with layout.frame():
            survey_open.draw(snapshot.current())

    def opened(said: Said | str, *statements: str, on: int = 10) -> AppTest:
        home = changed(*statements).parents[1]
        if isinstance(said, Said):
            open_survey.say(home, said)
        else:
            (home / open_survey.FILE).write_text(said)
        with time_machine.travel(datetime(2026, 11, on, 9, tzinfo=UTC), tick=True):
            shown = AppTest.from_function(page, default_timeout=60).run()
        assert not shown.exception
        return shown

    return opened


@pytest.mark.parametrize(
    ("said", "on", "before", "row", "note"),
    [
        (OPENED, 10, (), ["Open until 19 Nov", "9 Nov to 19 Nov 2026", NOT_COUNTED], "by each run"),
        (
            OPENED,
            20,
            (),
            ["Its time is over, not closed yet", "9 Nov to 19 Nov 2026", NOT_COUNTED],
            "by each run",
        ),
        (
            replace(OPENED, state="closed", closes_on=date(2026, 11, 10)),
            10,
            [OF_SNAPSHOT],
            ["Closed, not published yet", "9 Nov to 10 Nov 2026", "about 40 of about 120"],
            "as of 5 Nov 2026, 04:10",
        ),
    ],
    ids=["opened", "past its last day", "closed"],
)
def test_a_survey_that_was_opened_or_closed_since_the_last_run_is_there_at_once(
    open_now: Callable[..., AppTest], said: Said, on: int, before: list[str], row: list[str], note: str
) -> None:
    shown = open_now(said, *before, on=on)
    assert table(shown, "Open surveys") == [["Quarterly survey, 2026-Q4", *row]]
    assert note in markup(shown)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            replace(OPENED, state="published"),
            "No survey is open. Quarterly survey, 2026-Q4 was published: the next run puts its results here.",
        ),
        (replace(OPENED, state="published", survey="2026-Q3"), "No survey is open."),
        (replace(OPENED, state="closed", survey="2026-Q3"), "No survey is open."),
        (replace(OPENED, state="discarded"), "No survey is open."),
    ],
    ids=["published", "published and in the snapshot", "published, not said", "discarded"],
)
def test_a_survey_that_has_ended_since_the_last_run_is_open_no_more(
    open_now: Callable[..., AppTest], said: Said, sentence: str
) -> None:
    assert re.findall(r'<p class="eo-note">([^<]*)</p>', markup(open_now(said, OF_SNAPSHOT))) == [sentence]


@pytest.mark.parametrize("held", ["", "[]", "{}", '{"until": null}', json_of(state="soon"), json_of(title=3)])
def test_that_it_cannot_be_known_is_said_beside_what_the_last_run_knew(
    open_now: Callable[..., AppTest], held: str
) -> None:
    unknown = "Whether one was opened or closed since cannot be told: survey_open.json in the home folder"
    assert f"No survey was open at the last run. {unknown}" in markup(open_now(held))


def test_what_the_last_run_knew_is_shown_where_nothing_else_can_be_read(
    open_now: Callable[..., AppTest],
) -> None:
    shown = open_now("{", OF_SNAPSHOT)
    assert [row[1] for row in table(shown, "Open surveys")] == ["Closed, not published yet", "Opens on 9 Nov"]
    assert "Whether one was opened or closed since cannot be told" in markup(shown)


def test_a_turnout_is_what_was_published() -> None:
    assert survey_open.turnout("about 40", None).startswith("not known")
