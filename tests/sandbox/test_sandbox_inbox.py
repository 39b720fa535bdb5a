"""The files of the sandbox's inbox can be read, are the same for the same seed, and tell their stories."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.base import SourceContext
from connectors.inbox.settings import InboxSettings
from connectors.inbox.source import create
from connectors.inbox.types import FOLDER
from connectors.sandbox import measured, noticed, written
from connectors.sandbox.inbox_files import FILES, write_inbox
from connectors.sandbox.world import USER, World


def test_every_file_can_be_read(world: World, tmp_path: Path) -> None:
    write_inbox(tmp_path / FOLDER, world)
    source = create(InboxSettings(name="inbox", kind="inbox"), SourceContext(None, (), str(tmp_path)))
    findings = source.check()

    assert [one for one in findings if not one.is_fine] == []
    assert len(findings) == len(FILES)
    assert all(one.message != "0 rows can be read" for one in findings)


@pytest.mark.parametrize("rows_of", FILES.values(), ids=FILES)
def test_the_same_world_has_the_same_rows(rows_of: Callable[[World], Iterable[Any]], world: World) -> None:
    rows = list(rows_of(world))

    assert rows == list(rows_of(world))
    assert len(rows) < 1_500


def test_coverage_falls_where_the_story_says_so(world: World) -> None:
    first: dict[Any, float] = {}
    last: dict[Any, float] = {}
    for row in measured.coverage(world):
        share = float(row["covered_lines"]) / float(row["coverable_lines"])
        first.setdefault(row["component"], share)
        last[row["component"]] = share

    assert [one for one in last if last[one] < first[one] - 0.1] == [measured.FALLING]


def test_what_checkout_s_postmortems_ask_for_stays_open(world: World) -> None:
    services = {one.incident_service: one.id for one in world.services}
    about = {f"PM-{one.number}": services[one.service] for one in world.incidents if one.service in services}
    late = [
        row
        for row in written.postmortem_actions(world)
        if "2026-07-15" <= str(row["due_on"]) < "2026-10-01"
        and about[str(row["postmortem_id"])] in written.FORGETFUL
    ]

    assert len(late) >= 2
    assert {row["closed_on"] for row in late} == {""}


def test_the_same_reasons_strike_checkout_again(world: World) -> None:
    forgetful = {one.incident_service for one in world.services if one.id in written.FORGETFUL}
    since = {
        one.id
        for one in world.incidents
        if one.service in forgetful and one.started_at.date() >= written.FORGETS_FROM
    }
    causes = {row["causes"] for row in written.postmortems(world) if row["incident"] in since}

    assert causes == {"configuration", "capacity"}


def test_the_support_desk_has_a_list_of_what_users_told(world: World) -> None:
    rows = list(noticed.incidents(world))
    told = [one for one in world.incidents if one.noticed_by == USER]

    assert [(row["incident_id"], row["started_at"]) for row in rows] == [
        (one.id, f"{one.started_at:%Y-%m-%dT%H:%M:%SZ}") for one in told
    ]
    assert {row["service"] for row in rows} <= {one.id for one in world.services}
    assert {row["reported_by"] for row in rows} == {"user"}


def test_joiners_make_pools_of_five(world: World) -> None:
    joined = [date.fromisoformat(str(row["joined_on"])) for row in written.joiners(world)]

    assert Counter((day.year, (day.month + 2) // 3) for day in joined) == {(2026, 1): 6, (2026, 3): 5}
