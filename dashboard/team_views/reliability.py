"""Whether what runs keeps running, what users say, and how the code is."""

from dashboard import rare_events
from dashboard.team_views import budgets, weekly
from dashboard.team_views.looked_at import Looked

RARE = "incident_load"
WEEKLY = (
    "failed_deployment_recovery_time",
    "downtime",
    "user_reported_defects",
    "time_to_first_response",
    "customer_satisfaction",
)
QUALITY = ("tech_debt_ratio", "coverage", "new_code_coverage")
BY_WEEK = (RARE, *WEEKLY, *QUALITY)


def draw(looked: Looked) -> None:
    """Nine charts beside the budgets, then every number of the two families."""
    budgets.draw(looked)
    is_rare = RARE in looked.known and rare_events.draw(
        looked.shown, looked.known[RARE], looked.scope, looked.name, looked.quarter
    )
    weekly.draw(looked, "Reliability, week by week", WEEKLY if is_rare else (RARE, *WEEKLY), BY_WEEK)
    weekly.draw(looked, "Quality, week by week", QUALITY, BY_WEEK)
    weekly.numbers(looked, ["reliability", "quality"])
