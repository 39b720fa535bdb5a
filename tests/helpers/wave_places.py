"""A home folder with a survey that was planned, opened and answered, as its commands do it."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import duckdb

from connectors.ballots.box import Box
from pipelines.config import load
from pipelines.home import Home
from pipelines.survey.asking import close_wave, open_wave
from pipelines.survey.bank import shipped
from pipelines.survey.publishing import publish_wave
from pipelines.survey.wave_codes import make_codes
from pipelines.survey.year import Wish, plan_year

NOW = datetime(2026, 9, 14, 8, tzinfo=UTC)
CLOSED = NOW + timedelta(days=11)
WAVE = "2026-Q3"
ITEMS = [item.id for item in shipped("quarterly").items]


def asked_place(folder, teams):
    """An open wave whose codes are printed. `teams`: name → (department, how many people)."""
    departments = sorted({department for department, _ in teams.values()})
    lines = ['[organisation]\nid = "alder"\nname = "Alder"', '[survey]\naddress = "https://ask.example.org"']
    lines += [f'[[department]]\nid = "{one}"\nname = "{one.title()}"' for one in departments]
    for team, (department, size) in teams.items():
        members = ", ".join(f'{{ account = "{team}-{number}" }}' for number in range(size))
        lines.append(f'[[team]]\nid = "{team}"\nname = "{team.title()}"\ndepartment = "{department}"')
        lines.append(f"members = [{members}]")
    (folder / "outcomes.toml").write_text("\n".join(lines), encoding="utf-8")
    place = SimpleNamespace(
        configuration=load(folder / "outcomes.toml"),
        home=Home(folder / "home"),
        key=folder / "wave.key",
        slips=folder / "slips.html",
        box=Box(folder / "home" / "ballots.sqlite"),
    )
    place.home.create()
    plan_year(place.configuration, place.home, Wish(is_frozen=True), NOW)
    open_wave(place.configuration, place.home, place.key, NOW)
    make_codes(place.configuration, place.home, place.slips, NOW, is_mail_merge=False)
    return place


def answered(place, answer):
    """Everybody answers each question with what is said of their number in their unit; None for nobody."""
    slips = re.findall(
        r'<p class="unit">([^<]+)</p><p class="code"[^>]*>((?:<span>\w{4}</span>){4})',
        place.slips.read_text(encoding="utf-8"),
    )
    number = Counter()
    for unit, spans in slips:
        said = answer(number[unit])
        number[unit] += 1
        if said is not None:
            code = "-".join(re.findall(r"<span>(\w{4})</span>", spans))
            place.box.cast(WAVE, code, dict.fromkeys(ITEMS, said), None, NOW + timedelta(hours=1))


def closed(place):
    """Nobody can answer any more."""
    close_wave(place.home, CLOSED)


def published(place):
    """The closed wave is published."""
    return publish_wave(place.configuration, place.home, place.key, CLOSED)


def query(place, sql):
    """Rows of the warehouse."""
    with duckdb.connect(str(place.home.warehouse), read_only=True) as con:
        return con.sql(sql).fetchall()
