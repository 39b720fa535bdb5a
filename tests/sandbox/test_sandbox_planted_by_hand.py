"""Planted answers of so little that each can be worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox import written
from connectors.sandbox.analyses import Analysis
from connectors.sandbox.organisation import found
from connectors.sandbox.planted_calendar import Calendar
from connectors.sandbox.planted_incidents import noticed_seen, repeated_rows
from connectors.sandbox.planted_records import record_rows
from connectors.sandbox.world import MONITOR, OF_TEAM, USER, Incident, World


def incident(name: str, day: str, noticed_by: str = MONITOR, merged_into: str | None = None) -> Incident:
    """Of basket-api, an hour long."""
    began = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    ended = began + timedelta(hours=1)
    told = {"noticed_by": noticed_by, "merged_into": merged_into}
    return Incident(name, 0, "PBASKETAPI", "Slow answers", began, began, ended, **told)


def with_incidents(*incidents: Incident) -> World:
    world = found(1)
    world.incidents = list(incidents)
    return world


def test_of_what_people_noticed_the_team_told_one_of_three() -> None:
    world = with_incidents(
        incident("a", "2026-07-01"),
        incident("b", "2026-07-02", OF_TEAM),
        incident("c", "2026-07-03", USER),
        incident("d", "2026-07-04", USER),
        incident("e", "2026-07-05", OF_TEAM, merged_into="b"),
    )

    seen = list(noticed_seen(world, Calendar(world)))

    assert [(one.item, one.is_event) for one in seen] == [("b", True), ("c", False), ("d", False)]


def test_three_of_five_reasons_had_struck_before(monkeypatch: pytest.MonkeyPatch) -> None:
    causes = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "x", "f": "z"}
    rows = [{"incident": name, "causes": cause} for name, cause in causes.items()]
    monkeypatch.setattr(written, "postmortems", lambda _: rows)
    days = ("2025-06-20", "2025-08-01", "2025-08-10", "2025-08-12", "2025-08-20", "2025-08-25", "2025-09-01")
    world = with_incidents(*map(incident, "abcdefg", days))

    found_rows = {
        row["period"]: (row["value"], row["n"], row["is_too_few"])
        for row in repeated_rows(world, Calendar(world))
        if row["scope"] == "service:basket-api"
    }

    # The history begins on 1 April 2025: a is too early, yet b comes 42 days after it. d follows c, and e b.
    # Nobody wrote down what struck in September: of the quarter's six incidents five are told, 83 %.
    assert found_rows == {
        "2025-08": (0.6, 5, False),
        "2025-09": (None, 0, True),
        "2025-Q3": (0.6, 5, False),
    }


def test_six_of_twelve_services_have_a_living_runbook() -> None:
    world = found(1)
    rows = {
        row["scope"]: (row["value"], row["n"])
        for row in record_rows(world, Calendar(world))
        if (row["metric"], row["period"]) == ("living_runbook_share", "2026-Q4")
    }

    # Of the network both of harbour, routing's and tracking's web; of ordering basket's and checkout's.
    assert rows["organisation"] == (0.5, 12)
    assert rows["department:delivery-network"] == (pytest.approx(4 / 6), 6)
    assert rows["department:ordering"] == (pytest.approx(2 / 6), 6)
    assert rows["team:tracking"] == (0.5, 2)


def test_sonar_counts_lines_and_conditions_together_and_lines_alone_of_new_code() -> None:
    values = {"lines_to_cover": "100", "uncovered_lines": "40", "conditions_to_cover": "20"}
    values |= {"uncovered_conditions": "5", "new_lines_to_cover": "30", "new_uncovered_lines": "6"}
    analysis = Analysis(datetime(2026, 10, 23, 12, tzinfo=UTC), values)

    assert analysis.covered() == (75, 120)  # 60 lines and 15 conditions
    assert analysis.new_covered() == (24, 30)
