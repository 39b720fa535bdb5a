/*
description = "One row per source and name there that means a configured team, as far as owners and memberships are told."
depends_on = [
    "raw.source_team", "raw.code_owner", "raw.catalog_owner", "raw.source_service_team", "raw.membership",
    "config.team", "config.team_name",
]
key = ["source", "name"]
not_null = ["source", "name", "team_id", "is_guessed"]

[columns]
source = "the source's name"
name = "what the source calls the team, in lower case: a slug, key, reference or name"
team_id = "the configured team"
is_guessed = "nobody said so: its last part is the team's id, or all of it the team's name"
*/
WITH told AS (
    SELECT source, key AS name FROM raw.source_team
    UNION
    SELECT source, unnest(teams) FROM raw.code_owner
    UNION
    SELECT source, team FROM raw.catalog_owner WHERE gone_at IS NULL
    UNION
    SELECT source, team FROM raw.source_service_team
    UNION
    SELECT source, team FROM raw.membership WHERE gone_at IS NULL
),

-- Of several teams that ever had a name, the one that has it now or had it last is meant.
bearer AS (
    SELECT source, lower(key) AS name, arg_max(id, (valid_to IS NULL, valid_from, id)) AS team
    FROM raw.source_team
    GROUP BY source, lower(key)
),

-- A team is found by every name that it ever had: people rename it, its id stays.
called AS (
    SELECT DISTINCT t.source, lower(t.name) AS name, lower(t.name) AS other, true AS is_own
    FROM told AS t
    WHERE t.name <> ''
    UNION ALL
    SELECT DISTINCT b.source, b.name, lower(k.key), false
    FROM bearer AS b
    JOIN raw.source_team AS k ON k.source = b.source AND k.id = b.team AND lower(k.key) <> b.name
),

candidate AS (
    SELECT
        c.source, c.name, n.team AS team_id, false AS is_guessed,
        CASE WHEN n.source IS NULL THEN 2 ELSE 1 END AS place, c.is_own
    FROM called AS c
    JOIN config.team_name AS n ON lower(n.name) = c.other AND coalesce(n.source, c.source) = c.source
    UNION ALL
    SELECT
        c.source, c.name, t.id, true,
        CASE WHEN regexp_extract(c.other, '[^/:]*$') = t.id THEN 3 ELSE 4 END, c.is_own
    FROM called AS c
    JOIN config.team AS t ON t.id = regexp_extract(c.other, '[^/:]*$') OR lower(t.name) = c.other
    -- What a team is known as in a source is said once and for all.
    ANTI JOIN config.team_name AS n ON n.team = t.id AND n.source = c.source
)

SELECT source, name, team_id, is_guessed
FROM candidate
QUALIFY row_number() OVER (PARTITION BY source, name ORDER BY place, is_own DESC, team_id) = 1
