"""The shared vocabulary: what every source's answers are turned into.

Records hold the source's own words (labels, environment names, status ids); what they *mean* is
decided later from the configuration. Times are aware and in UTC. `id` is the source's own stable
id, unique per record type within a source. Logins, names and addresses exist in the records of
`people` alone and never leave the warehouse.

A record whose type names `children` is always delivered together with all of its children.
"""

from connectors.records.base import Record
from connectors.records.code import Commit, PullRequest, PullRequestCommit, Repository, Review, TimelineEvent
from connectors.records.delivery import Deployment, DeploymentStatus, Release, Tag, WorkflowRun
from connectors.records.governance import (
    ArchitectureDecision,
    Exercise,
    Postmortem,
    PostmortemAction,
    RegisterEntry,
    Runbook,
)
from connectors.records.incidents import Incident
from connectors.records.people import (
    Account,
    CatalogOwner,
    CatalogService,
    CodeOwner,
    Joiner,
    Membership,
    PersonAccount,
    ServiceTeam,
    Team,
    TeamMember,
    TeamRepository,
)
from connectors.records.practice import AgreedAction, Experiment, Mentorship, TeamLimit
from connectors.records.quality import (
    CoverageReport,
    DebtReading,
    RetentionCount,
    ServiceLevelObjective,
    ServiceLevelReading,
)
from connectors.records.work import (
    Board,
    Issue,
    IssueChange,
    IssueLink,
    IssueTransition,
    Project,
    Sprint,
    Status,
)

RECORD_TYPES: tuple[type[Record], ...] = (
    Repository,
    PullRequest,
    Review,
    PullRequestCommit,
    TimelineEvent,
    Commit,
    Deployment,
    DeploymentStatus,
    Release,
    Tag,
    WorkflowRun,
    Postmortem,
    PostmortemAction,
    ArchitectureDecision,
    RegisterEntry,
    Exercise,
    Runbook,
    Experiment,
    Mentorship,
    AgreedAction,
    TeamLimit,
    Incident,
    Account,
    Team,
    TeamMember,
    TeamRepository,
    CodeOwner,
    CatalogService,
    ServiceTeam,
    CatalogOwner,
    Membership,
    PersonAccount,
    Joiner,
    CoverageReport,
    DebtReading,
    ServiceLevelObjective,
    ServiceLevelReading,
    RetentionCount,
    Issue,
    IssueTransition,
    Status,
    IssueChange,
    IssueLink,
    Project,
    Board,
    Sprint,
)
"""Every record type: each becomes a table of the warehouse."""

__all__ = [
    "RECORD_TYPES",
    "Account",
    "AgreedAction",
    "ArchitectureDecision",
    "Board",
    "CatalogOwner",
    "CatalogService",
    "CodeOwner",
    "Commit",
    "CoverageReport",
    "DebtReading",
    "Deployment",
    "DeploymentStatus",
    "Exercise",
    "Experiment",
    "Incident",
    "Issue",
    "IssueChange",
    "IssueLink",
    "IssueTransition",
    "Joiner",
    "Membership",
    "Mentorship",
    "PersonAccount",
    "Postmortem",
    "PostmortemAction",
    "Project",
    "PullRequest",
    "PullRequestCommit",
    "Record",
    "RegisterEntry",
    "Release",
    "Repository",
    "RetentionCount",
    "Review",
    "Runbook",
    "ServiceLevelObjective",
    "ServiceLevelReading",
    "ServiceTeam",
    "Sprint",
    "Status",
    "Tag",
    "Team",
    "TeamLimit",
    "TeamMember",
    "TeamRepository",
    "TimelineEvent",
    "WorkflowRun",
]
