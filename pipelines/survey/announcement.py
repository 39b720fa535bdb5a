"""The text that people get before they answer: what for, what not for, the promise and its limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.ballots.pages import promise
from pipelines.privacy.units import Partition

TEXTS = Path(__file__).parent / "announcements"
_DAYS = {"en": "{0.day} {1} {0.year}", "de": "{0.day}. {1} {0.year}"}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}

_WHOM = {
    "en": {False: "everybody in engineering", True: "everybody who joined engineering lately"},
    "de": {False: "alle in der Entwicklung", True: "alle, die seit Kurzem in der Entwicklung sind"},
}

TO_THE_SENDER = """\
Before you send it (this is no part of the text, and no legal advice):
- Consent is highly unlikely to be a legal basis at work, since people cannot freely refuse their employer
  (Article 29 Working Party, opinion 2/2017). Write down a balancing test instead.
- Where law asks for it, the works council agrees first. Where it does not, ask it all the same.
- Add no question about health.
- Say where people can read what is stored, and for how long.
- Codes that go out by a mail merge leave a map from people to codes in the sender's outbox; printed slips
  do not."""


class AnnouncementError(Exception):
    """There is no announcement in that language. `str()` is one line."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an announcement says of one survey. `asker` is who answers questions about it.

    `is_of_newcomers`: nobody but those who joined lately is asked.
    """

    organisation: str
    asker: str
    wave: str
    opens_on: date
    closes_on: date
    address: str
    partition: Partition
    least_members: int
    k: int
    is_of_newcomers: bool = False


def announcement(facts: Facts, language: str) -> str:
    """The text in a language, with the promise as it stands on the page on which people answer.

    Raises:
        AnnouncementError: it was not written in that language.
    """
    known = sorted(path.stem for path in TEXTS.glob("*.txt"))
    if language not in known:
        raise AnnouncementError(
            f"survey announce: there is no text in {language[:20]}, only in {', '.join(known)}. "
            "Choose one of these with --language, and translate it"
        )
    kept, across, not_covered = promise(language)
    text = (TEXTS / f"{language}.txt").read_text(encoding="utf-8")
    return text.format(
        organisation=facts.organisation,
        asker=facts.asker,
        whom=_WHOM[language][facts.is_of_newcomers],
        promise=kept,
        across=across,
        not_covered=not_covered,
        wave=facts.wave,
        opens=_day(facts.opens_on, language),
        closes=_day(facts.closes_on, language),
        address=facts.address,
        least=facts.least_members,
        k=facts.k,
        units="\n".join(_units(facts.partition)),
    )


def _day(day: date, language: str) -> str:
    return _DAYS[language].format(day, _MONTHS[language].split()[day.month - 1])


def _units(partition: Partition) -> Sequence[str]:
    """A line per group with units right beneath it."""
    lines = []
    for group in partition.groups:
        names = sorted(unit.name for unit in partition.units if unit.parent == group.id)
        if names:
            lines.append(f"- {group.name}: {', '.join(names)}")
    return lines
