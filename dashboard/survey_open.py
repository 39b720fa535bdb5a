"""Which survey is open, how many have answered in tens, and how answers are protected."""

from datetime import UTC, date, datetime
from typing import Any, Literal

from connectors.journal import open_survey
from connectors.journal.open_survey import Said
from dashboard import components, snapshot, snapshot_settings, snapshot_survey, words
from dashboard.components import Column, chip, section, show
from dashboard.markup import text
from dashboard.promised import promise
from dashboard.snapshot import Snapshot

LEAST_ANSWERS = 6
"""What is promised everywhere; an organisation may ask for more."""
NOT_COUNTED = "not counted yet: the next run does"
CANNOT_BE_READ = (
    "Whether one was opened or closed since cannot be told: "
    "survey_open.json in the home folder cannot be read."
)
Known = Said | Literal["unreadable"] | None
"""What is known beside the snapshot: of the survey that was opened last, or nothing."""


def draw(shown: Snapshot) -> None:
    """What is being asked now; no number of it is shown before it is published."""
    run = snapshot.run(shown.path)
    said = _said()
    rows = _waiting(shown.path, said)
    is_told = isinstance(said, Said)
    if run.is_of_older_format and not is_told:
        section("Open now")
        show(components.state("", "clock", "Made by an older version", "The next run says what is open."))
        return
    if not rows:
        show(f'<p class="eo-note">{text(_nothing_open(shown.path, said))}</p>')
        return
    section("Open now", "No result is shown before it has closed and was published.")
    columns = [Column("Survey"), Column("State"), Column("Open"), Column("Answered, whole organisation")]
    today = run.local(datetime.now(UTC)).date() if is_told else run.today
    lines = [
        [
            text(row["title"]),
            chip(*_state(row["state"], row["opens_on"], row["closes_on"], today), "line"),
            text(f"{words.day(row['opens_on'], year=False)} to {words.day(row['closes_on'])}"),
            text(turnout(row["answered"], row["asked"]) if row["is_counted"] else NOT_COUNTED),
        ]
        for row in rows
    ]
    show(components.table("Open surveys", columns, lines))
    is_counted = any(row["is_counted"] for row in rows)
    counted = f"In tens, as of {words.moment(run.as_of)}" if is_counted else "Counted in tens by each run"
    notes = [f"{counted}: no answer can be told by it."] + [CANNOT_BE_READ] * (said == "unreadable")
    show(f'<p class="eo-note">{text(" ".join(notes))}</p>')


def _said() -> Known:
    """How the survey that was opened last stands by now, whenever the snapshot was made."""
    try:
        return open_survey.last_said(snapshot.home())
    except open_survey.NotReadableError:
        return "unreadable"
    except open_survey.NothingSaidError:
        return None


def _waiting(path: str, said: Known) -> list[dict[str, Any]]:
    """Surveys that are open, or closed and not published: the snapshot's, unless it is known how they stand.

    One waits at a time, so whatever else a snapshot tells of has ended since. How many have answered is
    counted when a snapshot is made: for these pages nothing else reads the ballot box.
    """
    rows = [{**row, "is_counted": True} for row in snapshot_settings.open_surveys(path).rows(named=True)]
    if not isinstance(said, Said):
        return rows
    if said.state not in ("open", "closed") or _is_published(path, said):
        return []
    before = next((row for row in rows if row["wave_id"] == said.survey), {"is_counted": False})
    unknown = {"answered": None, "asked": None}
    days = {"opens_on": said.opens_on, "closes_on": said.closes_on}
    return [{**unknown, **before, "title": said.title, "state": said.state, **days}]


def _is_published(path: str, said: Said) -> bool:
    return said.survey in snapshot_survey.waves(path)["wave_id"].to_list()


def _nothing_open(path: str, said: Known) -> str:
    if said == "unreadable":
        return f"No survey was open at the last run. {CANNOT_BE_READ}"
    if isinstance(said, Said) and said.state == "published" and not _is_published(path, said):
        return f"No survey is open. {said.title} was published: the next run puts its results here."
    return "No survey is open."


def _state(state: str, opens_on: date, closes_on: date, today: date) -> tuple[str, str]:
    if state == "closed":
        return "dots", "Closed, not published yet"
    if today > closes_on:
        return "dots", "Its time is over, not closed yet"
    if today < opens_on:
        return "dots", f"Opens on {words.day(opens_on, year=False)}"
    return "half", f"Open until {words.day(closes_on, year=False)}"


def turnout(answered: str | None, asked: str | None) -> str:
    """`about 40 of about 120`, as published: in tens, or what keeps it from being known."""
    if answered is None or asked is None:
        return "not known: no codes were made yet, or the ballot box could not be read"
    return f"{answered} of {asked}"


def protection(shown: Snapshot) -> None:
    """What is promised of answers, and where all of it stands."""
    section("How answers are protected")
    link = components.page_link("protection", "How it is kept, and what nobody can promise", {})
    least = snapshot_settings.rule(shown.path).get("least_answers", LEAST_ANSWERS)
    raised = f" Here it is {words.amount(least)} people." if least > LEAST_ANSWERS else ""
    show(f'<blockquote class="eo-promise">{text(promise() + raised)}</blockquote><p>{link}</p>')
