"""The attack finds what it should, by hand calculation, and nothing in what keeps every rule."""

import ast
import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from attack.artefact import read
from attack.counts import class_counts
from attack.decimals import places, score_totals
from attack.every_way import attack
from attack.linear import combination
from attack.people import BANK, REVERSED, organisation
from attack.pools import added, between, ends, has_gaps, reachable
from attack.program import made, main
from attack.ranges import gather, possible_totals
from attack.reference import RULES, publish, unit_items

FOLDER = Path(__file__).parent / "attack"


def test_it_uses_nothing_of_what_it_attacks():
    own = {"attack", "numpy"}
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module]
            for name in names:
                assert name.split(".")[0] in own | sys.stdlib_module_names, (path.name, name)


# ---- linear algebra, on worked cases -------------------------------------------------------------

CASES = [
    ({"tech": 9, "sales": 4}, ["tech sales", "tech"], ["sales"]),
    ({"tech": 9, "sales": 4, "ops": 2}, ["tech sales ops", "tech"], []),
    ({"ar": 6, "ao": 3, "br": 7, "bo": 8}, ["ar ao", "br bo", "ar br", "ar"], ["ao"]),
    # No single subtraction shows it: (x + y + w) − (y + z) − (x + z) + 2 z = w.
    ({"x": 6, "y": 6, "z": 6, "w": 2}, ["x y w", "y z", "x z", "z"], ["w"]),
    ({"x": 3, "y1": 6, "y2": 7, "z": 20}, ["x y1 y2 z", "z", "y1", "y2"], ["x"]),
    ({"a": 7, "b": 8, "c": 7, "d": 9}, ["a", "b", "c", "d", "a b", "a b c d"], []),
    ({f"p{n}": 1 for n in range(1, 8)}, ["p1 p2 p3 p4 p5 p6", "p2 p3 p4 p5 p6 p7"], ["p1 p7"]),
    ({"early": 9, "late": 1}, ["early", "early late"], ["late"]),
]


@pytest.mark.parametrize(("atoms", "published", "expected"), CASES)
def test_a_combination_is_found_if_and_only_if_there_is_one(atoms, published, expected):
    names = list(atoms)
    rows = np.array([[int(name in one.split()) for name in names] for one in published], dtype=np.int64)
    found: list[set[str]] = []
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            inside = np.array([name in chosen for name in names])
            if sum(atoms[name] for name in chosen) >= 5 or any(one <= set(chosen) for one in found):
                continue
            factors = combination(rows[:, ~inside], rows[:, inside])
            if factors is not None:
                found.append(set(chosen))
                told = sum(factor * row for factor, row in zip(factors, rows.astype(object), strict=True))
                left = {name for at, name in enumerate(names) if told[at]}
                assert left
                assert left <= set(chosen)
    assert found == [set(one.split()) for one in expected]


# ---- whole numbers ------------------------------------------------------------------------------


def test_the_places_of_numbers_are_read_off_them():
    assert places([61.7, 40.0]) == 1
    assert places([3.25, 3.5]) == 2
    assert places([61.66666666666667, 40.0]) is None


def _cell(**given):
    names = (
        "scope",
        "dimension",
        "item",
        "statistic",
        "position",
        "value",
        "low",
        "high",
        "n",
        "withheld_reason",
    )
    return dict.fromkeys(names) | {"dimension": "clarity", "statistic": "score"} | given


def _published(units, groups, cells, waves=None):
    """One dimension of one item; units are (id, parent, members)."""
    wave = {
        "id": "wave 1",
        "groups": [
            {"id": one, "parent": parent, "is_series_broken": False} for one, parent in groups.items()
        ],
        "units": [
            {"id": one, "parent": parent, "members": people, "is_series_broken": False}
            for one, parent, people in units
        ],
        "cells": cells,
    }
    return {
        "dimensions": [{"id": "clarity", "items": ["S1"], "unit_items": ["S1"]}],
        "reversed": [],
        "band_includes_high": False,
        "waves": waves or [wave],
    }


def _people(name, count):
    return [f"{name}{number}" for number in range(count)]


def _histogram(scope, counts):
    n = sum(counts)
    return [
        _cell(scope=scope, item="S1", statistic="histogram", position=at, value=count, n=n)
        for at, count in enumerate(counts, 1)
    ]


def _leaks(published):
    return [(one.kind, one.people) for one in attack(published) if one.counts]


def test_totals_behind_a_score():
    """Six answers: 6 to 30, a step is 100/24 = 4.17 points. 57.5 to below 62.5 is 19.8 to 21: only 20."""
    artefact = read(
        _published([("a", "o", [])], {"o": None}, [_cell(scope="a", value=60.0, low=57.5, high=62.5, n=6)])
    )
    (cell,) = artefact.waves[0].cells
    assert score_totals(cell, 6, 1, 0.05, includes_high=False) == (20, 20)
    # With 62.5 = a total of 21 the upper end would belong to it.
    assert score_totals(cell, 6, 1, 0.05, includes_high=True) == (20, 21)


def test_pools_by_trying_everything():
    random = np.random.default_rng(1)
    for _ in range(15):
        pool = tuple(int(one) for one in random.integers(0, 3, 5))
        answers = [answer for answer, count in enumerate(pool, 1) for _ in range(count)]
        for n in range(1, len(answers) + 1):
            sums = {sum(one) for one in combinations(answers, n)}
            assert ends(pool, n) == (min(sums), max(sums))
            assert {at for at in range(60) if reachable(pool, n) >> at & 1} == sums
            if not has_gaps(pool):
                assert sums == set(range(min(sums), max(sums) + 1))
    assert added([0b110, 0b1001]) == 0b110110
    assert between(0b110110, 2, 4) == 2


def test_a_parent_at_the_end_of_its_bands():
    """Bands of 10 to 12 for two units of 6: together 20, each has 10; together 22, each has 10, 11 or 12."""

    def published(counts):
        cells = [_cell(scope=one, value=20.0, low=15.0, high=27.5, n=6) for one in "ab"]
        cells += _histogram("o", counts)
        units = [(one, "o", _people(one, 6)) for one in "ab"]
        return _published(units, {"o": None}, cells)

    # 20 = 8·1 + 1·2 + 2·3 + 1·4 and 22 = 7·1 + 1·2 + 3·3 + 1·4. 15 to below 27.5 is 9.6 to below 12.6.
    assert _leaks(published((8, 1, 2, 1, 0))) == [("range", 6), ("range", 6)]
    assert _leaks(published((7, 1, 3, 1, 0))) == []


def test_answers_missing_from_the_middle():
    """3 ones, 4 twos, 11 fives: of 8 with 31 to 40 and 10 with 22 to 29 the eight have 37 or 40."""
    units = [("a", "o", _people("a", 8)), ("b", "o", _people("b", 10))]
    cells = [
        _cell(scope="a", value=80.0, low=70.0, high=100.0, n=8),
        _cell(scope="b", value=40.0, low=30.0, high=50.0, n=10),
        *_histogram("o", (3, 4, 0, 0, 11)),
    ]
    assert ("range", 8) in _leaks(_published(units, {"o": None}, cells))


def test_what_is_left_of_a_parent():
    """Three teams of 8, 9 and 4: the third is withheld, its parent is not."""
    units = [("a", "o", _people("a", 8)), ("b", "o", _people("b", 9)), ("c", "o", _people("c", 4))]
    cells = [_cell(scope="o", value=61.9, n=21), _cell(scope="c", withheld_reason="too_few_answers")]
    cells += [_cell(scope="a", value=60.0, low=50.0, high=70.0, n=8)]
    assert _leaks(_published(units, {"o": None}, cells)) == []
    cells += [_cell(scope="b", value=60.0, low=50.0, high=70.0, n=9)]
    published = _published(units, {"o": None}, cells)
    assert sorted(class_counts(read(published).waves[0], "clarity")) == [(4, 4), (8, 8), (9, 9)]
    assert _leaks(published) == [("linear", 4)]


def test_one_answer_that_tells_all_others():
    """Six people in 90 to 100: 27.6 to 30, so 28, 29 or 30. Who answered 3 knows: 28, all others 5."""
    cells = [_cell(scope="a", value=95.0, low=90.0, high=100.0, n=6)]
    found = attack(_published([("a", "o", _people("a", 6))], {"o": None}, cells))
    assert [(one.kind, one.counts) for one in found] == [("one mind", False)]
    assert "who answered 3 in sum" in found[0].told


def test_rosters_that_differ_by_a_few():
    def wave(name, people, broken):
        unit = {"id": "a", "parent": "o", "members": people, "is_series_broken": broken}
        cells = [_cell(scope="a", value=60.0, low=50.0, high=70.0, n=8)]
        group = {"id": "o", "parent": None, "is_series_broken": broken}
        return {"id": name, "groups": [group], "units": [unit], "cells": cells}

    first = wave("wave 1", _people("a", 10), broken=False)
    for people, broken, leaks in [(9, False, 1), (9, True, 0), (10, False, 0), (16, False, 0)]:
        second = wave("wave 2", _people("a", people), broken=broken)
        assert len(_leaks(_published([], {}, [], [first, second]))) == leaks


# ---- random organisations ------------------------------------------------------------------------


def test_with_every_rule_nothing_is_found():
    for one in made(20, seed=1):
        assert _leaks(publish(one)) == []


@pytest.mark.parametrize("off", RULES)
def test_without_a_rule_something_is_found(off):
    assert any(_leaks(publish(one, off)) for one in made(10, seed=1))


def test_the_attacker_is_never_mistaken():
    """What is left to each unit holds the true total, which only this test knows, also with rules off."""
    checked = 0
    for number, off in enumerate((None, 1, 3, 5, 8)):
        one = organisation(np.random.default_rng([7, number]))
        artefact = read(publish(one, off))
        for wave, answers in zip(artefact.waves, one.answers, strict=True):
            for dimension in artefact.dimensions:
                known = gather(wave, artefact, dimension)
                assert known is not None
                for unit, people in wave.members.items():
                    found = possible_totals(known, unit)
                    if found is not None:
                        low, high, count = found
                        assert low <= _true_total(answers, people, dimension.id) <= high
                        assert count >= 1
                        checked += 1
    assert checked > 100


def _true_total(answers, people, dimension):
    complete = [
        answers[one]
        for one in people
        if one in answers and all(answers[one][item] is not None for item in BANK[dimension])
    ]
    return sum(
        6 - given[item] if item in REVERSED else given[item]
        for given in complete
        for item in unit_items(dimension)
    )


def test_the_program_says_what_it_found(tmp_path, capsys):
    assert main(["--organisations", "2", "--seed", "1"]) in {0, 1}
    told = capsys.readouterr().out
    assert "2 organisations" in told
    assert "0 leaks" in told
    assert "| R1 six answers (two instead) | 2 of 2 |" in told
    path = tmp_path / "published.json"
    path.write_text(json.dumps(publish(next(made(1, seed=1)), 1)), "utf-8")
    assert main(["--artefact", str(path)]) == 1
    assert "leak: threshold: wave 1 " in capsys.readouterr().out


# ---- the product ---------------------------------------------------------------------------------


def _product():
    pytest.importorskip("pipelines.privacy.publication")
    import attacked_product

    return attacked_product.product


def test_nothing_is_found_in_what_the_product_publishes():
    product = _product()
    for one in made(20, seed=1):
        assert _leaks(product(one)) == []


@pytest.mark.soak
def test_nothing_is_found_in_a_thousand_organisations(capsys):
    assert main(["--organisations", "1000", "--seed", "1"], _product()) == 0, capsys.readouterr().out
