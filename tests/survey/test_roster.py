"""Who is asked: rosters worked by hand, and files as people save them."""

from datetime import date

import duckdb
import pytest
from survey_people import configured, several

from pipelines.survey.people import Known, known_people
from pipelines.survey.roster import InTwoTeams, Person, RosterError, configured_roster
from pipelines.survey.roster_file import read_roster

DAY = date(2026, 11, 4)
NOBODY = Known()
PLACES = configured(
    {"product": None, "sea": "product"}, {"harbour": ("sea", []), "quay": ("sea", []), "sea-2": (None, [])}
)


@pytest.fixture
def read(tmp_path):
    """Reads a text or bytes as a roster."""

    def reading(content, known=NOBODY, configuration=PLACES):
        path = tmp_path / "people.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_roster(path, configuration, known)

    return reading


def faults(read, content, **others):
    with pytest.raises(RosterError) as refused:
        read(content, **others)
    return list(refused.value.lines)


# ---- a file ------------------------------------------------------------------------------------

GOOD = (
    "account,unit,department,name,email\n"
    "ada,harbour,sea,Ada L,ada@example.org\nbob,sea,,,\ncy,organisation,,,\n"
)
PEOPLE = (
    Person("ada", "team:harbour", "Ada L", "ada@example.org"),
    Person("bob", "direct:sea"),
    Person("cy", "direct:organisation"),
)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.encode("utf-8-sig"),
        GOOD.replace(",", ";"),
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD.replace("ada,", " Ada ,").replace(" Ada ", " ada "),
        GOOD.replace("account,unit", "Account, UNIT"),
        GOOD.replace("Ada L", '"Ada L"'),
        GOOD.replace("\nbob", "\n,,,,\n\nbob"),
        GOOD.replace("harbour", "team:harbour").replace("bob,sea", "bob,direct:sea"),
    ],
)
def test_a_file_is_read_however_it_was_saved(read, content):
    roster = read(content)
    assert roster.people == PEOPLE
    assert roster.is_from_file


def test_letters_of_any_language_are_kept(read):
    (person,) = read("account,unit,name\nzoë,quay,Zoë Müller-Łukasz\n").people
    assert (person.account, person.name) == ("zoë", "Zoë Müller-Łukasz")


def test_every_fault_is_told_with_its_line(read):
    told = faults(
        read,
        "account,unit,department,name,email\n"
        "ada,harbour,,,\n"
        ",quay,,,\n"
        "bob,,,,\n"
        "cy,harbuor,,,\n"
        "dee,harbour,see,,\n"
        "eve,harbour,product,,\n"
        "ADA,quay,,,\n"
        "fay,quay,,=HYPERLINK(1),\n"
        "gus,quay,,,nowhere\n"
        "hal,quay\n",
    )
    assert told == [
        "people.csv line 3: the person has no account. Write it, or remove the line",
        "people.csv line 4: the person is in no unit. Write it, or remove the line",
        'people.csv line 5: unit is no team or department here. Did you mean "harbour"?',
        'people.csv line 6: names a department that has no [[department]]. Did you mean "sea"?',
        (
            "people.csv line 7: names another department than the team's [[team]] does. "
            "Mend the line or the configuration"
        ),
        (
            "people.csv line 8: is the same person as line 2: one account in two spellings, or two accounts "
            "of one. Remove one of the lines: each person is in one unit"
        ),
        "people.csv line 9: name begins like a formula. Write it as plain text, without = + - or @",
        "people.csv line 10: email is no address. Write it as ada@example.org, or leave it empty",
        (
            "people.csv line 11: has 2 values for 5 columns. Write the missing ones, and quote values that "
            "contain the separator"
        ),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n\n", "is empty"),
        (b"account,unit\n", "has no people"),
        (b"PK\x03\x04", "is an Excel file"),
        ("account,unit\nada,quay\n".encode("utf-16"), "is UTF-16"),
        ("account,unit\nzoë,quay\n".encode("latin-1"), "line 2: is not UTF-8 text"),
        (b'account,unit\n"ada,quay\n', "a quotation is not closed"),
        (b"account\tunit\nada\tquay\n", "not separated by commas or semicolons"),
        (b"account,unit,salary\nada,quay,1\n", "column 3 is not one of a roster. Remove it; known: account"),
        (b"account,unit,unit\nada,quay,quay\n", "column unit comes twice"),
        (b"account,name\nada,Ada\n", "column unit is missing"),
        (b"account,unit\na\x00da,quay\n", "."),
        (b"account,unit\na\x07da,quay\n", "control characters"),
        ("account,unit\n" + "a" * 201 + ",quay\n", "too long"),
        (b"account,unit\nada,direct:harbour\n", "unit is no team or department here"),
        (b"account,unit,department\nada,sea,product\n", "unit and department contradict each other"),
    ],
)
def test_a_hostile_or_mistaken_file_is_refused(read, content, told):
    assert told in faults(read, content)[0]


def test_no_fault_repeats_what_stands_in_the_file(read):
    canary = "Canary Birdsong"
    told = faults(read, f"{canary},x\nada,quay\n") + faults(
        read, f'account,unit,name\nx,{canary},"{canary}"\n{canary},,+{canary}\n'
    )
    assert told
    assert not [line for line in told if "anary" in line]


def test_of_many_faults_the_first_are_told_and_the_rest_counted(read):
    told = faults(read, "account,unit\n" + "".join(f"p{number},nowhere\n" for number in range(5_000)))
    assert len(told) == 21
    assert told[-1] == "people.csv: 4980 more faults like these. Mend these first"


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(RosterError, match=r"cannot be read .No such file"):
        read_roster(tmp_path / "none.csv", PLACES, NOBODY)


def test_two_accounts_and_addresses_of_one_person_are_one(read):
    known = Known(persons={"ada": "P1", "ada-l": "P1", "ada@example.org": "P1"})
    assert "same person as line 2" in faults(read, "account,unit\nada,quay\nAda-L,harbour\n", known=known)[0]
    assert (
        "same person as line 2"
        in faults(read, "account,unit,email\nada,quay,\nx,quay,ADA@example.org\n", known=known)[0]
    )
    assert "same person as line 2" in faults(read, "account,unit,email\nx,quay,a@b.org\ny,quay,A@b.org\n")[0]


def test_a_team_and_a_department_of_one_id_are_told_apart(read):
    places = configured({"sea": None}, {"sea": ("sea", [])})
    assert (
        "is the id of a team and of a department. Write team:sea or direct:sea"
        in faults(read, "account,unit\nada,sea\n", configuration=places)[0]
    )
    people = read("account,unit\nada,team:sea\nbob,direct:sea\n", configuration=places).people
    assert [person.unit for person in people] == ["team:sea", "direct:sea"]


def test_bots_of_a_file_are_left_out(read):
    roster = read("account,unit\nada,quay\nrenovate-x,quay\n", known=Known(bot_patterns=("renovate*",)))
    assert [person.account for person in roster.people] == ["ada"]
    assert roster.bots == ("renovate-x",)


# ---- the teams' members ------------------------------------------------------------------------


def test_members_count_on_the_day():
    teams = {
        "harbour": (
            None,
            [
                {"account": "ada", "from": date(2026, 11, 4)},
                {"account": "bob", "to": date(2026, 11, 4)},
                {"account": "cy", "from": date(2026, 11, 5)},
                {"account": "dee", "to": date(2026, 11, 5)},
            ],
        )
    }
    roster = configured_roster(configured({}, teams), DAY, NOBODY)
    assert roster.people == (
        Person("ada", "team:harbour", joined=date(2026, 11, 4)),
        Person("dee", "team:harbour"),
    )


def test_whoever_moves_joined_when_they_first_came():
    """Ada came in March and moved in June; Bob has been there since before anybody wrote it down."""
    teams = {
        "harbour": (
            None,
            [
                {"account": "ada", "from": date(2026, 3, 2), "to": date(2026, 6, 1)},
                {"account": "bob", "from": date(2026, 10, 1)},
            ],
        ),
        "quay": (
            None,
            [{"account": "ada", "from": date(2026, 6, 1)}, {"account": "bob", "to": date(2026, 10, 1)}],
        ),
    }
    people = configured_roster(configured({}, teams), DAY, NOBODY).people
    assert {one.account: one.joined for one in people} == {"ada": date(2026, 3, 2), "bob": None}


def test_a_file_may_say_when_somebody_joined(read):
    people = read("account,unit,joined\nada,quay,2026-03-02\nbob,quay,\n").people
    assert {one.account: one.joined for one in people} == {"ada": date(2026, 3, 2), "bob": None}


def test_whoever_is_in_two_teams_is_asked_for_the_smaller_one():
    # Without those in two, harbour has 3 and quay 1: both go to quay, which has 3 then; the third, by name,
    # finds harbour and quay alike, and goes to the first by id.
    teams = {
        "harbour": (None, ["a", "b", "c", "x", "y", "z"]),
        "quay": (None, ["d", "x", "y", "z"]),
    }
    roster = configured_roster(configured({}, teams), DAY, NOBODY)
    both = ("team:harbour", "team:quay")
    assert roster.in_two_teams == (
        InTwoTeams("x", both, "team:quay"),
        InTwoTeams("y", both, "team:quay"),
        InTwoTeams("z", both, "team:harbour"),
    )
    assert len({person.account for person in roster.people}) == len(roster.people) == 7


def test_two_accounts_of_one_person_in_two_teams_are_one_person():
    known = Known(persons={"ada": "P1", "ada@x.org": "P1"})
    teams = {"harbour": (None, ["Ada", "b"]), "quay": (None, ["ada@x.org"])}
    roster = configured_roster(configured({}, teams), DAY, known)
    assert [(person.account, person.unit) for person in roster.people] == [
        ("Ada", "team:quay"),
        ("b", "team:harbour"),
    ]


def test_bots_are_left_out_and_people_in_no_team_are_listed():
    known = Known(
        persons={"ada": "P1", "zed": "P2"},
        logins={"P1": "ada", "P2": "zed"},
        bots=frozenset({"ci"}),
        bot_patterns=("*[[]bot]",),
    )
    teams = {"harbour": (None, ["ada", "ci", "dependabot[bot]"])}
    roster = configured_roster(configured({}, teams), DAY, known)
    assert roster.people == (Person("ada", "team:harbour"),)
    assert roster.bots == ("ci", "dependabot[bot]")
    assert roster.not_asked == ("zed",)


def test_teams_without_members_are_no_roster():
    with pytest.raises(RosterError, match="nobody is a member of a team"):
        configured_roster(configured({}, {"harbour": (None, [])}), DAY, NOBODY)


# ---- the warehouse -----------------------------------------------------------------------------


def test_a_warehouse_that_was_never_built_knows_nobody():
    with duckdb.connect() as con:
        assert known_people(con, ["x*"]) == Known(bot_patterns=("x*",))


def test_the_warehouse_joins_accounts_and_knows_bots():
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA raw; CREATE SCHEMA staged")
        con.execute(
            "CREATE TABLE raw.account AS SELECT * FROM (VALUES "
            "('gh', '1', 'Ada', 'ada@x.org', NULL), ('jira', '9', NULL, 'ADA@x.org', NULL), "
            "('gh', '2', 'ci', NULL, NULL), ('gh', '3', 'gone', NULL, now())) "
            "t (source, id, login, email, gone_at)"
        )
        con.execute(
            "CREATE TABLE staged.stg_account AS SELECT source, id AS account_id, id = '2' AS is_bot "
            "FROM raw.account"
        )
        con.execute(
            "CREATE TABLE staged.stg_person_account AS SELECT source, id AS account_id, 'P1' AS person_key "
            "FROM raw.account WHERE id IN ('1', '9')"
        )
        known = known_people(con, [])
    assert known.person("ADA") == known.person("ada@x.org") == known.person("jira:9") == "P1"
    assert known.person("gone") == "gone"
    assert known.is_bot("CI")
    assert not known.is_bot("ada")
    assert known.logins == {"P1": "Ada"}


def test_ten_thousand_members_are_read_at_once():
    teams = {f"t{number}": (None, several(f"p{number}-", 8)) for number in range(1_250)}
    assert len(configured_roster(configured({}, teams), DAY, NOBODY).people) == 10_000
