"""The same id in several rows and files, rows that are withdrawn, and lists that lose rows."""

import json
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Cursor, InputError, SourceContext
from connectors.inbox.columns import Strength, is_stronger
from connectors.inbox.source import CENSUS, InboxSource, Settings

DEPLOYED = {"deployment_id": "7", "service": "shop", "finished_at": "2026-10-01T09:00:00Z"}
EARLY, LATE = "2026-10-01T10:00:00Z", "2026-10-02T10:00:00Z"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "inbox"
    made.mkdir()
    return made


def source(folder, known_names=()):
    context = SourceContext(None, (), str(folder.parent), known_names=frozenset(known_names))
    return InboxSource(Settings(name="inbox", kind="inbox"), context)


def row(status="success", updated_at=None, **more):
    return {**DEPLOYED, "status": status, **({"updated_at": updated_at} if updated_at else {}), **more}


def gone(updated_at=None):
    return {"deployment_id": "7", "deleted": True, **({"updated_at": updated_at} if updated_at else {})}


def write(folder, name, *rows):
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in rows))


def read(folder, name, stream="deployments", cursor=None):
    return next(source(folder).fetch(stream, name, cursor or Cursor()))


def states(folder, name):
    return [one.state for one in read(folder, name).records]


# --- within a file


@pytest.mark.parametrize("order", [1, -1])
def test_a_withdrawal_counts_wherever_it_stands(folder, order):
    write(folder, "deployments.ndjson", *[row(), gone()][::order])
    assert states(folder, "deployments.ndjson") == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_that_was_updated_after_its_withdrawal_is_there_again(folder, order):
    write(folder, "deployments.ndjson", *[gone(EARLY), row(updated_at=LATE)][::order])
    assert states(folder, "deployments.ndjson") == ["SUCCESS"]
    write(folder, "deployments.ndjson", *[gone(LATE), row(updated_at=EARLY)][::order])
    assert states(folder, "deployments.ndjson") == []


def test_a_withdrawal_needs_its_id_alone_and_does_not_care_for_the_rest(folder):
    write(folder, "deployments.ndjson", {**gone(), "status": "whatever", "finished_at": "some day"})
    assert states(folder, "deployments.ndjson") == []
    (folder / "deployments.csv").write_text(
        "deployment_id,service,finished_at,status,deleted\n7,,,,TRUE\n8,shop,2026-10-01T09:00:00Z,success,\n"
    )
    assert [one.id for one in read(folder, "deployments.csv").records] == ["8"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"deleted": true}', "line 1: column deployment_id is missing. Add it; required: deployment_id"),
        ('{"deployment_id": " ", "deleted": true}', "line 1 column deployment_id: is empty. Write a value"),
        ('{"deployment_id": "7", "deleted": "maybe"}', "line 1: column service is missing. "),
        ('{"deployment_id": "7", "deletd": true}', "line 1: unknown column 'deletd'. Did you mean deleted? "),
        (
            '{"deployment_id": "7", "deleted": true, "updated_at": "2026-10-01"}',
            "line 1 column updated_at: is a time without a time zone. ",
        ),
    ],
)
def test_a_malformed_withdrawal_is_refused(folder, text, message):
    (folder / "deployments.ndjson").write_text(text)
    with pytest.raises(InputError) as raised:
        read(folder, "deployments.ndjson")
    assert str(raised.value).startswith(f"inbox/deployments.ndjson {message}")


# --- across files


def test_the_later_update_counts_in_whichever_file_it_stands(folder):
    write(folder, "deployments-1.ndjson", row("success", LATE))
    write(folder, "deployments-2.ndjson", row("failure", EARLY))
    assert states(folder, "deployments-1.ndjson") == ["SUCCESS"]
    assert states(folder, "deployments-2.ndjson") == []


@pytest.mark.parametrize("times", [(None, None), (EARLY, None), (None, EARLY), (EARLY, EARLY)])
def test_without_an_order_both_files_give_their_row_and_the_last_one_read_counts(folder, times):
    write(folder, "deployments-1.ndjson", row("success", times[0]))
    write(folder, "deployments-2.ndjson", row("failure", times[1]))
    assert states(folder, "deployments-1.ndjson") == ["SUCCESS"]
    assert states(folder, "deployments-2.ndjson") == ["FAILURE"]


@pytest.mark.parametrize("withdrawn_in", [1, 2])
def test_a_withdrawal_holds_against_a_file_that_is_read_again(folder, withdrawn_in):
    write(folder, f"deployments-{withdrawn_in}.ndjson", gone(EARLY))
    write(folder, f"deployments-{3 - withdrawn_in}.ndjson", row(), {**row(), "deployment_id": "8"})
    found = read(folder, f"deployments-{3 - withdrawn_in}.ndjson").records
    assert [one.id for one in found] == ["8"]


def test_a_malformed_file_does_not_hide_the_rows_of_others(folder):
    write(folder, "deployments-1.ndjson", row("success", EARLY))
    (folder / "deployments-2.ndjson").write_text(json.dumps(row("failure", LATE)) + "\nnonsense\n")
    assert states(folder, "deployments-1.ndjson") == ["SUCCESS"]


def test_files_of_other_types_have_ids_of_their_own(folder):
    write(folder, "deployments.ndjson", row("success", EARLY))
    write(folder, "exercises.ndjson", {"exercise_id": "7", "deleted": True, "updated_at": LATE})
    assert states(folder, "deployments.ndjson") == ["SUCCESS"]


moments = st.none() | st.integers(1, 3).map(lambda n: f"2026-10-0{n}T00:00:00Z")
rows = st.lists(st.tuples(st.sampled_from("abc"), moments, st.booleans()), max_size=6)


@settings(deadline=None)
@given(files=st.lists(rows, min_size=1, max_size=4))
def test_what_counts_is_what_a_naive_reading_of_the_rule_says(tmp_path_factory, files):
    """Each file by itself against all rows of all files, pair by pair."""
    folder = tmp_path_factory.mktemp("home") / "inbox"
    folder.mkdir()
    kept = []
    for number, rows in enumerate(files):
        by_id = {}
        for key, at, is_gone in rows:  # one row per id and file: two differing ones are an error
            by_id.setdefault(key, (at, is_gone))
        kept.append(by_id)
        lines = [
            {**(gone(at) if is_gone else row(updated_at=at)), "deployment_id": key}
            for key, (at, is_gone) in by_id.items()
        ]
        write(folder, f"deployments-{number}.ndjson", *lines)

    def loses(mine, other):
        if mine[0] and other[0] and mine[0] != other[0]:
            return other[0] > mine[0]
        return other[1] and not mine[1]

    for number, by_id in enumerate(kept):
        expected = {
            key
            for key, mine in by_id.items()
            if not mine[1] and not any(key in other and loses(mine, other[key]) for other in kept)
        }
        assert {one.id for one in read(folder, f"deployments-{number}.ndjson").records} == expected


def test_of_two_rows_at_most_one_is_stronger():
    some = [Strength(at, gone) for at in (None, EARLY, LATE) for gone in (False, True)]
    assert all(not (is_stronger(a, b) and is_stronger(b, a)) for a, b in permutations(some, 2))
    assert not any(is_stronger(one, one) for one in some)


# --- lists


MEMBERS = "person,team,from,to,accounts\n"


def test_what_a_list_no_longer_has_is_told_by_its_census(folder):
    (folder / "memberships.csv").write_text(MEMBERS + "p1,shop,2026-01-01,,ada;eve\np2,shop,,,\n")
    assert list(source(folder).census("memberships", "memberships.csv")) == ["p1|shop|2026-01-01", "p2|shop|"]
    assert list(source(folder).census("person_accounts", "memberships.csv")) == ["p1|ada", "p1|eve"]
    (folder / "memberships.csv").write_text(MEMBERS + "p1,shop,2026-01-02,,ada\n")
    assert list(source(folder).census("memberships", "memberships.csv")) == ["p1|shop|2026-01-02"]
    assert list(source(folder).census("person_accounts", "memberships.csv")) == ["p1|ada"]


def test_a_withdrawn_row_of_a_list_is_not_in_its_census(folder):
    (folder / "services-1.csv").write_text("service\nshop\nsearch\n")
    (folder / "services-2.csv").write_text("service,deleted\nshop,true\n")
    assert list(source(folder).census("services", "services-1.csv")) == ["search"]
    assert list(source(folder).census("services", "services-2.csv")) == []


def test_lists_are_counted_and_the_rest_may_hold_the_latest_rows_only():
    assert set(CENSUS) == {
        "services",
        "ownership",
        "memberships",
        "person_accounts",
        "joiners",
    }


# --- names


def test_a_file_is_read_again_when_another_name_is_to_be_struck_out(folder):
    (folder / "exercises.csv").write_text("exercise_id,kind\nE,restore test with Ada Lovelace\n")
    (folder / "services.csv").write_text("service\nshop\n")

    def at(stream, names, cursor):
        return next(source(folder, names).fetch(stream, f"{stream}.csv", cursor))

    before = at("exercises", (), Cursor())
    assert [one.kind for one in before.records] == ["restore test with Ada Lovelace"]
    after = at("exercises", ["Ada Lovelace"], before.cursor)
    assert [one.kind for one in after.records] == ["restore test with [name]"]
    assert at("exercises", ["Ada Lovelace"], after.cursor).records == []
    services = at("services", (), Cursor())
    assert at("services", ["Ada Lovelace"], services.cursor).records == []


def test_links_of_an_incident_stay_whole_and_its_title_does_not(folder):
    address = "https://github.com/ada-l/shop/pull/12"
    incident = {"incident_id": "I", "service": "shop", "started_at": EARLY, "title": f"see {address}"}
    write(folder, "incidents.ndjson", {**incident, "postmortem_url": address, "causes": ["Ada-L"]})
    (found,) = next(source(folder, ["ada-l"]).fetch("incidents", "incidents.ndjson", Cursor())).records
    assert found.title == "see https://github.com/[name]/shop/pull/12"
    assert found.description == found.postmortem_url == address
    assert found.causes == ["[name]"]
