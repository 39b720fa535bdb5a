"""How changes reach production: their stages, how long each takes, how large they are, how often."""

from dashboard.team_views import stages, weekly
from dashboard.team_views.looked_at import Looked

WEEKLY = (
    "change_lead_time",
    "pull_request_pickup_time",
    "pull_request_review_time",
    "pull_request_time_to_merge",
    "pull_request_size",
    "deployment_frequency",
    "batch_size",
    "time_to_production",
)
METRICS = (*WEEKLY, *stages.STAGES)
"""Whose quarters the view shows."""


def draw(looked: Looked) -> None:
    """Nine charts at most, then every number of the family."""
    stages.draw(looked)
    weekly.draw(looked, "Week by week", WEEKLY)
    weekly.numbers(looked, ["delivery"])
