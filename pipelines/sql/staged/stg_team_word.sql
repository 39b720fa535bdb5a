/*
description = "One row per source and word for a team in what is written down in it, and the configured team that it means."
depends_on = [
    "raw.register_entry", "raw.exercise", "raw.experiment", "raw.agreed_action", "config.team", "config.team_name",
]
key = ["source", "word"]
not_null = ["source", "word", "team_id"]

[columns]
source = "the source's name"
word = "what it calls the team"
team_id = "the configured team: what the configuration says, else the team of that id or name"
*/
WITH told AS (
    SELECT source, team AS word FROM raw.register_entry
    UNION
    SELECT source, team FROM raw.exercise WHERE gone_at IS NULL
    UNION
    SELECT source, team FROM raw.experiment WHERE gone_at IS NULL
    UNION
    SELECT source, team FROM raw.agreed_action WHERE gone_at IS NULL
),

meant AS (
    SELECT d.source, d.word, coalesce(min(n.team), min(t.id)) AS team_id
    FROM told AS d
    LEFT JOIN config.team_name AS n ON lower(n.name) = lower(d.word) AND coalesce(n.source, d.source) = d.source
    LEFT JOIN config.team AS t ON lower(d.word) IN (t.id, lower(t.name))
    GROUP BY d.source, d.word
)

SELECT source, word, team_id FROM meant WHERE word IS NOT NULL AND team_id IS NOT NULL
