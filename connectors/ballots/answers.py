"""What an answer must be before it is sealed."""

import unicodedata
from collections.abc import Mapping, Sequence

from connectors.ballots.seal import COMMENT_CHARACTERS, POINTS, is_answer


class BadAnswer(Exception):
    """An answer that no page of ours sends. `str()` is one line; the code is not used up."""


def require_answers(answers: Mapping[str, object], item_ids: Sequence[str]) -> dict[str, int | None]:
    """The answers, where they are exactly those to the wave's items.

    Raises:
        BadAnswer: they are not.
    """
    if answers.keys() != set(item_ids):
        raise BadAnswer("the answers are not exactly those to the questions of this survey")
    if not all(is_answer(one) for one in answers.values()):
        raise BadAnswer(f"an answer is not a whole number from 1 to {POINTS}, or null")
    return {item: one for item, one in answers.items() if one is None or isinstance(one, int)}


def require_comment(comment: object, *, is_asked: bool) -> str | None:
    """The comment as it is kept; None where nothing is written.

    Raises:
        BadAnswer: it is too long or no text, or the survey asks for none.
    """
    if comment is None:
        return None
    if not is_asked:
        raise BadAnswer("this survey asks for no comment")
    if not isinstance(comment, str) or len(comment) > COMMENT_CHARACTERS:
        raise BadAnswer(f"the comment is not a text of up to {COMMENT_CHARACTERS} characters")
    if any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\n\r\t" for one in comment):
        raise BadAnswer("the comment holds characters that are no text")
    return comment.strip() or None
