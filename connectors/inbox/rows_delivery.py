"""The columns of inbox files about delivery: deployments and incidents."""

from typing import Annotated, ClassVar, Literal

from pydantic import AliasChoices, Field

from connectors.inbox.columns import Instant, Lower, Row, Text, Texts
from connectors.records import Deployment, Incident

Outcome = Annotated[Literal["success", "failure", "error", "cancelled"], Lower]
Reporter = Annotated[Literal["monitor", "team", "user", "other"], Lower]
ENVIRONMENT = AliasChoices("environment", "env")
WHERE = "`production` where it is left out"


class DeploymentRow(Row):
    """One row per deployment that has finished, well or not."""

    TABLE: ClassVar[str] = Deployment.table
    KEY: ClassVar[tuple[str, ...]] = ("deployment_id",)
    NOW: ClassVar[str | None] = "finished_at"

    deployment_id: Text = Field(description="unique in this source")
    service: Text = Field(description="the id of a `[[service]]`")
    finished_at: Instant = Field(description="when it was over, well or not")
    status: Outcome = Field(description="`success`, `failure`, `error` or `cancelled`")
    sha: Text | None = Field(
        None,
        description="the deployed commit, at least 7 characters; without it no change can be attributed",
    )
    ref: Text | None = Field(None, description="branch or tag")
    started_at: Instant | None = Field(None, description="when it began")
    environment: Text = Field("production", validation_alias=ENVIRONMENT, description=WHERE)
    url: Text | None = Field(None, description="the deployment's page")
    dedupe_group: Text | None = Field(
        None, description="what another source calls the same deployment: its id there, or its page"
    )

    def records(self) -> list[Deployment]:
        """The deployment; `created_at` is its end where no start is given."""
        return [
            Deployment(
                id=self.id,
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
                dedupe_group=self.dedupe_group,
            )
        ]


class IncidentRow(Row):
    """One row per incident."""

    TABLE: ClassVar[str] = Incident.table
    KEY: ClassVar[tuple[str, ...]] = ("incident_id",)

    incident_id: Text = Field(description="unique in this source")
    service: Text = Field(description="the id of a `[[service]]`, or one of its `incident_services`")
    started_at: Instant = Field(description="when users were first affected")
    title: Text = Field(description="what was wrong")
    detected_at: Instant | None = Field(None, description="when it was noticed")
    acknowledged_at: Instant | None = Field(None, description="when somebody took it on")
    mitigated_at: Instant | None = Field(None, description="when users were no longer affected")
    resolved_at: Instant | None = Field(None, description="when it was over; without it the incident is open")
    severity: Text | None = Field(None, description="in your own words, such as `SEV1`")
    environment: Text = Field("production", validation_alias=ENVIRONMENT, description=WHERE)
    url: Text | None = Field(None, description="the incident's page")
    caused_by_deploy_id: Text | None = Field(None, description="the deployment that caused it: a sure link")
    caused_by_sha: Text | None = Field(None, description="the commit that caused it: a sure link")
    caused_by_pr: Text | None = Field(
        None, description="the pull request that caused it, by its address: a sure link"
    )
    fixed_by_deploy_id: Text | None = Field(None, description="the deployment that ended it")
    postmortem_url: Text | None = Field(
        None, description="links in it to commits or pull requests count as links"
    )
    is_test: bool = Field(default=False, description="`true` for a drill, which is not counted")
    merged_into: Text | None = Field(
        None, description="the id of the incident that this one turned out to be"
    )
    dedupe_group: Text | None = Field(
        None, description="what another source calls the same incident: its id or key there, or its page"
    )
    reported_by: Reporter | None = Field(
        None, description="who noticed it: `monitor`, `team` (whose service it is), `user` or `other`"
    )
    rotation: Text | None = Field(
        None, description="whose turn it was: a group or escalation policy, never a person"
    )
    causes: Texts = Field([], description="what it was attributed to, as tags separated by `;`")

    def records(self) -> list[Incident]:
        """The incident; `created_at` is its detection, or its start where none is given."""
        return [
            Incident(
                id=self.id,
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
                detected_at=self.detected_at,
                dedupe_group=self.dedupe_group,
                reported_by=self.reported_by,
                rotation=self.rotation,
                causes=self.causes or None,
                postmortem_url=self.postmortem_url,
            )
        ]
