/*
description = "One row per service and stretch of days with one owner, or with none: together they cover all days."
depends_on = ["staged.stg_service_owner"]
key = ["service_id", "team_id", "valid_from"]
not_null = ["service_id", "valid_from", "valid_to"]

[columns]
service_id = "the service"
team_id = "the team that owns it in these days; null where nobody does"
valid_from = "first local day; 0001-01-01 for always"
valid_to = "the local day after the last one; 9999-12-31 for ever"
valid_from_at = "the instant at which valid_from begins; null for always"
valid_to_at = "the instant at which valid_to begins; null for ever"
*/
SELECT service_id, team_id, valid_from, valid_to, valid_from_at, valid_to_at FROM staged.stg_service_owner
