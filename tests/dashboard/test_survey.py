"""What the pages show of surveys, in every state; values are those of the rows laid by hand."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from connectors import comments as store
from dashboard import survey_bar, survey_words
from dashboard.survey_results import Said, Score

ROOT = Path(__file__).parents[2]
Open = Callable[..., AppTest]
SECTION = """
from dashboard import snapshot, team_said
team_said.draw(snapshot.current(), {team!r}, {name!r}, {quarter!r}, [])
"""


def blocks(page: AppTest) -> list[str]:
    return [str(one.value) for one in page.markdown]


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", markup))).strip()


def said(page: AppTest) -> str:
    return plain(" ".join(blocks(page)))


def table(page: AppTest, caption: str) -> str:
    return next(one for one in blocks(page) if f"<caption>{caption}" in one)


def rows(page: AppTest, caption: str) -> dict[str, str]:
    """Heading → row of a table, as text."""
    found = re.findall(r'<tr>(<th scope="row">.*?</th>)(.*?)</tr>', table(page, caption))
    return {plain(head): plain(rest) for head, rest in found}


def changed(published: Path, tmp_path: Path, statement: str) -> Path:
    """A home whose snapshot is that one after a statement."""
    folder = tmp_path / "snapshots"
    folder.mkdir(parents=True)
    whole = next((published / "snapshots").glob("*.duckdb"))
    shutil.copy(whole, folder)
    shutil.copy(published / "snapshots" / "CURRENT", folder)
    with duckdb.connect(str(folder / whole.name)) as con:
        con.execute(statement)
    return tmp_path


@pytest.fixture(scope="module")
def seen() -> dict[str, AppTest]:
    """Pages of the unchanged snapshot, each opened once."""
    return {}


@pytest.fixture
def look(home: Path, open_page: Open, seen: dict[str, AppTest]) -> Open:
    """Open a page of the unchanged snapshot, or the same once more."""

    def opened(name: str, **query: str) -> AppTest:
        key = f"{name} {sorted(query.items())}"
        if key not in seen:
            seen[key] = open_page(name, **query)
        return seen[key]

    return opened


def section(team: str, quarter: str = "2026-Q3") -> AppTest:
    """The team page's section alone."""
    page = AppTest.from_string(SECTION.format(team=team, name=team.capitalize(), quarter=quarter)).run()
    assert not page.exception, page.exception
    return page


# ---- the organisation and departments -----------------------------------------------------------


def test_it_opens_with_what_differs_most_and_of_how_many(look: Open) -> None:
    page = look("survey")
    told = "The largest difference to Q2 2026: Sustainable pace, 7 lower."
    assert f"{told} 58 of 75 people answered each topic in full." in said(page)
    assert "Not for appraisal, pay or ranking, of people or teams." in said(page)
    assert "They have not been validated" in said(page)
    assert 'href="protection"' in " ".join(blocks(page))


def test_an_exact_score_says_what_non_response_leaves_open(look: Open) -> None:
    # 64 of 58 answers, 17 of 75 silent: 64 * 58 / 75 = 49.5, and 17 / 75 of 100 more is 72.2. Last time 71:
    # 54.9 to 77.6. So the difference lies between 49.5 - 77.6 = -28.1 and 72.2 - 54.9 = 17.3.
    row = rows(look("survey"), "Fennel & Rye".replace("&", "&amp;"))["Sustainable pace"]
    assert row.startswith("64 7 lower, last time 71 had all answered: 49 to 72, difference −28 to +17")
    assert row.endswith("answered 58 of 75")


def test_a_department_has_no_verdict(look: Open) -> None:
    for group in ("Fennel & Rye", "Marketplace", "Platform"):
        assert "lear change" not in said(look("survey", group=group))


def test_new_words_break_the_series_and_the_page_says_so(look: Open) -> None:
    markup = table(look("survey"), "Fennel &amp; Rye")
    flow = markup[markup.index("Tooling and flow") :]
    assert "Not compared: its statements were changed." in plain(flow)
    assert 'class="eo-was"' not in flow
    # One gap where the survey was no longer held elsewhere, one where the words changed.
    assert flow.count("stroke-dasharray") == 2


def test_below_sixty_of_a_hundred_a_score_is_grey_and_says_so(look: Open) -> None:
    page = look("survey", group="Platform")
    markup = table(page, "Platform, Q3 2026")
    assert markup.count('class="eo-track eo-few"') == 6
    assert rows(page, "Platform, Q3 2026")["Engagement"].endswith(
        "17 of 30 fewer than 60 of 100: read with care"
    )
    assert "eo-few" not in table(look("survey"), "Fennel &amp; Rye")


def test_a_withheld_score_says_why(look: Open) -> None:
    row = rows(look("survey", group="Platform"), "Platform, Q3 2026")["Sustainable pace"]
    assert row == "Withheld Withheld, since a team's answers could be worked out from it."


def test_statements_have_their_spread_shares_and_what_is_known_of_them(look: Open) -> None:
    page = look("survey")
    markup = table(page, "Statements, Fennel")
    assert "Sustainable pace: answered alike, alpha 0.74 of 58 people" in plain(markup)
    assert "Growth and feedback: answered" not in plain(markup)
    found = rows(page, "Statements, Fennel")
    # Of 4, 11, 20, 42 and 23 of 100: 65 agree; the mean is 4 + 22 + 60 + 168 + 115 = 369 hundredths.
    assert found["Here I can raise a problem or an unpopular view without paying for it later."] == (
        "4 11 20 42 23 65 % 3.7 spread 1.1 0.51 58 of 75"
    )
    assert any(head.endswith("reversed: agreement is bad") for head in found)
    assert (
        'aria-label="Strongly disagree 4 %; Disagree 11 %; Neither agree nor disagree 20 %;'
        in markup.replace("\xa0", " ")
    )
    assert "alpha" not in table(look("survey", group="Marketplace"), "Statements, Marketplace")


def test_a_withheld_group_and_an_empty_one_look_the_same(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quietude is empty; Marketplace is made one of too few answers. Only their names differ."""
    cut = """update survey_cell set value = null, n = null, "of" = null, withheld_reason = 'too_few_answers'
             where scope = 'department:market'"""
    monkeypatch.setenv("OUTCOMES_HOME", str(changed(published, tmp_path, cut)))
    shown = [
        table(open_page("survey", group=name), f"{what}{name}").replace(name, "")
        for what in ("", "Statements, ")
        for name in ("Marketplace", "Quietude")
    ]
    assert shown[0] == shown[1]
    assert shown[2] == shown[3]
    found = rows(open_page("survey"), "Departments")
    assert found["Marketplace"] == found["Quietude"] == " ".join(["withheld too few answers"] * 7)


# ---- units --------------------------------------------------------------------------------------


def test_units_show_bands_and_whose_answers_are_together(look: Open) -> None:
    page = look("survey", group="Marketplace")
    found = rows(page, "Units")
    assert list(found) == [
        "Atlas",
        "Beacon",
        "Cedar with Drift Cedar and Drift: shown together, never apart.",
        "Marketplace, outside the teams",
    ]
    assert "10 or below same 7 of 8" in found["Beacon"]
    assert "about 55 lower 7 of 8" in found["Beacon"]
    assert found[next(one for one in found if "Drift" in one)].startswith(
        "about 60 (55 to 65) lower 10 of 11"
    )
    # Nothing of a unit but its scores, and no colour of better or worse.
    assert "eo-chip good" not in table(page, "Units")
    assert "%" not in re.sub(r'style="[^"]*"', "", table(page, "Units"))


def test_a_broken_series_of_a_unit_is_a_new_start(look: Open) -> None:
    page = look("survey", group="Platform")
    assert rows(page, "Units")["Ember"].count("a new start") == 7
    team = table(section("ember"), "What the team said")
    assert "units were planned anew, or a few people changed" in plain(team)
    assert 'class="eo-was"' not in team
    # A gap after the survey that was held elsewhere, and one now; new words in the same place are no third.
    assert team.count("stroke-dasharray") == 14
    assert "<path d=" not in re.sub(r'<path d="[^"]*" stroke="var\(--mark\)"[^>]*>', "", team)


def test_newcomers_have_no_past_and_say_who_they_are(look: Open) -> None:
    (head, row), *others = rows(look("survey"), "Units").items()
    assert others == []
    assert head == "Newcomers Who joined since the year was planned; counted with no team."
    assert row.count("not shown last time") == 6


# ---- the team's page ----------------------------------------------------------------------------


def test_a_team_reads_its_bands_beside_its_numbers(look: Open) -> None:
    page = look("team", team="Beacon")
    assert rows(page, "What the team said")["Sustainable pace"] == (
        "about 55 Lower than last time last time about 65 answered 7 of 8"
    )
    assert "The numbers do not say why. Ask the team." in said(page)
    # Without a clear change of a number the sentence is not there, though people said something new.
    alone = said(section("beacon"))
    assert "Lower than last time" in alone
    assert "The numbers do not say why" not in alone


def test_a_team_of_a_larger_unit_reads_with_whom(look: Open) -> None:
    text = said(section("cedar"))
    assert "Cedar's answers are shown together with those of Drift, and never apart." in text
    assert "about 60 (55 to 65) Lower than last time last time about 70 (65 to 75)" in text


def test_a_team_whose_unit_is_withheld_and_one_without_a_unit(
    published: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = rows(section("harvest"), "What the team said")["Engagement"]
    assert row == "Withheld Too few answers, or none, to show a number."
    gone = changed(published, tmp_path, "delete from survey_unit where unit_id = 'team:harvest'")
    monkeypatch.setenv("OUTCOMES_HOME", str(gone))
    assert "No reporting unit of this survey has the team's name." in said(section("harvest"))


def test_a_quarter_without_a_survey_says_so(look: Open) -> None:
    text = said(section("beacon", "2025-Q3"))
    assert "No survey of Q3 2025 has been published." in text


# ---- other surveys, and none --------------------------------------------------------------------


def test_the_pulse_stands_apart(look: Open) -> None:
    page = look("survey", pulse="May 2026")
    assert [one.label for one in page.selectbox] == ["Survey", "Group", "Pulse", "Last 1:1"]
    assert list(page.selectbox[0].options) == ["Q3 2026", "Q2 2026", "Q1 2026", "Q4 2025"]
    assert rows(page, "Pulse of May 2026")["Follow-through"].startswith("64 first time")
    asked = rows(page, "Statements, Pulse of May 2026")
    assert "The action we agreed at the last health check is moving." in asked


def test_a_module_that_was_asked_apart_has_a_section_of_its_own(look: Open) -> None:
    page = look("survey")
    assert rows(page, "Last 1:1 of July 2026")["1:1s"].startswith("59 first time")
    statement = rows(page, "Statements, Last 1:1 of July 2026")["My last 1:1 was worth the time."]
    assert statement.endswith("58 of 75")
    below = rows(look("survey", group="Marketplace"), "Units, July 2026")
    assert set(below.values()) == {"withheld not below a department"}


def test_of_a_group_that_a_module_does_not_know_it_says_so(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_all = "delete from survey_cell where wave_id like '%one_to_one%' and scope <> 'organisation'"
    monkeypatch.setenv("OUTCOMES_HOME", str(changed(published, tmp_path, of_all)))
    text = said(open_page("survey", group="Platform"))
    assert "It has nothing of Platform by itself. Choose the whole organisation." in text


def test_a_module_that_was_not_asked_last_time_says_so(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = "delete from survey_item where wave_id = '2026-Q2' and dimension = 'flow'"
    monkeypatch.setenv("OUTCOMES_HOME", str(changed(published, tmp_path, cut)))
    row = rows(open_page("survey"), "Fennel & Rye".replace("&", "&amp;"))["Tooling and flow"]
    assert "not asked last time" in row


def test_each_bank_says_of_its_own_words_whether_they_are_validated(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One topic's are made another's: both are told, and the source stands below the statements too."""
    other = """update survey_item set bank = 'acme', wording = 'Validated by Acme in 2020.',
               attribution = 'Statements: Acme, CC BY 4.0.' where wave_id = '2026-Q3'
               and dimension = 'flow'"""
    monkeypatch.setenv("OUTCOMES_HOME", str(changed(published, tmp_path, other)))
    page = open_page("survey")
    care = next(one for one in blocks(page) if "A score says how many agree" in one)
    told = [plain(one) for one in re.findall(r"<li>(.*?)</li>", care)]
    assert told[0].startswith(
        "Quarterly survey: These statements are this project's own words. They have not"
    )
    assert told[1] == "Tooling and flow: Validated by Acme in 2020. Statements: Acme, CC BY 4.0."
    assert told[2] == "Pulse: These statements are this project's own words, and have not been validated."
    assert told[3].startswith("The last 1:1: This statement is this project's own words, and has not been")
    assert "Tooling and flow: Statements: Acme, CC BY 4.0." in said(page)


def test_a_snapshot_that_says_nothing_of_its_words_is_shown(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = "alter table survey_item drop column bank; alter table survey_item drop column wording"
    monkeypatch.setenv("OUTCOMES_HOME", str(changed(published, tmp_path, older)))
    text = said(open_page("survey"))
    assert "Nothing is known of whether the wording was validated." in text
    assert "58 of 75" in text


def test_a_survey_held_elsewhere_says_so_and_prints_its_attribution(look: Open) -> None:
    page = look("survey", survey="Q4 2025")
    assert "Collected elsewhere: confidential, not anonymous" in said(page)
    assert "Statements: DORA, licensed under CC BY 4.0." in said(page)
    after = look("survey", survey="Q1 2026")
    assert "Not compared: one of the two was collected elsewhere." in said(after)
    assert "DORA" not in said(after)


@pytest.mark.parametrize(
    "statement",
    [
        "drop table survey_wave; drop table survey_unit; drop table survey_item; drop table survey_cell",
        "delete from survey_wave; delete from survey_unit; delete from survey_item; delete from survey_cell",
    ],
)
def test_without_surveys_the_pages_are_calm(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(changed(published, tmp_path, statement)))
    assert "No survey has been published yet." in said(open_page("survey"))
    assert said(section("beacon")) == ""


def test_pulses_alone_are_shown(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = changed(published, tmp_path, "delete from survey_wave where kind <> 'pulse'")
    monkeypatch.setenv("OUTCOMES_HOME", str(alone))
    page = open_page("survey")
    assert "No quarterly survey has been published yet." in said(page)
    assert "Quarterly theme" in said(page)


def comments(wave: str, scope: str) -> str:
    """The section of comments alone."""
    drawn = f"from dashboard import survey_comments\nsurvey_comments.draw({wave!r}, {scope!r}, 'Somebody')"
    return " ".join(blocks(AppTest.from_string(drawn).run()))


# ---- comments and protection --------------------------------------------------------------------


def test_comments_have_a_section_of_their_own_once_released(
    published: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = changed(published, tmp_path, "select 1")
    monkeypatch.setenv("OUTCOMES_HOME", str(home))
    path, today = home / store.FILE, datetime.now(UTC).date()
    texts = [f"<b>comment</b> {n:02}" for n in range(12)]
    store.add(path, "2026-Q3", {"department:market": texts}, today)
    assert "In their own words" not in said(open_page("survey", group="Marketplace"))
    for comment in store.to_read(path, "2026-Q3", "department:market"):
        if not comment.text.endswith("00"):
            store.decide(path, comment.number, is_released=True, reader="outside")
    page = open_page("survey", group="Marketplace")
    # In one block alone, which holds no score but what people wrote; nothing of it became markup.
    (block,) = (one for one in blocks(page) if "comment" in one)
    assert "eo-track" not in block
    assert "eo-table" not in block
    assert "<b>comment" not in block
    assert sorted(re.findall(r"(\d\d)</li>", block)) == [f"{n:02}" for n in range(1, 12)]
    again = [re.findall(r"(\d\d)</li>", comments("2026-Q3", "department:market")) for _ in range(3)]
    assert len({tuple(order) for order in again}) > 1
    assert comments("2026-Q3", "department:platform") == comments("2026-Q2", "department:market") == ""


@pytest.mark.parametrize(
    ("asked", "language"), [({}, "en"), ({"language": "de"}, "de"), ({"language": "../x"}, "en")]
)
def test_the_page_on_protection_is_the_ballots_word_for_word(asked: dict[str, str], language: str) -> None:
    theirs = (ROOT / f"connectors/ballots/page/protection.{language}.md").read_text("utf-8")
    page = AppTest.from_string("from dashboard.app_pages import protection\nprotection.page()")
    page.query_params.update(asked)
    page.run()
    assert not page.exception
    shown = re.sub(r"^(# |## |- )", "", "\n".join(plain(one) for one in blocks(page)), flags=re.MULTILINE)
    for line in theirs.splitlines():
        assert plain(line.removeprefix("> ").lstrip("#- ")) in plain(shown)
    other = {"en": "de", "de": "en"}[language]
    assert f'href="protection?language={other}"' in blocks(page)[0]


def test_every_page_leads_to_it(
    whole_app: Callable[[], AppTest], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert blocks(whole_app())[-1] == (
        '<div class="eo"><div class="eo-end"><a href="protection" target="_self">'
        "How we protect your answers</a></div></div>"
    )


# ---- words --------------------------------------------------------------------------------------


def band(middle: float, low: float, high: float, label: str) -> Score:
    return Score(middle, low, high, label, 7, 8, None, is_series_broken=False)


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (band(60, 57.5, 62.5, "60"), "about 60"),
        (band(60, 55, 65, "55 to 65"), "about 60 (55 to 65)"),
        (band(10, 0, 12.5, "10 or below"), "10 or below"),
        (Score(63.6, 63.6, 63.6, None, 31, 36, None, is_series_broken=False), "64"),
    ],
)
def test_a_score_in_words(score: Score, words: str) -> None:
    assert survey_words.value(score) == words


@pytest.mark.parametrize(
    ("now", "before", "direction"),
    [
        (band(60, 57.5, 62.5, "60"), band(60, 57.5, 62.5, "60"), "same"),
        (band(65, 62.5, 67.5, "65"), band(60, 57.5, 62.5, "60"), "higher"),
        (band(60, 55, 65, "55 to 65"), band(70, 65, 75, "65 to 75"), "lower"),
        # A band of another width that overlaps in part cannot tell.
        (band(60, 55, 65, "55 to 65"), band(65, 62.5, 67.5, "65"), "about the same"),
    ],
)
def test_where_a_band_went(now: Score, before: Score, direction: str) -> None:
    assert Said("pace", "Pace", now, before, None).direction == direction


def test_marks_stay_on_their_track() -> None:
    for value in (0.0, 50.0, 100.0):
        exact = Score(value, value, value, None, 30, 30, None, is_series_broken=False)
        markup = survey_bar.track(Said("pace", "Pace", exact, None, "first"))
        for left, width in re.findall(r"left:([\d.]+)%;width:([\d.]+)%", markup):
            assert float(left) >= 0
            assert float(left) + float(width) <= 100.01
