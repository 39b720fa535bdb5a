"""The order by cost of delay ÷ duration, and what pairs in the wrong order cost."""

from datetime import date
from itertools import permutations

import pytest

from pipelines.statistics.cost_of_delay import Job, inversions, ranks, total_cost

A, B, C = ("A", 10, 5), ("B", 4, 1), ("C", 9, 3)


def finished(*jobs):
    """Jobs finished on 1, 2, 3, … March."""
    return [Job(*job, date(2026, 3, day)) for day, job in enumerate(jobs, start=1)]


def test_the_order_of_three_jobs():
    # 10 ÷ 5 = 2, 4 ÷ 1 = 4, 9 ÷ 3 = 3.
    found = ranks([Job(*one) for one in (A, B, C)])
    assert [(rank, job.item, job.cd3) for rank, job in found] == [(1, "B", 4), (2, "C", 3), (3, "A", 2)]


def test_no_other_order_costs_less():
    # B 4·1 + C 9·4 + A 10·9 = 130; the most valuable first, A 10·5 + C 9·8 + B 4·9 = 158.
    jobs = [Job(*one) for one in (B, C, A)]
    assert total_cost(jobs) == min(total_cost(order) for order in permutations(jobs)) == 130
    assert total_cost([Job(*one) for one in (A, C, B)]) == 158


def test_each_wrong_pair_and_what_it_cost():
    # A before C: C waits 5 weeks at 9, A does not wait 3 at 10: 15. A before B: 20 − 10. C before B: 12 − 9.
    found = [(one.first, one.later, one.cost) for one in inversions(finished(A, C, B))]
    assert found == [("A", "C", 15), ("A", "B", 10), ("C", "B", 3)]
    assert sum(cost for *_, cost in found) == 158 - 130


@pytest.mark.parametrize("order", list(permutations([A, B, C, ("D", 0, 2)])))
def test_the_pairs_sum_to_what_the_order_cost_beyond_the_best(order):
    jobs = finished(*order)
    best = total_cost([job for _, job in ranks(jobs)])
    assert sum(one.cost for one in inversions(jobs)) == pytest.approx(total_cost(jobs) - best)


def test_the_best_order_has_no_wrong_pair():
    assert inversions(finished(B, C, A)) == []


def test_equal_ones_share_a_rank_and_are_never_in_the_wrong_order():
    # 0.3 ÷ 0.1 is 2.9999999999999996 in doubles, and 3 ÷ 1 is 3.
    jobs = finished(("small", 0.3, 0.1), ("large", 3, 1), ("less", 1, 1))
    assert [(rank, job.item) for rank, job in ranks(jobs)] == [(1, "large"), (1, "small"), (3, "less")]
    assert inversions(jobs) == []


def test_of_one_day_neither_was_first_and_what_is_not_finished_has_no_order():
    day = date(2026, 3, 1)
    assert inversions([Job(*A, day), Job(*B, day), Job(*C)]) == []


def test_nothing_and_one():
    assert (ranks([]), inversions([]), total_cost([])) == ([], [], 0)
    assert inversions(finished(A)) == []
