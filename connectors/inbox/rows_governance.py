"""The columns of inbox files with what organisations write down: postmortems, decisions, registers."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from connectors.inbox.columns import Day, Instant, Lower, Row, Text, Texts, in_order
from connectors.records import ArchitectureDecision, Exercise, Postmortem, PostmortemAction, RegisterEntry

SERVICE = "the id of a `[[service]]`"
TEAM = "the id of a `[[team]]`"
DecisionStatus = Annotated[Literal["proposed", "accepted", "rejected", "deprecated", "superseded"], Lower]
Level = Annotated[Literal["team", "department", "organisation"], Lower]
Risk = Annotated[Literal["low", "high"], Lower]
Reach = Annotated[Literal["team", "organisation"], Lower]
ActionState = Annotated[Literal["open", "done", "dropped"], Lower]


class PostmortemRow(Row):
    """One row per postmortem."""

    TABLE: ClassVar[str] = Postmortem.table
    KEY: ClassVar[tuple[str, ...]] = ("postmortem_id",)

    postmortem_id: Text = Field(description="unique in this source")
    incident: Text | None = Field(None, description="the incident's id or key in its own source")
    service: Text | None = Field(None, description=SERVICE)
    title: Text | None = Field(None, description="what it is about")
    url: Text | None = Field(None, description="its page")
    published_at: Instant | None = Field(
        None, description="when all could read it; empty while it is a draft"
    )
    causes: Texts = Field([], description="what the incident was attributed to, as tags separated by `;`")

    def records(self) -> list[Postmortem]:
        """The postmortem."""
        return [
            Postmortem(
                id=self.id,
                incident=self.incident,
                service=self.service,
                title=self.title,
                url=self.url,
                published_at=self.published_at,
                causes=self.causes,
            )
        ]


class PostmortemActionRow(Row):
    """One row per action that a postmortem asks for."""

    TABLE: ClassVar[str] = PostmortemAction.table
    KEY: ClassVar[tuple[str, ...]] = ("postmortem_id", "action_id")

    postmortem_id: Text = Field(description="the postmortem's id in `postmortems*`")
    action_id: Text = Field(description="unique in its postmortem")
    title: Text | None = Field(None, description="what is to be done")
    due_on: Day | None = Field(None, description="by when")
    closed_on: Day | None = Field(None, description="when it was done or dropped; empty while it is open")
    state: ActionState | None = Field(
        None,
        description="`open`, `done` or `dropped`; where it is left out, `done` with `closed_on`, else `open`",
    )
    url: Text | None = Field(None, description="the ticket's page")

    def records(self) -> list[PostmortemAction]:
        """The action."""
        return [
            PostmortemAction(
                id=self.id,
                postmortem_id=self.postmortem_id,
                title=self.title,
                due_on=self.due_on,
                closed_on=self.closed_on,
                state=self.state or ("done" if self.closed_on else "open"),
                url=self.url,
            )
        ]


class DecisionRow(Row):
    """One row per architecture decision, proposed or taken."""

    TABLE: ClassVar[str] = ArchitectureDecision.table
    KEY: ClassVar[tuple[str, ...]] = ("decision_id",)

    decision_id: Text = Field(description="unique in this source")
    status: DecisionStatus = Field(
        description="`proposed`, `accepted`, `rejected`, `deprecated` or `superseded`"
    )
    title: Text | None = Field(None, description="what it is about")
    service: Text | None = Field(None, description=SERVICE)
    team: Text | None = Field(None, description=TEAM)
    proposed_on: Day | None = Field(None, description="when it was first asked for")
    decided_on: Day | None = Field(None, description="when it was accepted or rejected")
    reversed_on: Day | None = Field(None, description="when it was deprecated, superseded or taken back")
    decided_by_level: Level | None = Field(
        None, description="`team`, `department` or `organisation`: where it was taken, never by whom"
    )
    risk: Risk | None = Field(None, description="`low` or `high`")
    reach: Reach | None = Field(None, description="`team` or `organisation`: whom it concerns")
    url: Text | None = Field(None, description="its page")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        in_order(self.proposed_on, self.decided_on, "decided_on", "is before the decision was proposed")
        in_order(self.decided_on, self.reversed_on, "reversed_on", "is before the decision was taken")
        return self

    def records(self) -> list[ArchitectureDecision]:
        """The decision."""
        return [
            ArchitectureDecision(
                id=self.id,
                title=self.title,
                service=self.service,
                team=self.team,
                status=self.status,
                proposed_on=self.proposed_on,
                decided_on=self.decided_on,
                reversed_on=self.reversed_on,
                decided_by_level=self.decided_by_level,
                url=self.url,
                risk=self.risk,
                reach=self.reach,
            )
        ]


class RegisterRow(Row):
    """One row per thing that is to be reviewed from time to time: a model, an access, a policy."""

    TABLE: ClassVar[str] = RegisterEntry.table
    KEY: ClassVar[tuple[str, ...]] = ("register_name", "entry_id")

    register_name: Text = Field(
        validation_alias="register",
        description="`model-risk`, `data-access`, `policy`, or a word of your own",
    )
    entry_id: Text = Field(description="unique in its register")
    subject: Text | None = Field(None, description="what is to be reviewed, without names of people")
    team: Text | None = Field(None, description=TEAM)
    service: Text | None = Field(None, description=SERVICE)
    risk_class: Text | None = Field(None, description="in your own words")
    last_reviewed_on: Day | None = Field(None, description="empty where it never was")
    due_on: Day | None = Field(None, description="by when the next review is due")
    retired_on: Day | None = Field(None, description="from when on it needs no review")
    url: Text | None = Field(None, description="its page")

    def records(self) -> list[RegisterEntry]:
        """The entry."""
        return [
            RegisterEntry(
                id=self.id,
                register=self.register_name,
                subject=self.subject,
                team=self.team,
                service=self.service,
                risk_class=self.risk_class,
                last_reviewed_on=self.last_reviewed_on,
                due_on=self.due_on,
                retired_on=self.retired_on,
                url=self.url,
            )
        ]


class ExerciseRow(Row):
    """One row per exercise, planned or held."""

    TABLE: ClassVar[str] = Exercise.table
    KEY: ClassVar[tuple[str, ...]] = ("exercise_id",)

    exercise_id: Text = Field(description="unique in this source")
    kind: Text = Field(description="in your own word, such as `game day` or `restore test`")
    team: Text | None = Field(None, description=TEAM)
    service: Text | None = Field(None, description=SERVICE)
    planned_on: Day | None = Field(None, description="for when it was planned")
    held_on: Day | None = Field(None, description="when it was held; empty while it was not")
    url: Text | None = Field(None, description="its notes")

    def records(self) -> list[Exercise]:
        """The exercise."""
        return [
            Exercise(
                id=self.id,
                kind=self.kind,
                team=self.team,
                service=self.service,
                planned_on=self.planned_on,
                held_on=self.held_on,
                url=self.url,
            )
        ]
