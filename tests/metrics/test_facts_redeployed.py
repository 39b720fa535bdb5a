"""Which records are one deployment: a commit that is deployed again and again, and back and forth."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pytest

Build = Callable[[Mapping[str, Any], list[str]], duckdb.DuckDBPyConnection]
Record = tuple[int, str, str]
"""Minute, commit, region."""

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
MINUTES = 10


def _built(build: Build, records: list[Record]) -> dict[int, int]:
    """Each record's position in the list and that of the one which stands for it."""
    deployments = [
        {
            "id": number,
            "sha": sha,
            "environment": f"production-{region}",
            "at": (START + timedelta(minutes=minute)).isoformat(),
        }
        for number, (minute, sha, region) in enumerate(records)
    ]
    con = build({"history": {1: "c0 c1 c2"}, "deployment": deployments}, ["staged.stg_deployment"])
    rows = con.sql("SELECT item_id, deployment_item_id FROM staged.stg_deployment").fetchall()
    return {int(item.removeprefix("gh:")): int(one.removeprefix("gh:")) for item, one in rows}


def _by_hand(records: list[Record]) -> dict[int, int]:
    """Record by record: within ten minutes of a deployment's first one, unless its commit came back."""
    stands_for: dict[int, int] = {}
    for number, (minute, sha, region) in enumerate(records):
        earlier = [k for k in range(number) if records[k][1] == sha]
        if not earlier:
            stands_for[number] = number
            continue
        first = stands_for[earlier[-1]]
        came_back = any(
            records[k][2] == region and any(records[m][1] != sha for m in range(k + 1, number))
            for k in earlier
            if k >= first
        )
        opens = minute - records[first][0] > MINUTES or came_back
        stands_for[number] = number if opens else first
    return stands_for


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_deployments_is_taken_apart_as_by_hand(build: Build, seed: int) -> None:
    random = Random(seed)
    minutes = sorted(random.sample(range(120), 40))  # no two at one moment: their order would be chance
    records = [(minute, random.choice(["c0", "c1", "c2"]), random.choice(["eu", "us"])) for minute in minutes]
    assert _built(build, records) == _by_hand(records)


def test_a_job_that_deploys_the_same_commit_every_five_minutes(build: Build) -> None:
    records = [(5 * number, "c1", "eu") for number in range(200)]
    found = _built(build, records)
    # The first, five and ten minutes later are one deployment; fifteen minutes later is the next.
    assert found == {number: number - number % 3 for number in range(200)}
