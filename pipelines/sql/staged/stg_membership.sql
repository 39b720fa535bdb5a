/*
description = "One row per person, team and unbroken stretch of days: the size of teams. Work is never assigned by it."
depends_on = [
    "config.team_member", "raw.account", "raw.membership", "raw.source_team", "raw.source_team_member",
    "staged.stg_account", "staged.stg_person_account", "staged.stg_team_alias",
]
key = ["team_id", "person_key", "valid_from"]
not_null = ["person_key", "team_id", "valid_from", "valid_to", "origin", "is_known"]
accepted_values = { origin = ["configuration", "list", "source"] }

[columns]
person_key = "stands for the person; never leaves the staged layer"
team_id = "the team"
valid_from = "first day, in the organisation's time zone; 0001-01-01 for always"
valid_to = "the day after the last one; 9999-12-31 for ever"
origin = "where the team's members are told: its own [[team]] members, else the organisation's list, else a source's team"
is_known = "an account of the person is known to some source"
*/
WITH name AS (
    SELECT
        a.source, a.id AS account_id, s.is_bot, p.person_key,
        unnest(list_distinct([
            lower(a.id), lower(trim(a.login)), lower(trim(a.email)),
            a.source || ':' || lower(a.id), a.source || ':' || lower(trim(a.login))
        ])) AS name
    FROM raw.account AS a
    JOIN staged.stg_account AS s ON s.source = a.source AND s.account_id = a.id
    LEFT JOIN staged.stg_person_account AS p ON p.source = a.source AND p.account_id = a.id
),

-- A name that means several people is counted as one of them.
named AS (
    SELECT
        name,
        CASE WHEN count(DISTINCT person_key) = 1 THEN min(person_key) END AS person_key,
        bool_and(is_bot) AS is_bot
    FROM name
    GROUP BY name
),

configured AS (
    SELECT
        m.team AS team_id,
        coalesce(n.person_key, md5('person ' || lower(trim(m.account)))) AS person_key,
        m.valid_from,
        m.valid_to,
        n.name IS NOT NULL AS is_known
    FROM config.team_member AS m
    LEFT JOIN named AS n ON n.name = lower(trim(m.account))
    WHERE NOT coalesce(n.is_bot, false)
),

listed AS (
    SELECT
        a.team_id,
        md5('person ' || lower(trim(m.person))) AS person_key,
        m.valid_from,
        m.valid_to,
        k.person_key IS NOT NULL AS is_known
    FROM raw.membership AS m
    JOIN staged.stg_team_alias AS a ON a.source = m.source AND a.name = lower(m.team)
    LEFT JOIN (SELECT DISTINCT person_key FROM staged.stg_person_account) AS k
        ON k.person_key = md5('person ' || lower(trim(m.person)))
    WHERE m.gone_at IS NULL
),

-- Who was there when a team was first seen may have been there always.
seen AS (
    SELECT
        a.team_id,
        p.person_key,
        CASE
            WHEN m.valid_from > min(m.valid_from) OVER (PARTITION BY m.source, m.team_id) THEN m.valid_from
        END AS valid_from,
        m.valid_to,
        true AS is_known
    FROM raw.source_team_member AS m
    JOIN (
        SELECT source, id, arg_max(key, valid_from) AS key FROM raw.source_team GROUP BY source, id
    ) AS t ON t.source = m.source AND t.id = m.team_id
    JOIN staged.stg_team_alias AS a ON a.source = m.source AND a.name = lower(t.key)
    JOIN staged.stg_person_account AS p ON p.source = m.source AND p.account_id = m.account_id
),

told AS (
    SELECT 1 AS place, 'configuration' AS origin, * FROM configured
    UNION ALL
    SELECT 2, 'list', * FROM listed
    UNION ALL
    SELECT 3, 'source', * FROM seen
),

member AS (
    SELECT
        origin, team_id, person_key, is_known,
        coalesce(valid_from, DATE '0001-01-01') AS valid_from,
        coalesce(valid_to, DATE '9999-12-31') AS valid_to
    FROM told
    QUALIFY place = min(place) OVER (PARTITION BY team_id)
),

-- Stretches that touch or overlap are one.
parted AS (
    SELECT
        *,
        coalesce(
            valid_from > max(valid_to) OVER (
                PARTITION BY team_id, person_key ORDER BY valid_from, valid_to
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            false
        ) AS is_apart
    FROM member
),

numbered AS (
    SELECT
        *,
        count(*) FILTER (is_apart) OVER (
            PARTITION BY team_id, person_key ORDER BY valid_from, valid_to
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stretch
    FROM parted
)

SELECT
    person_key,
    team_id,
    min(valid_from) AS valid_from,
    max(valid_to) AS valid_to,
    min(origin) AS origin,
    bool_or(is_known) AS is_known
FROM numbered
GROUP BY person_key, team_id, stretch
