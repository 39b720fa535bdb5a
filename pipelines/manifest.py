"""Where each stream stands, from the manifests of all runs."""

LATEST_MANIFEST = """
SELECT source, stream, scope, status, calls, rows_read, rows_changed, error, finished_at, last_success_at
FROM (
    SELECT *,
        run_id = arg_max(run_id, finished_at) OVER (PARTITION BY source, stream) AS is_latest,
        -- "*" stands for all scopes where a failing source could not even name them
        CASE WHEN scope = '*'
            THEN max(finished_at) FILTER (WHERE status = 'ok') OVER (PARTITION BY source, stream)
            ELSE max(finished_at) FILTER (WHERE status = 'ok') OVER (PARTITION BY source, stream, scope)
        END AS last_success_at
    FROM ops.run_manifest
)
WHERE is_latest"""
"""One row per source, stream and scope of the last run that read the stream.

Scopes of earlier runs alone are left out: they are configured no longer, or were misspelt.
"""
