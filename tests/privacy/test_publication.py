"""The published table: a wave small enough to count by hand, and what holds for every one."""

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosters import QUARTERLY, waves

from pipelines.privacy.cells import LEAST_ANSWERS_EXACT
from pipelines.privacy.publication import AuditError, audit_counts, publish
from pipelines.privacy.published_rows import Row
from pipelines.privacy.rank_audit import audit_ranks
from pipelines.privacy.scores import AnswerError, Form, FormItem, Response
from pipelines.privacy.units import Group, Partition, PartitionError, Unit
from pipelines.privacy.wave_rows import rows_of

ACME = Group("organisation", "Acme", "organisation", None)
B = Group("department:b", "B", "department", "organisation")
C = Group("department:c", "C", "department", "organisation")
E = Group("department:e", "E", "department", "organisation")
FORM = Form(
    (
        FormItem("E1", 1, "engagement"),
        FormItem("E2", 3, "engagement", least_level="department"),
        FormItem("P1", 1, "safety"),
        FormItem("P2R", 2, "safety", is_reversed=True),
        FormItem("O1", 1, "burnout", least_level="organisation"),
    )
)


def unit(name, parent):
    return Unit(name, name.title(), parent.id, (name,))


def wave(sizes, of_each):
    """`sizes`: name of a unit → its department; `of_each`: name → list of answers (E1, E2, P1, P2R, O1)."""
    units = tuple(unit(name, parent) for name, parent in sorted(sizes.items()))
    groups = [ACME, *sorted({parent.id: parent for parent in sizes.values()}.values(), key=lambda g: g.id)]
    ids = [item.id for item in FORM.items]
    responses = [
        Response(name, dict(zip(ids, answers, strict=True)))
        for name, rows in of_each.items()
        for answers in rows
    ]
    return Partition(tuple(groups), units), dict.fromkeys(sizes, 30), responses


FIVE = dict.fromkeys("pqrst", B)
HIGH, GOOD, LOW = (4, 2, 5, 2, 3), (4, 2, 4, 1, 3), (3, 1, 3, 2, 3)
ANSWERED = {name: [HIGH] * 10 + [GOOD] * 5 + [LOW] * 5 for name in "pqrst"}
"""Five teams of thirty, twenty of whom answer. Of a team: E1 15 * 4 + 5 * 3 = 75 of 20 to 100: score 68.75.
P1 50 + 20 + 15 = 85, P2R turned 40 + 25 + 20 = 85, together 170 of 40 to 200: score 81.25. E2 30 + 5 = 35."""


def find(publication, scope, dimension, statistic="score", item=None, position=None):
    (cell,) = (
        cell
        for cell in publication.cells
        if (cell.scope, cell.dimension, cell.statistic, cell.item, cell.position)
        == (scope, dimension, statistic, item, position)
    )
    return cell


def test_a_team_shows_its_scores_in_bands_and_nothing_else():
    """Of 80 totals of E1 a band of 5 has 4, of 160 of safety 8; 4 ** 5 is less than 2 * 100 * 6, 8 ** 5 not.

    So E1 is shown in tens: 68.75 is 70, from 65 to below 75. Safety is shown in fives: 81.25 is 80.
    """
    publication = publish(FORM, *wave(FIVE, ANSWERED), 6)
    shown = find(publication, "p", "engagement")
    assert (shown.value, shown.low, shown.high, shown.label) == (70, 65, 75, "65 to 75")
    assert (shown.n, shown.of, shown.scope_name, shown.parent) == (20, 30, "P", "department:b")
    assert find(publication, "p", "safety").label == "80"
    assert find(publication, "p", "burnout").withheld_reason == "only_for_the_organisation"
    of_units = [cell for cell in publication.cells if cell.scope_kind == "unit"]
    assert {(cell.statistic, cell.item) for cell in of_units} == {("score", None)}
    assert len(of_units) == 5 * 3


def test_a_department_shows_items_shares_histograms_and_spread():
    """Of 100: E1 has 75 fours and 25 threes, mean 3.75, standard deviation sqrt(3)/4; E2 has 175 in all."""
    publication = publish(FORM, *wave(FIVE, ANSWERED), 6)

    def value(*at):
        cell = find(publication, "department:b", *at)
        assert (cell.n, cell.of, cell.label, cell.withheld_reason) == (100, 150, None, None)
        return cell.value

    # (375 + 175 - 200) / 800 of E1 and E2; (425 + 425 - 200) / 800 of safety.
    assert value("engagement") == pytest.approx(43.75)
    assert value("safety") == pytest.approx(81.25)
    # 75 fours of 200 answers; of P1 50 fives and 25 fours, and all 100 of P2R turned, of 200.
    assert value("engagement", "favourable") == pytest.approx(0.375)
    assert value("safety", "favourable") == pytest.approx(0.875)
    assert value("engagement", "mean", "E1") == pytest.approx(3.75)
    assert value("engagement", "spread", "E1") == pytest.approx(3**0.5 / 4)
    assert value("engagement", "favourable", "E1") == pytest.approx(0.75)
    assert [value("engagement", "histogram", "E1", at) for at in range(1, 6)] == [0, 0, 0.25, 0.75, 0]
    # Answers as given: everybody said 1 or 2 to the reversed one, which is good.
    assert value("safety", "mean", "P2R") == 1.75
    assert [value("safety", "histogram", "P2R", at) for at in range(1, 6)] == [0.25, 0.75, 0, 0, 0]
    assert value("safety", "favourable", "P2R") == 1
    assert find(publication, "department:b", "engagement", "mean", "E2").item_version == 3
    reason = find(publication, "department:b", "burnout", "mean", "O1").withheld_reason
    assert reason == "only_for_the_organisation"
    assert find(publication, "organisation", "burnout", "mean", "O1").value == 3


def test_what_is_kept_of_a_team_is_the_sum_behind_its_score():
    publication = publish(FORM, *wave(FIVE, ANSWERED), 6)
    kept = {(one.unit, one.dimension): (one.item, one.total, one.n) for one in publication.sums}
    assert kept["p", "engagement"] == (None, 75, 20)
    assert kept["p", "safety"] == (None, 170, 20)
    assert len(kept) == 5 * 2


def test_a_department_of_one_team_shows_what_the_team_shows():
    """Its items would be the team's, and the organisation's less another department's as well."""
    sizes = FIVE | {"u": C}
    publication = publish(FORM, *wave(sizes, ANSWERED | {"u": [HIGH] * 20}), 6)
    team, department = find(publication, "u", "safety"), find(publication, C.id, "safety")
    assert (department.value, department.label, department.n) == (team.value, team.label, team.n)
    assert find(publication, C.id, "safety", "mean", "P1").withheld_reason == "would_tell_a_team"
    # One team beside an exact department would be the difference: the smallest department gives way.
    assert find(publication, B.id, "safety").withheld_reason == "would_tell_a_team"
    assert find(publication, "organisation", "safety").value is not None


def test_who_gave_way_to_one_sum_is_in_the_rest_of_the_next():
    """B1 is in B beside one team: it gives way to B. Then B gives way to Acme, whose own unit is one too.

    So of all of Acme alone, nine units, there are exact numbers.
    """
    inner = Group("department:b1", "B1", "department", B.id)
    sizes = dict.fromkeys("pqrstvw", inner) | {"y": B, "z": ACME}
    _, members, responses = wave(sizes, dict.fromkeys(sizes, ANSWERED["p"]))
    units = tuple(unit(name, parent) for name, parent in sorted(sizes.items()))
    publication = publish(FORM, Partition((ACME, B, inner), units), members, responses, 6)
    shown = {one.id: find(publication, one.id, "safety").withheld_reason for one in (ACME, B, inner)}
    assert shown == {ACME.id: None, B.id: "would_tell_a_team", inner.id: "would_tell_a_team"}


def test_a_department_whose_teams_are_all_at_the_end_of_their_bands_is_withheld():
    """Five teams of twenty, each with 10 above the least of 160: the highest of "10 or below" is 19.

    So 19 of each is the end. With everybody at the least, the sum would say that each team is at the least.
    """
    least = {name: [(1, 1, 1, 5, 1)] * 20 for name in "pqrst"}
    publication = publish(FORM, *wave(FIVE, least), 6)
    assert find(publication, "p", "safety").label == "10 or below"
    cell = find(publication, B.id, "safety")
    assert (cell.value, cell.n, cell.of, cell.withheld_reason) == (None, None, None, "would_tell_a_team")


ONE = Form((FormItem("S1", 1, "strategy"),))
FAR_APART = {
    "departments of four teams": ((30, 27), (31, 28), (27, 10), (29, 8)),
    "of five": ((29, 26), (19, 17), (18, 16), (24, 21), (12, 9)),
}


@pytest.mark.parametrize("answered", FAR_APART.values(), ids=FAR_APART)
def test_a_department_whose_answers_are_far_apart_is_withheld(answered):
    """All teams answered 1 or 5, and have the fewest fives that their bands hold: the sum of fives tells all.

    27 of 30 are 90, 26 would be 86.7, below 87.5; so with 28 of 31 (27: 87.1), 10 of 27 (9: 33.3, below 35),
    8 of 29 (7: 24.1, below 25); in tens from 85 and twenties from 70 with 26 of 29, 17 of 19, 16 of 18, 21
    of 24 and 9 of 12.
    """
    names = "pqrst"[: len(answered)]
    sizes = {name: n for name, (n, _) in zip(names, answered, strict=True)}
    responses = [
        Response(name, {"S1": 5 if at < fives else 1})
        for name, (n, fives) in zip(names, answered, strict=True)
        for at in range(n)
    ]
    partition = Partition((ACME, B), tuple(unit(name, B) for name in names))
    publication = publish(ONE, partition, sizes, responses, 6)
    assert all(find(publication, name, "strategy").label for name in names)
    for scope in (B.id, ACME.id):
        assert find(publication, scope, "strategy").withheld_reason == "would_tell_a_team"


def test_six_answers_are_shown_and_five_are_merged():
    sizes = {"p": B, "q": B}
    six = publish(FORM, *wave(sizes, {"p": [HIGH] * 6, "q": [LOW] * 6}), 6)
    assert [one.id for one in six.partition.units] == ["p", "q"]
    five = publish(FORM, *wave(sizes, {"p": [HIGH] * 5, "q": [LOW] * 6}), 6)
    assert [(one.id, one.name) for one in five.partition.units] == [("p+q", "P with Q")]
    cell = find(five, "p+q", "safety")
    assert (cell.n, cell.of) == (11, 60)
    # The department is that one unit: below twelve answers it shows what the unit shows.
    assert find(five, B.id, "safety").label == cell.label
    assert find(five, B.id, "safety", "mean", "P1").withheld_reason == "too_few_answers"


def test_who_skipped_the_item_of_departments_is_not_in_the_teams_score_either():
    skipped = (4, None, 5, 2, 3)
    answers = ANSWERED | {"p": [*ANSWERED["p"][1:], skipped]}
    publication = publish(FORM, *wave(FIVE, answers), 6)
    assert find(publication, "p", "engagement").n == 19
    assert find(publication, "p", "safety").n == 20
    assert find(publication, B.id, "engagement", "mean", "E1").n == 99


def test_too_few_answers_and_no_answers_at_all_look_the_same():
    sizes = {"p": B, "q": C}
    none = publish(FORM, *wave(sizes, {}), 6)
    few = publish(FORM, *wave(sizes, {"p": [HIGH] * 3, "q": [LOW] * 2}), 6)
    assert few.cells == none.cells
    assert {(cell.n, cell.of, cell.value, cell.withheld_reason) for cell in few.cells} == {
        (None, None, None, "too_few_answers")
    }
    assert rows_of(few, FORM).rows == ()


def test_a_department_without_people_looks_like_one_that_is_withheld():
    partition, members, responses = wave(FIVE, ANSWERED)
    partition = Partition((*partition.groups, E), partition.units)
    publication = publish(FORM, partition, members, responses, 6)
    of_e = [cell for cell in publication.cells if cell.scope == E.id]
    withheld = publish(FORM, partition, members, [], 6)
    assert of_e == [cell for cell in withheld.cells if cell.scope == E.id]


def test_a_floor_below_six_is_refused():
    with pytest.raises(PartitionError, match="a floor of 5 answers is too low: at least 6"):
        publish(FORM, *wave(FIVE, ANSWERED), 5)


def test_more_responses_than_members_are_refused():
    partition, members, responses = wave(FIVE, ANSWERED)
    with pytest.raises(AnswerError, match="p has more responses than members"):
        publish(FORM, partition, members | {"p": 19}, responses, 6)


def test_audits_see_the_publication_and_block_it():
    seen = []

    def audit(publication, form, k):
        seen.append((len(publication.cells), form, k))
        raise AuditError("B less P")

    with pytest.raises(AuditError, match="B less P"):
        publish(FORM, *wave(FIVE, ANSWERED), 6, [audit])
    assert seen[0][1:] == (FORM, 6)


def test_the_cheap_proof_can_fail():
    publication = publish(FORM, *wave(FIVE, ANSWERED), 6)
    people = {name: dict(of) for name, of in publication.complete_cases.items()}
    people["p"]["safety"] = 5
    with pytest.raises(AuditError, match=r"^safety of p rests on fewer than 6 answers$"):
        audit_counts(replace(publication, complete_cases=people), 6)
    with pytest.raises(AuditError, match=r"^engagement of p rests on fewer than 21 answers$"):
        audit_counts(replace(publication, complete_cases={"p": {}, **publication.complete_cases}), 21)
    exact = [cell for cell in publication.cells if cell.scope == B.id and cell.value is not None]
    few = {name: dict.fromkeys(of, 2 if name != "p" else 0) for name, of in people.items()}
    with pytest.raises(AuditError, match=r"department:b rests on fewer than 12 answers$"):
        audit_counts(replace(publication, cells=(replace(exact[0], n=8),), complete_cases=few), 2)


def test_rows_say_what_a_reader_knows():
    publication = publish(FORM, *wave(FIVE, ANSWERED), 6)
    rows = rows_of(publication, FORM)
    assert rows.atoms["p", "safety", "P2R"] == 20
    bounded = {row.name: row for row in rows.bounded}
    # 77.5 to below 82.5 of 160 is 124 to 131 above the least, which is 40.
    assert (bounded["p safety score"].low, bounded["p safety score"].high) == (164, 171)
    assert bounded["p safety score"].is_band
    assert bounded["p engagement score"].weights == {("p", "engagement", "E1"): 1}
    whole = bounded["department:b P2R mean"]
    assert (whole.low, whole.high, whole.is_band) == (425, 425, False)
    assert whole.weights == {(name, "safety", "P2R"): 1 for name in "pqrst"}
    histograms = {one.name: one for one in rows.histograms}
    assert histograms["department:b P2R histogram"].counts == (0, 0, 0, 75, 25)
    assert rows.totals["p", "safety", "P2R"] == 85
    total = bounded["department:b engagement score"]
    assert (total.low, total.high, len(total.weights)) == (550, 550, 10)


# ---- whatever is answered --------------------------------------------------------------------------


def each(count):
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


def published(drawn, responses=None, k=6):
    given_responses = drawn.responses if responses is None else responses
    return publish(QUARTERLY, drawn.partition, drawn.members, given_responses, k)


def check_table(drawn, rng):
    """One wave, looked at from all sides."""
    publication = published(drawn)
    shuffled = list(drawn.responses)
    rng.shuffle(shuffled)
    assert published(drawn, shuffled) == publication
    by_hand = people_by_hand(drawn, publication.partition)
    below = publication.partition.units_below() | {
        unit.id: frozenset([unit.id]) for unit in publication.partition.units
    }
    for cell in publication.cells:
        if cell.value is None:
            assert cell.withheld_reason
            assert (cell.n, cell.of, cell.low, cell.high, cell.label) == (None,) * 5
        else:
            n = sum(by_hand[unit, cell.dimension] for unit in below[cell.scope])
            assert cell.n == n >= (6 if cell.label else LEAST_ANSWERS_EXACT)
            assert cell.withheld_reason is None
    check_differences(publication, below, by_hand)
    check_rows(publication, rows_of(publication, QUARTERLY))


def people_by_hand(drawn, partition):
    """Complete cases per unit and dimension, person by person."""
    became = {part: unit.id for unit in partition.units for part in unit.parts}
    parts = {unit.id: unit.parts[0] for unit in drawn.partition.units}
    dimensions = {item.dimension for item in QUARTERLY.items}
    return Counter(
        (became[parts[response.unit]], dimension)
        for response in drawn.responses
        if parts[response.unit] in became
        for dimension in dimensions
        if all(response.answers[item.id] for item in QUARTERLY.items if item.dimension == dimension)
    )


def check_differences(publication, below, by_hand):
    """Of two scopes one within the other, the people between them are none or six and more."""
    shown = {(cell.scope, cell.dimension) for cell in publication.cells if cell.value is not None}
    for outer, dimension in shown:
        for inner in below:
            if (inner, dimension) in shown and below[inner] <= below[outer]:
                between = sum(by_hand[unit, dimension] for unit in below[outer] - below[inner])
                assert between == 0 or between >= 6


def check_rows(publication, rows):
    """The sums kept are within what is shown, and the table adds up from units to the organisation."""
    bounded = {row.name: row for row in rows.bounded}
    for one in publication.sums:
        row = bounded[f"{one.unit} {one.dimension} score"]
        assert row.low <= one.total <= row.high
        assert row.high - row.low >= 2
    totals = {(one.unit, one.dimension): one.total for one in publication.sums}
    for row in rows.bounded:
        units = {atom[0] for atom in row.weights}
        dimension = next(iter(row.weights))[1]
        if row.name.endswith(f" {dimension} score") and dimension != "engagement":
            assert row.low <= sum(totals[unit, dimension] for unit in units) <= row.high


@given(waves(most_departments=3, most_teams=3), st.randoms(use_true_random=False))
@each(50)
def test_every_table_keeps_its_promises(drawn, rng):
    check_table(drawn, rng)


def check_matrix(drawn):
    """Every number is made anew of single answers of the people it is said to rest on; these are audited."""
    publication = published(drawn)
    unit_of = {part: one.id for one in publication.partition.units for part in one.parts}
    parts = {one.id: one.parts[0] for one in drawn.partition.units}
    below = publication.partition.units_below() | {one: frozenset([one]) for one in unit_of.values()}
    rows = []
    for cell in publication.cells:
        if cell.value is None or cell.statistic not in {"score", "mean"}:
            continue
        asked = [item for item in QUARTERLY.items if item.dimension == cell.dimension]
        # E2 is for departments and above: no band holds it.
        made_of = [
            item
            for item in asked
            if item.id == cell.item or (cell.item is None and not (cell.label and item.id == "E2"))
        ]
        answers = {
            (person, item.id): 6 - response.answers[item.id]
            if item.is_reversed and cell.item is None
            else response.answers[item.id]
            for person, response in enumerate(drawn.responses)
            if unit_of.get(parts[response.unit]) in below[cell.scope]
            and all(response.answers[one.id] for one in asked)
            for item in made_of
        }
        mean = Fraction(sum(answers.values()), len(answers))
        value = mean if cell.statistic == "mean" else (mean - 1) * 25
        if cell.label:
            assert cell.low <= value < cell.high or value == cell.high == 100
        else:
            assert cell.value == pytest.approx(float(value))
        assert cell.n == len({person for person, _ in answers})
        rows.append(
            Row(f"{cell.scope} {cell.item or cell.dimension} {cell.statistic}", dict.fromkeys(answers, 1))
        )
    columns = dict.fromkeys((column for row in rows for column in row.weights), 1)
    audit = audit_ranks(columns, rows, 6)
    assert audit.holds, audit
    return audit


@given(waves(most_departments=3, most_teams=3))
@each(15)
def test_what_is_shown_rests_on_six_people_when_made_anew_of_their_answers(drawn):
    check_matrix(drawn)


def check_one_person(drawn, rng):
    """Somebody answers otherwise: nothing changes but in their unit and what it is in."""
    if not drawn.responses:
        return
    before = published(drawn)
    at = rng.randrange(len(drawn.responses))
    one = drawn.responses[at]
    other = {item: answer and rng.randint(1, 5) for item, answer in one.answers.items()}
    after = published(drawn, [*drawn.responses[:at], Response(one.unit, other), *drawn.responses[at + 1 :]])
    assert after.partition == before.partition
    parts = next(unit.parts for unit in drawn.partition.units if unit.id == one.unit)
    theirs = {unit.id for unit in before.partition.units if set(parts) <= set(unit.parts)}
    below = before.partition.units_below()
    theirs |= {group for group, units in below.items() if units & theirs}
    changed = {was.scope for was, now in zip(before.cells, after.cells, strict=True) if was != now}
    assert changed <= theirs


@given(waves(most_departments=3, most_teams=3), st.randoms(use_true_random=False))
@each(50)
def test_one_person_changes_nothing_outside_of_their_unit_and_its_ancestors(drawn, rng):
    check_one_person(drawn, rng)


@pytest.mark.soak
def test_five_hundred_tables_keep_their_promises():
    each(500)(given(waves(), st.randoms(use_true_random=False))(check_table))()


@pytest.mark.soak
def test_five_hundred_people_change_nothing_outside_of_their_unit():
    each(500)(given(waves(), st.randoms(use_true_random=False))(check_one_person))()


@given(waves(most_departments=3, most_teams=3), st.integers(0, 2**32))
@each(20)
def test_which_rows_there_are_goes_by_partition_and_form(drawn, seed):
    """The same people with the same items skipped answer something else: the same rows."""
    rng = random.Random(seed)
    others = [
        Response(one.unit, {item: answer and rng.randint(1, 5) for item, answer in one.answers.items()})
        for one in drawn.responses
    ]
    keys = [
        [(cell.scope, cell.dimension, cell.item, cell.statistic, cell.position) for cell in publication.cells]
        for publication in (published(drawn), published(drawn, others))
    ]
    assert keys[0] == keys[1]
    assert len(keys[0]) == len(set(keys[0]))
