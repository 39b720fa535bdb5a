"""What teams say of pace: a band with who answered, or why there is none. One question for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard import looks, survey_below, survey_results, survey_words, words
from dashboard.components import shape
from dashboard.health import people
from dashboard.markup import text
from dashboard.survey_results import Said

PACE = "pace"
"""The dimension of the survey that stands beside delivery."""


@dataclass(frozen=True)
class Paces:
    """What each reporting unit said of pace in the survey of a quarter."""

    path: str
    quarter: str
    units: Mapping[str, people.Unit]
    said: Mapping[str, Said]

    @classmethod
    def of(cls, path: str, quarter: str) -> "Paces | None":
        """None where no survey of the quarter was published."""
        waves = tuple(wave for wave in survey_results.waves(path, "quarterly") if wave.id <= quarter)
        if not waves or waves[-1].id != quarter:
            return None
        units = people.units(path, quarter)
        return cls(path, quarter, units, survey_results.of_units(path, waves[-2:], PACE))

    def cell(self, scope: str) -> str:
        """What stands in a team's row."""
        if not looks.sees(self.path, self.quarter, scope):
            return _cell(f"<i>{shape('clock')} the team's first</i>", "open to all later")
        unit = self.units.get(scope)
        if unit is None:
            return _withheld(people.NO_UNIT)
        said = self.said.get(unit.id)
        now = said.now if said else None
        if said is None or now is None or now.value is None:
            return _withheld(survey_words.withheld(now.reason if now else None)[1])
        answered = f"{survey_words.answered(now)} answered"
        return _cell(
            f"<b>{text(survey_words.value(now))}</b>", _last(said), answered + self._shared(unit, scope)
        )

    def _shared(self, unit: people.Unit, scope: str) -> str:
        """With whom a team answers, where it is not alone: `, with Tracking`."""
        others = [survey_below.part_name(self.path, part) for part in unit.parts if part != scope]
        return f", with {words.listed(others)}" if others else ""


def _withheld(why: str) -> str:
    return _cell(f"<i>{shape('hatch')} withheld</i>", why)


def _cell(first: str, *below: str) -> str:
    """A line of markup, with smaller lines of text below it."""
    under = "".join(f'<span class="eo-under">{text(line)}</span>' for line in below)
    return f'<span class="eo-cell">{first}{under}</span>'


def _last(said: Said) -> str:
    if said.before is None:
        return survey_words.gap(said.gap or "first")[0]
    return "same as last time" if said.direction == "same" else f"last time {survey_words.value(said.before)}"
