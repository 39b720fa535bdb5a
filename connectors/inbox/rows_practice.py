"""The columns of inbox files on how an organisation works on itself: experiments, mentoring, actions."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from connectors.inbox.columns import Day, FiscalQuarter, Lower, Row, Text, in_order
from connectors.inbox.rows_governance import SERVICE, TEAM, ActionState
from connectors.records import (
    AgreedAction,
    Experiment,
    Mentorship,
    MentorshipOffer,
    OnboardingChecklist,
)

Outcome = Annotated[Literal["adopted", "stopped", "inconclusive"], Lower]
People = Annotated[int, Field(ge=0, le=100_000)]
Steps = Annotated[int, Field(ge=0, le=10_000_000)]
PairState = Annotated[Literal["active", "completed", "broken_off"], Lower]


class ExperimentRow(Row):
    """One row per experiment, planned, begun or concluded."""

    TABLE: ClassVar[str] = Experiment.table
    KEY: ClassVar[tuple[str, ...]] = ("experiment_id",)

    experiment_id: Text = Field(description="unique in this source")
    title: Text | None = Field(None, description="what was to be found out")
    team: Text | None = Field(None, description=TEAM)
    service: Text | None = Field(None, description=SERVICE)
    started_on: Day | None = Field(None, description="when it began; empty while it is only planned")
    concluded_on: Day | None = Field(
        None, description="when it was decided what follows from it; empty while it runs"
    )
    outcome: Outcome | None = Field(
        None, description="`adopted`, `stopped` or `inconclusive`; stopping is as good an outcome as any"
    )
    url: Text | None = Field(None, description="its page")

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        in_order(self.started_on, self.concluded_on, "concluded_on", "is before the experiment began")
        return self

    def records(self) -> list[Experiment]:
        """The experiment."""
        return [
            Experiment(
                id=self.id,
                title=self.title,
                team=self.team,
                service=self.service,
                started_on=self.started_on,
                concluded_on=self.concluded_on,
                outcome=self.outcome,
                url=self.url,
            )
        ]


class MentorshipRow(Row):
    """One row per pair of a mentorship rotation. Who they are has no column."""

    TABLE: ClassVar[str] = Mentorship.table
    KEY: ClassVar[tuple[str, ...]] = ("pair_id",)

    pair_id: Text = Field(description="unique in this source: a number, no names")
    started_on: Day | None = Field(None, description="first day; empty while it is only planned")
    ended_on: Day | None = Field(None, description="last day; empty while it goes on")
    state: PairState | None = Field(
        None,
        description=(
            "`active`, `completed` or `broken_off`; where it is left out, `completed` with `ended_on`, "
            "else `active`"
        ),
    )

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        in_order(self.started_on, self.ended_on, "ended_on", "is before the pair began")
        if self.state not in (None, "active") and self.ended_on is None:
            raise PydanticCustomError(
                "end",
                "is missing, and the pair is no longer active",
                {"fix": "Fill it in", "column": "ended_on"},
            )
        return self

    def records(self) -> list[Mentorship]:
        """The pair."""
        state = self.state or ("completed" if self.ended_on else "active")
        return [Mentorship(id=self.id, started_on=self.started_on, ended_on=self.ended_on, state=state)]


class MentorshipOfferRow(Row):
    """One row per quarter. Who was offered a place has no column."""

    TABLE: ClassVar[str] = MentorshipOffer.table
    KEY: ClassVar[tuple[str, ...]] = ("quarter",)

    quarter: FiscalQuarter = Field(description="the organisation's quarter, such as `2026-Q3`")
    eligible: People = Field(description="how many people the rotation is meant for")
    offered: People = Field(description="how many of them were offered a place in the quarter")

    @model_validator(mode="after")
    def _are_of_them(self) -> Self:
        in_order(self.offered, self.eligible, "offered", "is more than the rotation is meant for")
        return self

    def records(self) -> list[MentorshipOffer]:
        """The quarter's counts."""
        return [
            MentorshipOffer(id=self.id, quarter=self.quarter, eligible=self.eligible, offered=self.offered)
        ]


class OnboardingChecklistRow(Row):
    """One row per quarter in which people joined, or per quarter and team. Who they are has no column."""

    TABLE: ClassVar[str] = OnboardingChecklist.table
    KEY: ClassVar[tuple[str, ...]] = ("quarter", "team")

    quarter: FiscalQuarter = Field(description="in which they joined, such as `2026-Q3`")
    team: Text | None = Field(
        None,
        description="whose joiners they are, where teams count for themselves; there is no number of a team",
    )
    joiners: People = Field(description="how many joined")
    steps: Steps = Field(description="steps of all their checklists together")
    done: Steps = Field(description="how many of these steps are done")

    @model_validator(mode="after")
    def _are_of_them(self) -> Self:
        in_order(self.done, self.steps, "done", "is more than there are")
        if bool(self.joiners) != bool(self.steps):
            what = "is more than none, and nobody joined" if self.steps else "is none, and people joined"
            raise PydanticCustomError("steps", what, {"fix": "Mend one of both", "column": "steps"})
        return self

    def records(self) -> list[OnboardingChecklist]:
        """The counts of a quarter's checklists."""
        return [
            OnboardingChecklist(
                id=self.id,
                quarter=self.quarter,
                team=self.team,
                joiners=self.joiners,
                steps=self.steps,
                done=self.done,
            )
        ]


class ActionRow(Row):
    """One row per action that a team or its leaders agreed on, such as in a health check."""

    TABLE: ClassVar[str] = AgreedAction.table
    KEY: ClassVar[tuple[str, ...]] = ("action_id",)

    action_id: Text = Field(description="unique in this source")
    title: Text | None = Field(None, description="what is to be done, without whose it is")
    team: Text | None = Field(None, description=TEAM + "; empty where it is of more than one")
    agreed_on: Day | None = Field(None, description="when it was agreed")
    due_on: Day | None = Field(None, description="by when")
    closed_on: Day | None = Field(None, description="when it was done or dropped; empty while it is open")
    state: ActionState | None = Field(
        None,
        description="`open`, `done` or `dropped`; where it is left out, `done` with `closed_on`, else `open`",
    )
    reason: Text | None = Field(None, description="why it was dropped")
    url: Text | None = Field(None, description="the ticket's page")

    @model_validator(mode="after")
    def _reason_of_what_was_dropped(self) -> Self:
        if self.reason and self.state != "dropped":
            raise PydanticCustomError(
                "reason",
                "is the reason for which an action was dropped, and this one was not",
                {"fix": "Write dropped as its state, or leave the reason out", "column": "reason"},
            )
        in_order(self.agreed_on, self.due_on, "due_on", "is before the action was agreed")
        return self

    def records(self) -> list[AgreedAction]:
        """The action."""
        return [
            AgreedAction(
                id=self.id,
                title=self.title,
                team=self.team,
                agreed_on=self.agreed_on,
                due_on=self.due_on,
                closed_on=self.closed_on,
                state=self.state or ("done" if self.closed_on else "open"),
                reason=self.reason,
                url=self.url,
            )
        ]
