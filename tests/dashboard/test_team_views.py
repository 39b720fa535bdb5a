"""A team's views: what each draws, that charts have words and a file, and what is said where nothing is."""

import csv
import io
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import duckdb
import fake_team
import polars as pl
import pytest
from page_text import markup
from streamlit.testing.v1 import AppTest

from connectors.journal.entries import Agreement, Annotation, WipLimit
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from dashboard import access, sheet, waiting
from dashboard.before_after import interval_ranks, quantile, weeks_on_each_side
from dashboard.health.written import Entries, Note
from dashboard.sheet import Sheet, csv_of
from pipelines.statistics import quantiles

Open = Callable[..., AppTest]
Files = dict[str, list[list[str]]]
NOTED = "=HYPERLINK(1) <script>alert(1)</script>"
AT = datetime(2026, 11, 4, 12, tzinfo=UTC)
CHARTS_AT_MOST, MARKS_AT_MOST = 9, 2000
BLAME = re.compile(r"because|\bdrives?\b|leads? to", re.IGNORECASE)


@pytest.fixture(scope="module")
def team_home(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up organisation with more of Beacon, and what its people wrote."""
    home = tmp_path_factory.mktemp("team")
    shutil.copytree(published / "snapshots", home / "snapshots")
    fake_team.add(next((home / "snapshots").glob("*.duckdb")))
    journal = Journal.open(url_of(home))
    for body in (
        Annotation(scope=fake_team.TEAM, kind="ai_assistant", on=fake_team.ASSISTANT, text=NOTED),
        Annotation(scope="organisation", kind="event", on=date(2026, 9, 21), text="A freeze"),
        Annotation(scope="team:atlas", kind="event", on=date(2026, 9, 1), text="Of another team"),
        Agreement(
            scope=fake_team.TEAM,
            kind="error_budget_policy",
            text="Below 25 % we mend",
            valid_from=date(2026, 1, 1),
        ),
        Agreement(
            scope=fake_team.TEAM, kind="agreement", text="Review within a day", valid_from=date(2026, 1, 1)
        ),
        Agreement(
            scope=fake_team.TEAM,
            kind="agreement",
            text="No longer held",
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 10, 1),
        ),
        WipLimit(scope=fake_team.TEAM, limit=9, valid_from=date(2026, 5, 1)),
        WipLimit(scope=fake_team.TEAM, limit=6, valid_from=date(2026, 8, 1)),
    ):
        journal.add(body, role="team_member", at=AT)
    journal.close()
    return home


@pytest.fixture(scope="module")
def few_home(team_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same where fewer than three people worked in Beacon in every quarter."""
    home = tmp_path_factory.mktemp("few")
    shutil.copytree(team_home, home, dirs_exist_ok=True)
    with duckdb.connect(str(next((home / "snapshots").glob("*.duckdb")))) as con:
        for table in ("metric_values", "metric_breakdown"):
            con.execute(
                f"update {table} set value = null, low = null, high = null, withheld_reason = 'few_people' "
                "where scope = 'team:beacon'"
            )
    return home


@pytest.fixture
def written(team_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OUTCOMES_HOME", str(team_home))
    return team_home


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """What every download button of the pages that are opened holds, by its file's name."""
    found: Files = {}

    def button(label: str, data: bytes, name: str, *_: object, **__: object) -> None:
        assert label == "Download as CSV"
        assert name not in found, "two charts have one file"
        found[name] = rows_of(data)

    monkeypatch.setattr(sheet.st, "download_button", button)
    return found


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def plain(page: AppTest) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup(page))))


def charts(page: AppTest) -> list[tuple[str, str]]:
    """Of each chart its accessible name and its specification."""
    return [(one.proto.alt, one.proto.spec) for one in page.get("vega_lite_chart")]  # type: ignore[attr-defined]


def rows_drawn(page: AppTest) -> list[int]:
    """Of each chart how many rows its data has."""
    return [
        sum(pl.read_ipc_stream(one.data.data).height for one in chart.proto.datasets)  # type: ignore[attr-defined]
        for chart in page.get("vega_lite_chart")
    ]


def ask(home: Path, query: str, *bound: object) -> list[tuple[object, ...]]:
    with duckdb.connect(str(next((home / "snapshots").glob("*.duckdb"))), read_only=True) as con:
        return con.execute(query, list(bound)).fetchall()


@pytest.mark.parametrize(
    ("view", "drawn"),
    [("Summary", 4), ("Flow", 6), ("Changes", 6), ("Reliability", 0), ("Agreements", 3), ("Survey", 0)],
)
def test_every_chart_of_a_view_has_words_a_table_and_few_marks(
    written: Path, open_page: Open, files: Files, view: str, drawn: int
) -> None:
    page = open_page("team", team="Beacon", view=view)
    found = charts(page)
    assert len(found) == drawn <= CHARTS_AT_MOST
    assert all(len(words) > len("A chart of Beacon") for words, _ in found)
    assert all(0 < rows < MARKS_AT_MOST for rows in rows_drawn(page))
    tables = sum(one.label == "The same as a table" for one in page.expander)
    assert tables == len(files)
    # Small charts beside one another share one table and one file.
    assert tables >= bool(drawn)
    shown = markup(page)
    assert "<script" not in shown
    assert all(line.startswith('<div class="eo">') for line in shown.split("\n"))
    assert not BLAME.search(plain(page))
    assert "Of another team" not in plain(page)


def test_the_file_holds_the_weeks_that_are_drawn_and_no_others(
    written: Path, open_page: Open, files: Files
) -> None:
    open_page("team", team="Beacon")
    heads, *rows = files["change-lead-time-of-beacon-week-by-week.csv"]
    assert heads[:5] == ["series", "week of", "value", "unit", "state"]
    # From two quarters before the third to the end of the fourth, of which the first days are known.
    known = ask(
        written,
        "select period_start, value, is_complete from metric_values where metric = 'change_lead_time' "
        "and scope = 'team:beacon' and statistic = 'p50' and grain = 'week' and value is not null "
        "and period_start >= '2026-01-01' order by period_start",
    )
    expected = [(str(day), value, "closed" if done else "still open") for day, value, done in known]
    assert [(row[1], float(row[2]), row[4]) for row in rows] == expected
    assert {row[3] for row in rows} == {"h"}


def test_what_is_withheld_is_in_no_file(home: Path, open_page: Open, files: Files) -> None:
    """Of Grove's changes too few could be linked: it has no lead time, by quarter or by week."""
    page = open_page("team", team="Grove")
    drawn = files.get("change-lead-time-of-grove-week-by-week.csv", [[]])[1:]
    known = ask(
        home,
        "select period_start from metric_values where metric = 'change_lead_time' and statistic = 'p50' "
        "and scope = 'team:grove' and grain = 'week' and period_start >= '2026-01-01' "
        "and withheld_reason = 'low_coverage'",
    )
    assert known
    assert not {str(day) for (day,) in known} & {row[1] for row in drawn}
    assert "too few changes could be linked" in plain(page).lower()


def test_a_text_cannot_be_a_formula_and_numbers_stay_numbers() -> None:
    rows = (
        ("=1+1", -0.5, date(2026, 7, 1), None),
        (" @cmd", 3, None, 'plain, "quoted"'),
        ("-x\nnext", 0, None, "＝1"),
    )
    data = csv_of(Sheet("Open work of =A b!", ("item", "+value", "day", "note"), rows)).decode("utf-8-sig")
    assert data.splitlines() == [
        '"item","\'+value","day","note"',
        '"\'=1+1",-0.5,"2026-07-01",""',
        '"\' @cmd",3,"","plain, ""quoted"""',
        '"\'-x next",0,"","\'＝1"',
    ]
    assert Sheet("Open work of =A b!", (), ()).file_name == "open-work-of-a-b.csv"
    assert Sheet("名前", (), ()).file_name == "data.csv"


def test_the_flow_counts_from_nothing_finished(written: Path, open_page: Open, files: Files) -> None:
    """Ten a week are done: from the end of the first of thirteen weeks, 5 July, to 27 September are 120."""
    page = open_page("team", team="Beacon", view="Flow")
    heads, *rows = files["cumulative-flow-of-beacon.csv"]
    assert heads == ["end of day", "Finished", "Waiting", "In progress"]
    days = [str(date(2026, 7, 5) + timedelta(weeks=week)) for week in range(13)]
    assert rows == [[day, f"{10.0 * week}", "3.0", "5.0"] for week, day in enumerate(days)]
    (words,) = [words for words, _ in charts(page) if words.startswith("Cumulative flow")]
    assert words == "Cumulative flow of Beacon since 5 Jul 2026: Finished 120; Waiting 3; In progress 5"


def test_finished_items_are_counted_in_the_file_and_named_on_the_page(
    written: Path, open_page: Open, files: Files
) -> None:
    """Twelve took 1 to 12 days, and nine 2, 4, 6 … 18."""
    page = open_page("team", team="Beacon", view="Flow", quarter="Q3 2026")
    heads, *rows = files["finished-items-of-beacon-by-days.csv"]
    assert heads == ["days", "items"]
    steps = ["up to 1 d", "1 d to 3 d", "3 d to 7 d", "7 d to 14 d", "14 d to 30 d"]
    assert rows == list(map(list, zip(steps, "13692", strict=True)))
    assert "The 20 that took longest by name" in [one.label for one in page.expander]
    assert plain(page).count("took-") == 20
    told = [cell for rows in files.values() for row in rows for cell in row]
    assert not [cell for cell in told if "took-" in cell or "aged-" in cell]


def test_work_in_progress_stands_against_each_limit_in_its_time(written: Path, open_page: Open) -> None:
    page = open_page("team", team="Beacon", view="Flow")
    (spec,) = [spec for words, spec in charts(page) if words.startswith("Work in progress of Beacon")]
    assert '"strokeDash": [4, 3]' in spec or '"strokeDash":[4,3]' in spec
    assert "Dashed: the limit the team set, 6." in plain(page)
    assert "limit the team set: 6" in plain(open_page("team", team="Beacon"))


def test_work_per_member_is_of_the_team(written: Path, open_page: Open) -> None:
    flow = plain(open_page("team", team="Beacon", view="Flow"))
    assert "Work in progress per member : 1.2 items per member, at the end of the quarter." in flow


def test_stages_of_few_changes_are_left_out_and_named(written: Path, open_page: Open, files: Files) -> None:
    page = open_page("team", team="Beacon", view="Changes")
    _, *rows = files["stages-of-a-change-of-beacon.csv"]
    assert [(quarter, name, float(hours)) for quarter, name, hours in rows] == [
        ("Q2 26", "Coding", 11.0),
        ("Q2 26", "Waiting for review", 8.0),
        ("Q2 26", "In review", 9.0),
        ("Q2 26", "Waiting to deploy", 26.0),
        ("Q3 26", "Coding", 9.0),
        ("Q3 26", "Waiting for review", 4.0),
        ("Q3 26", "In review", 7.0),
    ]
    assert "Left out for fewer than 6 changes: waiting to deploy in Q3 26." in plain(page)


def test_budgets_stand_against_the_agreed_line(written: Path, open_page: Open) -> None:
    page = open_page("team", team="Beacon", view="Reliability")
    text = plain(page)
    assert "Dashed: act below 25 %" in text
    assert "Agreed: Below 25 % we mend" in text
    assert "basket Basket answers −17 % act, as agreed" in text
    assert "checkout Checkout answers 62 %" in text
    shown = markup(page)
    # From −0.1667 to 1 are 1.1667: nothing left is at 14.3 %, the line at (0.25 + 0.1667) ÷ 1.1667 = 35.7 %.
    assert 'class="eo-left eo-low" style="left:0.0%;width:14.3%"' in shown
    assert shown.count('<u style="left:35.7%"></u>') == 2
    # Without a policy there is no line; a service without an objective is named.
    other = open_page("team", team="Atlas", view="Reliability")
    assert "No policy is agreed" in plain(other)
    assert "search no objective set" in plain(other)


def test_before_and_after_say_two_quantiles_and_no_more(written: Path, open_page: Open, files: Files) -> None:
    """Of 1 to 12 the middle is 6.5 and lies from 3 to 10; of 2, 4 … 24 it is 13, from 6 to 20."""
    page = open_page("team", team="Beacon", view="Agreements")
    (name,) = [name for name in files if name.startswith("before-and-after")]
    rows = [row for row in files[name][1:] if row[0] == "Cycle time"]
    before, after = ([*row[1:6], *map(float, row[6:9])] for row in rows if row[5] == "p50")
    assert before == ["before", "2026-05-04", "2026-08-02", "12", "p50", 6.5, 3, 10]
    assert after == ["after", "2026-08-03", "2026-11-01", "12", "p50", 13, 6, 20]
    upper = [row for row in rows if row[5] == "p85"]
    # (12 − 1) · 0.85 = 9.35: 10.35 of the first; twelve are too few for a range.
    assert [float(upper[0][6]), upper[0][7]] == [pytest.approx(10.35), ""]
    text = plain(page)
    assert "Before and after 3 Aug 2026" in text
    assert "no test" in text
    assert "clear change" not in text.partition("Before and after")[2].partition("Further numbers")[0].lower()


@pytest.mark.parametrize("share", [0.5, 0.85])
def test_ranks_of_an_interval_are_those_of_the_published_numbers(share: float) -> None:
    """The pipeline has its own implementation, with numpy and logarithms of factorials."""
    sizes = [*range(1, 80), 250, 1000]
    assert [interval_ranks(n, share) for n in sizes] == [quantiles.interval_ranks(n, share) for n in sizes]


def test_ranks_worked_by_hand() -> None:
    """Median of six: P(B = 0) = 1 ÷ 64 < 2.5 %, so from the least to the greatest; of five 1 ÷ 32 is more."""
    assert (interval_ranks(5, 0.5), interval_ranks(6, 0.5)) == (None, (1, 6))
    assert (interval_ranks(18, 0.85), interval_ranks(19, 0.85)) == (None, (12, 19))
    assert quantile([2, 3, 5, 8, 10, 12, 20, 24, 48, 168], 0.85).value == pytest.approx(39.6)


@pytest.mark.parametrize(
    ("first", "today", "weeks"),
    [
        (date(2025, 1, 6), date(2026, 11, 5), 13),
        (date(2026, 7, 20), date(2026, 11, 5), 2),
        (date(2025, 1, 6), date(2026, 8, 29), 3),
        (date(2026, 8, 10), date(2026, 11, 5), 0),
    ],
)
def test_both_sides_are_of_one_length(first: date, today: date, weeks: int) -> None:
    assert weeks_on_each_side(date(2026, 8, 3), first, today) == weeks


def test_notes_of_the_team_and_of_those_above_are_numbered(written: Path, open_page: Open) -> None:
    page = open_page("team", team="Beacon")
    listed = re.findall(r"<li>([^<]*noted by[^<]*)</li>", markup(page))
    assert [unescape(one) for one in listed] == [
        f"3 Aug 2026, noted by Beacon: {NOTED}",
        "21 Sep 2026, noted by the whole organisation: A freeze",
    ]
    (words,) = [words for words, _ in charts(page) if words.startswith("Change lead time of Beacon")]
    assert words.endswith(f"3 Aug 2026, Beacon: {NOTED}; 21 Sep 2026, the whole organisation: A freeze.")


def test_what_waits_too_long_is_told_without_names(written: Path, open_page: Open) -> None:
    """Twelve days are expected: "old", of 1 October, is past them; on 5 November it is 36 days old."""
    page = open_page("team", team="Beacon", view="Waiting")
    text = plain(page)
    limit = ask(
        written,
        "select value from metric_values where metric = 'change_lead_time' and scope = 'team:beacon' "
        "and statistic = 'p85_from_merge' and period = '2026-Q3'",
    )[0][0]
    waiting = ask(
        written,
        "select count(*), count(*) filter (date_diff('second', started_at, timestamptz "
        "'2026-11-05 04:10:00+01:00') / 3600.0 > ?) from metric_item where metric = 'time_to_production' "
        "and item_kind = 'change_from_merge' and scope = 'team:beacon' and ended_at is null "
        "and excluded_reason is null",
        limit,
    )[0]
    many = "One," if waiting[0] == 1 else f"{waiting[0]}, the longest waiting first."
    assert f"Merged and not yet deployed {many}" in text
    # Beside them the item, and the change that has waited 30 hours for its first look.
    assert markup(page).count("too long</span>") == waiting[1] + 2
    assert re.search(r"\bone item waits? too long", text, re.IGNORECASE)
    assert "Items past the expectation One, longer than 12 d" in text
    assert "old basket 1 Oct 2026 too long 36 days" in text
    assert "young" not in text
    assert "What we agreed on Review within a day" in text
    assert "No longer held" not in text


def test_an_agreement_on_first_looks_is_what_too_long_means(written: Path) -> None:
    """Two changes wait for a first look, for 5 and for 30 hours; the team agreed on 8."""
    path = str(next((written / "snapshots").glob("*.duckdb")))
    (plain_queue,) = [q for q in waiting.queues(path, Entries(), fake_team.TEAM) if q.key == waiting.REVIEW]
    assert [(round(item.hours), item.label) for item in plain_queue.items] == [(30, "seen-30"), (5, "seen-5")]
    assert plain_queue.rule is not None
    assert plain_queue.rule.endswith("which 85 of 100 stayed under in Q3 2026.")
    agreement = Agreement(
        scope=fake_team.TEAM,
        kind="agreement",
        text="Look within a day",
        pickup_hours=8,
        valid_from=date(2026, 1, 1),
    )
    entries = Entries((Note(agreement, date(2026, 1, 5)),))
    queue = waiting.queues(path, entries, fake_team.TEAM)[0]
    assert queue.rule == "Longer than the 8 h that the team agreed on."
    assert [item.is_long for item in queue.items] == [True, False]
    assert waiting.sentence([queue]) == "One change to be reviewed waits too long."
    assert waiting.sentence([]) == "Nothing waits too long."


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("Summary", "No work item of this team is known."),
        ("Waiting", "Nothing waits too long."),
        ("Flow", "Too few weeks of work items are known."),
        ("Changes", "No change was deployed."),
        ("Agreements", "Zephyr has written none yet."),
    ],
)
def test_a_team_without_anything_is_told_so(written: Path, open_page: Open, view: str, said: str) -> None:
    assert said in plain(open_page("team", team="Zephyr", view=view))


@pytest.mark.parametrize("view", ["Summary", "Flow", "Waiting", "Agreements"])
def test_of_few_people_no_item_is_shown(
    few_home: Path, open_page: Open, files: Files, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(few_home))
    page = open_page("team", team="Beacon", view=view)
    everything = markup(page) + str(files) + str(charts(page))
    assert not re.search(r"BAS-\d|CHE-\d|took-\d|basket#\d|checkout#\d", everything)
    assert "Fewer than three people" in plain(page) or view == "Agreements"
    assert view != "Agreements" or "Cycle time: withheld: a quarter that these weeks touch" in plain(page)


def test_a_metric_that_is_not_published_leaves_its_place_to_others(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(published / "snapshots", tmp_path / "snapshots")
    with duckdb.connect(str(next((tmp_path / "snapshots").glob("*.duckdb")))) as con:
        con.execute("delete from metric_catalog where metric in ('change_lead_time', 'work_item_age')")
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    text = plain(open_page("team", team="Beacon"))
    assert "Change failure rate" in text
    assert "Change lead time, week by week" not in text
    assert "Open work by age" not in text
    assert "Merged and not yet deployed" in plain(open_page("team", team="Beacon", view="Waiting"))


def test_a_journal_that_cannot_be_read_is_said_and_the_numbers_stand(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(published / "snapshots", tmp_path / "snapshots")
    (tmp_path / "journal.sqlite").write_bytes(b"not a database at all" * 100)
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    text = plain(open_page("team", team="Beacon", view="Waiting"))
    assert "Could not read" in text
    assert "What people wrote is missing below." in text
    assert "Merged and not yet deployed" in text


def test_the_first_look_at_a_survey_is_the_teams(
    home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With leaders, nothing of the quarter's survey is drawn until it opens to them."""
    leader = access.Visitor("leader", frozenset(), is_signed_in=True, may_write=True)
    monkeypatch.setattr(access, "visitor", lambda: leader)
    opens_at = datetime(2030, 1, 1, tzinfo=UTC)
    monkeypatch.setattr("dashboard.health.first_look.opens_to_leaders", lambda *_: opens_at)
    page = open_page("team", team="Beacon", view="Survey")
    assert "Until 1 Jan 2030, 00:00 this survey is the team's alone." in plain(page)
    assert "eo-over" not in markup(page)
    assert "eo-track" not in markup(page)
    assert "Side by side" not in plain(open_page("team", team="Beacon"))


def test_topics_over_time_show_each_survey_in_its_place(home: Path, open_page: Open, files: Files) -> None:
    """Beacon's pace went from 65 to 55 between the second and the third quarter."""
    page = open_page("team", team="Beacon", view="Survey")
    rows = files["topic-by-topic-of-beacon.csv"]
    pace = {row[1]: row[2] for row in rows if row[0] == "Sustainable pace"}
    assert pace["Q2 2026"].startswith("about 65")
    assert pace["Q3 2026"].startswith("about 55")
    assert "pulse-of-beacon.csv" in files
    assert set(re.findall(r"<em>(\w+ \d\d)</em>", markup(page))) >= {"Q3 26", "Aug 26"}
