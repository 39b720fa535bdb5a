"""A planned organisation, and a wave of it from its codes to what is published."""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import duckdb

from connectors.ballots.box import Box
from pipelines.config import load
from pipelines.home import Home
from pipelines.survey.asking import close_wave, open_wave
from pipelines.survey.publishing import publish_wave
from pipelines.survey.wave_codes import make_codes
from pipelines.survey.year import Wish, plan_year

NOW = datetime(2026, 9, 14, 8, tzinfo=UTC)
OVER = NOW + timedelta(days=11)
TEAMS = {"harbour": ("sea", 12), "quay": ("sea", 9), "pier": ("sea", 4), "tide": ("land", 10)}
"""Of which department each is, and how many people it has. Pier is too small for a unit of its own and goes
with the smallest beside it."""


def configuration_text(teams, zone="UTC"):
    text = f'[organisation]\nid = "alder"\nname = "Alder"\ntime_zone = "{zone}"\n'
    text += '[survey]\naddress = "https://ask.example.org"\n'
    for team, (department, size) in teams.items():
        members = ", ".join(f'{{ account = "{team}-{number}" }}' for number in range(size))
        text += f'[[team]]\nid = "{team}"\nname = "{team.title()}"\ndepartment = "{department}"\n'
        text += f"members = [{members}]\n"
    for department in sorted({department for department, _ in teams.values()}):
        text += f'[[department]]\nid = "{department}"\nname = "{department.title()}"\n'
    return text


def place_in(folder, teams=TEAMS, zone="UTC"):
    """A planned year, with the key's file beside the home folder."""
    (folder / "outcomes.toml").write_text(configuration_text(teams, zone), encoding="utf-8")
    configuration, home = load(folder / "outcomes.toml"), Home(folder / "home")
    if not home.path.exists():
        home.create()
        plan_year(configuration, home, Wish(is_frozen=True), NOW)
    return SimpleNamespace(
        configuration=configuration,
        home=home,
        key=folder / "wave.key",
        slips=folder / "slips.html",
        box=Box(home.path / "ballots.sqlite"),
    )


def codes_of(place):
    """The codes as they are printed, with the unit that stands on each slip."""
    found = re.findall(
        r'<p class="unit">([^<]+)</p><p class="code"[^>]*>((?:<span>\w{4}</span>){4})',
        place.slips.read_text(encoding="utf-8"),
    )
    return [(unit, "-".join(re.findall(r"<span>(\w{4})</span>", code))) for unit, code in found]


def opened(place):
    done = open_wave(place.configuration, place.home, place.key, NOW)
    make_codes(place.configuration, place.home, place.slips, NOW, is_mail_merge=False)
    return done


def items_of(place):
    with duckdb.connect(str(place.home.warehouse), read_only=True) as con:
        rows = con.sql("SELECT DISTINCT item FROM survey.wave_item ORDER BY item").fetchall()
    return [item for (item,) in rows]


def vote(place, answer):
    """Everybody answers every item with `answer`, or with what it says of their number in their unit.

    Whoever it says None of does not answer. Gives unit → what was said in it.
    """
    items, number = items_of(place), Counter()
    given = defaultdict(list)
    for unit, code in codes_of(place):
        said = answer(number[unit]) if callable(answer) else answer
        number[unit] += 1
        if said is not None:
            given[unit].append(said)
            place.box.cast("2026-Q3", code, dict.fromkeys(items, said), None, NOW + timedelta(hours=1))
    return given


def query(place, sql):
    with duckdb.connect(str(place.home.warehouse), read_only=True) as con:
        return con.sql(sql).fetchall()


def published_once(place):
    close_wave(place.home, OVER)
    return published(place)


def published(place):
    """The closed wave is published."""
    return publish_wave(place.configuration, place.home, place.key, OVER)
