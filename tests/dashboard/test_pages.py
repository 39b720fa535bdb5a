"""Every page on the made-up organisation: what it says, and what it never does."""

import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
import time_machine
from page_text import markup
from streamlit.testing.v1 import AppTest

from dashboard.colours import TOKENS

Open = Callable[..., AppTest]
BLAME = re.compile(r"because|\bdrives?\b|leads? to", re.IGNORECASE)


def plain(page: AppTest) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup(page)))


def lede(page: AppTest) -> str:
    found = re.search(r'<p class="eo-lede">(.*?)</p>', markup(page))
    assert found
    return found[1]


def published_value(
    home: Path, scope: str, metric: str = "change_lead_time", quarter: str = "2026-Q3"
) -> float:
    path = next((home / "snapshots").glob("*.duckdb"))
    with duckdb.connect(str(path), read_only=True) as con:
        row = con.execute(
            "select value from metric_values where metric = ? and scope = ? and period = ? "
            "and statistic in ('p50', 'ratio', 'per_week', 'level')",
            [metric, scope, quarter],
        ).fetchone()
    assert row is not None
    return float(row[0])


def test_overview_opens_with_its_finding(home: Path, open_page: Open) -> None:
    assert lede(open_page("overview")) == (
        "In Q3 2026 change lead time changed clearly in two of eight teams: shorter in Beacon; longer in "
        "Drift. Four show no clear change, one is in its first quarter and one is withheld."
    )


def test_overview_lists_teams_with_their_numbers(home: Path, open_page: Open) -> None:
    page = open_page("overview")
    shown = markup(page)
    table = shown[shown.index("<caption>Teams, Q3 2026") :].partition("</table>")[0]
    order = re.findall(r'href="team\?[^"]*"[^>]*>(\w+)</a>', table)
    assert order == ["Atlas", "Beacon", "Cedar", "Drift", "Ember", "Fjord", "Grove", "Harvest"]
    assert f"<b>{published_value(home, 'team:atlas'):.0f} h</b>" in table
    assert "Clear change: shorter, better" in table
    assert "Clear change: longer, worse" in table


def test_overview_says_why_a_number_is_missing(home: Path, open_page: Open) -> None:
    text = plain(open_page("overview"))
    assert re.search(r"withheld only \d+ of \d+ linked", text)
    assert re.search(r"\d too few for a number", text)


def test_overview_says_as_of_demo_and_what_is_stale(home: Path, open_page: Open) -> None:
    text = plain(open_page("overview"))
    assert "as of 5 Nov 2026, 04:10" in text
    assert "Demo: a made-up organisation" in text
    assert "pagerduty incidents: 3 days old" in text
    assert "from 2 Nov" in text
    assert "the server answered 503" in text


def test_an_open_quarter_has_no_verdicts(home: Path, open_page: Open) -> None:
    page = open_page("overview", quarter="Q4 2026")
    assert lede(page).startswith("Q4 2026 is still open: 5 of 13 weeks so far.")
    assert "Clear change" not in markup(page)
    assert "Still open" in markup(page)


def test_the_first_quarter_of_all_compares_with_nothing(home: Path, open_page: Open) -> None:
    page = open_page("overview", quarter="Q2 2025")
    assert "Clear change" not in markup(page)
    assert "First quarter: baseline" in markup(page)


def test_coverage_stands_under_the_number(home: Path, open_page: Open) -> None:
    text = plain(open_page("team", team="Beacon"))
    assert re.search(r"98 % linked: \d+ of \d+", text)
    assert re.search(r"\d+ not linked: the deployment cannot be told", text)
    assert re.search(r"Left out: made by bots \(\d+\)", text)


def test_team_opens_with_its_clear_changes(home: Path, open_page: Open) -> None:
    now, before = (published_value(home, "team:beacon", quarter=q) for q in ("2026-Q3", "2026-Q2"))
    said = lede(open_page("team", team="Beacon"))
    assert said.startswith(
        f"Change lead time is clearly shorter than in Q2 2026 ({now:.0f} h, before {before:.0f} h)"
    )
    assert "deployment frequency is clearly higher" in said


@pytest.mark.parametrize(
    ("team", "said"),
    [
        ("Fjord", "Q3 2026 is this team&#x27;s first quarter: its numbers are the baseline"),
        ("Grove", "Change lead time has no number: too few changes could be linked."),
        ("Atlas", "Nothing changed clearly in Q3 2026."),
    ],
)
def test_other_teams_ledes(home: Path, open_page: Open, team: str, said: str) -> None:
    assert said in lede(open_page("team", team=team))


def test_team_without_an_issue_tracker(home: Path, open_page: Open) -> None:
    text = plain(open_page("team", team="Harvest"))
    assert "No work item of this team is known." in text
    assert "Work in progress No data" in text


def test_team_shows_what_is_still_open(home: Path, open_page: Open) -> None:
    text = plain(open_page("team", team="Beacon", view="Waiting"))
    assert re.search(r"Merged and not yet deployed (\d, the longest waiting first\.|One, )", text)
    assert re.search(r"Change Service Merged Since then basket#\d+", text)
    assert "Failed deployments still open" in text


def test_a_team_that_asks_for_a_limit_sees_how_it_stands(home: Path, open_page: Open) -> None:
    in_progress = published_value(home, "team:beacon", "work_in_progress")
    text = plain(open_page("team", team="Beacon"))
    over = in_progress - 8
    assert f"limit the team set: 8; {f'{over:.0f} over it' if over > 0 else 'kept'}" in text
    assert text.count("limit the team set") == 1, "no other level has this limit"


def test_rows_come_down_to_the_number(home: Path, open_page: Open) -> None:
    page = open_page("team", team="Beacon", metric="Change lead time", period="Q3 2026")
    table = next(str(m.value) for m in page.markdown if "<caption>From rows to the number" in str(m.value))
    counts = [int(n.replace("−", "-")) for n in re.findall(r"<div>(?:<b>)?(−?\d+)(?:</b>)?</div>", table)]
    matched, *removed, made = counts
    assert matched + sum(removed) == made
    cards = plain(open_page("team", team="Beacon"))
    assert made == int(re.findall(r"half of (\d+) changes", cards)[0])


def test_items_behind_a_number_are_twenty_with_links_and_no_titles(home: Path, open_page: Open) -> None:
    page = open_page("team", team="Beacon", metric="Change lead time", period="Q3 2026")
    table = next(str(m.value) for m in page.markdown if "<caption>Items behind" in str(m.value))
    assert (
        len(
            re.findall(
                r'<a href="https://git\.example/[^"]+" target="_blank" rel="noopener noreferrer">', table
            )
        )
        == 20
    )


def test_a_week_and_an_incident_can_be_reached_by_address(home: Path, open_page: Open) -> None:
    week = open_page("team", team="Atlas", metric="Deployment frequency", period="week 30, 2026")
    assert "Deployment frequency, Atlas, week 30, 2026" in plain(week)
    page = open_page("team", team="Beacon", metric="Failed deployment recovery time")
    table = next(str(m.value) for m in page.markdown if "<caption>Incidents, Beacon" in str(m.value))
    assert 'href="https://alerts.example/' in table


@pytest.mark.parametrize(
    "title",
    [
        "Change lead time",
        "Time to production",
        "Deployment frequency",
        "Change failure rate",
        "Failed deployment recovery time",
        "Work in progress",
        "Work item age",
        "Pull request pickup time",
        "Pull request time to merge",
    ],
)
@pytest.mark.parametrize(
    "scope", ["Whole organisation", "Fjord, team", "notifications, service", "Platform, department"]
)
def test_metric_pages(home: Path, open_page: Open, title: str, scope: str) -> None:
    page = open_page("metric", metric=title, scope=scope)
    shown = plain(page)
    assert f"<h1>{title}</h1>" in markup(page)
    for part in (
        "Definition",
        "Read it with care",
        "Not for",
        "Interval",
        "Needs at least",
        "From rows to this number",
    ):
        assert part in shown or (
            part == "Needs at least" and title in ("Work in progress", "Deployment frequency")
        )
    assert "select *" in str(page.code[0].value)
    assert scope in shown


@pytest.mark.parametrize("page", ["overview", "team", "metric", "survey", "services", "ingest", "settings"])
def test_no_page_says_why(home: Path, open_page: Open, page: str) -> None:
    assert not BLAME.search(plain(open_page(page)))


HOSTILE = "<script>alert(1)</script>![x](http://evil.example/x.png)**b** :red[r] $x$"


@pytest.fixture(scope="session")
def hostile_home(fake: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hostile")
    fake.build(home, {"atlas": HOSTILE, "cedar": 'A"b\n\n<img src=x onerror=alert(2)>'})
    return home


@pytest.mark.parametrize("page", ["overview", "team", "metric", "survey", "services"])
def test_hostile_names_are_text(
    hostile_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(hostile_home))
    shown = markup(open_page(page))
    assert "<script" not in shown
    assert "<img" not in shown
    for value in shown.split("\n"):
        # What is not inside one of our blocks would be read as Markdown.
        assert value.startswith('<div class="eo">')


def test_no_snapshot_is_an_empty_state(
    whole_app: Callable[[], AppTest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    page = whole_app()
    assert not page.exception
    assert "No snapshot has been published yet. outcomes run makes one" in re.sub(r"\s+", " ", plain(page))


def test_a_snapshot_that_does_not_open_is_not_told_of_as_if_there_had_been_none(
    whole_app: Callable[[], AppTest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "20261109T000000Z-broken00.duckdb").write_bytes(b"not a database")
    (tmp_path / "snapshots" / "CURRENT").write_text("20261109T000000Z-broken00.duckdb\n")
    text = plain(whole_app())
    assert "This page cannot be shown at present. Published snapshot Could not read" in text
    assert "nothing to show yet" not in text


def test_the_one_before_is_shown_and_said(
    whole_app: Callable[[], AppTest], published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    folder = tmp_path / "snapshots"
    folder.mkdir()
    whole = next((published / "snapshots").glob("*.duckdb"))
    (folder / whole.name).write_bytes(whole.read_bytes())
    (folder / "20261109T000000Z-broken00.duckdb").write_bytes(whole.read_bytes()[:5000])
    (folder / "CURRENT").write_text("20261109T000000Z-broken00.duckdb\n")
    page = whole_app()
    assert not page.exception
    assert "The published snapshot does not open. The one of 5 Nov 2026, 04:10 is shown" in plain(page)
    assert "<h1>Overview</h1>" in markup(page)


@pytest.fixture(scope="session")
def own_home(fake: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of an organisation that is no demo."""
    home = tmp_path_factory.mktemp("own")
    fake.build(home, is_demo=False)
    return home


@pytest.mark.parametrize(("now", "is_late"), [("2026-11-06T09:00:00", False), ("2026-11-12T09:00:00", True)])
def test_a_nightly_job_that_stopped_is_said(
    own_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, now: str, is_late: bool
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(own_home))
    with time_machine.travel(datetime.fromisoformat(now).replace(tzinfo=UTC), tick=True):
        text = plain(open_page("overview"))
    assert ("Last run: 7 days old" in text) == is_late
    assert "Demo" not in text


def test_theme_and_tokens_agree() -> None:
    theme = tomllib.loads(Path("dashboard/.streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    pairs = {
        "backgroundColor": "bg",
        "textColor": "ink",
        "primaryColor": "sys",
        "borderColor": "hair",
        "linkColor": "link",
    }
    for option, token in pairs.items():
        assert (theme["light"][option], theme["dark"][option]) == TOKENS[token]
