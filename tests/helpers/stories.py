"""What happened, in the notation of the metrics' cases, where several tests tell of the same."""

from typing import Any

# Ten deployments, one each morning at 8; before the first a drill, from which on incidents are known. What
# went wrong after them, and how long until it was mended:
#   d2   6 h later   for 1 h
#   d4  20 h later   for 3 h, just before d5
#   d7  23 h later   for 2 h, and the incident names its commit
#   d10 30 h later   for 4 h; what was deployed between them was the same commit once more
FAILURES: dict[str, Any] = {
    "history": {"1": "c1 c2 c3 c4 c5 c6 fade017 c8 c9 c10"},
    "deployment": [
        *(
            {"id": f"d{day}", "sha": "fade017" if day == 7 else f"c{day}", "at": f"2026-02-{day:02}T08:00Z"}
            for day in range(1, 11)
        ),
        {"id": "again", "sha": "c10", "at": "2026-02-11T08:00Z"},
        {"id": "never", "sha": "c10", "failed": "2026-02-12T08:00Z"},
    ],
    "incident": [
        {"id": 0, "started_at": "2026-02-01T07:00Z", "is_test": True},
        {"id": 1, "started_at": "2026-02-02T14:00Z", "resolved_at": "2026-02-02T15:00Z"},
        {"id": 2, "started_at": "2026-02-05T04:00Z", "resolved_at": "2026-02-05T07:00Z"},
        {
            "id": 3,
            "started_at": "2026-02-08T07:00Z",
            "resolved_at": "2026-02-08T09:00Z",
            "description": "wrong sums since fade017",
        },
        {"id": 4, "started_at": "2026-02-11T14:00Z", "resolved_at": "2026-02-11T18:00Z"},
    ],
}

# From the first commit 36, 24 and 3 hours to production, from the opening 24, 14 and 3, from the merge
# 12, 6 and 1. The fourth is a bot's, deployed in a week of its own. The first deployment is the baseline.
CHANGES: dict[str, Any] = {
    "history": {"1": "c0 m1 m2 m3 m4"},
    "deployment": [
        {"id": "d0", "sha": "c0", "at": "2026-03-01T08:00Z"},
        {"id": "d1", "sha": "m1", "at": "2026-03-03T20:00Z"},
        {"id": "d2", "sha": "m2", "at": "2026-03-05T00:00Z"},
        {"id": "d3", "sha": "m3", "at": "2026-03-06T03:00Z"},
        {"id": "d4", "sha": "m4", "at": "2026-03-10T03:00Z"},
    ],
    "pull_request": [
        {
            "id": 1,
            "first_commit": "2026-03-02T08:00Z",
            "created_at": "2026-03-02T20:00Z",
            "merged_at": "2026-03-03T08:00Z",
        },
        {
            "id": 2,
            "first_commit": "2026-03-04T00:00Z",
            "created_at": "2026-03-04T10:00Z",
            "merged_at": "2026-03-04T18:00Z",
        },
        {
            "id": 3,
            "first_commit": "2026-03-06T00:00Z",
            "created_at": "2026-03-06T00:00Z",
            "merged_at": "2026-03-06T02:00Z",
        },
        {
            "id": 4,
            "first_commit": "2026-03-06T00:00Z",
            "created_at": "2026-03-06T00:00Z",
            "merged_at": "2026-03-06T02:00Z",
            "author_id": "ci",
        },
    ],
}
