"""Which survey is open, how many have answered in tens, and how answers are protected."""

from datetime import date

from dashboard import components, snapshot, snapshot_settings, words
from dashboard.components import Column, chip, section, show
from dashboard.markup import text
from dashboard.promised import promise
from dashboard.snapshot import Snapshot

LEAST_ANSWERS = 6
"""What is promised everywhere; an organisation may ask for more."""


def draw(shown: Snapshot) -> None:
    """What is being asked now; no number of it is shown before it is published."""
    run = snapshot.run(shown.path)
    rows = snapshot_settings.open_surveys(shown.path)
    if run.is_of_older_format:
        section("Open now")
        show(components.state("", "clock", "Made by an older version", "The next run says what is open."))
        return
    if rows.is_empty():
        show('<p class="eo-note">No survey is open.</p>')
        return
    section("Open now", "No result is shown before it has closed and was published.")
    columns = [Column("Survey"), Column("State"), Column("Open"), Column("Answered, whole organisation")]
    lines = [
        [
            text(row["title"]),
            chip(*_state(row["state"], row["opens_on"], row["closes_on"], run.today), "line"),
            text(f"{words.day(row['opens_on'], year=False)} to {words.day(row['closes_on'])}"),
            text(turnout(row["answered"], row["asked"])),
        ]
        for row in rows.iter_rows(named=True)
    ]
    show(components.table("Open surveys", columns, lines))
    show(
        f'<p class="eo-note">In tens, as of {text(words.moment(run.as_of))}: no answer can be told by it.</p>'
    )


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
