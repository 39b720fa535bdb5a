"""Entries of a journal, as people would write them."""

from datetime import UTC, date, datetime

from connectors.journal.entries import Action, Closing, Decision, Indicator, Theme, WipLimit

NOW = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)
QUARTER = "2026-Q3"
TEAM = "team:payments"


def a_theme(**changed):
    fields = {
        "scope": TEAM,
        "quarter": QUARTER,
        "sentence": "Smaller changes",
        "why": "Large ones waited for days.",
        "indicators": (
            Indicator(metric="batch_size", statistic="p50", baseline_quarter="2026-Q2", expected="down"),
        ),
    }
    return Theme(**(fields | changed))


def an_action(**changed):
    fields = {
        "scope": TEAM,
        "quarter": QUARTER,
        "what": "Review within a day",
        "answers": "review",
        "owner": "team payments",
        "due": date(2026, 12, 18),
        "known_by": "Pickup takes less than a day.",
        "effort": "small",
    }
    return Action(**(fields | changed))


def a_decision(**changed):
    fields = {
        "scope": TEAM,
        "quarter": QUARTER,
        "what": "One queue for all payments",
        "risk": "low",
        "reach": "team",
        "owner_level": "team",
        "proposed_on": date(2026, 9, 1),
    }
    return Decision(**(fields | changed))


def a_limit(**changed):
    return WipLimit(**({"scope": TEAM, "limit": 6, "valid_from": date(2026, 10, 1)} | changed))


def a_closing(**changed):
    return Closing(**({"scope": TEAM, "quarter": QUARTER} | changed))
