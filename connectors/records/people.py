"""Who there is: accounts, and the teams that sources know."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from connectors.records.base import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Record):
    """One row per login. The only record that holds who somebody is; never leaves the warehouse."""

    table: ClassVar[str] = "account"
    has_scope: ClassVar[bool] = False

    login: str | None
    kind: str | None
    """The source's word: User, Bot, Mannequin, atlassian, app, …"""
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team(Record):
    """One row per team that a source knows now, and the days on which it was so."""

    table: ClassVar[str] = "source_team"
    is_state: ClassVar[bool] = True

    key: str
    """Its slug, handle or key in the source."""
    name: str | None
    parent_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMember(Record):
    """One row per account in a team that a source knows now."""

    table: ClassVar[str] = "source_team_member"
    is_state: ClassVar[bool] = True

    team_id: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRepository(Record):
    """One row per repository that a team may write to now."""

    table: ClassVar[str] = "source_team_repository"
    is_state: ClassVar[bool] = True

    team_id: str
    repository_id: str
    permission: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOwner(Record):
    """One row per line of a CODEOWNERS file as it is now; of two that fit a path, the later counts."""

    table: ClassVar[str] = "code_owner"
    is_state: ClassVar[bool] = True

    repository_id: str
    position: int
    pattern: str
    teams: list[str]
    """The teams (organisation/slug) that own it; none where the line clears ownership."""
    has_people: bool
    """Accounts own it too; who they are is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogService(Record):
    """One row per service that a catalogue or an inbox file describes."""

    table: ClassVar[str] = "catalog_service"

    name: str | None
    lifecycle: str | None
    active_from: date | None
    retired_at: date | None
    repositories: list[str]
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTeam(Record):
    """One row per service and team that a catalogue says owns it now."""

    table: ClassVar[str] = "source_service_team"
    is_state: ClassVar[bool] = True

    service_id: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogOwner(Record):
    """One row per service, owning team and stretch of days that a catalogue or an inbox file tells."""

    table: ClassVar[str] = "catalog_owner"

    service_id: str
    team: str
    valid_from: date | None
    """None is always."""
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Record):
    """One row per person, team and stretch of days, as an organisation's own list has it."""

    table: ClassVar[str] = "membership"

    person: str
    """The organisation's own key of the person; never leaves the warehouse."""
    team: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAccount(Record):
    """One row per account that an organisation's own list gives to a person."""

    table: ClassVar[str] = "person_account"

    person: str
    account: str
    """A login, an account id or an address, of any source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner(Record):
    """One row per person who joined, and when; published only in cohorts."""

    table: ClassVar[str] = "joiner"

    person: str
    joined_on: date
    team: str | None
    left_on: date | None
