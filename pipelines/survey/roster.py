"""Who is asked, and in which team or as whose direct report: from a file, or from the teams' members.

A roster is about persons: it stays in memory and in the warehouse. Its errors name lines, never people.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.config_model import Configuration, Member, Team
from pipelines.survey.people import Known

ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be asked."""

    account: str
    unit: str
    """The one team or department of which they are: `team:harbour`, `direct:b`, `direct:organisation`."""
    name: str | None = None
    email: str | None = None
    joined: date | None = None
    """Their first day, where it is known."""


@dataclass(frozen=True, slots=True)
class InTwoTeams:
    """Somebody who is in several teams, and the one for which they are asked."""

    account: str
    units: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who is asked, once each, by account; and whom it leaves out."""

    people: tuple[Person, ...]
    in_two_teams: tuple[InTwoTeams, ...] = ()
    not_asked: tuple[str, ...] = ()
    """Logins of people whom the warehouse knows and who are in no team."""
    bots: tuple[str, ...] = ()
    is_from_file: bool = False


class RosterError(Exception):
    """A roster cannot be used. `lines` are all of its faults, one line each, which `str()` joins."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(lines))


def configured_roster(configuration: Configuration, day: date, known: Known) -> Roster:
    """The members of the configuration's teams on a day.

    Whoever is in several teams is asked for the one that has fewest members without them (of two
    alike the first by id): a small team is then rather large enough to be shown by itself.
    """
    teams: dict[str, list[str]] = {}
    accounts: dict[str, str] = {}
    bots: set[str] = set()
    for team in configuration.teams:
        for account in _members_on(team, day):
            person = known.person(account)
            if known.is_bot(account):
                bots.add(account)
                continue
            accounts[person] = min(accounts.get(person, account), account)
            listed = teams.setdefault(person, [])
            if team.id not in listed:
                listed.append(team.id)
    chosen = _one_team_each(teams)
    joined = _joined(configuration, known)
    people = sorted(
        (Person(accounts[one], f"team:{chosen[one]}", joined=joined.get(one)) for one in teams),
        key=_by_account,
    )
    if not people:
        raise RosterError(["survey: nobody is a member of a team. Give the teams members, or name a roster"])
    several = [
        InTwoTeams(accounts[one], tuple(f"team:{team}" for team in sorted(listed)), f"team:{chosen[one]}")
        for one, listed in teams.items()
        if len(listed) > 1
    ]
    return Roster(
        people=tuple(people),
        in_two_teams=tuple(sorted(several, key=lambda one: one.account)),
        not_asked=others_known(known, teams.keys()),
        bots=tuple(sorted(bots)),
    )


def others_known(known: Known, asked: Collection[str]) -> tuple[str, ...]:
    """The logins of people whom the warehouse knows and who are not among those asked."""
    return tuple(sorted(login for person, login in known.logins.items() if person not in asked))


def _joined(configuration: Configuration, known: Known) -> dict[str, date]:
    """Person → their first day in any team; those who have been in one from the beginning are not there."""
    first: dict[str, date] = {}
    for team in configuration.teams:
        for member in team.members:
            person = known.person(member.account.strip())
            first[person] = min(first.get(person, date.max), member.valid_from or date.min)
    return {person: day for person, day in first.items() if day != date.min}


def _members_on(team: Team, day: date) -> Iterator[str]:
    for member in team.members:
        if _is_there(member, day):
            yield member.account.strip()


def _is_there(member: Member, day: date) -> bool:
    return (member.valid_from or date.min) <= day < (member.valid_to or date.max)


def _one_team_each(teams: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Person → team: those in one team first, then each other one by name into their smallest team."""
    chosen = {person: listed[0] for person, listed in teams.items() if len(listed) == 1}
    sizes = Counter(chosen.values())
    for person in sorted(teams.keys() - chosen.keys()):
        chosen[person] = min(teams[person], key=lambda team: (sizes[team], team))
        sizes[chosen[person]] += 1
    return chosen


def _by_account(person: Person) -> str:
    return person.account
