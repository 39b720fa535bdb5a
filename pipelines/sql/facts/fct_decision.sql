/*
description = "One row per architecture decision, proposed or taken, as it stands on the last day."
depends_on = ["staged.stg_architecture_decision", "staged.stg_run"]
key = ["item_id"]
not_null = ["item_id", "status", "is_decided"]
accepted_values = { status = ["proposed", "accepted", "rejected", "deprecated", "superseded"] }

[columns]
item_id = "source:id of the decision"
service_id = "the service that it is about; null where it names none"
team_id = "the team that it is told to be of; null where nothing is told"
status = "where it stands"
proposed_on = "the day on which it was proposed; null where nothing tells it"
decided_on = "the day on which it was decided; null while it is proposed, or where nothing tells it"
reversed_on = "the day on which it was taken back or replaced; null while it holds, or where nothing tells it"
is_decided = "it is more than a proposal"
decided_by_level = "team, department or organisation; null where nothing is told"
risk = "low or high; null where nothing is told"
reach = "team or organisation, whom it concerns; null where nothing is told"
*/
-- Nothing that is dated after today has happened.
SELECT
    d.item_id,
    d.service_id,
    d.team_id,
    d.status,
    d.proposed_on,
    CASE WHEN d.decided_on <= r.as_of_on THEN d.decided_on END AS decided_on,
    CASE WHEN d.reversed_on <= r.as_of_on THEN d.reversed_on END AS reversed_on,
    d.status <> 'proposed' AND coalesce(d.decided_on <= r.as_of_on, true) AS is_decided,
    d.decided_by_level,
    d.risk,
    d.reach
FROM staged.stg_architecture_decision AS d
CROSS JOIN staged.stg_run AS r
