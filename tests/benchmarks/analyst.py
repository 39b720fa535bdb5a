"""The plain pandas script that an analyst would write for five numbers, by team and week.

It reads the same columns from the same Parquet files as the build and answers as well as such a script
does: no calendars, no intervals, no coverage, no verdicts. Lead time and failure rate, cycle time, throughput
and work in progress per day.
"""

from pathlib import Path

import pandas as pd


def week(moments: pd.Series) -> pd.Series:
    """The Monday of each moment's week."""
    return moments.dt.tz_localize(None).dt.to_period("W").dt.start_time


def changes(folder: Path) -> pd.DataFrame:
    """Merged pull requests with the hours from the first commit to the repository's next deployment."""
    pulls = pd.read_parquet(folder / "pull_request.parquet", columns=["id", "repository_id", "merged_at"])
    commits = pd.read_parquet(
        folder / "pull_request_commit.parquet", columns=["pull_request_id", "authored_at"]
    )
    first = commits.groupby("pull_request_id")["authored_at"].min().rename("first_commit_at")
    merged = pulls.dropna(subset=["merged_at"]).merge(first, left_on="id", right_index=True)
    deployed = successes(folder).rename(columns={"succeeded_at": "deployed_at"})
    shipped = pd.merge_asof(
        merged.sort_values("merged_at"),
        deployed.sort_values("deployed_at"),
        left_on="merged_at",
        right_on="deployed_at",
        by="repository_id",
        direction="forward",
    ).dropna(subset=["deployed_at"])
    shipped["hours"] = (shipped["deployed_at"] - shipped["first_commit_at"]).dt.total_seconds() / 3600
    return shipped


def lead_time(folder: Path) -> pd.DataFrame:
    """Median and P85 of these hours."""
    shipped = changes(folder)
    shipped["week"] = week(shipped["deployed_at"])
    return shipped.groupby(["repository_id", "week"])["hours"].quantile([0.5, 0.85]).unstack()


def successes(folder: Path) -> pd.DataFrame:
    """Deployments that succeeded, with the moment of it."""
    deployments = pd.read_parquet(folder / "deployment.parquet", columns=["id", "repository_id"])
    statuses = pd.read_parquet(
        folder / "deployment_status.parquet", columns=["deployment_id", "state", "created_at"]
    )
    succeeded = statuses[statuses["state"] == "SUCCESS"].groupby("deployment_id")["created_at"].min()
    return deployments.merge(succeeded.rename("succeeded_at"), left_on="id", right_index=True).drop(
        columns="id"
    )


def deployments(folder: Path) -> pd.DataFrame:
    """Deployments that succeeded, and whether an incident of the service followed within 24 hours."""
    deployed = successes(folder).sort_values("succeeded_at").reset_index(names="deployment")
    incidents = pd.read_parquet(folder / "incident.parquet", columns=["id", "service_id", "started_at"])
    incidents["repository_id"] = incidents["service_id"].str.removeprefix("S")
    blamed = pd.merge_asof(
        incidents.sort_values("started_at"),
        deployed,
        left_on="started_at",
        right_on="succeeded_at",
        by="repository_id",
        tolerance=pd.Timedelta(hours=24),
    )
    deployed["has_failed"] = deployed["deployment"].isin(blamed["deployment"])
    return deployed


def failure_rate(folder: Path) -> pd.Series:
    """The share of deployments of a service and week that have failed."""
    deployed = deployments(folder)
    deployed["week"] = week(deployed["succeeded_at"])
    return deployed.groupby(["repository_id", "week"])["has_failed"].mean()


def work_items(folder: Path) -> pd.DataFrame:
    """Each work item with the moments at which it was first active and last done."""
    issues = pd.read_parquet(folder / "issue.parquet", columns=["id", "container_id", "status_category"])
    moves = pd.read_parquet(
        folder / "issue_transition.parquet", columns=["issue_id", "to_status", "occurred_at"]
    )
    started = moves[moves["to_status"] == "In Progress"].groupby("issue_id")["occurred_at"].min()
    finished = moves[moves["to_status"] == "Done"].groupby("issue_id")["occurred_at"].max()
    items = issues.merge(started.rename("started_at"), left_on="id", right_index=True, how="left")
    items = items.merge(finished.rename("finished_at"), left_on="id", right_index=True, how="left")
    items.loc[items["status_category"] != "done", "finished_at"] = pd.NaT
    return items


def flow(folder: Path) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Cycle time and throughput by project and week, and work in progress by project and day."""
    items = work_items(folder)
    done = items.dropna(subset=["started_at", "finished_at"]).copy()
    done["days"] = (done["finished_at"] - done["started_at"]).dt.total_seconds() / 86400
    done["week"] = week(done["finished_at"])
    by_week = done.groupby(["container_id", "week"])["days"]
    begun = items.dropna(subset=["started_at"])
    changes = pd.concat(
        [
            pd.DataFrame({"project": begun["container_id"], "at": begun["started_at"], "change": 1}),
            pd.DataFrame({"project": done["container_id"], "at": done["finished_at"], "change": -1}),
        ]
    )
    daily = changes.groupby(["project", changes["at"].dt.floor("D")])["change"].sum()
    return by_week.quantile([0.5, 0.85]).unstack(), by_week.size(), daily.groupby(level=0).cumsum()


def everything(folder: Path) -> None:
    """All five numbers."""
    lead_time(folder)
    failure_rate(folder)
    flow(folder)
