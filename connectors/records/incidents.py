"""What went wrong for users."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from connectors.records.base import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Record):
    """One row per incident, of whatever cause."""

    table: ClassVar[str] = "incident"

    service_id: str | None
    service_name: str | None
    title: str | None
    description: str | None
    """Notes and custom fields as text: where links to deployments, commits, pull requests stand."""
    url: str | None
    status: str | None
    severity: str | None
    environment: str | None
    created_at: datetime
    started_at: datetime
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    updated_at: datetime | None
    caused_by_deployment: str | None
    caused_by_sha: str | None
    caused_by_pull_request: str | None
    fixed_by_deployment: str | None
    is_test: bool
    merged_into: str | None
    detected_at: datetime | None = None
    dedupe_group: str | None = None
    """A name that another source gives to the same incident: its id or key there, or its page."""
    reported_by: str | None = None
    """Who noticed it, in the source's word: monitor, team, user, …"""
    rotation: str | None = None
    """Whose turn it was to answer: an escalation policy or group, never a person."""
    causes: list[str] | None = None
    """What it was attributed to, as tags."""
    postmortem_url: str | None = None
    further_services: list[str] | None = None
    """Ids and names of the services that it struck besides the first."""
