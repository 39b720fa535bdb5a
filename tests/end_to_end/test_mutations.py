"""The planted answers can fail: each of ten one-line mistakes in the SQL makes them differ.

Each mistake is one that a person could make, in the file where the rule stands. The warehouse that
the run filled is built again with the mistake in it; at least one planted answer must then differ.
"""

from dataclasses import dataclass

import pytest

from pipelines.aggregate import aggregate
from pipelines.catalog import load_metrics, load_models
from pipelines.compute import aggregation_frames
from pipelines.models import build_model, observe


@dataclass(frozen=True)
class Mutation:
    """One line of one file, written wrongly, and the metric whose answers notice."""

    name: str
    table: str
    right: str
    wrong: str
    metric: str


MUTATIONS = (
    Mutation(
        "the last commit instead of the first",
        "staged.stg_pull_request",
        "min(authored_at) AS authored_at",
        "max(authored_at) AS authored_at",
        "change_lead_time",
    ),
    Mutation(
        "failed deployments count",
        "deployment_frequency",
        "WHEN d.outcome = 'failed' THEN 'failed_to_deploy'",
        "WHEN false THEN 'failed_to_deploy'",
        "deployment_frequency",
    ),
    Mutation(
        "a redeployed commit counts",
        "facts.fct_deployment",
        "d.outcome = 'succeeded' AND coalesce(l.lineage_kind <> 'redeploy', true) AS is_counted",
        "d.outcome = 'succeeded' AS is_counted",
        "change_failure_rate",
    ),
    Mutation(
        "the window without its end",
        "facts.fct_incident_deployment",
        "<= r.incident_window_seconds",
        "< r.incident_window_seconds",
        "change_failure_rate",
    ),
    Mutation(
        "time beats an explicit link",
        "facts.fct_incident_deployment",
        "coalesce(e.deployment_item_id, u.deployment_item_id, w.deployment_item_id)",
        "coalesce(w.deployment_item_id, u.deployment_item_id, e.deployment_item_id)",
        "change_failure_rate",
    ),
    Mutation(
        "the first deployment swallows history",
        "facts.fct_change",
        "WHEN d.is_baseline THEN 'before_baseline'",
        "WHEN false THEN 'before_baseline'",
        "change_lead_time",
    ),
    Mutation(
        "bots count",
        "change_lead_time",
        "WHEN c.is_bot THEN 'bot'",
        "WHEN false THEN 'bot'",
        "change_lead_time",
    ),
    Mutation(
        "authors review themselves",
        "staged.stg_pull_request",
        "AND r.author_id IS DISTINCT FROM p.author_id",
        "AND true",
        "pull_request_pickup_time",
    ),
    Mutation(
        "a review of a draft is picked up before it is ready",
        "pull_request_pickup_time",
        "THEN greatest(p.first_review_at, p.ready_at) END AS ended_at",
        "THEN p.first_review_at END AS ended_at",
        "pull_request_pickup_time",
    ),
    Mutation(
        "a rollback blames nobody",
        "facts.fct_failed_deployment",
        "WHERE is_counted AND is_rollback AND previous_counted_item_id IS NOT NULL",
        "WHERE false AND previous_counted_item_id IS NOT NULL",
        "change_failure_rate",
    ),
)


def counted(rows):
    return {
        (row["metric"], row["scope"], row["grain"], row["period"], row["statistic"]): (
            row["n"],
            None if row["is_too_few"] or row["value"] is None else round(row["value"], 6),
        )
        for row in rows
        if not (row["grain"] == "week" and row["statistic"].startswith("p85"))
    }


def values_of(con, metric):
    values = aggregate(metric, observe(con, metric), aggregation_frames(con))
    return {
        (metric.name, scope, grain, period, statistic): (n, None if value is None else round(value, 6))
        for scope, grain, period, statistic, n, value in values.select(
            "scope", "grain", "period", "statistic", "n", "value"
        ).iter_rows()
    }


def between(table, metric, models):
    """The table, and what rests on it and is behind the metric, in order: all else stays as it was."""
    reached, behind = {table}, set(metric.depends_on)
    for model in models:
        if reached & set(model.depends_on):
            reached.add(model.table)
    for model in reversed(models):
        if model.table in behind:
            behind.update(model.depends_on)
    return [model for model in models if model.table in reached & behind]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_the_planted_answers_notice(published, copied, mutation):
    metrics, models = load_metrics(), load_models()
    metric = metrics[mutation.metric]
    if mutation.table == mutation.metric:
        assert metric.sql.count(mutation.right) == 1
        metric = metric.model_copy(update={"sql": metric.sql.replace(mutation.right, mutation.wrong)})
    else:
        for model in between(mutation.table, metric, models):
            sql = model.sql
            if model.table == mutation.table:
                assert sql.count(mutation.right) == 1, "the line that is written wrongly must stand once"
                sql = sql.replace(mutation.right, mutation.wrong)
            build_model(copied.con, model.model_copy(update={"sql": sql}))
    planted = counted(row for row in published.planted["rows"] if row["metric"] == mutation.metric)
    actual = values_of(copied.con, metric)
    differing = [key for key, expected in planted.items() if actual.get(key) != expected]
    assert actual.keys() >= planted.keys()
    assert differing
