"""The columns of inbox files about who there is and who owns what: the organisation's own lists."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from connectors.inbox.columns import Day, Lower, Row, Text, Texts, in_order, lasts
from connectors.records import CatalogOwner, CatalogService, Joiner, Membership, PersonAccount, Record

FIRST = "first day; empty is always"
LAST = "the day after the last; empty is until further notice"
PERSON = "your own key of the person; it never leaves the warehouse"
Lifecycle = Annotated[Literal["experimental", "production", "deprecated", "retired"], Lower]


class ServiceRow(Row):
    """One row per service."""

    TABLE: ClassVar[str] = CatalogService.table
    KEY: ClassVar[tuple[str, ...]] = ("service",)

    service: Text = Field(description="the service's id")
    name: Text | None = Field(None, description="as people call it")
    lifecycle: Lifecycle | None = Field(
        None, description="`experimental`, `production`, `deprecated` or `retired`"
    )
    active_from: Day | None = Field(None, description="first day on which it served users")
    retired_at: Day | None = Field(None, description="first day on which it no longer did")
    repositories: Texts = Field([], description="where its code is, as `owner/name` separated by `;`")
    url: Text | None = Field(None, description="the service's page")

    @model_validator(mode="after")
    def _lives_forwards(self) -> Self:
        lasts(self.active_from, self.retired_at, "retired_at")
        return self

    def records(self) -> list[CatalogService]:
        """The service."""
        return [
            CatalogService(
                id=self.id,
                name=self.name,
                lifecycle=self.lifecycle,
                active_from=self.active_from,
                retired_at=self.retired_at,
                repositories=self.repositories,
                url=self.url,
            )
        ]


class OwnershipRow(Row):
    """One row per service, owning team and stretch of days."""

    TABLE: ClassVar[str] = CatalogOwner.table
    KEY: ClassVar[tuple[str, ...]] = ("service", "team", "valid_from")

    service: Text = Field(description="the service's id")
    team: Text = Field(description="the id of a `[[team]]`")
    valid_from: Day | None = Field(None, validation_alias="from", description=FIRST)
    valid_to: Day | None = Field(None, validation_alias="to", description=LAST)

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        lasts(self.valid_from, self.valid_to, "to")
        return self

    def records(self) -> list[CatalogOwner]:
        """The stretch of ownership."""
        return [
            CatalogOwner(
                id=self.id,
                service_id=self.service,
                team=self.team,
                valid_from=self.valid_from,
                valid_to=self.valid_to,
            )
        ]


class MembershipRow(Row):
    """One row per person, team and stretch of days."""

    TABLE: ClassVar[str] = Membership.table
    KEY: ClassVar[tuple[str, ...]] = ("person", "team", "valid_from")

    person: Text = Field(description=PERSON)
    team: Text = Field(description="the id of a `[[team]]`")
    valid_from: Day | None = Field(None, validation_alias="from", description=FIRST)
    valid_to: Day | None = Field(None, validation_alias="to", description=LAST)
    accounts: Texts = Field(
        [], description="the person's logins, account ids and addresses in any source, separated by `;`"
    )

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        lasts(self.valid_from, self.valid_to, "to")
        return self

    def records(self) -> list[Record]:
        """The membership, and each account of the person."""
        membership = Membership(
            id=self.id,
            person=self.person,
            team=self.team,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )
        accounts = [
            PersonAccount(id=f"{self.person}|{account}", person=self.person, account=account)
            for account in self.accounts
        ]
        return [membership, *accounts]


class JoinerRow(Row):
    """One row per person who joined; published only in cohorts."""

    TABLE: ClassVar[str] = Joiner.table
    KEY: ClassVar[tuple[str, ...]] = ("person", "joined_on")

    person: Text = Field(description=PERSON)
    joined_on: Day = Field(description="first day at work")
    team: Text | None = Field(None, description="the id of the `[[team]]` that was joined")
    left_on: Day | None = Field(None, description="first day on which the person was gone")

    @model_validator(mode="after")
    def _leaves_later(self) -> Self:
        in_order(self.joined_on, self.left_on, "left_on", "is before the person joined")
        return self

    def records(self) -> list[Joiner]:
        """The joining."""
        return [
            Joiner(
                id=self.id,
                person=self.person,
                joined_on=self.joined_on,
                team=self.team,
                left_on=self.left_on,
            )
        ]
