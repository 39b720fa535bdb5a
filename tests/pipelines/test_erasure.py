"""Erasing a person: what goes, what stays the same, and that nothing comes back."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Batch, Cursor
from connectors.journal.entries import WentWell
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from connectors.records import (
    RECORD_TYPES,
    Account,
    Deployment,
    Exercise,
    Incident,
    Joiner,
    Membership,
    PersonAccount,
    Postmortem,
    PullRequestCommit,
    Review,
    Sprint,
    Tag,
    TeamMember,
    WorkflowRun,
)
from connectors.redaction import STRUCK, Redactor
from pipelines.cli_errors import USAGE, CommandError
from pipelines.cli_privacy import erase
from pipelines.configuration_tables import create_configuration_tables
from pipelines.erased import AUTHORS, PEOPLE, Erased, Person, not_erased
from pipelines.erased_names import ERASED, ErasedNames, words_of
from pipelines.erasure import erase_person
from pipelines.erasure_files import remove_clones, rewrite
from pipelines.erasure_person import UnknownPersonError, find_person, was_erased
from pipelines.export import export_canonical
from pipelines.home import Home
from pipelines.known_people import known_names
from pipelines.models import build_all
from pipelines.warehouse import Warehouse, WarehouseError, columns_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LOGIN, ADDRESS, OWN_KEY = "xenia-quist", "xenia.quist@alder.example", "employee-4711"
CONFIG = {
    "source": [
        {"name": "github", "kind": "github", "position": 0},
        {"name": "jira", "kind": "jira", "position": 1},
    ],
    "team": [{"id": "pay", "name": "Pay"}],
    "team_member": [{"team": "pay", "account": LOGIN}, {"team": "pay", "account": "ben"}],
    "bot": [{"pattern": "ci-*"}],
}


def land(warehouse, *records, source="github", run="run-1"):
    batch = Batch(list(records), Cursor("w"), is_final=False, fetched_at=NOW, server_date=NOW)
    return warehouse.land(run, source, "*", "some", [batch])


def author(pull_request_id, number, account):
    return PullRequestCommit(
        id=f"{pull_request_id}:{number}",
        pull_request_id=pull_request_id,
        sha=f"c{number}",
        authored_at=NOW,
        committed_at=NOW,
        author_id=account,
    )


def review(pull_request_id, number, account):
    return Review(
        id=f"r{pull_request_id}{number}",
        pull_request_id=pull_request_id,
        author_id=account,
        state="APPROVED",
        submitted_at=NOW + timedelta(hours=number),
    )


@pytest.fixture
def told(records):
    """What two sources tell of Xenia (accounts 11 and X1), of Ben, and of a bot."""
    pull_request = records.pull_request
    return {
        "github": [
            Account(id="11", login=LOGIN, kind="User", email=ADDRESS),
            Account(id="12", login="ben", kind="User"),
            Account(id="13", login="ci-runner", kind="User"),
            pull_request(1, author_id="11", merged_by_id="12", title=f"Round prices, by {LOGIN}"),
            author("1", 1, "11"),
            review("1", 1, "11"),
            review("1", 2, "12"),
            pull_request(
                2, author_id="12", merged_by_id="11", head_ref="xenia-quist/fix", labels=["Xenia-Quist"]
            ),
            review("2", 1, "11"),
            pull_request(3, author_id="11", merged_by_id=None),
            pull_request(4, author_id="13"),
            TeamMember(id="t:11", team_id="t", account_id="11"),
            TeamMember(id="t:12", team_id="t", account_id="12"),
        ],
        "jira": [
            Account(id="X1", login=None, kind="atlassian", email=ADDRESS.upper()),
            Sprint(
                id="s1",
                board_id=None,
                name="Week of Xenia Quist",
                state="closed",
                started_at=None,
                ends_at=None,
                completed_at=None,
            ),
            PersonAccount(id="p1", person=OWN_KEY, account="X1"),
            PersonAccount(id="p2", person="employee-1", account="ben"),
            Membership(id="m1", person=OWN_KEY, team="pay", valid_from=None, valid_to=None),
            Joiner(id="j1", person=OWN_KEY, joined_on=date(2026, 1, 1), team="pay", left_on=None),
        ],
    }


@pytest.fixture
def filled(warehouse, told):
    create_configuration_tables(warehouse.con, CONFIG)
    for source, records in told.items():
        land(warehouse, *records, source=source)
    return warehouse


def erase_all(warehouse, wanted, *, is_trial=False):
    touched = erase_person(warehouse.con, find_person(warehouse.con, wanted), is_trial=is_trial)
    return {one.table: (one.removed, one.changed) for one in touched}


def column(warehouse, table, name, order="source, id"):
    rows = warehouse.con.execute(f'SELECT "{name}" FROM raw.{table} ORDER BY {order}').fetchall()
    return [value for (value,) in rows]


def everything(warehouse, folder):
    export_canonical(warehouse.con, ["raw", "config", "staged", "ops"], folder)
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()))


# --- who it is


@pytest.mark.parametrize(
    "wanted", [LOGIN, LOGIN.upper(), "github:11", "11", "X1", ADDRESS, f" {ADDRESS} ", OWN_KEY]
)
def test_a_person_is_found_by_any_of_their_names_with_all_accounts(filled, wanted):
    person = find_person(filled.con, wanted)
    assert [(one.source, one.account_id) for one in person.accounts] == [("github", "11"), ("jira", "X1")]
    assert {name.lower() for name in person.names} == {LOGIN, ADDRESS, "xenia.quist", OWN_KEY, "x1"}


@pytest.mark.parametrize("wanted", ["nobody", "xenia", ""])
def test_nobody_is_found_by_half_a_name(filled, wanted):
    with pytest.raises(UnknownPersonError, match="knows nobody by that name"):
        find_person(filled.con, wanted)


def test_two_people_of_one_login_are_told_apart_by_their_source(filled):
    land(filled, Account(id="B9", login="ben", kind="x", email="ben@other.example"), source="jira")
    land(filled, Account(id="12", login="ben", kind="User", email="ben@alder.example"), source="github")
    filled.con.execute("DELETE FROM raw.person_account")
    with pytest.raises(UnknownPersonError, match="several people are known by that name, in github, jira"):
        find_person(filled.con, "ben")
    assert [one.account_id for one in find_person(filled.con, "jira:ben").accounts] == ["B9"]


# --- what becomes of it


def test_a_trial_counts_and_changes_nothing(filled, tmp_path):
    find_person(filled.con, LOGIN)  # joins accounts into people, as a build does
    before = everything(filled, tmp_path / "before")
    counts = erase_all(filled, LOGIN, is_trial=True)
    assert counts == {
        "account": (2, 0),
        "pull_request": (0, 3),
        "pull_request_commit": (0, 1),
        "review": (0, 2),
        "source_team_member": (1, 0),
        "membership": (1, 0),
        "person_account": (1, 0),
        "joiner": (1, 0),
        "sprint": (0, 1),
        "members of teams": (1, 0),
    }
    assert everything(filled, tmp_path / "after") == before
    assert erase_all(filled, LOGIN) == counts


def test_nothing_of_the_person_is_left(filled, tmp_path):
    assert LOGIN in everything(filled, tmp_path / "before")
    erase_all(filled, LOGIN)
    left = everything(filled, tmp_path / "after").lower()
    for name in (LOGIN, ADDRESS, OWN_KEY, "quist", '"11"', '"x1"'):
        assert name not in left, name
    assert column(filled, "account", "id") == ["12", "13"]
    assert column(filled, "pull_request", "title") == [f"Round prices, by {ERASED}", *["Round prices"] * 3]
    assert column(filled, "pull_request", "head_ref")[1] == f"{ERASED}/fix"
    assert column(filled, "pull_request", "labels")[1] == [ERASED]
    assert column(filled, "sprint", "name") == [f"Week of {ERASED}"]
    assert column(filled, "person_account", "person") == ["employee-1"]


def test_ones_own_review_stays_ones_own_and_nothing_ties_two_pull_requests_together(filled):
    erase_all(filled, LOGIN)
    first, second, third, _ = column(filled, "pull_request", "author_id")
    own, by_ben, of_second = column(filled, "review", "author_id")
    assert own == first == column(filled, "pull_request_commit", "author_id")[0]
    assert (by_ben, second) == ("12", "12")
    merged_by = column(filled, "pull_request", "merged_by_id")
    assert of_second == merged_by[1]
    assert merged_by[0] == "12"
    assert len({first, of_second, third}) == 3
    assert all(re.fullmatch("erased-[0-9a-f]{32}", one) for one in (first, of_second, third))


def test_what_is_told_again_changes_nothing(filled, told, tmp_path):
    """The next run, and one with --full, deliver it all again."""
    erase_all(filled, LOGIN)
    before = everything(filled, tmp_path / "before")
    for source, records in told.items():
        assert land(filled, *records, source=source, run="run-2").rows_changed == 0
    assert everything(filled, tmp_path / "after") == before


def test_what_is_new_about_the_person_is_left_out_too(filled):
    erase_all(filled, LOGIN)
    land(
        filled,
        Account(id="11", login="renamed", kind="User"),
        author("2", 7, "11"),
        TeamMember(id="u:11", team_id="u", account_id="11"),
        run="run-2",
    )
    land(
        filled,
        Membership(id="m9", person=OWN_KEY.upper(), team="x", valid_from=None, valid_to=None),
        source="jira",
    )
    assert "11" not in column(filled, "account", "id")
    assert column(filled, "source_team_member", "account_id") == ["12"]
    assert column(filled, "membership", "person") == []
    of_first, of_second = column(filled, "pull_request_commit", "author_id")
    assert of_second == column(filled, "pull_request", "merged_by_id")[1] != of_first


def test_who_was_asked_in_a_survey_is_made_nobody(filled):
    """That somebody was asked stays: units of two surveys are compared by who was in them."""
    con = filled.con
    con.execute(
        f"INSERT INTO survey.plan_member VALUES ('p', ' {LOGIN.title()}', 'u', 'p'), ('p', 'ben', 'u', 'p')"
    )
    for wave in ("w1", "w2"):
        con.execute("INSERT INTO survey.asked VALUES ('p', ?, 'quarterly', ?, 'u')", [wave, LOGIN])
    con.execute("INSERT INTO survey.wave_member VALUES ('w2', ?, 'u')", [ADDRESS])
    touched = {one.table: one.changed for one in erase_person(con, find_person(con, LOGIN), is_trial=False)}
    assert touched["the survey's rosters"] == 4
    rows = con.execute(
        "SELECT account FROM survey.plan_member UNION ALL SELECT account FROM survey.asked "
        "UNION ALL SELECT account FROM survey.wave_member"
    ).fetchall()
    others = [account for (account,) in rows if account != "ben"]
    assert len(set(others)) == 1
    assert others[0].startswith("erased:")
    assert len(others) == 4


def test_the_warehouse_keeps_no_more_than_keyed_hashes(filled):
    erase_all(filled, LOGIN)
    rows = filled.con.execute("SELECT hash, kind, words FROM ops.erased ORDER BY kind").fetchall()
    kinds = Counter(kind for _, kind, _ in rows)
    assert (kinds["account"], kinds["address"], kinds["row"]) == (2, 1, 6)
    assert kinds.keys() == {"account", "address", "key", "name", "first", "part", "row"}
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one, _, _ in rows)
    ((key,),) = filled.con.execute("SELECT key FROM ops.erasure_key").fetchall()
    assert len(key) == 32
    erase_all(filled, "ben")
    assert filled.con.execute("SELECT key FROM ops.erasure_key").fetchall() == [(key,)]


def test_rows_that_a_source_goes_on_counting_are_not_missing(filled):
    """A census of a list has them still: they are neither asked for again nor told to be lacking."""
    erase_all(filled, LOGIN)
    land(filled, TeamMember(id="v:11", team_id="v", account_id="11"), run="run-2")
    members = ["t:11", "t:12", "v:11"]
    assert not_erased(filled.con, "github", "source_team_member", members) == ["t:12"]
    assert not_erased(filled.con, "jira", "source_team_member", members) == members
    assert not_erased(filled.con, "jira", "membership", ["m1", "m2"]) == ["m2"]


def test_the_same_person_of_two_warehouses_has_other_pseudonyms(filled, told, tmp_path):
    erase_all(filled, LOGIN)
    other = Warehouse(tmp_path / "other.duckdb")
    create_configuration_tables(other.con, CONFIG)
    for source, records in told.items():
        land(other, *records, source=source)
    erase_all(other, LOGIN)
    assert column(other, "pull_request", "author_id")[0] != column(filled, "pull_request", "author_id")[0]
    other.close()


def test_work_of_a_bot_stays_a_bots(filled):
    erase_all(filled, "ci-runner")
    assert column(filled, "pull_request", "author_id")[3] == "erased-bot"
    kinds = filled.con.execute("SELECT id, login, kind FROM raw.account WHERE source = 'github'").fetchall()
    assert ("erased-bot", None, "Bot") in kinds
    find_person(filled.con, "ben")  # computes stg_account anew
    bots = filled.con.execute("SELECT account_id FROM staged.stg_account WHERE is_bot").fetchall()
    assert bots == [("erased-bot",)]


def test_rows_that_had_left_their_source_are_made_nobodys_and_stay_gone(filled):
    filled.take_census("run-2", "github", "*", "some", "pull_request", ["2", "3", "4"])
    erase_all(filled, LOGIN)
    assert [one is not None for one in column(filled, "pull_request", "gone_at")] == [
        True,
        False,
        False,
        False,
    ]
    assert column(filled, "pull_request", "author_id")[0].startswith("erased-")


def test_an_account_that_its_source_no_longer_shows_is_erased(filled):
    filled.con.execute("UPDATE raw.account SET gone_at = now() WHERE id = '12'")
    assert erase_all(filled, "ben")["account"] == (1, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ask @xenia-quist, not xenia", "Ask @[erased], not xenia"),
        ("XENIA.QUIST@alder.example wrote", "[erased] wrote"),
        ("Xenia Quist and Xenia Quister", "[erased] and [erased] Quister"),
        ("QUIST, Xenia asked; a xenia did not", "[erased] asked; a xenia did not"),
        ("Xénia-Quist", "[erased]"),
        ("hotfix/xenia_quist-2", "hotfix/[erased]-2"),
        # The address of a page is none of a person's, unless it is their page.
        (
            "see https://git.example/xenia-quist/till/pull/7.",
            "see https://git.example/xenia-quist/till/pull/7.",
        ),
        ("see https://git.example/xenia-quist.", "see https://git.example/[erased]."),
        ("employee-4711", "[erased]"),
        ("4711 rows", "4711 rows"),
        ("", ""),
    ],
)
def test_names_in_texts(filled, text, expected):
    erase_all(filled, LOGIN)
    land(filled, incident(description=text))
    assert column(filled, "incident", "description") == [expected]


def test_every_field_that_may_hold_a_person_is_known():
    found = {
        (record, name)
        for record in RECORD_TYPES
        for name in columns_of(record)
        if re.search(r"author_|account|person|login|email|assignee|merged_by|creator|reviewer", name)
    }
    known = {(record, name) for record, names in PEOPLE.items() for name in names}
    known |= {(record, name) for record in RECORD_TYPES for name in columns_of(record) if name in AUTHORS}
    assert found - known == {(Account, "login"), (Account, "email")}


def test_words_are_compared_without_capitals_and_marks():
    assert words_of("Xenia_QUIST@alder.example") == ("xenia", "quist", "alder", "example")
    assert words_of("--") == ()


# --- what sources have struck out


def incident(**texts):
    plain = dict.fromkeys(columns_of(Incident)) | {"id": "i", "created_at": NOW, "started_at": NOW}
    return Incident(**plain | {"is_test": False} | texts)


def test_what_was_struck_out_before_an_erasure_is_struck_out_after_it(filled):
    """The names that are known are fewer then, so that files and folders are read again without hers."""
    told = [
        incident(
            title="Xenia restarted the wrong node",
            description="Quist, xenia saw it",
            rotation="Xenia-Quist on call",
            causes=["xenia.quist typed it", "XENIA"],
        ),
        Postmortem(
            id="p",
            incident="i",
            service=None,
            title="Quist",
            url=None,
            published_at=None,
            causes=["Xénia Quist"],
        ),
        Exercise(id="e", kind="drill by Xenia", team=None, service=None, planned_on=None, held_on=None),
    ]

    def read(run):
        redactor = Redactor(known_names(filled.con, SimpleNamespace(teams=[])))
        land(filled, *map(redactor.clean, told), source="inbox", run=run)
        fields = ["title", "description", "rotation", "causes"]
        read = [str(column(filled, "incident", name)) for name in fields]
        read += [str(column(filled, "postmortem", name)) for name in ("title", "causes")]
        return redactor.fingerprint, [*read, *column(filled, "exercise", "kind")]

    before, texts = read("run-1")
    assert all(STRUCK in one for one in texts)
    erase_all(filled, LOGIN)
    after, again = read("run-2")
    assert before != after
    assert again == [one.replace(STRUCK, ERASED) for one in texts]


WORDS = ["xenia", "Xenia", "Quist", "quist", "Xénia", "fixed", "the", "XQ7", "Will", "will", "mwong", "4711"]


@settings(deadline=None)
@given(
    words=st.lists(st.sampled_from(WORDS), max_size=8),
    between=st.sampled_from([" ", "-", ", ", "\n", "_"]),
)
def test_no_word_that_was_struck_out_is_left(words, between):
    struck = {"xenia-quist", "xq7", "will", "mwong@alder.example"}
    person = Person((), frozenset(), frozenset(), frozenset(), frozenset({"xenia-quist"}), frozenset(struck))
    known = {parts: kind for kind, _, parts in person.hashed()}
    names = ErasedNames(lambda *parts: known.get(parts), [2])
    text = between.join(words)
    expected = Redactor(struck).redact(text).replace(STRUCK, ERASED)
    assert names.redacted(text) == expected


def test_a_word_is_looked_up_once():
    asked = []
    names = ErasedNames(lambda *parts: asked.append(parts), [3, 2])
    for _ in range(3):
        assert names.redacted("Round prices, then round prices") == "Round prices, then round prices"
    assert asked == [("first", "round"), ("first", "prices"), ("first", "then"), ("first", "round")]


def test_what_is_remembered_is_read_once(filled, monkeypatch):
    erase_all(filled, LOGIN)
    land(filled, Account(id="12", login="ben", kind="User"))
    loaded = []
    load = Erased.load
    monkeypatch.setattr(Erased, "load", lambda con: loaded.append(1) or load(con))
    for number in range(3):
        land(filled, author("1", number, "11"))
    assert loaded == []
    land(filled, TeamMember(id="z:11", team_id="z", account_id="11"))  # another row is left out from now on
    land(filled, author("1", 4, "11"))
    assert loaded == [1]


# --- lists, other accounts, names that are words


def test_a_person_listed_by_a_number_is_erased(filled):
    told = [
        PersonAccount(id="4711|ben", person="4711", account="ben"),
        Membership(id="4711|pay|", person="4711", team="pay", valid_from=None, valid_to=None),
        Joiner(id="4711|x", person="4711", joined_on=date(2026, 1, 1), team="pay", left_on=None),
        Membership(id="47|pay|", person="47", team="pay", valid_from=None, valid_to=None),
    ]
    filled.con.execute("DELETE FROM raw.person_account WHERE account = 'ben'")
    land(filled, *told, source="inbox")
    counts = erase_all(filled, "4711")
    assert [counts[one] for one in ("membership", "joiner", "person_account")] == [(1, 0)] * 3
    land(filled, *told, source="inbox", run="run-2")
    assert column(filled, "membership", "person") == ["47", OWN_KEY]
    assert column(filled, "joiner", "person") == [OWN_KEY]
    assert column(filled, "person_account", "person") == [OWN_KEY]
    assert was_erased(filled.con, "4711")
    land(filled, incident(title="4711 rows lost"))
    assert column(filled, "incident", "title") == ["4711 rows lost"]


def test_the_same_person_under_another_account_is_recognised_by_the_address(filled):
    erase_all(filled, LOGIN)
    land(
        filled,
        author("2", 8, "77"),
        Account(id="77", login="xq", kind="User", email=ADDRESS.upper()),
        run="run-2",
    )
    land(filled, author("2", 9, "77"), run="run-3")
    assert "77" not in column(filled, "account", "id")
    of_first, *of_second = column(filled, "pull_request_commit", "author_id")
    assert all(one.startswith("erased-") for one in of_second)
    assert len({of_first, *of_second}) == 2


def test_an_address_that_several_share_tells_of_nobody(filled):
    for number in ("21", "22"):
        land(filled, Account(id=number, login=f"hired{number}", kind="User", email="hired@alder.example"))
    erase_all(filled, "hired21")
    land(filled, Account(id="22", login="hired22", kind="User", email="hired@alder.example"), run="run-2")
    assert column(filled, "account", "login", "id")[-2:] == ["hired22", None]


@pytest.mark.parametrize("wanted", ["jweiß", "JWEIß", "github:jweiß"])
def test_a_login_whose_small_letters_differ_by_language(filled, wanted):
    land(filled, Account(id="31", login="jweiß", kind="User"), incident(title="JWeiss and jweiß slept"))
    erase_all(filled, wanted)
    assert "31" not in column(filled, "account", "id")
    assert column(filled, "incident", "title") == [f"{ERASED} and {ERASED} slept"]
    assert was_erased(filled.con, wanted)


def test_words_that_rules_match_stay_where_a_name_is_one_of_them(filled, records):
    land(
        filled,
        Account(id="41", login="will", kind="User"),
        Account(id="42", login="a", kind="User"),
        records.pull_request(5, title="This will roll a price back, @a", labels=["will-not-fix", "a"]),
        records.pull_request(6, title="Will it?", head_ref="a/will", labels=["@will"]),
    )
    touched = erase_person(filled.con, find_person(filled.con, "will"), is_trial=True)
    assert [(one.table, one.ordinary) for one in touched if one.ordinary] == [("pull_request", 2)]
    erase_all(filled, "will")
    erase_all(filled, "a")
    assert column(filled, "pull_request", "title")[4:] == [
        f"This {ERASED} roll a price back, @{ERASED}",
        f"{ERASED} it?",
    ]
    assert column(filled, "pull_request", "labels")[4:] == [["will-not-fix", "a"], [f"@{ERASED}"]]
    assert column(filled, "pull_request", "head_ref")[5] == "a/will"


def test_branches_and_environments_are_texts_and_tags_are_keys(filled):
    run = WorkflowRun(
        **dict.fromkeys(columns_of(WorkflowRun))
        | {"id": "1:1", "repository_id": "7", "run_id": "1", "attempt": 1, "created_at": NOW}
        | {"head_branch": f"{LOGIN}/fix"}
    )
    deployed = Deployment(
        **dict.fromkeys(columns_of(Deployment))
        | {"id": "d", "created_at": NOW, "environment": f"review/{LOGIN}", "original_environment": LOGIN}
    )
    land(filled, run, deployed, Tag(id="7:xenia", repository_id="7", name=LOGIN, sha="c1", tagged_at=None))
    assert erase_all(filled, LOGIN)["workflow_run"] == (0, 1)
    assert column(filled, "workflow_run", "head_branch") == [f"{ERASED}/fix"]
    assert column(filled, "deployment", "environment") == [f"review/{ERASED}"]
    assert column(filled, "deployment", "original_environment") == [ERASED]
    assert column(filled, "tag", "name") == [LOGIN]


# --- the file


def test_the_bytes_leave_the_file_after_a_whole_build_too(filled, records):
    """Computed tables repeat texts of what they were made of."""
    now = {"run": [{"run_id": "r", "as_of": NOW + timedelta(days=1)}]}
    organisation = {"id": "o", "name": "O", "time_zone": "UTC", "quarter_start_month": 1}
    create_configuration_tables(filled.con, {**CONFIG, **now, "organisation": [organisation]})
    merged = {"state": "MERGED", "merged_at": NOW, "merge_commit_sha": "c9", "author_id": "11"}
    headline = f"Merge pull request #1 from {LOGIN}/fix"
    land(filled, records.repository(), records.pull_request(1, merge_commit_headline=headline, **merged))
    build_all(filled.con)
    repeated = "SELECT merge_commit_headline FROM staged.stg_pull_request WHERE merge_commit_headline <> ''"
    assert filled.con.execute(repeated).fetchall() == [(headline,)]
    erase_all(filled, LOGIN)
    path = filled.path
    filled.close()
    rewrite(path)
    assert b"xenia" not in path.read_bytes().lower()


def test_the_bytes_leave_the_file(filled):
    path = filled.path
    filled.con.execute("CHECKPOINT")
    assert LOGIN.encode() in path.read_bytes()
    erase_all(filled, LOGIN)
    filled.close()
    rewrite(path)
    after = path.read_bytes().lower()
    assert LOGIN.encode() not in after
    assert ADDRESS.encode() not in after
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]
    reopened = Warehouse(path)
    assert column(reopened, "account", "id") == ["12", "13"]
    # Keys are still keys.
    assert land(reopened, Account(id="12", login="ben", kind="User")).rows_changed == 0
    reopened.close()


def test_a_file_that_cannot_be_written_anew_is_one_line(filled, monkeypatch):
    path = filled.path
    erase_all(filled, LOGIN)
    filled.close()
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(Exception, match="the file could not be written anew") as told:
        rewrite(path)
    assert "\n" not in str(told.value)
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


# --- the command


@pytest.fixture
def command(filled, tmp_path, capsys):
    """The command on the filled warehouse, which is closed first."""
    folder = filled.path.parent
    config = tmp_path / "outcomes.toml"
    config.write_text(
        '[organisation]\nid = "a"\nname = "A"\n[[team]]\nid = "pay"\nname = "Pay"\n'
        f'members = [{{ account = "{LOGIN}" }}, {{ account = "ben" }}]\n',
        encoding="utf-8",
    )
    filled.close()
    context = SimpleNamespace(obj=SimpleNamespace(home=Home(folder), config=config))

    def run(account, **options):
        erase(context, account, **options)
        return capsys.readouterr().out

    return run


def test_the_command_shows_counts_first(command):
    shown = command(LOGIN)
    assert shown.splitlines()[0] == "To be erased: a person with 2 accounts in github, jira"
    assert "  pull_request           3 made nobody's\n" in shown
    assert "outcomes.toml: remove the person from the members of pay\n" in shown
    assert shown.endswith("Nothing has been changed. Run it again with --yes to erase.\n")
    assert LOGIN not in shown
    assert command(LOGIN) == shown


def test_clones_whose_commits_name_authors_are_removed_with_yes(command, tmp_path):
    clone = tmp_path / "home" / "git" / "github" / "7.git"
    clone.mkdir(parents=True)
    assert "clones in git/" in command(LOGIN)
    assert clone.exists()
    command(LOGIN, yes=True)
    assert not clone.exists()
    clone.mkdir(parents=True)
    command(LOGIN, yes=True)
    assert not clone.exists()


def test_clones_that_cannot_be_removed_are_one_line(tmp_path, monkeypatch):
    home = Home(tmp_path)
    assert not remove_clones(home)
    home.clones.mkdir()
    monkeypatch.setattr("shutil.rmtree", lambda _: (_ for _ in ()).throw(OSError(13, "Permission denied")))
    with pytest.raises(WarehouseError, match=r"the clones cannot be removed \(Permission denied\)"):
        remove_clones(home)


def test_a_name_that_is_an_ordinary_word_is_told_before(filled, command, records):
    warehouse = Warehouse(filled.path)
    land(warehouse, Account(id="41", login="will", kind="User"), records.pull_request(5, title="It will do"))
    warehouse.close()
    assert "ordinary word as well. It goes out of texts wherever it stands: 1 row has it" in command("will")
    assert "ordinary word" not in command(LOGIN)


def test_the_command_erases_with_yes_and_says_so_the_second_time(command):
    shown = command(LOGIN, yes=True)
    assert shown.startswith("Erased: a person with 2 accounts in github, jira\n")
    assert "published snapshots: they hold no persons" in shown
    assert command(LOGIN) == "Erased before.\n"
    assert command(f"github:{LOGIN}", yes=True) == "Erased before; the file has been written anew.\n"


def test_the_command_erases_in_the_journal_too(command, tmp_path):
    journal = Journal.open(url_of(tmp_path / "home"))
    body = WentWell(scope="team:pay", quarter="2026-Q1", text="Xenia Quist held the release together")
    entry = journal.add(body, role="team_member", at=NOW)
    assert "  texts of the journal   1 made nobody's\n" in command(LOGIN)
    assert journal.history(entry.id)[0].body == body
    command(LOGIN, yes=True)
    (left,) = journal.entries(WentWell)
    assert left.body.text == "[erased] held the release together"
    # What is written later about somebody who was erased goes with the next erasure.
    journal.change(entry.id, 1, body, role="team_member", at=NOW)
    command(LOGIN, yes=True)
    assert "Xenia" not in str(journal.history(entry.id))


def test_a_journal_that_cannot_be_used_is_told_after_the_warehouse(command, tmp_path):
    (tmp_path / "home" / "journal.sqlite").write_bytes(b"no database " * 99)
    with pytest.raises(WarehouseError, match="erase again: names in the journal are still there"):
        command(LOGIN, yes=True)


def test_the_command_refuses_a_name_that_nobody_has(command):
    with pytest.raises(CommandError, match="knows nobody by that name") as refused:
        command("nobody")
    assert refused.value.code == USAGE


def test_the_command_without_a_warehouse(tmp_path):
    context = SimpleNamespace(obj=SimpleNamespace(home=Home(tmp_path), config=tmp_path / "x.toml"))
    with pytest.raises(CommandError, match="nothing has been fetched yet"):
        erase(context, "ada")


def test_the_command_is_one_that_typer_takes():
    app = typer.Typer()
    app.command()(erase)
    app.command(name="other")(lambda: None)
    assert typer.main.get_command(app).commands["erase"].params[0].name == "account"


# --- on a whole organisation


@pytest.mark.soak
def test_published_numbers_are_the_same_and_the_next_run_brings_nothing_back(built, tmp_path):
    place = built.copy_to(tmp_path / "place")
    as_of = "2026-11-02T03:10:00Z"
    warehouse = Warehouse(place.home.warehouse)
    # Who wrote most and reviewed too: where a number could change, it would.
    ((source, account, login),) = warehouse.con.execute(
        "SELECT a.source, a.id, a.login FROM raw.account a JOIN raw.pull_request p "
        "ON p.source = a.source AND p.author_id = a.id "
        "JOIN staged.stg_account s ON s.source = a.source AND s.account_id = a.id AND NOT s.is_bot "
        "WHERE a.id IN (SELECT author_id FROM raw.review) GROUP BY ALL ORDER BY count(*) DESC LIMIT 1"
    ).fetchall()
    touched = erase_all(warehouse, f"{source}:{account}")
    warehouse.close()
    rewrite(place.home.warehouse)
    assert touched["pull_request"][1] > 1
    assert touched["review"][1] > 1
    before = canonical(place, tmp_path / "before")
    assert place.outcomes("build", "--as-of", as_of).code == 0
    assert canonical(place, tmp_path / "built") == before
    again = place.outcomes("run", "--full", "--as-of", as_of, "--format", "json")
    assert (again.code, again.errors) == (0, [])
    assert '"rows_changed": 0' in again.out
    assert canonical(place, tmp_path / "again") == before
    assert login.encode() not in place.home.warehouse.read_bytes()
    warehouse = Warehouse(place.home.warehouse)
    assert was_erased(warehouse.con, f"{source}:{account}")
    assert warehouse.con.execute(
        "SELECT count(*) FROM raw.account WHERE source = ? AND id = ?", [source, account]
    ).fetchall() == [(0,)]
    warehouse.close()


def canonical(place, folder):
    """The numbers and items of the published snapshot."""
    assert place.outcomes("export", folder, "--canonical").code == 0
    names = ("metric_values.ndjson", "metric_item.ndjson", "item.ndjson")
    return {name: (folder / name).read_bytes() for name in names}
