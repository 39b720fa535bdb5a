"""The record types that an inbox takes: the word that a file's name begins with, and its rows."""

from collections.abc import Mapping
from types import MappingProxyType

from connectors.inbox.columns import Row
from connectors.inbox.rows_delivery import DeploymentRow, IncidentRow
from connectors.inbox.rows_governance import (
    DecisionRow,
    ExerciseRow,
    PostmortemActionRow,
    PostmortemRow,
    RegisterRow,
)
from connectors.inbox.rows_people import JoinerRow, MembershipRow, OwnershipRow, ServiceRow
from connectors.inbox.rows_practice import (
    ActionRow,
    ExperimentRow,
    MentorshipOfferRow,
    MentorshipRow,
    OnboardingChecklistRow,
)
from connectors.inbox.rows_quality import (
    CoverageRow,
    DebtRow,
    ObjectiveRow,
    RetentionRow,
    SatisfactionRow,
    ServiceLevelRow,
)

FOLDER = "inbox"
"""Where the files lie in the home folder."""
ENDINGS = frozenset({".csv", ".ndjson", ".parquet"})

ROWS: Mapping[str, type[Row]] = MappingProxyType(
    {
        "deployments": DeploymentRow,
        "incidents": IncidentRow,
        "services": ServiceRow,
        "ownership": OwnershipRow,
        "memberships": MembershipRow,
        "joiners": JoinerRow,
        "coverage": CoverageRow,
        "debt": DebtRow,
        "service_level_objectives": ObjectiveRow,
        "service_levels": ServiceLevelRow,
        "retention": RetentionRow,
        "satisfaction": SatisfactionRow,
        "postmortems": PostmortemRow,
        "postmortem_actions": PostmortemActionRow,
        "decisions": DecisionRow,
        "registers": RegisterRow,
        "exercises": ExerciseRow,
        "experiments": ExperimentRow,
        "mentorships": MentorshipRow,
        "mentorship_offers": MentorshipOfferRow,
        "onboarding_checklists": OnboardingChecklistRow,
        "actions": ActionRow,
    }
)

LISTS = frozenset(
    {"services", "ownership", "memberships", "joiners", "service_level_objectives", "registers"}
)
"""Types whose files say all that there is: what a file no longer has is gone. Of the other types a file
may hold the latest rows only."""

WITHOUT_PEOPLE = ("deployments", "incidents")
"""What is taken over HTTP unless the settings name more."""


def type_of(file_name: str) -> str | None:
    """The record type of a file: the longest one that its name begins with."""
    return max((one for one in ROWS if file_name.startswith(one)), key=len, default=None)
