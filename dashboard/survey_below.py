"""What lies directly below a group: departments with their scores, units in their bands."""

from collections.abc import Sequence

from dashboard import (
    components,
    snapshot,
    snapshot_survey,
    survey_results,
    survey_tables,
    survey_words,
    words,
)
from dashboard.components import section, show
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.survey_results import Said, Wave

GROUPS = "In alphabetical order. Compare each with its own past. Its name opens its units."
BANDS = (
    "Each with its own past, in alphabetical order. A unit shows bands, since one person moves its score by "
    "several points: no verdicts, and nothing of single statements."
)


def draw(shown: Snapshot, waves: Sequence[Wave], scope: str, name: str) -> None:
    """One section of departments and one of units, where there are any."""
    for title, sub, table in tables(shown, waves, scope, name, "survey"):
        section(title, sub)
        show(table)


def tables(
    shown: Snapshot, waves: Sequence[Wave], scope: str, name: str, key: str
) -> list[tuple[str, str, str]]:
    """Title, what to see, and markup of one table of departments and one of units, where there are any.

    `key` is that of the survey's selector in the address.
    """
    found = survey_results.load_below(shown.path, waves, scope)
    topics = [name for _, name in survey_results.dimensions(shown.path, waves[-1].id)]
    named = survey_words.wave(waves[-1])
    groups: list[tuple[str, str, list[Said]]] = []
    units: list[tuple[str, str, list[Said]]] = []
    for one, (kind, title, said) in found.items():
        if kind == "unit":
            units.append((text(title), _who(shown.path, waves[-1].id, one), said))
        else:
            query = {key: named, "group": title}
            groups.append((components.page_link("survey", title, query), "", said))
    shown_below = []
    if groups:
        shown_below.append(
            ("Departments", GROUPS, survey_tables.below(f"Departments, {named}", topics, groups))
        )
    if units:
        table = survey_tables.below(f"Units, {named}", topics, units)
        shown_below.append((f"Reporting units of {name}", BANDS, table))
    return shown_below


def parts_of(path: str, wave: str, unit: str) -> list[str]:
    """The planned units that answer together as this one."""
    rows = snapshot_survey.units(path, wave)
    return next((parts for one, parts in rows.select("unit_id", "parts").iter_rows() if one == unit), [unit])


def part_name(path: str, part: str) -> str:
    """A planned unit in words: a team by its name, those outside the teams, newcomers."""
    kind, _, key = part.partition(":")
    if kind == "team":
        teams: dict[str, str] = dict(snapshot.teams(path).select("team", "name").iter_rows())
        return teams.get(key, key)
    if key == "organisation":
        above = "the organisation"
    else:
        above = dict(snapshot.departments(path).select("department", "name").iter_rows()).get(key, key)
    return f"people of {above} outside the teams" if kind == "direct" else f"newcomers of {above}"


def _who(path: str, wave: str, unit: str) -> str:
    """Whose answers a unit shows, where its name does not say it all."""
    parts = parts_of(path, wave, unit)
    if parts[0].startswith("newcomers:"):
        return "Who joined since the year was planned; counted with no team."
    if len(parts) == 1:
        return ""
    return words.sentence(
        f"{words.listed(part_name(path, part) for part in parts)}: shown together, never apart."
    )
