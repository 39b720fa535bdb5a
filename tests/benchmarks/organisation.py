"""A made-up organisation of any size in a warehouse's `raw` and `config` tables, the same for the same seed.

All of it is SQL over hashes of row numbers, so that ten million pull requests need no loop. Durations are
lognormal, days follow the working week, services are used by Zipf's law, a tenth of them change hands, pull
requests are squashed into a linear history, 12 % are opened by bots and 1.5 % undo another one. The tables
have no primary keys: an index over 60 million rows takes longer than the rows, and no query here uses it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from pipelines.configuration_tables import create_configuration_tables
from pipelines.raw_columns import RECORD_BY_TABLE, columns_of, create_raw_tables

SEED = 7
AS_OF = datetime(2026, 10, 16, 4, tzinfo=UTC)
FIRST_RUN = "generated"


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the organisation is; everything that is not said here follows from the pull requests."""

    engineers: int
    years: int
    pull_requests: int

    @property
    def teams(self) -> int:
        """Eight people each."""
        return max(self.engineers // 8, 2)

    @property
    def services(self) -> int:
        """One for five engineers, each made from a repository of its own."""
        return max(self.engineers // 5, 2)

    @property
    def first_day(self) -> date:
        """The Monday on which the history begins."""
        day = AS_OF.date() - timedelta(days=365 * self.years)
        return day - timedelta(days=day.weekday())


SCALES = {
    "S": Scale(50, 1, 10_000),
    "M": Scale(1_000, 3, 600_000),
    "L": Scale(10_000, 5, 10_000_000),
}
"""M has 3.6 million commits (3 of them in pull requests), 1.8 million reviews, 300,000 work items with
2.4 million changes, 120,000 deployments and 6,000 incidents; S and L have as many for each pull request."""

_MACROS = """
CREATE OR REPLACE TEMP MACRO uniform(i, salt) AS (hash(i::BIGINT, salt, {seed}) >> 11) / 9007199254740992.0;
CREATE OR REPLACE TEMP MACRO normal(i, salt) AS
    sqrt(-2 * ln(1 - uniform(i, salt || ' a'))) * cos(2 * pi() * uniform(i, salt || ' b'));
CREATE OR REPLACE TEMP MACRO lasting(i, salt, hours, sigma) AS
    to_seconds((3600 * hours * exp(sigma * normal(i, salt)))::BIGINT);
CREATE OR REPLACE TEMP MACRO rank_of(i, salt, n) AS
    least(floor(pow(n + 1, uniform(i, salt)))::BIGINT, n) - 1;
CREATE OR REPLACE TEMP MACRO day_of(i, salt) AS floor({days} * uniform(i, salt))::INTEGER;
CREATE OR REPLACE TEMP MACRO working_day(i, salt) AS
    CASE WHEN uniform(i, salt || ' w') < 0.9 AND day_of(i, salt) % 7 > 4
        THEN day_of(i, salt) - day_of(i, salt) % 7 + 4 ELSE day_of(i, salt) END;
CREATE OR REPLACE TEMP MACRO working_hour(i, salt) AS
    TIMESTAMPTZ '{first_day} 07:00:00+00' + to_days(working_day(i, salt))
    + to_seconds((36000 * uniform(i, salt || ' h'))::BIGINT);
"""

_PULL_REQUESTS = """
CREATE OR REPLACE TEMP TABLE made_pull_request AS
WITH drawn AS (
    SELECT
        i, rank_of(i, 'service', {services}) AS service, working_hour(i, 'opened') AS opened_at,
        uniform(i, 'bot') < 0.12 AS is_bot, uniform(i, 'draft') < 0.15 AS is_draft,
        uniform(i, 'revert') < 0.015 AS is_revert, uniform(i, 'end') AS fate
    FROM range({pull_requests}) AS made(i)
),
timed AS (
    SELECT
        *,
        opened_at - lasting(i, 'coding', 6, 1.3) AS began_at,
        opened_at + CASE WHEN is_draft THEN lasting(i, 'ready', 10, 1) ELSE INTERVAL 0 SECOND END AS ready_at
    FROM drawn
),
ended AS (
    SELECT
        * EXCLUDE (fate),
        CASE WHEN fate < 0.95 THEN ready_at + lasting(i, 'merge', 20, 1.5) END AS merged_at,
        CASE WHEN fate BETWEEN 0.95 AND 0.99 THEN ready_at + lasting(i, 'close', 90, 1) END AS abandoned_at,
        row_number() OVER (PARTITION BY service ORDER BY opened_at, i) AS number
    FROM timed
    WHERE opened_at <= {as_of}
)
SELECT
    * REPLACE (CASE WHEN merged_at <= {as_of} THEN merged_at END AS merged_at,
        CASE WHEN abandoned_at <= {as_of} THEN abandoned_at END AS abandoned_at),
    CASE WHEN is_bot THEN 'b' || i % 5
        ELSE 'u' || (service % {teams} + {teams} * floor(uniform(i, 'author') * {size})::BIGINT)
        END AS author,
    md5('commit ' || i) || left(md5('more ' || i), 8) AS sha
FROM ended
"""

_COMMITS = """
CREATE OR REPLACE TEMP TABLE made_commit AS
SELECT
    i, service, number, merged_at, sha,
    row_number() OVER one AS position,
    lag(sha) OVER one AS parent,
    lag(sha, 5) OVER one AS earlier
FROM made_pull_request
WHERE merged_at IS NOT NULL
WINDOW one AS (PARTITION BY service ORDER BY merged_at, i)
"""

_ISSUES = """
CREATE OR REPLACE TEMP TABLE made_issue AS
WITH drawn AS (
    SELECT
        i, rank_of(i, 'issue service', {services}) AS service, working_hour(i, 'created') AS created_at,
        3 + 2 * floor(uniform(i, 'steps') * 5)::INTEGER AS steps,
        lasting(i, 'backlog', 120, 1.2) AS waits,
        lasting(i, 'cycle', CASE WHEN uniform(i, 'stuck') < 0.02 THEN 4000 ELSE 140 END, 0.9) AS lasts
    FROM range({pull_requests} // 2) AS made(i)
)
SELECT *, created_at + waits AS started_at, created_at + waits + lasts AS ends_at
FROM drawn WHERE created_at <= {as_of};
CREATE OR REPLACE TEMP TABLE made_step AS
SELECT
    i, step, started_at + (ends_at - started_at) * ((step - 1.0) / (steps - 1)) AS occurred_at,
    CASE WHEN step = 1 THEN 0 WHEN step % 2 = 0 THEN 1 WHEN step % 4 = 3 THEN 2 ELSE 3 END AS from_status,
    CASE WHEN step = steps THEN 4 WHEN step % 2 = 1 THEN 1 WHEN step % 4 = 2 THEN 2 ELSE 3 END AS to_status
FROM (SELECT *, unnest(range(1, steps + 1)) AS step FROM made_issue)
WHERE started_at + (ends_at - started_at) * ((step - 1.0) / (steps - 1)) <= {as_of};
CREATE OR REPLACE TEMP TABLE issue_status AS
SELECT
    id::BIGINT AS id, name, category
FROM (VALUES (0, 'To Do', 'new'), (1, 'In Progress', 'indeterminate'), (2, 'In Review', 'indeterminate'),
    (3, 'Waiting', 'indeterminate'), (4, 'Done', 'done')) AS told(id, name, category)
"""

_GITHUB = {
    "repository": """
SELECT s::VARCHAR AS id, 'made/service-' || s AS name, ['made/service-' || s] AS configured_names,
    'main' AS default_branch, false AS is_archived, false AS is_fork, 'made/service-' || s AS scope
FROM range({services}) AS made(s)""",
    "account": """
SELECT 'u' || e AS id, 'engineer-' || e AS login, 'User' AS kind FROM range({engineers}) AS made(e)
UNION ALL SELECT 'b' || e, 'robot-' || e || '[bot]', 'Bot' FROM range(5) AS made(e)""",
    "pull_request": """
SELECT 'made/service-' || service AS scope, i::VARCHAR AS id, service::VARCHAR AS repository_id, number,
    CASE WHEN is_revert AND number > 20 THEN 'Revert "Change"' ELSE 'Change ' || i END AS title,
    'https://code.example/made/service-' || service || '/pull/' || number AS url,
    CASE WHEN merged_at IS NOT NULL THEN 'MERGED' WHEN abandoned_at IS NOT NULL THEN 'CLOSED' ELSE 'OPEN' END
        AS state,
    is_draft AND ready_at > {as_of} AS is_draft, opened_at AS created_at,
    coalesce(merged_at, abandoned_at, opened_at) AS updated_at, merged_at,
    coalesce(merged_at, abandoned_at) AS closed_at, 'main' AS base_ref,
    CASE WHEN is_revert AND number > 20
        THEN 'revert-' || (number - 1 - floor(20 * uniform(i, 'undone'))::BIGINT) || '-change'
        ELSE 'change-' || i END AS head_ref,
    md5('head ' || i) || '00000000' AS head_sha, (40 * exp(1.4 * normal(i, 'added')))::BIGINT AS additions,
    (15 * exp(1.4 * normal(i, 'removed')))::BIGINT AS deletions,
    1 + (3 * exp(normal(i, 'files')))::BIGINT AS changed_files, author AS author_id, author AS merged_by_id,
    CASE WHEN merged_at IS NOT NULL THEN sha END AS merge_commit_sha,
    CASE WHEN merged_at IS NOT NULL THEN 'Change ' || i END AS merge_commit_headline,
    CASE WHEN uniform(i, 'hotfix') < 0.02 THEN ['hotfix'] ELSE []::VARCHAR[] END AS labels
FROM made_pull_request""",
    "review": """
SELECT 'made/service-' || service AS scope, i || '-' || k AS id, i::VARCHAR AS pull_request_id,
    'u' || (service % {teams} + {teams} * floor(uniform(i * 10 + k, 'reviewer') * {size})::BIGINT)
        AS author_id,
    CASE WHEN k % 2 = 0 THEN 'COMMENTED' ELSE 'APPROVED' END AS state,
    least(ready_at + lasting(i * 10 + k, 'review', 8, 1.2), coalesce(merged_at, {as_of})) AS submitted_at
FROM (SELECT *, unnest(range(floor(7 * uniform(i, 'reviews'))::BIGINT)) AS k FROM made_pull_request)""",
    "pull_request_commit": """
SELECT 'made/service-' || service AS scope, i || '-' || k AS id, i::VARCHAR AS pull_request_id,
    md5('own ' || i || ' ' || k) || '00000000' AS sha,
    began_at + (opened_at - began_at) * (k / 9.0) AS authored_at,
    began_at + (opened_at - began_at) * (k / 9.0) AS committed_at, author AS author_id
FROM (SELECT *, unnest(range(1 + floor(9 * uniform(i, 'commits'))::BIGINT)) AS k FROM made_pull_request)""",
    "timeline_event": """
SELECT 'made/service-' || service AS scope, i || '-ready' AS id, i::VARCHAR AS pull_request_id,
    'ReadyForReviewEvent' AS kind, ready_at AS occurred_at
FROM made_pull_request WHERE is_draft AND ready_at <= {as_of}""",
    "commit": """
SELECT 'made/service-' || service AS scope, service || ':' || sha AS id, service::VARCHAR AS repository_id,
    sha, CASE WHEN parent IS NULL THEN []::VARCHAR[] ELSE [parent] END AS parent_shas,
    merged_at AS authored_at, merged_at AS committed_at, 'Change ' || i || ' (#' || number || ')' AS headline
FROM made_commit""",
    "deployment": """
SELECT 'made/service-' || service AS scope, i::VARCHAR AS id, service::VARCHAR AS repository_id,
    CASE WHEN uniform(i, 'rollback') < 0.02 AND earlier IS NOT NULL THEN earlier ELSE sha END AS sha,
    'main' AS ref, 'production' AS environment, 'deploy' AS task, 'ACTIVE' AS state,
    merged_at + lasting(i, 'deploy', 0.5, 0.8) AS created_at,
    merged_at + lasting(i, 'deploy', 0.5, 0.8) AS updated_at,
    'https://code.example/deployments/' || i AS url
FROM made_commit WHERE position % 5 = 0 AND merged_at + lasting(i, 'deploy', 0.5, 0.8) <= {as_of}""",
    "deployment_status": """
SELECT scope, id || '-end' AS id, id AS deployment_id,
    CASE WHEN uniform(id::BIGINT, 'failed') < 0.05 THEN 'FAILURE' ELSE 'SUCCESS' END AS state,
    created_at + INTERVAL 10 MINUTE AS created_at, environment
FROM raw.deployment""",
}

_INCIDENTS = """
SELECT scope, 'I' || id AS id, 'S' || repository_id AS service_id,
    'Service ' || repository_id AS service_name,
    'Incident' AS title, 'https://incidents.example/' || id AS url, 'resolved' AS status,
    CASE WHEN uniform(id::BIGINT, 'severe') < 0.2 THEN 'high' ELSE 'low' END AS severity,
    started_at AS created_at, started_at, started_at + INTERVAL 5 MINUTE AS acknowledged_at,
    CASE WHEN resolved_at <= {as_of} THEN resolved_at END AS resolved_at,
    least(resolved_at, {as_of}) AS updated_at,
    CASE WHEN uniform(id::BIGINT, 'told') < 0.3 THEN url END AS caused_by_deployment, false AS is_test
FROM (
    SELECT *, started_at + lasting(id::BIGINT, 'restore', 1, 1.2) AS resolved_at
    FROM (
        SELECT *, created_at + lasting(id::BIGINT, 'strikes',
            CASE WHEN uniform(id::BIGINT, 'caused') < 0.6 THEN 3 ELSE 60 END, 1) AS started_at
        FROM raw.deployment WHERE uniform(id::BIGINT, 'incident') < 0.053
    )
)
WHERE started_at <= {as_of}"""

_JIRA = {
    "project": "SELECT s::VARCHAR AS id, 'P' || s AS key, 'Project ' || s AS name, false AS is_archived, "
    "'P' || s AS scope FROM range({services}) AS made(s)",
    "status": "SELECT id::VARCHAR AS id, name, category FROM issue_status",
    "board": "SELECT s::VARCHAR AS id, 'Board ' || s AS name, 'scrum' AS kind, 'P' || s AS project_key, "
    "'P' || s AS scope FROM range({services}) AS made(s)",
    "sprint": """
SELECT 'P' || s AS scope, (s * 1000 + f)::VARCHAR AS id, s::VARCHAR AS board_id, 'Sprint ' || f AS name,
    CASE WHEN starts_at + INTERVAL 14 DAY <= {as_of} THEN 'closed' WHEN starts_at <= {as_of} THEN 'active'
        ELSE 'future' END AS state,
    starts_at AS started_at, starts_at + INTERVAL 14 DAY AS ends_at,
    CASE WHEN starts_at + INTERVAL 14 DAY <= {as_of} THEN starts_at + INTERVAL 14 DAY END AS completed_at
FROM (
    SELECT s, f, TIMESTAMPTZ '{first_day} 09:00:00+00' + to_days((14 * f)::INTEGER) AS starts_at
    FROM range({services}) AS service(s), range({days} // 14 + 1) AS fortnight(f)
)""",
    "issue": """
SELECT 'P' || i.service AS scope, i.i::VARCHAR AS id, 'P' || i.service || '-' || i.i AS key,
    'P' || i.service AS container_id,
    CASE WHEN uniform(i.i, 'bug') < 0.25 THEN 'Bug' ELSE 'Story' END AS type,
    'Item ' || i.i AS title, 'https://work.example/' || i.i AS url, s.id::VARCHAR AS status_id,
    s.name AS status, s.category AS status_category, 'Medium' AS priority, []::VARCHAR[] AS labels,
    i.created_at, coalesce(l.occurred_at, i.created_at) AS updated_at,
    CASE WHEN s.id = 4 THEN l.occurred_at END AS closed_at,
    true AS has_changelog, false AS is_flagged,
    CASE WHEN uniform(i.i, 'sprint') < 0.6
        THEN [(i.service * 1000 + date_diff('day', DATE '{first_day}', i.created_at::DATE) // 14)::VARCHAR]
        ELSE []::VARCHAR[] END AS sprint_ids
FROM made_issue AS i
LEFT JOIN (SELECT i, arg_max(to_status, step) AS to_status, max(occurred_at) AS occurred_at
    FROM made_step GROUP BY i) AS l ON l.i = i.i
JOIN issue_status AS s ON s.id = coalesce(l.to_status, 0)""",
    "issue_transition": """
SELECT 'P' || m.service AS scope, (t.i * 16 + t.step) || ':0' AS id, t.i::VARCHAR AS issue_id, t.occurred_at,
    f.id::VARCHAR AS from_status_id, f.name AS from_status, s.id::VARCHAR AS to_status_id, s.name AS to_status
FROM made_step AS t
JOIN made_issue AS m ON m.i = t.i
JOIN issue_status AS f ON f.id = t.from_status
JOIN issue_status AS s ON s.id = t.to_status""",
    "issue_change": """
SELECT 'P' || service AS scope, (i * 16 + 15) || ':sprint:0' AS id, i::VARCHAR AS issue_id, 'sprint' AS field,
    created_at + INTERVAL 1 HOUR AS occurred_at, NULL::VARCHAR AS from_value,
    (service * 1000 + date_diff('day', DATE '{first_day}', created_at::DATE) // 14)::VARCHAR AS to_value
FROM made_issue WHERE uniform(i, 'sprint') < 0.6 AND created_at + INTERVAL 1 HOUR <= {as_of}
UNION ALL
SELECT 'P' || service, (i * 16 + 14 - part) || ':flagged:0', i::VARCHAR, 'flagged',
    started_at + (ends_at - started_at) * (0.2 + 0.2 * part),
    CASE WHEN part = 1 THEN 'Impediment' END, CASE WHEN part = 0 THEN 'Impediment' END
FROM made_issue, range(2) AS made(part)
WHERE uniform(i, 'flag') < 0.2 AND started_at + (ends_at - started_at) * (0.2 + 0.2 * part) <= {as_of}""",
}

_CONFIGURATION = """
INSERT INTO config.department SELECT 'd' || d, 'Department ' || d, NULL
FROM range({teams} // 10 + 1) AS made(d);
INSERT INTO config.team SELECT 't' || t, 'Team ' || t, 'd' || t // 10, 8 FROM range({teams}) AS made(t);
INSERT INTO config.team_member
SELECT 't' || e % {teams}, 'u' || e, NULL,
    CASE WHEN uniform(e, 'moves') < 0.2 THEN DATE '{first_day}' + day_of(e, 'moves on') END
FROM range({engineers}) AS made(e);
INSERT INTO config.team_member
SELECT 't' || (e + 1) % {teams}, account, valid_to, NULL
FROM (SELECT *, account[2:]::BIGINT AS e FROM config.team_member) WHERE valid_to IS NOT NULL;
INSERT INTO config.service SELECT 's' || s, 'Service ' || s, DATE '{first_day}', NULL, 'deployments', ''
FROM range({services}) AS made(s);
INSERT INTO config.service_owner
SELECT 's' || s, 't' || s % {teams}, NULL,
    CASE WHEN s % 10 = 3 THEN DATE '{first_day}' + day_of(s, 'handed over') END
FROM range({services}) AS made(s);
INSERT INTO config.service_owner
SELECT service, 't' || (service[2:]::BIGINT + 1) % {teams}, valid_to, NULL
FROM config.service_owner WHERE valid_to IS NOT NULL;
INSERT INTO config.service_repository SELECT 's' || s, 'github', 'made/service-' || s
FROM range({services}) AS made(s);
INSERT INTO config.service_jira_project SELECT 's' || s, 'jira', 'P' || s FROM range({services}) AS made(s);
INSERT INTO config.service_incident_service SELECT 's' || s, 'pagerduty', 'S' || s
FROM range({services}) AS made(s)
"""

CHANGED = {
    "pull_request": ("coalesce(updated_at, created_at)", "additions = additions + 1"),
    "review": ("submitted_at", "submitted_at = submitted_at - INTERVAL 1 MINUTE"),
    "pull_request_commit": ("authored_at", "authored_at = authored_at - INTERVAL 1 MINUTE"),
    "commit": ("committed_at", "headline = headline || ' again'"),
    "deployment_status": ("created_at", "created_at = created_at + INTERVAL 1 MINUTE"),
    "incident": ("started_at", "resolved_at = resolved_at - INTERVAL 1 MINUTE"),
    "issue": ("updated_at", "type = 'Task'"),
    "issue_transition": ("occurred_at", "occurred_at = occurred_at - INTERVAL 1 SECOND"),
}
"""Table → the moment by which a row is recent, and what is changed in it."""


def generate(con: duckdb.DuckDBPyConnection, scale: Scale, seed: int = SEED) -> None:
    """Fill the `raw` and `config` schemas of an empty database with an organisation of this scale."""
    con.execute("SET TimeZone = 'UTC'")
    words = _words(scale, seed)
    for statements in (_MACROS, _PULL_REQUESTS, _COMMITS, _ISSUES):
        con.execute(statements.format(**words))
    create_raw_tables(con)
    for source, tables in (("github", _GITHUB), ("pagerduty", {"incident": _INCIDENTS}), ("jira", _JIRA)):
        for table, query in tables.items():
            _fill(con, table, source, query.format(**words))
    for made in ("made_pull_request", "made_commit", "made_issue", "made_step", "issue_status"):
        con.execute(f"DROP TABLE temp.{made}")
    _configure(con, words)


def _words(scale: Scale, seed: int) -> dict[str, object]:
    return {
        "seed": seed,
        "as_of": f"TIMESTAMPTZ '{AS_OF.isoformat()}'",
        "first_day": scale.first_day.isoformat(),
        "days": (AS_OF.date() - scale.first_day).days + 1,
        "services": scale.services,
        "teams": scale.teams,
        "size": scale.engineers // scale.teams,
        "engineers": scale.engineers,
        "pull_requests": scale.pull_requests,
    }


def _fill(con: duckdb.DuckDBPyConnection, table: str, source: str, query: str) -> None:
    """Put what a query tells into a raw table, with the columns that landing would add."""
    given = {name for name, *_ in con.execute(f"DESCRIBE {query}").fetchall()}
    told = [
        f"{_quoted(name) if name in given else 'NULL'}::{sql} AS {_quoted(name)}"
        for name, (sql, _) in columns_of(RECORD_BY_TABLE[table]).items()
    ]
    scope = "scope" if "scope" in given else "NULL"
    con.execute(
        f"CREATE OR REPLACE TABLE raw.{_quoted(table)} AS "
        f"SELECT *, {_row_hash(table)} AS row_hash, '{FIRST_RUN}' AS first_seen_run, "
        f"'{FIRST_RUN}' AS changed_run, NULL::TIMESTAMPTZ AS gone_at "
        f"FROM (SELECT '{source}' AS source, {scope}::VARCHAR AS scope, {', '.join(told)} FROM ({query}))"
    )


def _row_hash(table: str) -> str:
    """The expression by which landing computes a row's hash."""
    fields = ", ".join(f"{_quoted(name)}::VARCHAR" for name in columns_of(RECORD_BY_TABLE[table]))
    return f"md5([{fields}]::VARCHAR)"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _configure(con: duckdb.DuckDBPyConnection, words: dict[str, object]) -> None:
    """Say whose is what: every service has a repository, a project and an owner; a tenth change hands."""
    create_configuration_tables(
        con,
        {
            "organisation": [
                {
                    "id": "made",
                    "name": "Made",
                    "time_zone": "Europe/Berlin",
                    "quarter_start_month": 1,
                    "history_start": words["first_day"],
                }
            ],
            "source": [
                {"name": name, "kind": name, "position": position}
                for position, name in enumerate(("github", "jira", "pagerduty"))
            ],
            "rule": [{"incident_window_hours": 24, "coverage_floor": 0.8}],
            "bot": [{"pattern": "*[[]bot]"}],
            "hotfix_label": [{"label": "hotfix"}],
            "production_environment": [{"pattern": "production"}],
            "status": [{"source": "jira", "name": "Waiting", "means": "waiting"}],
            "unplanned_work": [{"name": "Bug"}],
            "run": [{"run_id": FIRST_RUN, "as_of": AS_OF}],
        },
    )
    con.execute(_CONFIGURATION.format(**words))


def change_rows(con: duckdb.DuckDBPyConnection, share: float, run_id: str) -> int:
    """Change so many of the rows that history consists of, as a night's reading would; how many.

    Nine of ten are the latest, up to 48 hours old and then the next ones, and one of ten lies anywhere.
    Only a field that is measured differs, `row_hash` with it, and `changed_run` is the run's.
    """
    return sum(_change(con, table, *changed, share, run_id) for table, changed in CHANGED.items())


def _change(
    con: duckdb.DuckDBPyConnection, table: str, moment: str, change: str, share: float, run_id: str
) -> int:
    name = f"raw.{_quoted(table)}"
    [(rows,)] = con.execute(f"SELECT count(*) FROM {name}").fetchall()
    anywhere = round(rows * share / 10)
    recent = round(rows * share) - anywhere
    con.execute(
        "CREATE OR REPLACE TEMP TABLE chosen AS "
        f"(SELECT source, id FROM {name} ORDER BY {moment} DESC, id LIMIT {recent}) UNION "
        f"(SELECT source, id FROM {name} ORDER BY hash(id, '{run_id}') LIMIT {anywhere})"
    )
    found = "(source, id) IN (SELECT (source, id) FROM chosen)"
    con.execute(f"UPDATE {name} SET {change}, changed_run = '{run_id}' WHERE {found}")
    con.execute(f"UPDATE {name} SET row_hash = {_row_hash(table)} WHERE {found}")
    [(changed,)] = con.execute("SELECT count(*) FROM chosen").fetchall()
    return int(changed)
