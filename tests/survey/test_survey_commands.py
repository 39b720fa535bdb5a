"""`outcomes survey plan`, `announce` and `status`, as people type them. Today is 4 November 2026."""

import json
import sys
from datetime import UTC, datetime

import pytest
from survey_people import several

from connectors.ballots.box import Box
from pipelines import cli
from pipelines.survey.wave_roster import wave_roster
from pipelines.survey.waves import NewWave, freeze_wave, load_plan
from pipelines.warehouse import Warehouse

FILE = """
[organisation]
id = "acme"
name = "Acme"
[[department]]
id = "sea"
name = "Sea"
[[team]]
id = "harbour"
name = "Harbour"
department = "sea"
members = [{harbour}, {{ account = "later", from = 2027-01-01 }}]
[[team]]
id = "pier"
name = "Pier"
department = "sea"
members = [{pier}, {{ account = "h0" }}, {{ account = "renovate-1" }}]
[survey]
address = "https://survey.example.org/"
languages = ["en", "de"]
{more}
"""


def members(accounts):
    return ", ".join(f'{{ account = "{one}" }}' for one in accounts)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.fixture
def outcomes(place, monkeypatch, capsys):
    """Runs a command with a configuration; gives its exit code, stdout and stderr."""

    def run(*arguments, more="", pier=10):
        config = place / "outcomes.toml"
        text = FILE.format(harbour=members(several("h", 9)), pier=members(several("p", pier)), more=more)
        config.write_text(text)
        options = ["--config", str(config), "--home", str(place / "home")]
        monkeypatch.setattr(sys, "argv", ["outcomes", *options, "survey", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


@pytest.fixture
def con(place):
    """The warehouse, as `open` and `publish` hold it."""

    def opened():
        return Warehouse(place / "home/warehouse.duckdb")

    return opened


def open_wave(warehouse, configuration_people, state="open"):
    plan = load_plan(warehouse.con)
    wave = NewWave(
        "2026-Q4", "quarterly", "T", "quarterly", {"E1": 1},
        datetime(2026, 11, 4, tzinfo=UTC), datetime(2026, 11, 14, tzinfo=UTC), ("en",),
    )  # fmt: skip
    freeze_wave(warehouse.con, plan, wave, configuration_people)
    warehouse.con.execute("UPDATE survey.wave SET state = ?", [state])


def test_a_plan_is_shown_and_nothing_kept(outcomes, place):
    code, out, err = outcomes("plan")
    assert code == 0
    assert "2026-Q4 to 2027-Q3: 19 people, each in exactly one" in out
    assert "- h0: team:harbour, team:pier → team:harbour" in out
    assert "Bots, left out: 1" in out
    assert "- 2026-Q4: opens 2026-12-14, closes 2026-12-24" in out
    assert "newcomers by then 1, fewer than six: not asked" in out
    assert "Nothing is frozen yet" in err
    assert not (place / "home/warehouse.duckdb").exists()


def test_a_frozen_plan_ends_with_its_announcement(outcomes):
    code, out, err = outcomes("plan", "--yes")
    told = outcomes("announce")
    assert code == 0
    assert "https://survey.example.org" in told[1]
    assert "\n----\n" in told[1], "in both languages"
    assert out.endswith(told[1])
    assert err == told[2]
    code, out, err = outcomes("plan", "--yes", "--format", "json")
    assert (code, json.loads(out)["is_frozen"]) == (0, True)
    assert err == "Frozen. `outcomes survey announce` prints the text to send.\n"


def test_a_plan_is_frozen_also_where_nobody_knows_yet_where_people_answer(outcomes, con, monkeypatch):
    monkeypatch.setattr(f"{__name__}.FILE", FILE.replace('address = "https://survey.example.org/"\n', ""))
    code, _, err = outcomes("plan", "--yes")
    assert code == 0
    assert err == (
        "Frozen, but not announced. survey announce: [survey] address is missing. Write there where people "
        "answer, then run `outcomes survey announce`.\n"
    )
    assert load_plan(con().con) is not None


def test_a_plan_for_programs(outcomes):
    code, out, _ = outcomes("plan", "--format", "json", pier=3)
    plan = json.loads(out)
    assert code == 0
    assert (plan["people"], plan["is_frozen"], plan["least_members"]) == (12, False, 8)
    (unit,) = plan["units"]
    assert (unit["id"], unit["people"]) == ("team:harbour+team:pier", 12)
    assert unit["why"] == "Pier (4): fewer than 8 people"
    assert {group["id"]: group["people"] for group in plan["departments"]} == {
        "organisation": 12,
        "department:sea": 12,
    }
    only = "what its only unit shows, and nothing more"
    assert {group["shown"] for group in plan["departments"]} == {only}
    assert plan["months_for_modules"][:3] == ["2026-11", "2027-01", "2027-02"]


def test_a_department_of_two_units_shows_questions_from_twelve_answers(outcomes):
    _, out, _ = outcomes("plan", "--format", "json")
    plan = json.loads(out)
    assert len(plan["units"]) == 2
    assert all(group["shown"].startswith("scores; from 12 answers") for group in plan["departments"])


def test_a_plan_says_in_which_survey_a_yearly_module_is_asked(outcomes):
    _, out, _ = outcomes("plan", "--format", "json", more='modules = ["dora_culture"]')
    modules = {one["survey"]: one["modules"] for one in json.loads(out)["surveys"]}
    assert modules == {"2026-Q4": ["dora_culture"], "2027-Q1": [], "2027-Q2": [], "2027-Q3": []}
    _, out, _ = outcomes("plan", more='modules = ["dora_culture"]')
    assert "- 2026-Q4: opens 2026-12-14, closes 2026-12-24; asks dora_culture too\n" in out
    assert "Months for a module that is asked apart (survey open --module): 2026-11, 2027-01, 2027-02" in out


def test_a_plan_is_frozen_announced_and_followed(outcomes, con, monkeypatch):
    monkeypatch.setattr(Box, "turnout", lambda *_: (0, 0))
    assert outcomes("status")[0] == 1
    assert outcomes("announce")[2] == "error: survey: no year is planned. Run `outcomes survey plan`\n"
    assert outcomes("plan", "--yes")[0] == 0
    assert outcomes("plan", "--yes")[0] == 0, "until a wave is opened"
    assert outcomes("status")[1] == "Planned for 2026-Q4 to 2027-Q3. No survey was opened yet.\n"
    code, out, err = outcomes("announce")
    assert code == 0
    assert "14 December 2026" in out
    assert "14. Dezember 2026" in out
    assert "https://survey.example.org," in out
    assert "works council" in err
    warehouse = con()
    plan = load_plan(warehouse.con)
    open_wave(warehouse, wave_roster_of(plan))
    warehouse.close()
    assert outcomes("status")[1] == "2026-Q4: open until 2026-11-14 00:00 UTC. No codes were made yet.\n"
    code, _, err = outcomes("plan", "--yes", "--new-year")
    assert (code, err) == (
        1,
        "error: survey plan: 2026-Q4 is not published yet. Publish it first, then plan\n",
    )
    assert "4 November 2026 to 13 November 2026" in outcomes("announce")[1], "it closes at midnight"
    warehouse = con()
    warehouse.con.execute("UPDATE survey.wave SET state = 'published'")
    warehouse.close()
    assert outcomes("status")[1] == "2026-Q4: published.\n"
    code, _, err = outcomes("plan")
    assert code == 1
    assert err.startswith(
        "error: survey plan: the units of 2026-Q4 to 2027-Q3 are frozen since 2026-Q4 was asked"
    )
    assert err.count("\n") == 1
    code, out, err = outcomes("plan", "--yes", "--new-year")
    assert code == 0
    assert "2027-Q1 to 2027-Q4" in out
    assert "series of every unit start again" in err
    assert "one to five people came since the last survey, what they said may follow" in err


def wave_roster_of(plan):
    from pipelines.survey.people import Known
    from pipelines.survey.roster import Person

    people = [Person(account, unit) for account, unit in plan.members.items()]
    return wave_roster(_Nothing, plan, people, Known())


class _Nothing:
    """A configuration of which nothing is looked at: nobody is new."""

    departments = ()
    teams = ()


@pytest.mark.parametrize(
    ("codes", "cast", "told"),
    [(340, 118, "about 120 of 340"), (340, 9, "fewer than ten of 340"),
     (8, 8, "fewer than ten of fewer than ten")],
)  # fmt: skip
def test_turnout_is_of_all_and_in_tens(outcomes, con, place, monkeypatch, codes, cast, told):
    outcomes("plan", "--yes")
    warehouse = con()
    open_wave(warehouse, wave_roster_of(load_plan(warehouse.con)))
    warehouse.close()
    (place / "home/ballots.sqlite").touch()
    monkeypatch.setattr(Box, "__init__", lambda *_: None)
    monkeypatch.setattr(Box, "turnout", lambda *_: (codes, cast))
    out = outcomes("status")[1]
    assert told in out
    assert "harbour" not in out.lower()


@pytest.mark.parametrize(
    ("arguments", "options", "code", "told"),
    [
        (("plan", "--from", "2026-3"), {}, 2, "no quarter. Write it as 2026-Q3"),
        (("plan", "--from", "2025-Q3"), {}, 1, "is over"),
        (("plan",), {"more": 'roster = "nobody.csv"'}, 2, "cannot be read"),
        (("plan",), {"more": "least_members = 5"}, 2, "is below 8"),
        (("plan",), {"more": "[privacy]\nk = 5"}, 2, "is below 6"),
        (("plan",), {"more": "[privacy]\nk = 100"}, 1, "no number may rest on fewer than 100"),
        (("announce", "--opens", "soon"), {}, 2, "not a date"),
        (("announce", "--days", "40"), {}, 2, "--days"),
    ],
)
def test_bad_input_is_one_line(outcomes, arguments, options, code, told):
    found, _, err = outcomes(*arguments, **options)
    assert (found, err.count("\n")) == (code, 1)
    assert told in err


def test_a_roster_tells_all_faults_and_names_nobody(outcomes, place):
    (place / "home/people.csv").write_text(
        "account;unit\nCanary Bird;harbour\ncanary bird;pier\nbirdsong;nowhere\n"
    )
    code, _, err = outcomes("plan", more='roster = "people.csv"')
    assert code == 2
    assert [line.partition(": ")[2].split(":")[0] for line in err.splitlines()] == [
        "people.csv line 3", "people.csv line 4",
    ]  # fmt: skip
    assert "anary" not in err
    assert "birdsong" not in err


def test_a_roster_file_stands_for_the_teams(outcomes, place):
    people = "".join(f"q{number},{'harbour' if number % 2 else 'sea'}\n" for number in range(20))
    (place / "home/people.csv").write_text("account,unit\n" + people)
    _, out, _ = outcomes("plan", "--format", "json", more='roster = "people.csv"')
    assert {unit["id"]: unit["people"] for unit in json.loads(out)["units"]} == {
        "direct:sea": 10, "team:harbour": 10,
    }  # fmt: skip


def test_a_survey_is_announced_for_days_that_may_be(outcomes):
    outcomes("plan", "--yes")
    assert (
        "1 December 2026 to 8 December 2026"
        in outcomes("announce", "--opens", "2026-12-01", "--days", "7")[1]
    )
    code, _, err = outcomes("announce", "--opens", "2028-01-01")
    assert code == 1
    assert "in no quarter of 2026-Q4 to 2027-Q3" in err
    assert outcomes("announce", "--language", "fr")[0] == 2
