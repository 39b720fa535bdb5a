"""The rules as they stand, in words: what each is for, what it matches, and what matches nothing."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

import polars as pl

from dashboard import words

RULES = {
    "incident_labels": ("Incidents by label", "An issue with one of these labels is an incident."),
    "incident_issue_types": ("Incidents by type", "An issue of one of these types is an incident."),
    "unplanned_work": ("Unplanned work", "Work items of this type, or with this label, were not planned."),
    "user_reported": ("Reported by users", "Defects of this type, or with this label, came from users."),
    "decision_issue_types": ("Decisions by type", "An issue of one of these types is a decision."),
    "hotfix_labels": ("Hotfixes by label", "A change with one of these labels mends production."),
    "hotfix_branches": ("Hotfixes by branch", "A change from such a branch mends production."),
    "architecture_labels": ("Architecture", "A change with one of these labels changes the architecture."),
    "bots": ("Bots", "What accounts of such names do is no person's work."),
}
"""By key in `[rules]`, in the order in which they are shown: a heading, and what a match means."""
MEANS = {
    "backlog": "not begun",
    "waiting": "begun, and waiting",
    "active": "being worked on",
    "done": "done",
    "ignored": "not counted",
    "unknown": "no meaning",
}
ORIGINS = {
    "deployments": "deployments",
    "releases": "releases",
    "tags": "tags",
    "workflow_runs": "workflow runs",
    "inbox": "the inbox",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
THINGS = {
    "account": "accounts",
    "issue": "issues",
    "pull request": "pull requests",
    "deployment": "deployments",
}


def lede(unmapped: int, idle: int) -> str:
    """What of the rules asks for a look."""
    if not unmapped and not idle:
        return "Every status has a meaning, and every word of the rules matches something."
    first = (
        f"{words.amount(unmapped)} {'status has' if unmapped == 1 else 'statuses have'}" if unmapped else ""
    )
    parts = [f"{words.sentence(first)} no meaning yet" if first else "Every status has a meaning"]
    if idle:
        idle_words = (
            f"{words.amount(idle)} {'word of a rule matches' if idle == 1 else 'words of the rules match'}"
        )
        parts.append(f"{idle_words} nothing so far")
    return f"{'; '.join(parts)}."


def facts(rule: Mapping[str, Any]) -> dict[str, str]:
    """The rules that are one number or word, heading by heading."""
    hours, start = rule["incident_window_hours"], rule["history_start"]
    month = date(2000, int(rule["quarter_start_month"]), 1)
    since = f"nothing before {words.day(start)} is read" if isinstance(start, date) else "all of it is read"
    return {
        "Incident window": f"{words.figure(hours)} h: an incident that is linked to nothing belongs to "
        f"the last "
        "deployment of its service within this time",
        "Coverage floor": f"{100 * rule['coverage_floor']:g} %: where less could be linked, a number is "
        f"withheld",
        "Privacy floor": f"{words.amount(rule['least_answers'])} answers: no number of a survey rests on "
        f"fewer; "
        f"units are planned with {words.amount(rule['least_unit_size'])} people or more",
        "History": since,
        "Calendar": f"years begin in {month:%B}; days are those of {rule['time_zone']}",
        "Working hours": f"Monday to Friday, 08:00 to 18:00 in {rule['time_zone']}; an incident that "
        f"begins at "
        "another time counts as out of hours",
    }


def tens(count: int | None) -> str:
    """A count as it is published: none, `fewer than ten`, `about 40`."""
    if count is None:
        return "fewer than ten"
    return f"about {count:,}" if count else "none"


def matched(items: int | None, looked_at: int | None, thing: str) -> str:
    """`about 40 of 6,170 pull requests`."""
    return f"{tens(items)} of {tens(looked_at).removeprefix('about ')} {THINGS.get(thing, thing)}"


def hours(rows: pl.DataFrame) -> list[tuple[str, list[str]]]:
    """Agreed hours in words, each with the services that have them; the most common first."""
    found: dict[str, list[str]] = {}
    for (service,), days in rows.group_by("service", maintain_order=True):
        found.setdefault(_week(days), []).append(str(service))
    return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def _week(rows: pl.DataFrame) -> str:
    """`Monday to Thursday 08:00 to 18:00, Europe/Berlin`."""
    stretches: dict[str, list[int]] = {}
    for row in rows.iter_rows(named=True):
        end = row["ends"] or time(0)
        stretches.setdefault(f"{row['begins']:%H:%M} to {end:%H:%M}", []).append(row["weekday"])
    said = [f"{_days(days)} {span}" for span, days in stretches.items()]
    return f"{'; '.join(said)}, {rows['time_zone'][0]}"


def _days(numbers: list[int]) -> str:
    """Days that follow one another as a range, others one by one."""
    ordered = sorted(set(numbers))
    names = [_DAYS[number - 1] for number in ordered]
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{names[0]} to {names[-1]}"
    return words.listed(names)
