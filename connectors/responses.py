"""When somebody first answered what users reported: decided on the way in, so that who did is never kept.

Comments are looked up for these issues alone, those of a page of issues together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.base import SourceContext
from connectors.records import Issue, Record
from connectors.selection import matches

LookUp = Callable[[Sequence[str]], Mapping[str, datetime | None]]
"""Ids of issues → when each was first answered, if it was; without those of which that cannot be known."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What has to be known of a comment, and no longer than that; never its text."""

    at: datetime
    author: str | None
    """The source's id of the account; None where the source no longer tells it."""
    is_by_bot: bool


def first_response(reporter: str | None, pages: Iterable[Iterable[Comment]]) -> datetime | None:
    """When somebody commented first who is neither the reporter nor a bot.

    Pages are in the order of time and are asked for as they are needed: mostly the first one answers.
    """
    for comments in pages:
        answers = [one.at for one in comments if one.author != reporter and not one.is_by_bot]
        if answers:
            return min(answers)
    return None


def is_bot(names: Iterable[str | None], context: SourceContext) -> bool:
    """Whether the configuration says that what bears one of these names is nobody."""
    return any(name and matches(name, context.bots) for name in names)


def is_user_report(issue: Issue, context: SourceContext) -> bool:
    """Whether the type or a label of an issue says that users reported it."""
    words = {word.lower() for word in (issue.type, *issue.labels) if word}
    return not words.isdisjoint(context.user_reported)


def with_responses(records: Sequence[Record], context: SourceContext, look_up: LookUp) -> Sequence[Record]:
    """The records, and in those of issues that users reported when they were first answered."""
    reported = [one.id for one in records if isinstance(one, Issue) and is_user_report(one, context)]
    if not reported:
        return records
    known = look_up(reported)
    return [
        replace(one, is_response_known=True, first_response_at=known[one.id])
        if isinstance(one, Issue) and one.id in known
        else one
        for one in records
    ]
