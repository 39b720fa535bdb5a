"""The fictional SonarQube answers the connector as Sonar does, and forgets what Sonar forgets."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import requests
from pydantic import SecretStr

from connectors.base import Cursor, NotFound, SourceContext
from connectors.records import CoverageReport, DebtReading, Record
from connectors.sandbox.servers import Running, serve
from connectors.sandbox.world import World
from connectors.sonarqube.source import Settings, SonarQubeSource

PROJECT = "alder_routing-engine"
Open = Callable[[Running], SonarQubeSource]


@pytest.fixture
def opened() -> Iterator[Open]:
    sources: list[SonarQubeSource] = []

    def make(running: Running) -> SonarQubeSource:
        url = running.urls["sonarqube"]
        settings = Settings(name="sonar", kind="sonarqube", base_url=url, token_env="TOKEN")
        sources.append(SonarQubeSource(settings, SourceContext(SecretStr("any"), (PROJECT,), "")))
        return sources[-1]

    yield make
    for source in sources:
        source.close()


def read(source: SonarQubeSource, project: str = PROJECT, cursor: Cursor | None = None) -> list[Record]:
    return [
        record for batch in source.fetch("measures", project, cursor or Cursor()) for record in batch.records
    ]


def new_code(records: list[Record]) -> list[datetime]:
    return [one.measured_at for one in records if isinstance(one, CoverageReport) and one.new_coverable_lines]


def test_every_fortnight_is_analysed(running: Running, opened: Open) -> None:
    records = read(opened(running))
    days = [one.measured_at for one in records if isinstance(one, DebtReading)]

    # From 4 July 2025 to 23 October 2026 there are 34 fortnights.
    assert (days[0], days[-1]) == (
        datetime(2025, 7, 4, 12, tzinfo=UTC),
        datetime(2026, 10, 23, 12, tzinfo=UTC),
    )
    assert {later - day for day, later in pairwise(days)} == {timedelta(days=14)}
    assert len(days) == 35
    assert {one.rating for one in records if isinstance(one, DebtReading)} <= {"A", "B"}


def test_a_percentage_is_that_of_its_counts(running: Running, opened: Open) -> None:
    found = [one for one in read(opened(running)) if isinstance(one, CoverageReport) and one.coverable_lines]

    for one in found:
        covered = (one.covered_lines or 0) + (one.covered_branches or 0)
        coverable = (one.coverable_lines or 0) + (one.coverable_branches or 0)
        assert one.coverage_ratio == pytest.approx(covered / coverable, abs=0.0006)
    assert len(found) == 35
    assert found[-1].coverage_ratio == pytest.approx((found[0].coverage_ratio or 0) + 0.13, abs=0.03)


def test_of_new_code_only_the_latest_analysis_is_remembered(world: World, opened: Open) -> None:
    with serve(world, as_of=datetime(2026, 10, 20, tzinfo=UTC), with_sonar=True) as running:
        before = new_code(read(opened(running)))
        running.move_to(world.as_of)
        after = new_code(read(opened(running)))

    assert before == [datetime(2026, 10, 9, 12, tzinfo=UTC)]
    assert after == [datetime(2026, 10, 23, 12, tzinfo=UTC)]


def test_what_was_read_is_not_read_again(running: Running, opened: Open) -> None:
    source = opened(running)
    *_, last = source.fetch("measures", PROJECT, Cursor())

    assert read(source, cursor=last.cursor) == []


def test_the_check_finds_the_project(running: Running, opened: Open) -> None:
    assert [(one.is_fine, one.message) for one in opened(running).check()] == [
        (True, "signed in as reader"),
        (True, "can be read, last analysed 2026-10-23"),
    ]


def test_an_unknown_project_is_not_found(running: Running, opened: Open) -> None:
    with pytest.raises(NotFound):
        read(opened(running), "alder_checkout-web")


def test_sonar_requires_a_token(running: Running) -> None:
    address = running.urls["sonarqube"] + "/api/measures/search_history"

    assert requests.get(address, params={"component": PROJECT}, timeout=10).status_code == 401
