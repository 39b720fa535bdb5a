"""What can be written into the journal. Each is checked when it is made: pydantic's `ValidationError`
holds a sentence for every field that cannot stay as it is, and `sentences` gives them to a form.

`scope` is a published scope: `organisation`, `department:<id>` or `team:<id>`; `quarter` is a published
period, such as `2026-Q3`. Markup is text like any other. Teams and roles are written, people are not.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from connectors.journal.wording import one_line, plain

LONGEST_TEXT = 2000
LONGEST_TITLE = 200
LONGEST_MARKER = 255
MOST_MARKERS = 10
MOST_ACTIONS = 3
"""Of a scope and quarter."""
Role = Literal["leader", "team_member", "steward", "operator", "anyone"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Who may have written something: never more than the role is kept."""

_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _cut(value: object) -> object:
    """A list as it is; a text is cut at commas and spaces, which neither a label nor a key has. Each once."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    return tuple(dict.fromkeys(parts)) if isinstance(parts, list | tuple) else parts


Scope = Annotated[str, Field(pattern=r"^(organisation|(department|team):[a-z0-9][a-z0-9_-]*)$")]
TeamScope = Annotated[str, Field(pattern=r"^team:[a-z0-9][a-z0-9_-]*$")]
Quarter = Annotated[str, Field(pattern=r"^20[0-9]{2}-Q[1-4]$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=LONGEST_TITLE)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(plain)]
Title = Annotated[
    str, Field(min_length=1, max_length=LONGEST_TITLE), AfterValidator(plain), AfterValidator(one_line)
]
Perhaps = BeforeValidator(_blank_is_none)
"""A field of a form that was left blank says nothing."""
Day = Annotated[date, Field(ge=_FIRST_DAY, le=_LAST_DAY)]
Level = Literal["team", "department", "organisation"]
Marker = Annotated[str, Field(pattern=r"^[^\s,]+$", max_length=LONGEST_MARKER), AfterValidator(plain)]
Markers = Annotated[tuple[Marker, ...], BeforeValidator(_cut), Field(max_length=MOST_MARKERS)]


class Body(BaseModel):
    """What all entries share."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    KIND: ClassVar[str]
    """Under which it is kept."""

    scope: Scope


class Indicator(BaseModel):
    """What a theme is to move: a published number, from where, and which way."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    metric: Name
    statistic: Name
    baseline_quarter: Quarter
    expected: Literal["up", "down", "steady"]


class Theme(Body):
    """What a scope wants to be better at in a quarter. There is one, or none."""

    KIND: ClassVar[str] = "theme"

    quarter: Quarter
    sentence: Title
    why: Text
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1, max_length=3)]
    markers: Markers = ()
    """By what work for it is known in the tracker: labels, and keys of goals; none where nobody said."""


class Action(Body):
    """What a review agreed to do; `quarter` is that of the review."""

    KIND: ClassVar[str] = "action"

    quarter: Quarter
    what: Title
    answers: Annotated[str, Field(max_length=LONGEST_TITLE), AfterValidator(plain)]
    """Which pair it answers; empty where it answers none."""
    owner: Title
    """A role or a team, never a person."""
    due: Day
    known_by: Text
    """How it will be known that it helped."""
    effort: Literal["small", "medium", "large"]
    state: Literal["moving", "done", "dropped"] = "moving"
    reason: Annotated[Text | None, Perhaps] = None
    """Why it was dropped."""
    update: Annotated[Text | None, Perhaps] = None
    """How it stands; None is "no update"."""
    issue: Annotated[Title | None, Perhaps] = None
    """The key of the issue that was made of it."""
    is_issue_wanted: bool = False
    """Whether an issue is to be made of it; a run makes it, and writes its key here."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.state == "dropped" and self.reason is None:
            raise _wrong("reason", "is needed where an action was dropped. Say why in a sentence")
        if self.due < first_day(self.quarter):
            raise _wrong("due", f"is before {self.quarter} began. Mend the date")
        return self


class Decision(Body):
    """A decision with its place in the matrix of risk and reach, and where it was taken; never by whom."""

    KIND: ClassVar[str] = "decision"

    quarter: Quarter
    what: Title
    risk: Literal["low", "high"]
    reach: Literal["team", "organisation"]
    owner_level: Level
    proposed_on: Day
    decided_on: Day | None = None
    reversed_on: Day | None = None
    link: Annotated[
        Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^https?://\S+$")] | None, Perhaps
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.decided_on and self.decided_on < self.proposed_on:
            raise _wrong("decided_on", "is before the decision was proposed. Mend one of both")
        if self.reversed_on and not self.decided_on:
            raise _wrong("decided_on", "is missing: what was not decided cannot be reversed. Add the day")
        if self.reversed_on and self.decided_on and self.reversed_on < self.decided_on:
            raise _wrong("reversed_on", "is before the decision was taken. Mend one of both")
        return self


class WipLimit(Body):
    """How many work items a team agreed to have in progress at most, from a day on."""

    KIND: ClassVar[str] = "wip_limit"

    scope: TeamScope
    limit: Annotated[int, Field(ge=1, le=10_000)]
    valid_from: Day


class Agreement(Body):
    """What a team agreed on about its work, or does again and again."""

    KIND: ClassVar[str] = "agreement"

    kind: Literal["agreement", "ritual", "error_budget_policy"]
    """A policy is what happens when an error budget runs low."""
    text: Text
    pickup_hours: Annotated[int, Field(ge=1, le=2_000)] | None = None
    """Where it is about first looks: after how many hours without one a change waits too long."""
    valid_from: Day
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.valid_to and self.valid_to <= self.valid_from:
            raise _wrong("valid_to", "is not after the day from which it holds. Mend one of both")
        return self


class Annotation(Body):
    """Something that happened, drawn beside what was measured; nothing about people."""

    KIND: ClassVar[str] = "annotation"

    kind: Literal["event", "ai_assistant", "gathering", "context"]
    on: Day
    until: Day | None = None
    text: Text

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.until and self.until < self.on:
            raise _wrong("until", "is before the day on which it began. Mend one of both")
        return self


class WentWell(Body):
    """What went well, written by the team, about work. Whom it names agreed to it."""

    KIND: ClassVar[str] = "went_well"

    quarter: Quarter
    text: Text


class SaidDid(Body):
    """What the team said, and what was done about it."""

    KIND: ClassVar[str] = "said_did"

    quarter: Quarter
    said: Text
    did: Text


class Context(Body):
    """What a team adds beside its numbers before leaders see them; it changes none of them."""

    KIND: ClassVar[str] = "context"

    quarter: Quarter
    text: Text
    asks_for_help: bool = False
    """Whether leaders are asked for help, by which their index can be filtered."""


class NotKnown(Body):
    """What leaders got wrong or do not know yet; None is "not this time", which is shown."""

    KIND: ClassVar[str] = "not_known"

    quarter: Quarter
    text: Annotated[Text | None, Perhaps] = None


class Closing(Body):
    """The end of a review. One without actions says why nothing changes."""

    KIND: ClassVar[str] = "closing"

    quarter: Quarter
    no_change_reason: Annotated[Text | None, Perhaps] = None
    note: Annotated[Text | None, Perhaps] = None


class Freezing(Body):
    """What is said of a quarter that is kept as it was shown; see `journal.freeze`."""

    quarter: Quarter
    definitions: Title
    reason: Text


KINDS: Mapping[str, type[Body]] = MappingProxyType(
    {
        kind.KIND: kind
        for kind in (
            Theme, Action, Decision, WipLimit, Agreement, Annotation,
            WentWell, SaidDid, Context, NotKnown, Closing,
        )
    }
)  # fmt: skip

FREE_TEXT = frozenset(
    {"sentence", "why", "what", "answers", "owner", "known_by", "reason", "update", "issue", "link", "text"}
    | {"said", "did", "no_change_reason", "note", "markers"}
)
"""The fields, of whatever entry, in which people write what they like: a text, or several."""


def quarter_of(body: Body) -> str | None:
    """The quarter that the entry is about; None for what is no quarter's."""
    quarter = getattr(body, "quarter", None)
    return quarter if isinstance(quarter, str) else None


def first_day(quarter: str) -> date:
    """The day on which a quarter such as `2026-Q3` begins."""
    year, number = quarter.split("-Q")
    return date(int(year), 3 * int(number) - 2, 1)


def sentences(trouble: ValidationError) -> dict[str, str]:
    """What is wrong, by field, in one line each that repeats nothing of what was written."""
    found: dict[str, str] = {}
    for one in trouble.errors(include_url=False, include_input=False):
        context = one.get("ctx", {})
        place = str(context.get("field") or ".".join(map(str, one["loc"])) or "entry")
        found.setdefault(place, _PLAINLY.get(one["type"], one["msg"]).format(**context))
    return found


_PLAINLY = {
    "missing": "is missing. Fill it in",
    "string_too_short": "is empty. Fill it in",
    "string_too_long": "is longer than {max_length} characters. Shorten it",
    "string_pattern_mismatch": "does not have the form that is needed. Look at its example",
    "greater_than_equal": "is less than {ge}. Mend it",
    "less_than_equal": "is more than {le}. Mend it",
    "too_long": "are more than {max_length}. Leave some out",
    "too_short": "are fewer than {min_length}. Add one",
}


def _wrong(field: str, what: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{field} {what}", {"field": field, "what": what})
