"""Plain words and figures: how values, periods, verdicts and reasons are said on every page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from dashboard.definition import Definition

SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NOUNS = {
    "pull_request": ("change", "changes"),
    "pull_request_from_merge": ("change", "changes"),
    "change": ("change", "changes"),
    "deployment": ("deployment", "deployments"),
    "incident": ("incident", "incidents"),
    "failure": ("failure", "failures"),
    "issue": ("item", "items"),
    "work_item": ("item", "items"),
    "eligible_person": ("person", "people"),
    "register_entry": ("register entry", "register entries"),
    "retention_cell": ("look at a cohort", "looks at a cohort"),
    "objective_day": ("day of an objective", "days of objectives"),
}
METRIC_NOUNS = {
    "failed_deployment_recovery_time": ("failed deployment", "failed deployments"),
    "user_reported_defects": ("defect", "defects"),
    "time_to_first_response": ("report", "reports"),
    "customer_satisfaction": ("answer", "answers"),
}
STATISTICS = {
    "p50": "half take no longer (P50)",
    "p85": "85 of 100 take no longer (P85)",
    "p95": "95 of 100 take no longer (P95)",
    "p50_from_merge": "half, counted from the merge",
    "p85_from_merge": "85 of 100, counted from the merge",
    "ratio": "share of all",
    "count": "number in the period",
    "per_week": "number a week",
    "median_days_per_week": "days a week with one, half of the weeks",
    "level": "number at the end of the period",
    "max": "greatest",
    "total": "sum of the period",
    "share_over_400": "share above 400",
}
SIZES = {"p50": "half are no larger (P50)", "p85": "85 of 100 are no larger (P85)"}
"""What the quantiles say of what is no duration."""
RATES = {"per_week": "a week", "median_days_per_week": "days a week"}
"""What stands after a value of these."""
STATISTIC_NAMES = {
    "p50": "P50",
    "p85": "P85",
    "p95": "P95",
    "p50_from_merge": "P50 from the merge",
    "p85_from_merge": "P85 from the merge",
    "ratio": "a share",
    "per_week": "a weekly number",
    "max": "the greatest",
    "total": "the sum",
    "share_over_400": "the share above 400",
}
LINKS = {
    "containment": "its commit was deployed",
    "cherry_pick": "a copy of its commit was deployed",
    "explicit": "named by the incident",
    "rollback": "rolled back",
    "revert": "reverted",
    "hotfix": "mended by a hotfix",
    "window": "by time alone",
    "sprint": "by its sprint",
    "type": "by its type",
}
"""How an item was linked, by the published method."""
COLUMNS = {
    "item_id": "item",
    "on_date": "day",
    "is_open": "still open",
    "excluded_reason": "left out",
    "link_method": "linked by",
}
"""Columns of an observation as a worked example heads them."""
INTERVALS = {
    "duration": "95 of 100, from the order of the values; P50 needs 6, P85 19, P95 59",
    "quantity": "95 of 100, from the order of the values; P50 needs 6, P85 19, P95 59",
    "ratio": "95 of 100, Wilson's",
    "share": "95 of 100, from how the items differ, or Wilson's of counted answers; none of a measured whole",
    "count": "95 of 100, for counts of rare events",
    "level": "none: a level is counted, not estimated",
}
VERDICT_RULES = {
    "duration": "quarter against quarter by exchanging whole weeks, at 1 in 100",
    "quantity": "quarter against quarter by exchanging whole weeks, at 1 in 100",
    "ratio": "quarter against quarter by Newcombe's interval, at 1 in 100",
    "share": "none: nothing here tests a share of amounts",
    "count": "quarter against quarter by exchanging whole weeks, at 1 in 100",
    "level": "none: a level drifts",
}


def statistic(definition: Definition, name: str) -> str:
    """What a statistic of this metric says, in a few words."""
    if definition.measured_in and name == "ratio":
        return definition.measured_in
    return (SIZES if definition.kind == "quantity" else {}).get(name) or STATISTICS[name]


def amount(n: int) -> str:
    """A small count in words, a larger one in figures."""
    return SMALL[n] if 0 <= n < len(SMALL) else f"{n:,}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """`1 change`, `12 changes`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def column(definition: Definition, name: str) -> str:
    """How a worked example heads a column of the observations."""
    if name == "is_event":
        return "in the share" if definition.kind == "ratio" else "ended"
    return COLUMNS.get(name, name.replace("_", " "))


def noun(item_kind: str, n: int = 2) -> str:
    """What a metric counts, in words."""
    word = item_kind.removesuffix("_from_merge").replace("_", " ")
    one, many = NOUNS.get(item_kind, (word, word + "s"))
    return one if n == 1 else many


def things(definition: Definition, n: int = 2) -> str:
    """What a metric counts, in words: `change`, `changes`."""
    one, many = METRIC_NOUNS.get(
        definition.metric, (noun(definition.item_kind, 1), noun(definition.item_kind))
    )
    return one if n == 1 else many


def listed(parts: Iterable[str]) -> str:
    """`a, b and c`."""
    *head, last = list(parts)
    return f"{', '.join(head)} and {last}" if head else last


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def figure(value: float) -> str:
    """Two significant digits below a hundred, whole numbers above, no idle zeros after whole ones."""
    if abs(value - round(value)) < 1e-9 or abs(value) >= 99.5:
        return f"{value:,.0f}"
    if abs(value) >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 0.95 else f"{value:.2g}"


@dataclass(frozen=True)
class Scale:
    """How values of one column or card are written: multiplied by `factor`, followed by `unit`."""

    factor: float
    unit: str
    one: str = ""
    """The unit of exactly one, where it differs."""

    def number(self, value: float) -> str:
        """The value without its unit."""
        return figure(value * self.factor)

    def full(self, value: float) -> str:
        """The value with its unit."""
        number = self.number(value)
        return f"{number} {self.one if self.one and number == '1' else self.unit}".strip()

    def span(self, low: float, high: float) -> str:
        """`22 to 34 h`."""
        return f"{self.number(low)} to {self.full(high)}"


def scale(definition: Definition, statistic: str, values: Iterable[float | None]) -> Scale:
    """One unit for all these values: hours become minutes or days where that reads better."""
    known = [abs(v) for v in values if v is not None]
    if definition.unit == "ratio" or statistic.startswith("share_over"):
        return Scale(100, "%")
    if definition.unit == "days":
        return Scale(1, "d")
    if definition.unit == "hours":
        middle = median(known) if known else 1
        return Scale(60, "min") if middle < 0.95 else Scale(1, "h") if middle < 96 else Scale(1 / 24, "d")
    if statistic in RATES:
        return Scale(1, RATES[statistic])
    if unit := definition.measured_in:
        return Scale(1, unit, unit.removesuffix("s"))
    return Scale(1, things(definition), things(definition, 1))


def tick(hours: float) -> str:
    """A duration on an axis: `30 min`, `12 h`, `4 d`."""
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 24 else f"{hours / 24:.0f} d"


def period(name: str) -> str:
    """`Q3 2026`, `week 40, 2026`, `October 2026` for the published name of a period."""
    year, _, part = name.partition("-")
    if part.startswith("Q"):
        return f"{part} {year}"
    if part.startswith("W"):
        return f"week {int(part[1:])}, {year}"
    return f"{date.fromisoformat(name + '-01'):%B %Y}" if len(part) == 2 else day(date.fromisoformat(name))


def short_period(name: str) -> str:
    """`Q3 26` under a sparkline."""
    year, _, part = name.partition("-")
    return f"{part} {year[2:]}"


def day(value: date, *, year: bool = True) -> str:
    """`2 Nov 2026`, or `2 Nov` where the year is plain from the context."""
    return f"{value.day} {value:%b %Y}" if year else f"{value.day} {value:%b}"


def week_of(value: datetime) -> str:
    """`week of 28 Sep 2026`, by the week's Monday."""
    return f"week of {day(value.date() - timedelta(days=value.weekday()))}"


def moment(value: datetime) -> str:
    """`2 Nov 2026, 04:10`."""
    return f"{day(value)}, {value:%H:%M}"


def age(gap: timedelta) -> str:
    """`2 days old`, `5 hours old`."""
    hours = round(gap.total_seconds() / 3600)
    return (
        f"{plural(round(hours / 24), 'day')} old" if hours >= 36 else f"{plural(max(hours, 1), 'hour')} old"
    )


def so_far(start: date, end: date, today: date) -> str:
    """How much of an open quarter is over: `5 of 13 weeks so far`."""
    return f"{(today - start).days // 7} of {round((end - start).days / 7)} weeks so far"


def direction(definition: Definition, *, up: bool) -> str:
    """The word for a number that went up or down: longer, higher, more, older."""
    words = {
        "duration": ("shorter", "longer"),
        "quantity": ("smaller", "larger"),
        "ratio": ("lower", "higher"),
        "share": ("lower", "higher"),
        "level": ("less", "more"),
    }
    if definition.unit == "days" and definition.kind == "level":
        return "older" if up else "younger"
    return words.get(definition.kind, ("less often", "more often"))[up]


def changed(definition: Definition, *, up: bool) -> str:
    """The same inside a sentence: lead time is longer, deployment frequency is higher."""
    return ("higher" if up else "lower") if definition.kind == "count" else direction(definition, up=up)


def went_up(definition: Definition, verdict: str) -> bool | None:
    """Where the number went by its verdict; None for a verdict that is no clear change."""
    if verdict in ("signal_more", "signal_fewer"):
        return verdict == "signal_more"
    if verdict in ("signal_better", "signal_worse"):
        return (verdict == "signal_better") == (definition.direction == "higher_is_better")
    return None


def few_people(above: str | None = None) -> str:
    """Why nothing is shown of few people's work, and where to look instead."""
    said = "Fewer than three people are known to have been active, or this would give such a number away"
    return f"{said}: see {above}." if above else f"{said}."


def withheld(reason: str, definition: Definition, statistic: str, n: int) -> str:
    """Why there is no number, in one sentence."""
    counted = things(definition, n)
    needed = definition.min_n.get(statistic, 0)
    if reason == "too_few" and n < needed:
        # Where groups of few are not told from none, none would be a claim.
        known = amount(n).capitalize() if n else "Too few"
        return f"{known} {counted}; this number needs {needed}."
    return {
        "too_few": "Less than a day of this period is over."
        if statistic == "per_week"
        else f"There is nothing to take a share of in {counted}.",
        "no_data": f"No {things(definition, 1)} in this period.",
        "low_coverage": f"Too few {things(definition)} could be linked.",
        "not_reached": "Fewer than half have ended: no middle yet.",
        "before_start": "Before the first day that is covered.",
        "few_people": few_people(),
        "definition_fails": "Its definition failed last night, so no number is shown.",
    }.get(reason, "No number was published.")
