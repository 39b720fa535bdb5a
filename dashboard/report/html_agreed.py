"""Decisions and actions: the table of what is agreed, and the matrix of risk and reach."""

from collections.abc import Sequence

from dashboard import components, words
from dashboard.components import Column, chip
from dashboard.health.document import Decided, HealthCheck, Next
from dashboard.markup import text
from dashboard.report import wording


def part(check: HealthCheck) -> tuple[str, str]:
    """The sub-line and everything that was agreed; never empty."""
    agreed, parts = check.next, []
    if agreed.actions:
        columns = list(map(Column, wording.ACTION_HEADS))
        rows = [list(map(text, wording.action(one))) for one in agreed.actions]
        parts.append(components.table("Actions for the next quarter", columns, rows))
    elif agreed.no_change:
        parts.append(f"<p><b>No change, and why:</b> {text(agreed.no_change)}</p>")
    else:
        parts.append('<p class="eo-note">No action is agreed yet.</p>')
    if agreed.theme:
        parts.append(f"<p>Next theme: <b>{text(agreed.theme)}</b></p>")
    if agreed.decisions or agreed.latencies:
        parts.append(_matrix(agreed))
    return "At most three actions. A role owns each, never a person.", "".join(parts)


def _matrix(agreed: Next) -> str:
    """Two by two: how risky, and how far a decision reaches. A table, so that it is read aloud as one."""
    heads = "".join(f'<th scope="col">{name}</th>' for name in wording.REACHES.values())
    rows = ""
    for risk in wording.RISKS:
        cells = "".join(
            f'<td data-label="{name}">{_cell(*wording.cell(agreed, risk, reach))}</td>'
            for reach, name in wording.REACHES.items()
        )
        rows += f'<tr><th scope="row">{risk.capitalize()} risk</th>{cells}</tr>'
    return (
        '<table class="eo-table eo-matrix"><caption>Decisions by risk and reach</caption>'
        f'<thead><tr><th scope="col">Decisions</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _cell(decisions: Sequence[Decided], latency: str) -> str:
    took = f'<span class="eo-under">{text(latency)}</span>' if latency else ""
    return ("".join(map(_decided, decisions)) or '<span class="eo-note">none</span>') + took


def _decided(decided: Decided) -> str:
    taken_back = (
        chip("cross", f"Reversed {words.day(decided.reversed_on)}", "line") if decided.reversed_on else ""
    )
    by = f"by the {decided.owner_level}, {wording.taken(decided)}"
    return (
        f'<div class="eo-decided"><div>{text(decided.what)}</div>'
        f'<span class="eo-under">{text(by)}</span>{taken_back}</div>'
    )
