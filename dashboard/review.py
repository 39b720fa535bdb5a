"""Which health check a review looks at, on its page and its agenda alike: as it was frozen, else today's."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.journal.journal import Frozen, JournalError
from dashboard import components, frozen, layout, looks, words, written_here
from dashboard.components import show
from dashboard.health.compose import compose
from dashboard.health.written import Entries
from dashboard.markup import text
from dashboard.report import files
from dashboard.report.files import Gathered
from dashboard.snapshot import Snapshot


@dataclass(frozen=True)
class Review:
    """The scope and quarter that are chosen, what people wrote, and the revision that is looked at."""

    shown: Snapshot
    scope: str
    quarter: str
    entries: Entries
    revisions: Sequence[Frozen]
    version: Frozen | None
    """None: today's numbers."""
    trouble: str
    """Why there is nothing of what people wrote, where that is so."""

    @property
    def sees_survey(self) -> bool:
        """Whether the visitor may see the quarter's survey yet."""
        return looks.sees(self.shown.path, self.quarter, self.scope)

    @property
    def chosen(self) -> str | None:
        """What the address calls the version; None where the quarter was never frozen."""
        return frozen.called(self.version) if self.revisions else None


def choose(shown: Snapshot) -> Review:
    """Draw the selectors, that of the version where the quarter was frozen."""
    scope, quarter = layout.scope_and_quarter(shown)
    entries, trouble = written_here.entries_or_why_not(shown.path)
    revisions: Sequence[Frozen] = ()
    try:
        revisions = () if trouble else written_here.frozen(scope, quarter)
    except JournalError as error:
        trouble = str(error)
    version = None if trouble else frozen.chosen(revisions)
    return Review(shown, scope, quarter, entries, revisions, version, trouble)


def made(review: Review) -> Gathered:
    """Its health check. Where a revision does not open, a line says that these are today's numbers."""
    sees = review.sees_survey
    if review.version is not None:
        try:
            return files.of_frozen(review.version, sees_survey=sees)
        except ValueError:
            told = (
                f"Revision {review.version.revision} of {words.period(review.quarter)} was frozen by another "
                "version of this app and does not open here: these are today's numbers."
            )
            show(f'<p class="eo-note">{text(told)}</p>')
    path = review.shown.path
    return Gathered(compose(path, review.entries, review.scope, review.quarter, sees_survey=sees), path)


def unread(review: Review) -> None:
    """That what people wrote could not be read, where that is so."""
    if review.trouble:
        why = text(review.trouble)
        show(components.state("What was written", "stop", "Could not read", why, tone="bad"))
