"""A survey of 10,000 people in 1,300 teams, planned, asked, published and destroyed: how long, how much room.

Run by hand: `.venv/bin/python tests/benchmarks/survey_wave.py`. Each step is what its command does, with the
real ballot box, key and warehouse. The yardstick is measured in the same run: to open 10,000 sealed ballots
and read the answers in them, which nothing that publishes a wave can leave out. What people do themselves
within ten days, to vote, is not counted. `--departments 0`: all teams are directly in the organisation, which
is the hardest to audit, since one histogram is shared out among all of them.
"""

import argparse
import random
import re
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from connectors.ballots.box import Box
from connectors.ballots.codes import hash_of
from connectors.ballots.seal import Ballot, new_keys, open_all, seal
from pipelines.config import load
from pipelines.home import Home
from pipelines.survey import publishing
from pipelines.survey.asking import close_wave, open_wave
from pipelines.survey.bank import shipped
from pipelines.survey.publishing import publish_wave
from pipelines.survey.wave_codes import make_codes
from pipelines.survey.year import Wish, plan_year

PEOPLE, TEAMS, DEPARTMENTS, ANSWER, SKIP = 10_000, 1_300, 120, 0.85, 0.02
MOST_SECONDS, MOST_MEGABYTES = 60, 2_000
WAVE, ONE_BY_ONE = "2026-Q3", 100
NOW = datetime(2026, 9, 14, 8, tzinfo=UTC)
ITEMS = [item.id for item in shipped("quarterly").items]


class Clock:
    """The steps: by the clock and by the processors."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wall, used = time.perf_counter(), time.process_time()
        yield
        self.steps.append((name, time.perf_counter() - wall, time.process_time() - used))
        print(f"{name}: {time.perf_counter() - wall:.1f} s", file=sys.stderr, flush=True)

    def around(self, name: str, work: Callable[..., object]) -> Callable[..., object]:
        """The same function, whose time is told."""

        def timed(*given: object, **more: object) -> object:
            with self.step(name):
                return work(*given, **more)

        return timed


def configuration_text(rng: random.Random, departments: int) -> str:
    """Departments in ten divisions, if any, and teams of one to thirty people, 7.7 on average."""
    weights = [rng.choice([2, 3, 4, 5, 6, 7, 8, 9, 12, 20]) for _ in range(TEAMS)]
    ends = [round(PEOPLE * end / sum(weights)) for end in accumulate(weights)]
    lines = ['[organisation]\nid = "alder"\nname = "Alder"']
    lines.append('[survey]\naddress = "https://ask.example.org"')
    for number in range(departments):
        above = f'parent = "d{number % 10}"\n' if number >= 10 else ""
        lines.append(f'[[department]]\nid = "d{number}"\nname = "Department {number}"\n{above}')
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        members = ", ".join(f'{{ account = "person-{one}" }}' for one in range(start, end))
        where = f'department = "d{rng.randrange(departments)}"' if departments else ""
        lines.append(f'[[team]]\nid = "t{number}"\nname = "Team {number}"\n{where}\nmembers = [{members}]\n')
    return "\n".join(lines)


def answers_of(rng: random.Random) -> dict[str, int | None]:
    """What one person says; now and then nothing to a question."""
    middle = rng.gauss(3.6, 0.8)
    return {
        item: None if rng.random() < SKIP else min(5, max(1, round(rng.gauss(middle, 0.9)))) for item in ITEMS
    }


def vote(home: Home, slips: Path, rng: random.Random, clock: Clock) -> int:
    """The ballots of those who answer, by the codes on their slips; returns how many.

    A hundred are cast one by one. The others are laid as the box lays them, in one transaction: one by one
    they take minutes, since each looks for a blank by chance and waits for the disk.
    """
    found = re.findall(r'class="code"[^>]*>((?:<span>\w{4}</span>){4})', slips.read_text(encoding="utf-8"))
    codes = ["-".join(re.findall(r"<span>(\w{4})</span>", code)) for code in found]
    voting = [code for code in codes if rng.random() < ANSWER]
    rng.shuffle(voting)
    box = Box(home.path / "ballots.sqlite")
    with clock.step(f"({ONE_BY_ONE} people cast their ballots)"):
        for code in voting[:ONE_BY_ONE]:
            box.cast(WAVE, code, answers_of(rng), None, NOW + timedelta(hours=1))
    salt = box.salt(WAVE)
    with closing(sqlite3.connect(home.path / "ballots.sqlite")) as con, con:
        ((public,),) = con.execute("SELECT public_key FROM wave").fetchall()
        blanks = [key for (key,) in con.execute("SELECT key FROM ballot WHERE is_cast = 0").fetchall()]
        units = dict(con.execute("SELECT hash, unit FROM code").fetchall())
        others = voting[ONE_BY_ONE:]
        for code, key in zip(others, rng.sample(blanks, len(others)), strict=True):
            hashed = hash_of(salt, code)
            sealed = seal(public, Ballot(units[hashed], answers_of(rng), None))
            con.execute("UPDATE ballot SET is_cast = 1, sealed = ? WHERE key = ?", [sealed, key])
            con.execute("UPDATE code SET is_cast = 1 WHERE hash = ?", [hashed])
    return len(voting)


def yardstick(rng: random.Random) -> float:
    """Processor seconds of opening as many ballots as are cast."""
    public, private = new_keys()
    sealed = [seal(public, Ballot("team:t1", answers_of(rng), None)) for _ in range(PEOPLE)]
    began = time.process_time()
    open_all(private, sealed)
    return time.process_time() - began


def wave(folder: Path, clock: Clock, rng: random.Random, departments: int) -> None:
    """Plan, ask and publish."""
    (folder / "outcomes.toml").write_text(configuration_text(rng, departments), encoding="utf-8")
    configuration, home = load(folder / "outcomes.toml"), Home(folder / "home")
    home.create()
    key, slips, closed = folder / "wave.key", folder / "slips.html", NOW + timedelta(days=11)
    with clock.step("plan a year"):
        shown = plan_year(configuration, home, Wish(is_frozen=True), NOW)
    with clock.step("open the wave"):
        open_wave(configuration, home, key, NOW)
    with clock.step("make codes, slips and blank ballots"):
        make_codes(configuration, home, slips, NOW, is_mail_merge=False)
    cast = vote(home, slips, rng, clock)
    with clock.step("close it"):
        close_wave(home, closed)
    for module, name, said in (
        (publishing, "open_all", "  of which open the ballots"),
        (publishing, "publish", "  of which merge, score, make the table"),
        (publishing, "proven", "  of which both audits"),
        (publishing, "write_publication", "  of which write the rows, reliability"),
    ):
        setattr(module, name, clock.around(said, getattr(module, name)))
    with clock.step("publish and destroy"):
        done = publish_wave(configuration, home, key, closed)
    units = len(shown.draft.plan.partition.units)
    print(f"{PEOPLE:,} people in {TEAMS:,} teams: {units:,} units planned, {cast:,} ballots cast")
    print(f"{done.shown:,} cells shown, {done.withheld:,} withheld")


def main() -> int:
    """Print the steps; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--departments", type=int, default=DEPARTMENTS)
    departments = parser.parse_args().departments
    rng, clock = random.Random(1), Clock()
    with tempfile.TemporaryDirectory() as folder:
        wave(Path(folder), clock, rng, departments)
    used = yardstick(rng)
    print(f"Opening {PEOPLE:,} ballots by themselves = 1: {used:.2f} s of processor time")
    for name, wall, processor in clock.steps:
        print(f"  {name:<40}{wall:7.1f} s {processor:7.1f} s of processor {processor / used:7.1f}")
    counted = [step for step in clock.steps if not step[0].startswith((" ", "("))]
    wall, processor = sum(step[1] for step in counted), sum(step[2] for step in counted)
    unit = 1 if sys.platform == "darwin" else 1024
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    print(f"  {'all but the votes':<40}{wall:7.1f} s {processor:7.1f} s of processor {processor / used:7.1f}")
    print(f"The most memory of the process: {megabytes:,.0f} MB")
    return int(wall > MOST_SECONDS or megabytes > MOST_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
