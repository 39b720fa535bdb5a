/*
description = "One row per account of a person, and the person it belongs to. Bots are nobody's."
depends_on = ["raw.account", "raw.person_account", "staged.stg_account"]
key = ["source", "account_id"]
not_null = ["person_key", "joined_by"]
accepted_values = { joined_by = ["list", "address", "login", "nothing"], doubt = ["listed_for_several", "shared_address", "address_of_several", "login_of_several"] }

[columns]
source = "the source's name"
account_id = "the source's id of the account; never leaves the staged layer"
person_key = "stands for the person; never leaves the staged layer"
joined_by = "what tells that its accounts are one person's: the organisation's own list, else an equal address, else an equal login; nothing where it is the person's only one"
doubt = "why it was not joined with another one that looks like it; null where there is no doubt"
*/
WITH account AS (
    SELECT
        a.source, a.id AS account_id,
        nullif(lower(trim(a.login)), '') AS login,
        nullif(lower(trim(a.email)), '') AS address
    FROM raw.account AS a
    JOIN staged.stg_account AS s ON s.source = a.source AND s.account_id = a.id
    WHERE a.gone_at IS NULL AND NOT s.is_bot
),

listed AS (
    SELECT a.source, a.account_id, min(p.person) AS person, count(DISTINCT p.person) AS people
    FROM (
        SELECT
            source, account_id,
            unnest(list_distinct([
                lower(account_id), login, address, source || ':' || lower(account_id), source || ':' || login
            ])) AS name
        FROM account
    ) AS a
    JOIN (
        SELECT lower(trim(person)) AS person, lower(trim(account)) AS name
        FROM raw.person_account
        WHERE gone_at IS NULL
    ) AS p ON p.name = a.name
    GROUP BY a.source, a.account_id
),

known AS (
    SELECT a.*, CASE WHEN l.people = 1 THEN l.person END AS person, coalesce(l.people > 1, false) AS is_listed_twice
    FROM account AS a
    LEFT JOIN listed AS l ON l.source = a.source AND l.account_id = a.account_id
),

-- An address with two accounts of one source is shared, as contractors share theirs.
address AS (
    SELECT
        address,
        count(*) > count(DISTINCT source) AS is_shared,
        count(DISTINCT person) AS people,
        min(person) AS person
    FROM known
    WHERE address IS NOT NULL
    GROUP BY address
),

anchored AS (
    SELECT
        k.*,
        CASE
            WHEN k.person IS NOT NULL THEN 'person ' || k.person
            WHEN k.is_listed_twice THEN 'account ' || k.source || ':' || k.account_id
            WHEN d.address IS NOT NULL AND NOT d.is_shared AND d.people <= 1
                THEN coalesce('person ' || d.person, 'address ' || k.address)
        END AS anchor,
        CASE
            WHEN k.person IS NOT NULL THEN NULL
            WHEN k.is_listed_twice THEN 'listed_for_several'
            WHEN d.is_shared THEN 'shared_address'
            WHEN d.people > 1 THEN 'address_of_several'
        END AS doubt
    FROM known AS k
    LEFT JOIN address AS d ON d.address = k.address
),

login AS (
    SELECT
        login,
        count(*) > count(DISTINCT source) AS is_shared,
        count(DISTINCT anchor) AS people,
        min(anchor) AS anchor
    FROM anchored
    WHERE login IS NOT NULL
    GROUP BY login
),

joined AS (
    SELECT
        a.source,
        a.account_id,
        a.person,
        a.address,
        coalesce(
            a.anchor,
            CASE WHEN NOT l.is_shared AND l.people <= 1 THEN coalesce(l.anchor, 'login ' || a.login) END,
            'account ' || a.source || ':' || a.account_id
        ) AS person_key,
        coalesce(
            a.doubt,
            CASE WHEN a.person IS NULL AND (l.people > 1 OR l.is_shared) THEN 'login_of_several' END
        ) AS doubt,
        a.anchor
    FROM anchored AS a
    LEFT JOIN login AS l ON l.login = a.login
)

SELECT
    source,
    account_id,
    md5(person_key) AS person_key,
    CASE
        WHEN person IS NOT NULL THEN 'list'
        WHEN count(*) OVER (PARTITION BY person_key) = 1 THEN 'nothing'
        WHEN anchor IS NOT NULL AND count(*) OVER (PARTITION BY person_key, address) > 1 THEN 'address'
        ELSE 'login'
    END AS joined_by,
    doubt
FROM joined
