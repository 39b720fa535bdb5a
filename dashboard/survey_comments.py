"""What people wrote, in a section of its own: read from the comments' file, never kept."""

from datetime import UTC, datetime

from connectors.comments import FILE, CommentsError, released
from dashboard import snapshot
from dashboard.components import section, show
from dashboard.markup import text


def draw(wave: str, scope: str, name: str) -> None:
    """The released comments of a group, in another order each time; nothing where there are none."""
    try:
        found = released(snapshot.home() / FILE, wave, scope, datetime.now(UTC).date())
    except CommentsError:
        section("In their own words")
        told = "The comments cannot be read; whoever runs this finds the file in the home folder."
        show(f'<p class="eo-note">{told}</p>')
        return
    if not found:
        return
    section(
        "In their own words",
        f"Of {name}. Only where at least ten wrote, released by a reader of another department, in another "
        "order each time, deleted after two quarters.",
    )
    show(f'<ul class="eo-voices">{"".join(f"<li>{text(one)}</li>" for one in found)}</ul>')
