"""With a rule switched off in the product's own code, the attack finds leaks: so it can, and the rule counts.

Each test breaks one rule of docs/privacy.md, by its number, in the product, and lets everything else be.
First the product's audits are switched off as well, where they stand in the way, and the attack is to find
what then is published. Then they are on again: where the leak shows within one wave, they refuse to publish
it or withhold what tells it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import attacked_product
import pytest
from attack.every_way import attack
from attack.program import made

from pipelines.privacy import bands, cells, closed, publication, units
from pipelines.privacy.closed import Closed
from pipelines.privacy.scores import Response, favourable, mean, spread
from pipelines.survey import publishing, series, wave_roster

MOST = 12
"""Organisations to try: fewer are needed, since the first that leaks ends it."""

Mutation = Callable[[pytest.MonkeyPatch], None]


@contextmanager
def mutated(*mutations: Mutation) -> Iterator[None]:
    """The product with something switched off."""
    with pytest.MonkeyPatch.context() as patch:
        for one in mutations:
            one(patch)
        yield


def without_audits(patch):
    patch.setattr(publication, "audit_counts", lambda *_: None)
    patch.setattr(publishing, "proven", lambda found, *_: found)


def leaks(count=MOST):
    """By which ways the first organisation leaks that does at all."""
    for one in made(count, seed=1):
        found = [finding for finding in attack(attacked_product.product(one)) if finding.counts]
        if found:
            return Counter(finding.kind for finding in found)
    return Counter()


def refused(count=MOST):
    """Whether the audits refuse a wave of the first organisations, and that what they let through is safe."""
    attacked_product.BLOCKED.clear()
    for one in made(count, seed=1):
        assert not [finding for finding in attack(attacked_product.product(one)) if finding.counts]
        if attacked_product.BLOCKED:
            return attacked_product.BLOCKED[0]
    return None


# ---- 1: nothing rests on fewer than six answers ------------------------------------------------------


def _publishing_with(k):
    """The table is made with another floor; the audits are told the true one."""

    def mutation(patch):
        publish = publication.publish
        patch.setattr(units, "LEAST_ANSWERS", k)
        patch.setattr(publishing, "publish", lambda *given: publish(*given[:4], k))

    return mutation


def test_without_the_floor_of_six_answers():
    with mutated(_publishing_with(2), without_audits):
        assert leaks()["threshold"]
    with mutated(_publishing_with(2)):
        assert "fewer than 6 people could be told apart" in refused()


# ---- 2: everybody is in exactly one unit ---------------------------------------------------------------


class CountsPeopleOnce(Closed):
    """Somebody in two units counts in each of them, and once in what is above both."""

    twice: tuple[tuple[Response, Response], ...] = ()

    def _both(self, units, dimension):
        """Their answers to a dimension, who count twice among these units."""
        became = {part: unit.id for unit in self.partition.units for part in unit.parts}
        items = [self.form.items[at].id for at in self.dimensions[dimension]]
        for pair in self.twice:
            theirs = {became.get(one.unit.split("+")[0]) for one in pair}
            if len(theirs) == 2 and theirs <= set(units) and all(pair[0].answers[item] for item in items):
                yield pair[0].answers

    def n(self, units, dimension):
        return super().n(units, dimension) - len(list(self._both(units, dimension)))

    def answers(self, units, item):
        counted = super().answers(units, item)
        for given in self._both(units, self.form.items[item].dimension):
            counted[given[self.form.items[item].id] - 1] -= 1
        return counted

    def totals(self, units, items):
        turned = [range(5, 0, -1) if item.is_reversed else range(1, 6) for item in self.form.items]
        return [
            sum(value * n for value, n in zip(turned[item], self.answers(units, item), strict=True))
            for item in items
        ]


def in_all_their_teams(patch):
    """Whoever is in two teams is asked in both."""
    members_of, tally = attacked_product.members_of, publication.tally

    def members(made, plan, asked):
        found = members_of(made, plan, asked)
        home = {part: unit.id for unit in plan.partition.units for part in unit.parts}
        for one in made.people:
            second = home.get(one.teams[1]) if len(one.teams) == 2 else None
            if one.joins == 0 and one.id in asked and second not in {None, asked[one.id]}:
                found[second].append(one.id)
        return found

    def remembered(form, responses, of_units):
        first, twice = {}, []
        for one in responses:
            before = first.setdefault(id(one.answers), one)
            if before is not one:
                twice.append((before, one))
        patch.setattr(CountsPeopleOnce, "twice", tuple(twice))
        return tally(form, responses, of_units)

    patch.setattr(attacked_product, "members_of", members)
    patch.setattr(publication, "tally", remembered)
    patch.setattr(publication, "Closed", CountsPeopleOnce)


def test_with_people_in_two_units():
    with mutated(in_all_their_teams, without_audits):
        found = leaks()
        assert found["linear"]
        assert found["counts"]
    with mutated(in_all_their_teams):
        assert "rests on others than it says" in refused()


# ---- 3: after closing, units are merged and never withheld beside what is above them -------------------


def withheld_instead_of_merged(patch):
    """Only units without any answer are merged; those of one to five are left out of the table."""
    _publishing_with(1)(patch)
    of_unit = cells._of_unit

    def shown(wave, unit, empty):
        if 0 < wave.people[unit][empty.dimension] < 6:
            return replace(empty, withheld_reason="too_few_answers")
        return of_unit(wave, unit, empty)

    patch.setattr(cells, "_of_unit", shown)


def test_with_small_units_withheld_instead_of_merged():
    with mutated(withheld_instead_of_merged, without_audits):
        assert leaks()["linear"]
    with mutated(withheld_instead_of_merged):
        assert "fewer than 6 people could be told apart" in refused()


# ---- 4: one set of respondents per unit and dimension -------------------------------------------------


def whoever_answered_the_item(patch):
    """The numbers of an item rest on all who answered it, those of the dimension on all of its items."""
    tally, table = publication.tally, publication.table
    given = []

    def remembered(form, responses, of_units):
        given[:] = responses
        return tally(form, responses, of_units)

    def of_single_items(wave):
        became = {part: unit.id for unit in wave.partition.units for part in unit.parts}
        for cell in table(wave):
            if cell.item is None or cell.value is None:
                yield cell
                continue
            answers = [
                one.answers[cell.item]
                for one in given
                if became.get(one.unit.split("+")[0]) in wave.below[cell.scope] and one.answers[cell.item]
            ]
            counts, n = [answers.count(answer) for answer in range(1, 6)], len(answers)
            is_reversed = any(item.is_reversed for item in wave.form.items if item.id == cell.item)
            value = {
                "mean": mean(counts),
                "spread": spread(counts),
                "favourable": favourable(counts, is_reversed) / n,
                "histogram": counts[(cell.position or 1) - 1] / n,
            }[cell.statistic]
            yield replace(cell, value=value, n=n)

    patch.setattr(publication, "tally", remembered)
    patch.setattr(publication, "table", of_single_items)


def test_with_items_of_all_who_answered_them():
    with mutated(whoever_answered_the_item, without_audits):
        assert leaks()["respondents"]
    with mutated(whoever_answered_the_item):
        assert "rests on others than it says" in refused()


# ---- 5: what is shown at which level -------------------------------------------------------------------


def bands_of_one_point(patch):
    patch.setattr(closed, "width_for", lambda *_: 1)


def items_of_groups_of_one_unit(patch):
    """Every department and the organisation show exact numbers, whatever units they leave alone."""
    patch.setattr(closed, "exact_of", lambda partition, *_: frozenset(one.id for one in partition.groups))


def test_with_scores_of_units_in_bands_that_are_too_narrow():
    with mutated(bands_of_one_point, without_audits):
        assert leaks()["range"]
    with mutated(bands_of_one_point):
        assert "is narrowed to fewer than 3 totals" in refused()


def test_with_items_where_they_are_one_units():
    with mutated(items_of_groups_of_one_unit, without_audits):
        assert leaks()["items of a unit"]
    with mutated(items_of_groups_of_one_unit):
        assert refused() is None  # it is not blocked: what would tell a unit is withheld


# ---- 8: newcomers apart, and broken series ------------------------------------------------------------


def newcomers_in_their_teams(patch):
    """Whoever comes after the plan answers in the team's unit at once."""
    true_roster = wave_roster.wave_roster

    def joined(configuration, plan, people, known, earlier):
        home = {part: unit.id for unit in plan.partition.units for part in unit.parts}
        planned = replace(
            plan, members={**{one.account: home.get(one.unit) for one in people}, **plan.members}
        )
        return true_roster(
            configuration, planned, [one for one in people if planned.members[one.account]], known
        )

    patch.setattr(wave_roster, "wave_roster", joined)


def newcomers_join_a_pool_alone(patch):
    """Who came for earlier surveys is forgotten: a pool of six becomes one of seven."""
    true_roster = wave_roster.wave_roster
    patch.setattr(wave_roster, "wave_roster", lambda *arguments: true_roster(*arguments[:4]))


def series_go_on(patch):
    patch.setattr(series, "is_series_broken", lambda *_: False)


@pytest.mark.parametrize("mutation", [newcomers_in_their_teams, newcomers_join_a_pool_alone, series_go_on])
def test_without_the_rules_across_waves(mutation):
    """The audits look at one wave: here they see nothing, which the rules alone prevent."""
    with mutated(mutation):
        assert set(leaks(40)) == {"across waves"}


# ---- none ----------------------------------------------------------------------------------------------


def test_with_every_rule_nothing_is_found_and_nothing_refused():
    with mutated():
        assert refused() is None


def test_the_bands_that_are_mutated_are_those_of_the_product():
    """Else the tests above would try nothing."""
    assert closed.width_for is bands.width_for
    assert publishing.publish is publication.publish
