"""Until when nobody adds notes, since a survey is being answered: `survey_open.json` in the home folder.

Whoever opens or closes a survey says so here at once; a snapshot says it only when the next one is made. It
is what whoever writes in the journal goes by, and it tells nothing but which survey, and until which day.
"""

import json
import os
from datetime import date
from pathlib import Path

FILE = "survey_open.json"
VERSION = 1


class NothingSaidError(Exception):
    """No survey was opened or closed in this home folder by a version that says so."""


def say(home: Path, wave: str, until: date | None) -> None:
    """Say that a survey is open and on which day it ends, or that it is open no more; on disk afterwards."""
    said = {"version": VERSION, "survey": wave, "until": until and until.isoformat()}
    beside = home / f"{FILE}.new"
    with beside.open("w", encoding="utf-8") as out:
        out.write(json.dumps(said) + "\n")
        out.flush()
        os.fsync(out.fileno())
    beside.replace(home / FILE)


def closed_until(home: Path, today: date) -> date | None:
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
