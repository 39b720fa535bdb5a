"""What people of the fictional organisation write down: reviews, decisions, postmortems, exercises, plans.

Two stories run through it: what the postmortems of checkout's services ask for stays undone since June 2026,
so that the same reasons strike again; and of what the catalogue agreed on little is done since its pace broke
down.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from connectors.sandbox.organisation import CATALOGUE, TEAM_SIZES, services
from connectors.sandbox.planted_calendar import scopes
from connectors.sandbox.world import Incident, World

Row = Mapping[str, str | int | float]
FORGETFUL, FORGETS_FROM = ("checkout-web", "payments"), date(2026, 6, 1)
BUSY, BUSY_FROM = "catalogue", CATALOGUE[-1].since
FIRST_AGREED = date(2025, 10, 6)
POSTMORTEMS_FROM = datetime(2025, 10, 1, tzinfo=UTC)
CAUSES = (
    *("configuration", "capacity", "migration", "missing test", "third party"),
    *("expired certificate", "race condition", "data format"),
)
NOT_MENDED = CAUSES[:2]
"""What strikes the forgetful services since they began to forget."""
WRITTEN_DOWN, WRITTEN_DOWN_HERE = 0.5, ("ordering", 0.95)
"""The share of incidents that has a postmortem, and that of the department that sees to it."""
DECISIONS = 30
EXPERIMENTS = 36
ROTATIONS = (date(2025, 9, 1), date(2026, 3, 2), date(2026, 9, 1))
TRACKER = "https://actions.alder.example"
"""Where the list of agreed actions is kept: what leaves it are keys, and links to their titles."""
PAIRS = 8
"""Of each rotation."""
OFFERS = {
    "2025-Q3": (34, 12),
    "2025-Q4": (35, 1),
    "2026-Q1": (36, 11),
    "2026-Q2": (37, 3),
    "2026-Q3": (38, 14),
    "2026-Q4": (38, 4),
}
"""Quarter → people whom the rotation is meant for, and to how many of them a place was offered."""
STEPS = 12
"""Of each joiner's checklist."""


def registers(world: World) -> Iterator[Row]:
    """What is reviewed once a year: each service's accesses, each team's policies, and two models."""
    rng = _rng(world, "registers")
    entries = [("data-access", f"access-{one.id}", "service", one.id) for one in services()]
    entries += [("policy", f"policy-{team}", "team", team) for team in TEAM_SIZES]
    entries += [
        ("model-risk", f"model-{one}", "service", one) for one in ("catalogue-search", "routing-engine")
    ]
    for register, entry, column, owner in entries:
        reviewed = world.as_of.date() - timedelta(days=rng.randrange(10, 420))
        yield {
            "register": register,
            "entry_id": entry,
            "subject": f"{register} of {owner}",
            column: owner,
            "last_reviewed_on": str(reviewed),
            "due_on": str(reviewed + timedelta(days=365)),
        }


def actions(world: World) -> Iterator[Row]:
    """One a fortnight that each team agreed on, due six weeks later; a few were dropped, with a reason."""
    rng = _rng(world, "actions")
    for team in TEAM_SIZES:
        agreed, number = max(FIRST_AGREED, _first_day(team)), 0
        while agreed < world.as_of.date():
            due, number = agreed + timedelta(days=42), number + 1
            closed = due + timedelta(days=rng.randrange(-20, 10))
            luck, likely = (
                rng.random(),
                0.2 if team == BUSY and agreed >= BUSY_FROM - timedelta(days=28) else 0.7,
            )
            state = "done" if luck < likely else "dropped" if luck > 0.9 else "open"
            is_open = state == "open" or closed > world.as_of.date()
            yield {
                "action_id": f"{team}-{number}",
                "team": team,
                "title": f"Agreed action {number}",
                "agreed_on": str(agreed),
                "due_on": str(due),
                "closed_on": "" if is_open else str(closed),
                "state": "open" if is_open else state,
                "reason": "No longer needed" if state == "dropped" and not is_open else "",
                "url": f"{TRACKER}/{team}-{number}",
            }
            agreed += timedelta(days=14)


def postmortems(world: World) -> Iterator[Row]:
    """Those of the incidents that were written down: a week after they were over."""
    rng = _rng(world, "postmortems")
    forgetful = {one.incident_service for one in services() if one.id in FORGETFUL}
    for incident, published in _written_down(world):
        is_forgotten = incident.service in forgetful and incident.started_at.date() >= FORGETS_FROM
        yield {
            "postmortem_id": f"PM-{incident.number}",
            "incident": incident.id,
            "title": incident.title,
            "published_at": published.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "causes": rng.choice(NOT_MENDED if is_forgotten else CAUSES),
        }


def postmortem_actions(world: World) -> Iterator[Row]:
    """Two for each postmortem, due a month later."""
    rng = _rng(world, "postmortem actions")
    forgetful = {one.incident_service for one in services() if one.id in FORGETFUL}
    for incident, published in _written_down(world):
        is_forgotten = incident.service in forgetful and published.date() >= FORGETS_FROM
        for number in (1, 2):
            due = published.date() + timedelta(days=30)
            closed = due + timedelta(days=rng.randrange(-25, 6))
            is_open = is_forgotten or rng.random() < 0.1 or closed > world.as_of.date()
            yield {
                "postmortem_id": f"PM-{incident.number}",
                "action_id": str(number),
                "title": f"Mend what was learned ({number})",
                "due_on": str(due),
                "closed_on": "" if is_open else str(closed),
            }


def decisions(world: World) -> Iterator[Row]:
    """Architecture decisions: most are taken within weeks, by the team itself where little is at risk."""
    rng = _rng(world, "decisions")
    for number in range(1, DECISIONS + 1):
        proposed = world.history_start + timedelta(days=18 * number + rng.randrange(7))
        decided = proposed + timedelta(days=round(rng.lognormvariate(2.6, 0.7)))
        is_decided, is_risky = decided < world.as_of.date(), rng.random() < 0.3
        reversed_on = decided + timedelta(days=120) if number % 9 == 0 else None
        is_reversed = reversed_on is not None and reversed_on < world.as_of.date()
        yield {
            "decision_id": f"ADR-{number}",
            "status": "deprecated" if is_reversed else "accepted" if is_decided else "proposed",
            "title": f"Decision {number}",
            "team": rng.choice(list(TEAM_SIZES)),
            "proposed_on": str(proposed),
            "decided_on": str(decided) if is_decided else "",
            "reversed_on": str(reversed_on) if is_reversed else "",
            "decided_by_level": rng.choice(("department", "organisation")) if is_risky else "team",
            "risk": "high" if is_risky else "low",
            "reach": "organisation" if is_risky else "team",
        }


def exercises(world: World) -> Iterator[Row]:
    """A restore test or a game day of each team twice a year; not all are held."""
    rng = _rng(world, "exercises")
    for place, team in enumerate(TEAM_SIZES):
        for number in range(3):
            planned = world.history_start + timedelta(days=30 + 22 * place + 180 * number)
            if planned < _first_day(team):
                continue
            yield {
                "exercise_id": f"{team}-{number + 1}",
                "kind": "restore test" if number % 2 else "game day",
                "team": team,
                "planned_on": str(planned),
                "held_on": str(planned) if rng.random() < 0.8 else "",
            }


def experiments(world: World) -> Iterator[Row]:
    """Two a month, each concluded after a few weeks; stopping is as frequent as going on."""
    rng = _rng(world, "experiments")
    for number in range(1, EXPERIMENTS + 1):
        started = world.history_start + timedelta(days=15 * number)
        concluded = started + timedelta(days=21 + rng.randrange(35))
        is_over = concluded < world.as_of.date()
        yield {
            "experiment_id": f"EX-{number}",
            "title": f"Experiment {number}",
            "team": rng.choice(list(TEAM_SIZES)),
            "started_on": str(started),
            "concluded_on": str(concluded) if is_over else "",
            "outcome": rng.choice(("adopted", "stopped", "inconclusive")) if is_over else "",
        }


def mentorships(world: World) -> Iterator[Row]:
    """Rotations of half a year; one pair broke off."""
    for number in range(len(ROTATIONS) * PAIRS):
        started = ROTATIONS[number // PAIRS]
        is_broken = number == 2
        ended = started + timedelta(days=60 if is_broken else 182)
        is_over = ended < world.as_of.date()
        yield {
            "pair_id": str(number + 1),
            "started_on": str(started),
            "ended_on": str(ended) if is_over else "",
            "state": "broken_off" if is_broken else "completed" if is_over else "active",
        }


def mentorship_offers(_world: World) -> Iterator[Row]:
    """For whom the rotations are meant, and to how many a place was offered, most of them as one began."""
    for quarter, (eligible, offered) in OFFERS.items():
        yield {"quarter": quarter, "eligible": eligible, "offered": offered}


def onboarding_checklists(world: World) -> Iterator[Row]:
    """Of each team's joiners of a quarter; those of the summer are not done with all of it."""
    teams = {spell.account: spell.team for spell in world.memberships}
    joined = Counter((f"{day.year}-Q{(day.month + 2) // 3}", teams[login]) for login, day in _joined(world))
    for (quarter, team), people in sorted(joined.items()):
        done = STEPS - (1 if quarter < "2026-Q3" else 3)
        yield {
            "quarter": quarter,
            "team": team,
            "joiners": people,
            "steps": people * STEPS,
            "done": people * done,
        }


def joiners(world: World) -> Iterator[Row]:
    """Who joined to write code while the organisation is watched."""
    for login, joined in _joined(world):
        yield {"person": login, "joined_on": str(joined)}


def memberships(world: World) -> Iterator[Row]:
    """The accounts of those who joined: the list says which are whose."""
    teams = {spell.account: spell.team for spell in world.memberships}
    for login, joined in _joined(world):
        yield {"person": login, "team": teams[login], "from": str(joined), "accounts": login}


def _first_day(team: str) -> date:
    """From when on a team has had a service."""
    return min(one.active_from for one in services() if team in {spell.team for spell in one.owners})


def _joined(world: World) -> list[tuple[str, date]]:
    builders = [spell for spell in world.memberships if spell.writes_code]
    spells = Counter(spell.account for spell in builders)
    return [(one.account, one.since) for one in builders if one.since and spells[one.account] == 1]


def _written_down(world: World) -> Iterator[tuple[Incident, datetime]]:
    """Of the ended incidents of the plain services a share, and when all could read it."""
    rng = _rng(world, "written down")
    known = {one.incident_service: one.id for one in services()}
    for incident in world.incidents:
        ended, service = incident.resolved_at, known.get(incident.service)
        luck = rng.random()
        if ended and service and incident.started_at >= POSTMORTEMS_FROM:
            department, share = WRITTEN_DOWN_HERE
            is_here = f"department:{department}" in scopes(world, service, incident.started_at.date())
            if luck >= (share if is_here else WRITTEN_DOWN):
                continue
            published = datetime.combine(ended.date() + timedelta(days=7), time(12), UTC)
            if published < world.as_of and incident.merged_into is None:
                yield incident, published


def _rng(world: World, what: str) -> random.Random:
    return random.Random(f"{world.seed}/{what}")  # noqa: S311 (a simulation, no secret)
