"""What the demo's people wrote comes back through the health check as it was planted."""

from collections import defaultdict
from contextlib import closing
from datetime import UTC, date
from fractions import Fraction

import pytest
from pdf_pages import pages

from connectors.journal.entries import KINDS, Annotation
from connectors.journal.journal import Journal
from connectors.journal.where import SQLITE
from connectors.sandbox.organisation import DEPARTMENTS, TEAMS
from connectors.sandbox.planted_calendar import survival_quantile
from connectors.sandbox.written import actions, decisions
from dashboard.frozen import changed, check
from dashboard.health.compose import compose
from dashboard.health.tables import extract, thaw
from dashboard.health.written import read
from dashboard.report import html, markdown
from dashboard.report.freezing import freezes
from pipelines.demo_journal import write_journal
from pipelines.demo_written import PROMISES, THEMES

ORGANISATION, ORDERING, CATALOGUE = "organisation", "department:ordering", "team:catalogue"
ON_THE_FIRST_PAGE = [
    *("What we said we would do", "The theme", "Things to talk about", "Outcomes", "Pairs", "Governance"),
    "Decisions and actions",
]


@pytest.fixture(scope="module")
def journal(published, tmp_path_factory):
    with closing(Journal.open(f"{SQLITE}{tmp_path_factory.mktemp('journal') / 'journal.sqlite'}")) as opened:
        write_journal(opened, freezes(published.home.path))
        yield opened


@pytest.fixture(scope="module")
def shown(published, journal):
    entries = read(journal, UTC)
    return {
        scope: compose(str(published.snapshot), entries, scope, "2026-Q3")
        for scope in (ORGANISATION, ORDERING, CATALOGUE)
    }


def dumped(journal):
    """All that was ever written, but for the ids that are drawn."""
    return sorted(
        (kind, one.at.isoformat(), one.version, one.author_role, one.body and one.body.model_dump_json())
        for kind, model in KINDS.items()
        for changes in journal.histories(model).values()
        for one in changes
    )


def test_it_is_the_same_each_time_and_written_once(journal, tmp_path):
    with closing(Journal.open(f"{SQLITE}{tmp_path / 'again.sqlite'}")) as again:
        write_journal(again, lambda *_: None)
        assert dumped(again) == dumped(journal)
        write_journal(again, lambda *_: None)
        assert dumped(again) == dumped(journal)


def test_promises_come_back_kept_and_not_kept(shown):
    assert [(one.what, one.state) for one in shown[ORGANISATION].promises.items] == [
        ("A change needs one approval, not two", "done"),
        ("Each department has a week without planned meetings", "moving"),
        ("Postmortem actions get an owner within a week", "no_update"),
    ]
    own = [one for one in shown[CATALOGUE].promises.items if one.known_by]
    assert sorted(one.state for one in own) == ["done", "dropped", "no_update"]
    assert next(one.told for one in own if one.state == "dropped") == "The move of search took the time."


def test_beside_them_stand_the_teams_actions_that_came_by_the_inbox(published, shown):
    planted = [
        (f"Action {row['action_id']}", date.fromisoformat(row["due_on"]), row["state"])
        for row in actions(published.world)
        if row["team"] == "catalogue" and "2026-07-01" <= row["due_on"] <= "2026-09-30"
    ]
    assert len(planted) > 3
    found = [(one.what, one.due, one.state) for one in shown[CATALOGUE].promises.items if not one.known_by]
    assert sorted(found) == sorted(planted)


def test_every_scope_of_the_demo_has_a_theme_with_numbers_that_are_published(shown):
    known = {scope for scope, quarter in THEMES if quarter == "2026-Q3"}
    teams, departments = ([one.id for one in TEAMS], [key for key, _ in DEPARTMENTS])
    assert known == {
        "organisation",
        *(f"department:{one}" for one in departments),
        *(f"team:{one}" for one in teams),
    }
    assert shown[ORGANISATION].theme.sentence == THEMES[ORGANISATION, "2026-Q3"][0]
    for scope, check_ in shown.items():
        watched = [one.figure.definition.metric for one in check_.theme.indicators]
        assert watched == [metric for metric, _, _ in THEMES[scope, "2026-Q3"][2]]
    assert shown[CATALOGUE].next.theme == "Fewer begun, more finished"


def test_beside_a_theme_stands_how_much_work_was_for_it(published, shown):
    rows = [
        row
        for row in published.planted["rows"]
        if (row["metric"], row["scope"], row["period"]) == ("theme_work_share", CATALOGUE, "2026-Q3")
    ]
    (planted,) = rows
    assert 0 < planted["numerator"] < planted["n"]
    share = f"{100 * planted['value']:.0f} %"
    told = f"{share} of what was finished ({planted['n']} items) was for it."
    assert shown[CATALOGUE].theme.work == told
    assert shown[ORGANISATION].theme.work.endswith(" items) was for the theme of its team.")
    assert shown[ORDERING].theme.work == "", "its theme does not say by what work for it is known"
    assert markdown.escaped(shown[CATALOGUE].theme.work) in markdown.render(shown[CATALOGUE])


def test_the_matrix_has_a_decision_in_each_cell_and_one_was_reversed(shown):
    decisions = shown[ORGANISATION].next.decisions
    cells = {(one.risk, one.reach) for one in decisions}
    assert cells == {(risk, reach) for risk in ("low", "high") for reach in ("team", "organisation")}
    assert [one.reversed_on for one in decisions if one.reversed_on] == [date(2026, 9, 22)]
    assert [one.what for one in decisions if one.decided_on is None] == [
        "Who keeps the list of exceptions to the objectives"
    ]


def test_words_stand_where_they_belong(shown):
    not_known = [one.sentence for one in shown[ORDERING].cannot_tell if one.kind == "not_known"]
    assert len(not_known) == 1
    assert "not this time" in not_known[0].lower()
    assert shown[ORDERING].said_done[0].said == "Nobody follows up on what we say."
    assert "“Search moved without a stop that customers saw.”" in shown[CATALOGUE].went_well
    assert "no new features for that service" in shown[CATALOGUE].budget_policy
    contexts = [one.sentence for one in shown[CATALOGUE].cannot_tell if one.kind == "context"]
    assert "The move of search took most of August" in contexts[0]


@pytest.mark.parametrize("scope", [ORGANISATION, ORDERING])
def test_what_leaders_open_with_is_one_page(shown, scope):
    found = pages([shown[scope]], {})
    assert (found.begins, found.ends) == ([1], [1])
    assert [title for title in ON_THE_FIRST_PAGE if 1 in found.of(title)] == ON_THE_FIRST_PAGE
    assert len([page for _, page in found.sections if page == 1]) == len(ON_THE_FIRST_PAGE)


def test_two_teams_introduced_an_assistant(journal):
    found = {one.body.scope for one in journal.entries(Annotation) if one.body.kind == "ai_assistant"}
    assert found == {"team:harbour", "team:identity"}


def test_two_quarters_are_frozen_and_one_has_a_revision_that_says_what_changed(journal):
    assert [one.revision for one in journal.frozen(ORGANISATION, "2026-Q2")] == [1]
    first, second = journal.frozen(ORGANISATION, "2026-Q3")
    assert second.reason == "The due date of an action was wrong."
    before, after = check(first), check(second)
    assert changed(before, after) == ["Decisions and actions"]
    assert [one.due for one in after.next.actions] == [date(2026, 12, 18), date(2026, 12, 11)]
    assert {one.what for one in before.next.actions} == {one[0] for one in PROMISES[ORGANISATION, "2026-Q3"]}


def test_each_place_of_the_matrix_tells_how_long_its_decisions_take(published, journal, shown):
    # The sandbox's decisions of little risk reach a team, the others further; 2026-Q3 has some of both.
    today = published.world.as_of.date()
    taken, waiting = defaultdict(list), defaultdict(list)
    for row in decisions(published.world):
        if "2026-07-01" <= row["proposed_on"] <= "2026-09-30":
            proposed = date.fromisoformat(row["proposed_on"])
            decided = date.fromisoformat(row["decided_on"]) if row["decided_on"] else None
            held = taken if decided else waiting
            held[row["risk"], row["reach"]].append(((decided or today) - proposed).days)
    found = {(one.risk, one.reach): one.figure for one in shown[ORGANISATION].next.latencies}
    assert found.keys() == taken.keys() | waiting.keys()
    assert len(found) == 2
    for place, figure in found.items():
        everything = len(taken[place]) + len(waiting[place])
        middle = survival_quantile(taken[place], waiting[place], Fraction(1, 2)) if everything >= 3 else None
        assert figure.now.value == middle, place
    matrix = next(part.body for part in html.sections(shown[ORGANISATION]) if "eo-matrix" in part.body)
    assert matrix.count("Decision latency, all on record: ") == len(found)
    path, written = thaw(extract(str(published.snapshot), read(journal, UTC), ORGANISATION, "2026-Q3"))
    frozen = compose(path, written, ORGANISATION, "2026-Q3").next.latencies
    assert {(one.risk, one.reach): one.figure.now for one in frozen} == {
        place: figure.now for place, figure in found.items()
    }
