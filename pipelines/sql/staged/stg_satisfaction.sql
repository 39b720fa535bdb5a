/*
description = "One row per count of customers' answers about a service in a stretch of days."
depends_on = ["raw.satisfaction_count", "staged.stg_run", "config.service"]
key = ["item_id"]
not_null = ["item_id", "starts_on", "ends_on", "on_date", "answers", "satisfied"]
accepted_values = { excluded_reason = ["not_over", "overlaps", "few_answers"] }

[columns]
item_id = "source:id of the count"
service_id = "the configured service that it names; null where it names none of them"
starts_on = "first day of the stretch"
ends_on = "the day after its last one"
on_date = "the day in its middle, in whose week, month and quarter it counts: of a week from Monday on, Thursday"
answers = "how many customers answered"
satisfied = "of them, how many are satisfied"
excluded_reason = "not over yet, told of in a longer stretch too, or of fewer than six answers; null where it counts"
*/
WITH told AS (
    SELECT
        c.source || ':' || c.id AS item_id,
        coalesce(s.id, lower(c.service)) AS word,
        s.id AS service_id,
        c.starts_on,
        c.ends_on,
        c.ends_on - c.starts_on AS days,
        c.answers,
        c.satisfied,
        c.ends_on > r.as_of_on AS is_running
    FROM raw.satisfaction_count AS c
    CROSS JOIN staged.stg_run AS r
    LEFT JOIN config.service AS s ON s.id = lower(c.service)
    WHERE c.gone_at IS NULL AND c.starts_on <= r.as_of_on
)

SELECT
    t.item_id,
    t.service_id,
    t.starts_on,
    t.ends_on,
    CAST(t.starts_on + CAST((t.days - 1) // 2 AS INTEGER) AS DATE) AS on_date,
    t.answers,
    t.satisfied,
    -- Also in a stretch that is not over: its number without those of its days, shown until then, would be of few.
    CASE
        WHEN t.is_running THEN 'not_over'
        WHEN EXISTS (
            FROM told AS o
            WHERE
                o.word = t.word AND o.starts_on < t.ends_on AND o.ends_on > t.starts_on
                AND (o.days > t.days OR (o.days = t.days AND (o.starts_on, o.item_id) < (t.starts_on, t.item_id)))
        ) THEN 'overlaps'
        WHEN t.answers < 6 THEN 'few_answers'
    END AS excluded_reason
FROM told AS t
