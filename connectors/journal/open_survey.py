"""Which survey was opened last, and whether it still is open: `survey_open.json` in the home folder.

Whoever opens, closes, publishes or discards a survey says so here at once; a snapshot says it only when the
next one is made. It is what the pages go by, and whoever writes in the journal, since notes are closed while
people answer. It tells nothing but which survey, its days and how it stands: no count of anybody.
"""

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

FILE = "survey_open.json"
VERSION = 1
State = Literal["open", "closed", "published", "discarded"]


@dataclass(frozen=True, slots=True)
class Said:
    """A survey as it was left by whoever opened or ended it. The days are the organisation's."""

    survey: str
    title: str
    opens_on: date
    closes_on: date
    state: State


class NothingSaidError(Exception):
    """No survey was opened or closed in this home folder by a version that says so."""


class NotReadableError(Exception):
    """Something is said in this home folder, and cannot be read."""


def say(home: Path, said: Said) -> None:
    """Say how a survey stands; on disk afterwards. `until` is the last day on which notes are closed."""
    written = {
        "version": VERSION,
        "survey": said.survey,
        "title": said.title,
        "opens_on": said.opens_on.isoformat(),
        "closes_on": said.closes_on.isoformat(),
        "state": said.state,
        "until": said.closes_on.isoformat() if said.state == "open" else None,
    }
    beside = home / f"{FILE}.new"
    with beside.open("w", encoding="utf-8") as out:
        out.write(json.dumps(written) + "\n")
        out.flush()
        os.fsync(out.fileno())
    beside.replace(home / FILE)


def last_said(home: Path) -> Said:
    """How the survey that was opened last stands.

    Raises:
        NothingSaidError: there is no such file.
        NotReadableError: the file does not say it.
    """
    try:
        found = json.loads((home / FILE).read_text(encoding="utf-8"))
        opens_on, closes_on = (date.fromisoformat(found[day]) for day in ("opens_on", "closes_on"))
        survey, title, state = found["survey"], found["title"], found["state"]
    except FileNotFoundError:
        raise NothingSaidError from None
    except (OSError, ValueError, KeyError, TypeError):
        raise NotReadableError from None
    if not isinstance(survey, str) or not isinstance(title, str) or state not in get_args(State):
        raise NotReadableError
    return Said(survey, title, opens_on, closes_on, state)


def notes_closed_until(home: Path, today: date) -> date | None:
    """The last day on which notes are closed; None where they are not.

    A file that cannot be read closes them, each day for that day: a note too late harms nobody.

    Raises:
        NothingSaidError: there is no such file.
    """
    try:
        until = json.loads((home / FILE).read_text(encoding="utf-8"))["until"]
        last = until if until is None else date.fromisoformat(until)
    except FileNotFoundError:
        raise NothingSaidError from None
    except (OSError, ValueError, KeyError, TypeError):
        return today
    return last if last is not None and last >= today else None
