"""The program: many organisations, each attacked as it was published and with each rule off; a table."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from attack.artefact import Finding, read
from attack.every_way import attack
from attack.guesses import guesses
from attack.people import REVERSED, WAVES, Organisation, organisation
from attack.reference import RULES, publish

Publisher = Callable[[Organisation], Mapping[str, Any]]

NAMES = {
    None: "none",
    1: "R1 six answers (two instead)",
    2: "R2 everyone in exactly one unit",
    3: "R3 merged, not withheld",
    4: "R4 one set of respondents",
    5: "R5 bands for units, no items",
    8: "R8 newcomers apart, breaks marked",
}


@dataclass(slots=True)
class Tally:
    """What was found over some organisations."""

    organisations: int = 0
    leaking: int = 0
    people: int = 0
    cells: int = 0
    withheld: int = 0
    kinds: Counter[tuple[str, bool]] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    guessed: Counter[str] = field(default_factory=Counter)

    def add(self, made: Organisation, published: Mapping[str, Any], found: Sequence[Finding]) -> None:
        """Count one organisation."""
        cells = [cell for wave in published["waves"] for cell in wave["cells"]]
        self.organisations += 1
        self.people += len(made.people)
        self.cells += sum(cell["withheld_reason"] is None for cell in cells)
        self.withheld += sum(cell["withheld_reason"] is not None for cell in cells)
        self.leaking += any(one.counts for one in found)
        self.kinds.update((one.kind, one.counts) for one in found)
        self.examples += [f"{one.wave} {one.dimension}: {one.told}" for one in found if one.counts][:1]

    @property
    def leaks(self) -> int:
        """Findings that break the promise."""
        return sum(number for (_, counts), number in self.kinds.items() if counts)


def made(count: int, seed: int) -> Iterator[Organisation]:
    """The organisations of a seed; the first ones are the same, however many are made."""
    return (organisation(np.random.default_rng([seed, number])) for number in range(count))


def attack_all(count: int, seed: int, publisher: Publisher, *, guess: bool = False) -> Tally:
    """Publish and attack as many organisations."""
    tally = Tally()
    for one in made(count, seed):
        published = publisher(one)
        tally.add(one, published, attack(published))
        if guess:
            _guess(tally, one, published)
    return tally


def _guess(tally: Tally, one: Organisation, published: Mapping[str, Any]) -> None:
    """Compare guesses with the answers, which the attacker never sees."""
    artefact = read(published)
    for wave, answers in zip(artefact.waves, one.answers, strict=True):
        for person, item, plain, tilted in guesses(artefact, wave):
            answer = answers.get(person, {}).get(item)
            if answer is not None:
                scored = 6 - answer if item in REVERSED else answer
                tally.guessed.update(answers=1, plain=plain == scored, tilted=tilted == scored)


def table(tallies: Mapping[int | None, Tally]) -> str:
    """The table of docs/privacy.md, in Markdown."""
    lines = [
        "| Rule switched off | Organisations with a leak | Leaks | By which way |",
        "|---|---|---|---|",
    ]
    for off, tally in tallies.items():
        ways = ", ".join(f"{kind} {n:,}" for (kind, counts), n in tally.kinds.most_common() if counts)
        leaking = f"{tally.leaking:,} of {tally.organisations:,}"
        lines.append(f"| {NAMES[off]} | {leaking} | {tally.leaks:,} | {ways or '–'} |")
    return "\n".join(lines)


def summary(tally: Tally) -> str:
    """What was attacked with every rule on, and what was found that is not promised."""
    attacked = f"{tally.organisations:,} organisations, {tally.people:,} people, {WAVES} waves each"
    cells = f"{tally.cells:,} cells shown, {tally.withheld:,} withheld"
    lines = [f"{attacked}; {cells}; {tally.leaks:,} leaks."]
    lines += [f"- leak by {kind}: {n:,}" for (kind, counts), n in tally.kinds.most_common() if counts]
    lines += [
        f"- not promised, {kind}: {n:,}" for (kind, counts), n in tally.kinds.most_common() if not counts
    ]
    if answers := tally.guessed["answers"]:
        plain, tilted = (100 * tally.guessed[way] / answers for way in ("plain", "tilted"))
        lines.append(
            f"- guesses at {answers:,} answers: right in {plain:.1f} % with the most frequent answer of the "
            f"parent, in {tilted:.1f} % with the likeliest one given the unit's band too"
        )
    return "\n".join([*lines, *(f"  example: {one}" for one in tally.examples[:3])])


def main(arguments: Sequence[str], publisher: Publisher | None = None) -> int:
    """Run the attack; 1 if anything leaks, or if a rule can be switched off without a leak."""
    parser = argparse.ArgumentParser(prog="attack", description="Attack published survey results.")
    parser.add_argument("--organisations", type=int, default=1000, help="how many to make up")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--artefact", type=Path, help="attack one published artefact (JSON) instead")
    chosen = parser.parse_args(arguments)
    if chosen.artefact:
        return _one_artefact(chosen.artefact)
    tallies: dict[int | None, Tally] = {
        None: attack_all(chosen.organisations, chosen.seed, publisher or publish, guess=True)
    }
    sys.stdout.write(summary(tallies[None]) + "\n\n")
    for off in RULES:
        tallies[off] = attack_all(chosen.organisations, chosen.seed, lambda one, off=off: publish(one, off))
    sys.stdout.write(table(tallies) + "\n")
    sys.stdout.writelines(
        f"\n{NAMES[off]}, for example:\n" + "".join(f"  {example}\n" for example in tally.examples[:2])
        for off, tally in tallies.items()
        if off is not None
    )
    return int(tallies[None].leaks > 0 or not all(tallies[off].leaks for off in RULES))


def _one_artefact(path: Path) -> int:
    found = attack(json.loads(path.read_text(encoding="utf-8")))
    sys.stdout.writelines(
        f"{'leak' if one.counts else 'not promised'}: {one.kind}: {one.wave} {one.dimension}: {one.told}\n"
        for one in found
    )
    return int(any(one.counts for one in found))
