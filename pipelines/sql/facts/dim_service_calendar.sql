/*
description = "One row per service and family of metrics that can be known of it: from which day on."
depends_on = ["staged.stg_service_calendar"]
key = ["service_id", "metric_family"]
not_null = ["metric_family", "starts_on"]

[accepted_values]
metric_family = [
    "delivery", "flow", "reliability", "quality", "decisions", "exercises", "registers", "runbooks", "joiners",
    "products", "incident", "postmortem", "service_level",
    "experiments", "mentorships", "actions",
    "user_report", "satisfaction", "theme", "mentorship_offers", "onboarding_checklists",
]

[columns]
service_id = "the service; null for the organisation as a whole, where people and products are of no service"
metric_family = "delivery: deployments; flow: pull requests and work items; reliability: deployments and incidents, where a source tells of its incidents; quality: coverage and debt; incident: incidents alone; postmortem: incidents and postmortems; service_level: readings of its objectives; user_report: defects that users reported; satisfaction: counts of customers' answers; theme: work items, from the first theme on that says how its work is known; each other one: such records"
starts_on = "first local day on which both the service existed and its source was read"
ends_on = "the day of its retirement; null while it lives"
*/
SELECT service_id, metric_family, starts_on, ends_on FROM staged.stg_service_calendar
