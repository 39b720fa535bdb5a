"""The columns of inbox files: what each row may hold, and the record it becomes.

Times need an offset (`2026-10-01T09:30:00Z`); a time without one could mean any hour.
"""

from abc import abstractmethod
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from connectors.records import Deployment, Incident, Record

TIME_FORM = "Write it as 2026-10-01T09:30:00Z"


def _instant(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(at, datetime) and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("time", "is not a time", {"fix": TIME_FORM}) from None
    if not isinstance(at, datetime):
        raise PydanticCustomError("time", "is not a time", {"fix": TIME_FORM})
    raise PydanticCustomError(
        "time", "is a time without a time zone", {"fix": "Append Z for UTC or an offset such as +02:00"}
    )


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Instant = Annotated[datetime, BeforeValidator(_instant)]
Text = Annotated[str, Field(min_length=1)]
Environment = Field(default="production", validation_alias=AliasChoices("environment", "env"))
Outcome = Annotated[Literal["success", "failure", "error", "cancelled"], BeforeValidator(_lower)]


class Row(BaseModel):
    """What every row has; columns that are not named here are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, coerce_numbers_to_str=True
    )

    service: Text
    environment: Text = Environment
    source: Text | None = None
    """The tool that the row comes from: for the file's readers, not stored."""
    url: Text | None = None
    updated_at: Instant | None = None
    """Of two rows with the same id the one updated later counts."""

    @abstractmethod
    def record(self) -> Record:
        """The record that this row becomes."""

    @classmethod
    def columns(cls) -> dict[str, bool]:
        """Every column's name, and whether it is required."""
        found: dict[str, bool] = {}
        for name, field in cls.model_fields.items():
            alias = field.validation_alias
            names = [str(one) for one in alias.choices] if isinstance(alias, AliasChoices) else [name]
            found |= dict.fromkeys(names, field.is_required())
        return found


class DeploymentRow(Row):
    """One row per deployment that has finished, well or not."""

    deployment_id: Text
    finished_at: Instant
    status: Outcome
    sha: Text | None = None
    ref: Text | None = None
    started_at: Instant | None = None

    def record(self) -> Deployment:
        """The deployment; `created_at` is its end where no start is given."""
        return Deployment(
            id=self.deployment_id,
            repository_id=None,
            service=self.service,
            sha=self.sha,
            ref=self.ref,
            environment=self.environment,
            original_environment=self.environment,
            task=None,
            state=self.status.upper(),
            created_at=self.started_at or self.finished_at,
            finished_at=self.finished_at,
            updated_at=self.updated_at,
            url=self.url,
        )


class IncidentRow(Row):
    """One row per incident."""

    incident_id: Text
    started_at: Instant
    title: Text
    detected_at: Instant | None = None
    acknowledged_at: Instant | None = None
    mitigated_at: Instant | None = None
    resolved_at: Instant | None = None
    severity: Text | None = None
    caused_by_deploy_id: Text | None = None
    caused_by_sha: Text | None = None
    caused_by_pr: Text | None = None
    fixed_by_deploy_id: Text | None = None
    postmortem_url: Text | None = None
    is_test: bool = False
    merged_into: Text | None = None

    def record(self) -> Incident:
        """The incident; `created_at` is its detection, or its start where none is given."""
        return Incident(
            id=self.incident_id,
            service_id=self.service,
            service_name=self.service,
            title=self.title,
            description=self.postmortem_url,
            url=self.url,
            status="resolved" if self.resolved_at else "open",
            severity=self.severity,
            environment=self.environment,
            created_at=self.detected_at or self.started_at,
            started_at=self.started_at,
            acknowledged_at=self.acknowledged_at,
            mitigated_at=self.mitigated_at,
            resolved_at=self.resolved_at,
            updated_at=self.updated_at,
            caused_by_deployment=self.caused_by_deploy_id,
            caused_by_sha=self.caused_by_sha,
            caused_by_pull_request=self.caused_by_pr,
            fixed_by_deployment=self.fixed_by_deploy_id,
            is_test=self.is_test,
            merged_into=self.merged_into,
        )
