/*
description = "One row per account that a source knows, and whether it is a bot. Who it is stays behind."
depends_on = ["raw.account", "config.bot"]
key = ["source", "account_id"]
not_null = ["is_bot"]

[columns]
source = "the source's name"
account_id = "the source's id of the account; never leaves the staged layer"
is_bot = "the source calls it a bot, or its login matches one of [rules] bots"
*/
WITH pattern AS (
    SELECT list(lower(pattern)) AS globs FROM config.bot
)
SELECT
    a.source,
    a.id AS account_id,
    coalesce(
        lower(a.kind) = 'bot' OR len(list_filter(p.globs, lambda g: lower(a.login) GLOB g)) > 0, false
    ) AS is_bot
FROM raw.account AS a
CROSS JOIN pattern AS p
WHERE a.gone_at IS NULL
