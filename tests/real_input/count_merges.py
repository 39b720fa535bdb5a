"""Counts merges and the median hours from opening to merge straight from a recorded pack.

    python tests/real_input/count_merges.py PACK.jsonl.gz …

Uses nothing of the product: it is what the product's numbers for the same data are compared with.
"""

import gzip
import json
import statistics
import sys
from datetime import datetime


def merged_hours(path: str) -> list[float]:
    """Hours from opening to merge of every merged pull request, as of the pack's last snapshot."""
    pulls: dict[str, dict[str, str | None] | None] = {}
    changes = []
    with gzip.open(path, "rt", encoding="utf-8") as pack:
        for line in pack:
            record = json.loads(line)
            if record["k"] in ("rec", "del"):
                changes.append((record["snap"], record["k"] == "rec", record["path"], record.get("data")))
    for _, _, place, data in sorted(changes, key=lambda change: change[:2]):
        pulls[place] = (data or {}).get("pull")
    return [
        (moment(pull["merged_at"]) - moment(pull["created_at"])).total_seconds() / 3600
        for pull in pulls.values()
        if pull and pull.get("merged_at")
    ]


def moment(text: str) -> datetime:
    """An aware time from ISO text."""
    return datetime.fromisoformat(text)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        hours = merged_hours(path)
        sys.stdout.write(f"{path}: {len(hours)} merged, median {statistics.median(hours):.4f} h\n")
