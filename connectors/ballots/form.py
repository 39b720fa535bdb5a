"""What the page shows of a wave: its questions in each language. The same bytes for everybody."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connectors.ballots.seal import POINTS


class FormError(Exception):
    """A form cannot be used. `str()` is one line."""


@dataclass(frozen=True, slots=True)
class Question:
    """An item as it is asked in one language."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that stand together under a heading; the page mixes their order."""

    name: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A wave in one language.

    `scale` labels the points from 1 upwards. Without a `comment_question` no comment is asked for. `note`
    says where the statements come from.
    """

    title: str
    scale: tuple[str, ...]
    sections: tuple[Section, ...]
    comment_question: str | None
    note: str = ""

    def item_ids(self) -> list[str]:
        """The items that are asked, in the bank's order."""
        return [one.id for section in self.sections for one in section.questions]


@dataclass(frozen=True, slots=True)
class Form:
    """A wave as the page shows it.

    `languages` maps codes such as `en` to the words, the default first. `units` maps a unit's id to its
    name: a person is shown their own before they answer, nobody is shown the others.
    """

    wave: str
    closes_at: datetime
    languages: Mapping[str, Words]
    units: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """The form as the box is given it."""
        units = dict(self.units)
        return json.dumps({**self._public(), "units": units}, ensure_ascii=False).encode()

    def public_bytes(self) -> bytes:
        """The form as everybody may read it: without the units' names."""
        return json.dumps(self._public(), ensure_ascii=False, separators=(",", ":")).encode()

    def _public(self) -> dict[str, Any]:
        languages = {language: asdict(words) for language, words in self.languages.items()}
        return {"wave": self.wave, "closes_at": self.closes_at.isoformat(), "languages": languages}


def read_form(content: bytes) -> Form:
    """The form in these bytes.

    Raises:
        FormError: it is not one, or its languages do not ask the same.
    """
    try:
        told = json.loads(content)
        form = Form(
            told["wave"],
            datetime.fromisoformat(told["closes_at"]),
            {language: _words(words) for language, words in told["languages"].items()},
            dict(told["units"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise FormError("the form cannot be read. Make it with Form.to_bytes") from None
    _require_sound(form)
    return form


def _words(told: Mapping[str, Any]) -> Words:
    sections = tuple(
        Section(one["name"], tuple(Question(q["id"], q["text"]) for q in one["questions"]))
        for one in told["sections"]
    )
    return Words(told["title"], tuple(told["scale"]), sections, told["comment_question"], told["note"])


def _require_sound(form: Form) -> None:
    if not form.languages:
        raise FormError("the form has no language. Give one")
    asked = [sorted(words.item_ids()) for words in form.languages.values()]
    if not asked[0] or len(set(asked[0])) < len(asked[0]):
        raise FormError("the form has no question, or one twice. Ask each once")
    if any(other != asked[0] for other in asked):
        raise FormError("the languages of the form ask different items. Translate the same bank")
    if any(len(words.scale) != POINTS for words in form.languages.values()):
        raise FormError(f"a scale of the form does not have {POINTS} labels. Label every point")
    if len({words.comment_question is None for words in form.languages.values()}) > 1:
        raise FormError("one language of the form asks for a comment and another does not. Let both or none")
