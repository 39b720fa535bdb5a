"""Prints what `explain.explanation` found: as JSON for programs, as a page of text for people."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, groupby, repeat

from rich.console import Console
from rich.style import Style
from rich.text import Text

from pipelines.answers import REASONS, number, span
from pipelines.explain import statistic_words
from pipelines.explain_layout import QUIET, Answer, Cells, page, print_sentence, print_table, wrapped

ITEMS_SHOWN = 10
_FACTS_FROM = 14
"""The column in which what is said of the definition begins."""
_VERDICTS = {"signal_better": "clear change, better", "signal_worse": "clear change, worse"}
_SAME = "the same"


def print_explanation(answer: Answer, *, as_json: bool) -> None:
    """Print all of it as one JSON object, or what tells most of it as text."""
    if as_json:
        sys.stdout.write(json.dumps(answer) + "\n")
        return
    with page() as console:
        for part in (_head, _values, _definition, _steps, _items, _neighbours, _query):
            part(console, answer)


def _head(console: Console, answer: Answer) -> None:
    first = date.fromisoformat(answer["period_start"])
    last = date.fromisoformat(answer["period_end"]) - timedelta(days=1)
    days = _day(first) if first == last else f"{_day(first)} to {_day(last)}"
    console.print(Text(answer["title"], style="bold"))
    console.print(f"{answer['scope']} ({answer['scope_name']}), {answer['period']}: {days}", markup=False)
    console.print()
    for remark in answer["remarks"]:
        print_sentence(console, remark, style="yellow")
    if answer["remarks"]:
        console.print()


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _values(console: Console, answer: Answer) -> None:
    if not answer["values"]:
        return
    rows: list[Cells] = []
    for row in answer["values"]:
        unit, coverage = _unit(row), row["coverage"]
        rows.append(
            (
                statistic_words(row["statistic"]),
                Text(_value(row), style=QUIET if row["withheld_reason"] else "bold"),
                span(row["low"], row["high"], unit),
                f"{row['n']:,}",
                f"{row['open_count']:,}" if row["open_count"] else "",
                f"{coverage['linked']:,} of {coverage['eligible']:,}" if coverage["eligible"] else "",
                _VERDICTS.get(row["verdict"], (row["verdict"] or "").replace("_", " ")),
            )
        )
    right = ("value", "95 % range", "n", "open", "linked")
    print_table(console, ("", *right, "verdict"), rows, right)


def _unit(row: Answer) -> str:
    """Of a metric of counts a share is a share all the same."""
    return "ratio" if row["statistic"].startswith("share_") else str(row["unit"])


def _value(row: Answer) -> str:
    reason = row["withheld_reason"]
    return REASONS.get(reason, reason.replace("_", " ")) if reason else number(row["value"], _unit(row))


def _definition(console: Console, answer: Answer) -> None:
    console.print(Text("The definition", style="bold"))
    print_sentence(console, answer["question"], indent=2)
    print_sentence(console, answer["formula"], indent=2)
    console.print()
    since = _day(date.fromisoformat(answer["since"]))
    facts = [
        ("version", f"{answer['version']}, since {since}, kept by {answer['owner']}"),
        *zip(chain(["changed"], repeat("")), _changes(answer), strict=False),
        ("counted in", answer["period_rule"]),
        *zip(chain(["with care"], repeat("")), answer["caveats"], strict=False),
        ("not for", "; ".join(answer["not_for"])),
        *zip(chain(["read from"], repeat("")), _sources(answer["sources"]), strict=False),
    ]
    rows: list[Cells] = [(Text(name, style=QUIET), wrapped(text, _FACTS_FROM)) for name, text in facts]
    print_table(console, ("", ""), rows)


def _changes(answer: Answer) -> list[str]:
    """What each version said otherwise than the one before it."""
    return [f"{_day(date.fromisoformat(c['on']))}: {c['what']}" for c in answer["changes"]]


def _sources(streams: Sequence[Answer]) -> list[str]:
    """Per source when its oldest stream was read in full, and which streams are stale."""
    lines = []
    for source, group in groupby(streams, key=lambda stream: stream["source"]):
        behind = list(group)
        moments = [stream["last_success_at"] for stream in behind]
        never = any(moment is None for moment in moments)
        read = "not all of it yet" if never else f"{min(moments)[:16].replace('T', ' ')} UTC"
        stale = ", ".join(stream["stream"].replace("_", " ") for stream in behind if stream["is_stale"])
        lines.append(f"{source}: {read}{f'; stale: {stale}' if stale else ''}")
    return lines


# ---- steps


def _steps(console: Console, answer: Answer) -> None:
    console.print(Text("From rows to this number", style="bold"))
    if not _telling(answer):
        console.print("  no rows\n")
        return
    rows: list[Cells] = []
    for kind, group in groupby(_telling(answer), key=lambda step: step["item_kind"]):
        steps = list(group)
        counted = next((step for step in steps if step["excluded_reason"] is None), None)
        matched = sum(step["items"] for step in steps)
        rows.append(("", f"{matched:,}", _matched(kind, matched, answer)))
        rows.extend(
            ("−", f"{step['items']:,}", Text(_left_out(step, answer), style=QUIET))
            for step in steps
            if step is not counted
        )
        left = Text(f"{counted['items'] if counted else 0:,}", style="bold")
        rows.append(("=", left, _counted(kind, counted, answer)))
    print_table(console, (" ", "rows", ""), rows, ["rows"])


def _telling(answer: Answer) -> list[Answer]:
    """The steps without those of a second clock that counts just as many items as the first.

    And without things by which it is only known that anybody tells of the others: none of them can be linked.
    """
    knows_links = answer["linked_reasons"] or answer["unlinked_reasons"]
    steps = [step for step in answer["steps"] if knows_links or not _is_beside(step["item_kind"], answer)]
    counted = {step["item_kind"]: step["items"] for step in steps if step["excluded_reason"] is None}
    second = {kind for kind in counted if kind.endswith("_from_merge")}
    same = {kind for kind in second if counted.get(kind.removesuffix("_from_merge")) == counted[kind]}
    return [step for step in steps if step["item_kind"] not in same]


def _is_beside(kind: str, answer: Answer) -> bool:
    """Whether items of this kind are looked at for coverage alone."""
    return bool(kind == answer["coverage_item_kind"] != answer["item_kind"])


def _matched(kind: str, number: int, answer: Answer) -> str:
    start = " from their merge" if kind.endswith("_from_merge") else ""
    use = ", for coverage alone" if _is_beside(kind, answer) else ""
    return f"{_things(kind.removesuffix('_from_merge'), number)}{start} in this scope and period{use}"


def _things(kind: str, number: int) -> str:
    words = kind.replace("_", " ")
    if number == 1:
        return words
    return f"{words[:-1]}ies" if words.endswith("y") and words[-2] not in "aeiou" else f"{words}s"


def _left_out(step: Answer, answer: Answer) -> str:
    reason = step["excluded_reason"]
    linked = {
        **dict.fromkeys(answer["linked_reasons"], " (linked, as far as coverage goes)"),
        **dict.fromkeys(answer["unlinked_reasons"], " (not linked, lowers coverage)"),
    }
    return f"{answer['reasons'].get(reason, reason)}{linked.get(reason, '')}"


def _counted(kind: str, step: Answer | None, answer: Answer) -> str:
    if _is_beside(kind, answer):
        return "linked"
    of_these = []
    if step and answer["kind"] == "ratio":
        of_these.append(f"{step['events']:,} of them in the share")
    if step and step["still_open"] and answer["kind"] == "duration":
        of_these.append(f"{step['still_open']:,} still open")
    return ", ".join(["counted", *of_these])


# ---- items


def _items(console: Console, answer: Answer) -> None:
    items = [item for item in answer["items"] if item["item_kind"] == answer["item_kind"]]
    if not items:
        return
    side = "not in the share" if answer["direction"] == "higher_is_better" else "in the share"
    order = {
        "ratio": f"those {side} first, then the newest",
        "count": "the newest first",
        "level": "the oldest first" if _is_under_way(answer) else "the greatest first, then the oldest",
    }
    console.print(
        Text.assemble(
            ("The items behind it", "bold"), (f", {order.get(answer['kind'], 'the greatest first')}", QUIET)
        )
    )
    shown = items[:ITEMS_SHOWN]
    cells: list[Cells] = [
        (*(say(item, answer) for say in _ITEM_COLUMNS.values()), _address(item)) for item in shown
    ]
    print_table(console, (*_ITEM_COLUMNS, ""), cells, ["value"])
    steps = [step for step in answer["steps"] if step["item_kind"] == answer["item_kind"]]
    counted = sum(step["items"] for step in steps if step["excluded_reason"] is None)
    more = counted - len(shown)
    left_out = sum(step["items"] for step in _telling(answer) if step["excluded_reason"] is not None)
    rest = [f"{more:,} more" if more else "", f"{left_out:,} left out" if left_out else ""]
    said = " and ".join(one for one in rest if one)
    if said:
        console.print(f"  {said}: `--format json` lists twenty of each\n", style=QUIET)


def _address(item: Answer) -> Text:
    return Text(item["url"] or "", style=Style(link=item["url"]))


def _in_share(item: Answer, answer: Answer) -> str:
    if answer["kind"] != "ratio":
        return ""
    return "yes" if item["is_event"] else "no"


def _is_under_way(answer: Answer) -> bool:
    """Whether it counts work items that are not finished, which have an age and no amount."""
    return bool(answer["kind"] == "level" and answer["item_kind"] == "issue")


def _item_value(item: Answer, answer: Answer) -> str:
    """An item's own amount or age; where only how many there are is told, each is one and has none."""
    is_one = answer["kind"] in ("ratio", "count") or (_is_under_way(answer) and answer["unit"] == "count")
    if is_one or item["value"] is None:
        return ""
    unit = "count" if answer["unit"] == "ratio" else answer["unit"]
    of_whole = f" of {number(item['weight'], unit)}" if item["weight"] is not None else ""
    is_open = item["is_open"] and answer["kind"] == "duration"
    return f"{number(item['value'], unit)}{of_whole}{', open' if is_open else ''}"


def _link(item: Answer, _: Answer) -> str:
    method, confidence = item["link_method"], item["confidence"]
    return f"{method.replace('_', ' ')}{f', {confidence}' if confidence else ''}" if method else ""


_ITEM_COLUMNS: Mapping[str, Callable[[Answer, Answer], str]] = {
    "in the share": _in_share,
    "value": _item_value,
    "what": lambda item, _: item["label"] or item["item_id"],
    "day": lambda item, _: item["on_date"],
    "service": lambda item, answer: "" if answer["scope"].startswith("service:") else item["service"] or "",
    "category": lambda item, _: item["category"] or "",
    "known by": _link,
}
"""Column → what it says of an item; a column in which all items say nothing is left out."""


# ---- other definitions


def _neighbours(console: Console, answer: Answer) -> None:
    told = answer["neighbours"]
    if all(row["withheld_reason"] == "no_data" for row in told):
        return
    console.print(Text("Under another definition", style="bold"))
    published = {row["statistic"]: row for row in answer["values"]}
    for about, group in groupby(told, key=lambda row: row["about"]):
        rows = list(group)
        statistics = list(dict.fromkeys(row["statistic"] for row in rows if row["statistic"] != "mean"))
        columns = [statistic_words(one) if len(statistics) > 1 else "value" for one in statistics]
        cells: list[Cells] = [
            (
                same[0]["words"],
                *(_value(row) for row in same),
                f"{same[0]['n']:,}",
                f"{same[0]['open_count']:,}" if same[0]["open_count"] else "",
                Text(_difference(same, published), style=QUIET),
            )
            for _, found in groupby(rows, key=lambda row: row["neighbour"])
            if (same := list(found))
        ]
        print_table(console, (about, *columns, "n", "open", ""), cells, [*columns, "n", "open"])


def _difference(rows: Sequence[Answer], published: Mapping[str, Answer]) -> str:
    """How far each statistic would be from the one that is published."""
    if rows[0]["is_used"]:
        return "as published"
    if rows[0]["statistic"] == "mean":
        ended = ", what is open not at all" if rows[0]["open_count"] else ""
        return "" if rows[0]["withheld_reason"] else f"not published: the greatest weigh most in it{ended}"
    changes = {}
    for row in rows:
        own = published.get(row["statistic"], row)["value"]
        if own is not None and row["value"] is not None:
            changes[statistic_words(row["statistic"])] = _signed(row["value"] - own, _unit(row))
    if len(rows) == 1 or set(changes.values()) == {_SAME}:
        return next(iter(changes.values()), "")
    return ", ".join(f"{name} {change}" for name, change in changes.items())


def _signed(change: float, unit: str) -> str:
    shown = number(abs(change), unit).replace(" %", " points")
    if shown.split()[0] == "0":
        return _SAME
    return f"{'+' if change > 0 else '−'}{shown}"


def _query(console: Console, answer: Answer) -> None:
    console.print(Text("The query", style="bold"))
    console.print(f"  pipelines/metrics/{answer['metric']}.sql, SHA-256 {answer['sql_hash']}", style=QUIET)
    console.print()
    console.print(answer["sql"].strip(), markup=False, soft_wrap=True)
