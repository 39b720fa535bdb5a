"""The shape of `outcomes.toml`: one model per table, the keys named as in the file.

No rule that needs a second table stands here (`pipelines.config` has those), and nothing reads a
file, the environment or a clock. Every date range is half-open: `from` is in it, `to` is not.
"""

import re
from collections.abc import Sequence
from datetime import date, time
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import duckdb
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SerializeAsAny,
    field_validator,
    model_validator,
)

from connectors.base import ServiceKey, SourceSettings
from pipelines.config_access import Access, VariableName
from pipelines.config_digest import Digests
from pipelines.config_types import STRICT, Identifier, Names, Text, distinct

K_FLOOR = 6
"""No published survey number rests on fewer answers than this; the configuration may only raise it."""

LEAST_MEMBERS = 8
"""Reporting units are planned with at least this many people: six of eight answer, six of six do not."""

SOURCE_NAME = r"[a-z][a-z0-9_-]*"
"""What a source's name may look like, hence what may be a prefix."""

DeploymentOrigin = Literal["deployments", "releases", "tags", "workflow_runs", "inbox"]
Meaning = Literal["backlog", "waiting", "active", "done", "ignored"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _known_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError('is not a known time zone. Use a name such as "Europe/Berlin" or "UTC"')
    return name


@cache
def _valid_regex(pattern: str) -> str:
    """Ask the engine that will use the pattern: its regular expressions know no look-around."""
    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT regexp_matches('', ?)", [pattern])
        except duckdb.Error:
            raise ValueError(
                "is not a valid regular expression (RE2: no look-around, no back-references). "
                r'Write, for example, "^v\\d+" or "^prod"'
            ) from None
    return pattern


def _not_below_the_floor(k: int) -> int:
    if k < K_FLOOR:
        raise ValueError(f"is below {K_FLOOR}, a floor that can only be raised. Leave k out or raise it")
    return k


def _not_below_eight(members: int) -> int:
    if members < LEAST_MEMBERS:
        raise ValueError(
            f"is below {LEAST_MEMBERS}: fewer rarely give six answers. Leave least_members out or raise it"
        )
    return members


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise ValueError('is no address of a page. Write one such as "https://survey.example.org"')
    return text.rstrip("/")


def _part_of_a_repository(path: str) -> str:
    """The folder or file that a path names, as changed files are told: no slash at either end."""
    part = path.removeprefix("./").removesuffix("**").removesuffix("*").strip("/")
    if not part or re.search(r"[*?\[\\]|(^|/)\.\.?(/|$)", part):
        raise ValueError('is no part of a repository. Write a folder such as "services/checkout/"')
    return part


def _brackets_meant(pattern: str) -> str:
    """`[bot]` is how such logins end; as a choice of letters it would fit each that ends in b, o or t."""
    return pattern.replace("[[]bot]", "[bot]").replace("[bot]", "[[]bot]")


def _language(tag: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", tag):
        raise ValueError('is not a language. Write it as "en", "de" or "pt-BR"')
    return tag


Language = Annotated[str, AfterValidator(_language)]
TimeZone = Annotated[str, AfterValidator(_known_time_zone)]
Regex = Annotated[str, AfterValidator(_valid_regex)]
Paths = Annotated[list[Annotated[Text, AfterValidator(_part_of_a_repository)]], AfterValidator(distinct)]
LoginPatterns = Annotated[list[Annotated[Text, AfterValidator(_brackets_meant)]], AfterValidator(distinct)]


class Table(BaseModel):
    """What all tables share: unknown keys are errors and no type is guessed from another."""

    model_config = STRICT


class AgreedHours(Table):
    """A stretch of hours, on some days of each week, in which it was agreed to deploy."""

    days: list[Weekday] = Field(default=["mon", "tue", "wed", "thu", "fri"], min_length=1)
    begins: time = Field(default=time(0), alias="from")
    ends: time | None = Field(default=None, alias="to")
    """None is midnight, which no time of the same day is."""

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        if self.ends and self.begins >= self.ends:
            raise ValueError("ends before it begins: `from` must be earlier than `to`. Write a night as two")
        return self


class Organisation(Table):
    """`[organisation]`: whose numbers these are, and how its calendar runs."""

    id: Identifier
    name: Text
    time_zone: TimeZone = "UTC"
    quarter_start_month: int = Field(default=1, ge=1, le=12)
    history_start: date | None = None
    agreed_hours: list[AgreedHours] = []


class Department(Table):
    """One `[[department]]`: teams reported together; departments nest by `parent`."""

    id: Identifier
    name: Text
    parent: Identifier | None = None


class DateRange(Table):
    """From `from` (included) to `to` (not included); either may be open."""

    valid_from: date | None = Field(default=None, alias="from")
    valid_to: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise ValueError("ends before it begins: `from` must be earlier than `to`. Mend one of the dates")
        return self


class Member(DateRange):
    """An account and the days on which it belongs to the team."""

    account: Text


class Owner(DateRange):
    """A team and the days on which it owns the service."""

    team: Identifier


def _one_at_a_time(ranges: Sequence[DateRange], key: str) -> None:
    """Refuse two ranges of the same account or team that share a day: each would count twice."""
    by_key = sorted(ranges, key=lambda each: (getattr(each, key), each.valid_from or date.min))
    for earlier, later in pairwise(by_key):
        is_same = getattr(earlier, key) == getattr(later, key)
        if is_same and (earlier.valid_to or date.max) > (later.valid_from or date.min):
            raise ValueError(f"has overlapping dates for the same {key}. End one where the next begins")


class Team(Table):
    """One `[[team]]`: the unit that numbers are about. Work is its by owning a service, not by members."""

    id: Identifier
    name: Text
    department: Identifier | None = None
    known_as: Names = []
    members: list[Member] = []
    wip_limit: int | None = Field(default=None, ge=1)

    @field_validator("members")
    @classmethod
    def _joined_once(cls, members: list[Member]) -> list[Member]:
        _one_at_a_time(members, "account")
        return members


class Deployments(Table):
    """What counts as a production deployment of the service.

    `match` tests the environment's name (deployments), the tag (releases, tags) or the workflow's
    name (workflow runs); empty means every one that is in production by `[rules]`.
    """

    origin: DeploymentOrigin = Field(default="deployments", alias="from")
    match: Regex = ""


class Service(Table):
    """One `[[service]]`: what is deployed, from which repositories, and who owns it when."""

    id: Identifier
    name: Text
    active_from: date | None = None
    retired_at: date | None = None
    time_zone: TimeZone | None = None
    agreed_hours: list[AgreedHours] = []
    owners: list[Owner] = []
    repositories: Names = []
    paths: Paths = []
    labels: Names = []
    jira_projects: Names = []
    incident_services: Names = []
    indicators: Names = []
    deployments: Deployments = Deployments()

    @field_validator("owners")
    @classmethod
    def _owned_once(cls, owners: list[Owner]) -> list[Owner]:
        _one_at_a_time(owners, "team")
        return owners

    @model_validator(mode="after")
    def _lives_forwards(self) -> Self:
        if self.active_from and self.retired_at and self.active_from >= self.retired_at:
            raise ValueError("is retired before it is active. Mend `active_from` or `retired_at`")
        return self


class Rules(Table):
    """`[rules]`: what the sources' words mean. Changing one needs a rebuild and no new fetch.

    The one exception: who answered first is decided on the way in, so that with `user_reported`, or with
    `bots` where that is set, the next run reads the issues again.
    """

    incident_window_hours: float = Field(default=24.0, gt=0)
    bots: LoginPatterns = ["*[[]bot]", "dependabot*", "renovate*"]
    incident_labels: Names = ["incident"]
    incident_issue_types: Names = []
    decision_issue_types: Names = []
    unplanned_work: Names = ["bug", "incident", "expedite"]
    user_reported: Names = []
    hotfix_labels: Names = ["hotfix"]
    hotfix_branches: Names = ["hotfix/*", "hotfix-*"]
    architecture_labels: Names = ["architecture"]
    # Whole names and regions ("prod-eu", "Production – shop"), but neither "product-preview" nor
    # "pre-production": a preview counted as production would spoil every delivery number.
    production_environments: Names = [
        "prod",
        "prod[-_/. ]*",
        "production",
        "production[-_/. ]*",
        "live",
    ]
    coverage_floor: float = Field(default=0.8, ge=0, le=1)


class Status(Table):
    """One `[[status]]`: what a work item status of a source means, where its category misleads."""

    source: Text
    name: Text
    means: Meaning


class Privacy(Table):
    """`[privacy]`: the least number of answers behind a published survey number."""

    k: Annotated[int, AfterValidator(_not_below_the_floor)] = K_FLOOR


class Survey(Table):
    """`[survey]`: what is asked, in which languages, of whom, in units of how many, and where."""

    bank: Text | None = None
    modules: Names = []
    languages: Annotated[list[Language], AfterValidator(distinct)] = Field(default=["en"], min_length=1)
    roster: Text | None = None
    address: Annotated[str, AfterValidator(_address)] | None = None
    least_members: Annotated[int, AfterValidator(_not_below_eight)] = LEAST_MEMBERS


class Actions(Table):
    """`[actions]`: where issues are made of what reviews agree on, and with which credential."""

    source: Text | None = None
    project: Text | None = None
    issue_type: Text = "Task"
    token_env: VariableName | None = None
    user_env: VariableName | None = None


class Configuration(Table):
    """The whole file, checked. `source` holds each kind's own settings."""

    organisation: Organisation
    departments: list[Department] = Field(default=[], alias="department")
    teams: list[Team] = Field(default=[], alias="team")
    services: list[Service] = Field(default=[], alias="service")
    sources: list[SerializeAsAny[SourceSettings]] = Field(default=[], alias="source")
    rules: Rules = Rules()
    statuses: list[Status] = Field(default=[], alias="status")
    privacy: Privacy = Privacy()
    survey: Survey = Survey()
    access: Access = Access()
    actions: Actions = Actions()
    digest: Digests = Digests()

    def scopes_with_paths(self, source: str) -> frozenset[str]:
        """The repositories of the source of that name of which services own parts by path."""
        return frozenset(
            name
            for service in self.services
            if service.paths
            for prefix, name in map(split_prefix, service.repositories)
            if prefix == source
        )

    def scopes_of(self, source: str, key: ServiceKey | None) -> tuple[str, ...]:
        """What services list under `key` and own in the source of that name: sorted, without prefixes."""
        owned = {
            name
            for service in self.services
            for prefix, name in map(split_prefix, getattr(service, key) if key else ())
            if prefix in (source, None)
        }
        return tuple(sorted(owned))


def split_prefix(reference: str) -> tuple[str | None, str]:
    """Split `source:name`; a text whose start cannot be a source's name has no prefix."""
    prefix, colon, name = reference.partition(":")
    return (prefix, name) if colon and re.fullmatch(SOURCE_NAME, prefix) else (None, reference)
