"""The PDF's pages: one for leaders, one for each team below; nothing is lost where texts are long."""

import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from pdf_pages import pages

from connectors.journal import entries as body
from connectors.journal.entries import LONGEST_TEXT, LONGEST_TITLE
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from dashboard.app_pages import health
from dashboard.health.compose import compose
from dashboard.health.written import Entries, Note
from dashboard.report import below as report_below
from dashboard.report import files, html, pdf, weekly
from dashboard.report.below import Below, below
from pipelines.cli import main

QUARTER = "2026-Q3"
DUE = date(2026, 9, 30)
NOW = datetime(2026, 11, 5, tzinfo=UTC)
SCOPES = ["organisation", "department:platform", "team:beacon", "team:grove"]
MARKET = [f"team:{one}" for one in ("atlas", "beacon", "cedar", "drift")]
PLATFORM = [f"team:{one}" for one in ("ember", "fjord", "grove", "harvest")]
EVERYONE = ("department:market", *MARKET, "department:platform", *PLATFORM)


@pytest.fixture(scope="session")
def path(published: Path) -> str:
    return str(next((published / "snapshots").glob("*.duckdb")))


def told(letters: int) -> str:
    return ("We look at what waits, and say it to all who wait. " * 50)[:letters].strip()


def longest(scope: str) -> Entries:
    """As much as may be written: every text of the greatest length, and thirty promises."""
    title, text = told(LONGEST_TITLE), told(LONGEST_TEXT)
    common = {"scope": scope, "quarter": QUARTER}
    last = common | {"quarter": "2026-Q2"}
    agreed = {"what": title, "answers": title, "owner": title, "known_by": text, "effort": "medium"}
    indicators = tuple(
        body.Indicator(metric=metric, statistic=statistic, baseline_quarter="2026-Q2", expected="down")
        for metric, statistic in (
            ("change_lead_time", "p50"),
            ("change_failure_rate", "ratio"),
            ("cycle_time", "p50"),
        )
    )
    states = [{"state": "done", "update": text}, {"state": "dropped", "reason": text}, {"update": text}, {}]
    bodies = [
        body.Theme(**common, sentence=title, why=text, indicators=indicators),
        *(body.Action(**last, **agreed, due=DUE, **states[at % 4]) for at in range(30)),
        *(body.Action(**common, **agreed, due=date(2026, 12, 1)) for _ in range(3)),
        body.Decision(
            **common, what=title, risk="high", reach="team", owner_level="team", proposed_on=date(2026, 8, 3)
        ),
        body.Agreement(scope=scope, kind="error_budget_policy", text=text, valid_from=date(2026, 1, 1)),
        *(body.WentWell(**common, text=text) for _ in range(5)),
    ]
    return Entries(tuple(Note(one, date(2026, 9, 28)) for one in bodies))


@pytest.mark.parametrize("scope", SCOPES)
def test_the_longest_texts_leave_the_first_page_one_and_stand_after_it(path: str, scope: str) -> None:
    check = compose(path, longest(scope), scope, QUARTER)
    assert (len(check.promises.items), len(check.next.actions)) == (30, 3)
    charts = {scope: weekly.charts(path, scope, check.name, QUARTER)} if check.kind == "team" else {}
    found = pages([check], charts)
    assert (found.begins, found.ends) == ([1], [1])
    for title in ("What we said we would do", "The theme", "Decisions and actions"):
        first, again = found.of(title)
        assert (first, again > 1) == (1, True)
    assert [one.title for one in html.sections(check) if not found.of(one.title)] == []
    brief = pages([check], charts, {scope})
    assert (brief.begins, brief.ends, {page for _, page in brief.sections}) == ([1], [1], {1})


@pytest.mark.parametrize("scope", SCOPES)
def test_what_fits_on_the_first_page_is_not_said_again(path: str, scope: str) -> None:
    """Nothing is written here: what is said of promises, theme and actions is a sentence each."""
    check = compose(path, Entries(), scope, QUARTER)
    found = pages([check], {})
    assert (found.begins, found.ends) == ([1], [1])
    for title in ("What we said we would do", "The theme", "Decisions and actions"):
        assert found.of(title) == [1]
    assert [one.title for one in html.sections(check) if not found.of(one.title)] == []


def test_those_below_have_a_page_each(path: str) -> None:
    asked = files.Asked(["organisation", *EVERYONE], QUARTER, NOW, brief=frozenset(EVERYONE))
    checks = [one.check for one in files.gather(path, Path("/nowhere"), asked)]
    found = pages(checks, {}, asked.brief)
    start = found.begins[1]
    assert found.begins == [1, *range(start, start + 10)]
    assert found.ends == found.begins
    assert start == 3, "the organisation has one page for leaders and one after it"


def test_departments_come_before_their_teams_and_each_once(path: str, tmp_path: Path) -> None:
    assert below(path, "organisation") == Below(EVERYONE)
    assert below(path, "department:market") == Below(tuple(MARKET))
    assert below(path, "team:atlas") == Below(())
    nested = tmp_path / "nested.duckdb"
    shutil.copy(path, nested)
    with duckdb.connect(str(nested)) as con:
        con.execute("update department set parent = 'market' where id = 'platform'")
        con.execute("update team set department = null where id = 'atlas'")
    inside = (*MARKET[1:], "department:platform", *PLATFORM)
    assert below(str(nested), "organisation").scopes == ("department:market", *inside, "team:atlas")
    assert below(str(nested), "department:market").scopes == inside


def test_too_many_have_pages_only_where_somebody_asks(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_below, "MOST", 7)
    few = Below(("department:market", "department:platform"), "8 teams")
    assert below(path, "organisation") == few
    assert below(path, "organisation", everyone=True) == Below(EVERYONE)
    assert below(path, "department:market") == Below(tuple(MARKET))
    monkeypatch.setattr(report_below, "MOST", 1)
    assert below(path, "organisation") == Below((), "2 departments and 8 teams")


@pytest.mark.parametrize(
    ("given", "scopes", "brief", "says"),
    [
        (
            [],
            ["organisation", "department:market", "department:platform"],
            {"department:market", "department:platform"},
            "organisation: 8 teams have no page here. Name a department with --scope, or add --teams.",
        ),
        (["--teams"], ["organisation", *EVERYONE], set(EVERYONE), ""),
        (["--no-teams"], ["organisation"], set(), ""),
        (
            ["--scope", "department:market", "--scope", "team:atlas"],
            ["department:market", *MARKET],
            {*MARKET[1:]},
            "",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_command_writes_the_pages_of_those_below(
    published: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    scopes: list[str],
    brief: set[str],
    says: str,
) -> None:
    made = []

    def gather(path: str, home: Path, asked: files.Asked) -> object:
        made.append(asked)
        return iter(asked.scopes)

    monkeypatch.setattr(report_below, "MOST", 7)
    monkeypatch.setattr(files, "gather", gather)
    monkeypatch.setattr(files, "report", lambda _, gathered: " ".join(gathered).encode())
    target = tmp_path / "report.pdf"
    monkeypatch.setattr(
        sys, "argv", ["outcomes", "--home", str(published), "report", "--output", str(target), *given]
    )
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    lines = [one for one in capsys.readouterr().err.splitlines() if " step name=" not in one]
    assert lines == ([says] if says else [])
    assert (target.read_text().split(), made[0].brief) == (scopes, brief)


@pytest.fixture
def home(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, for what is frozen."""
    (tmp_path / "snapshots").symlink_to(published / "snapshots")
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    return tmp_path


def test_the_button_makes_the_same_pages(path: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they were frozen; of a quarter that another version froze, as of today, like the page itself."""
    journal = Journal.open(url_of(home))
    journal.freeze(
        "team:atlas", QUARTER, "{}", definitions="v1", role="leader", at=NOW, reason="Of another version."
    )
    journal.close()
    rendered = []
    monkeypatch.setattr(pdf, "render", lambda *given: rendered.append(given) or b"")
    one = files.Gathered(compose(path, Entries(), "department:market", QUARTER), path)
    offered = files.downloads(one, lambda: health.pages_below(path, Entries(), one.check.scope, QUARTER))
    for _, _, _, make in offered:
        make()
    ((checks, _, brief),) = rendered
    assert [check.scope for check in checks] == ["department:market", *MARKET]
    assert brief == set(MARKET)
    assert all(check.header.frozen_at is None for check in checks)
