"""Health checks as a PDF: A4, made by typst from one template; the same bytes for the same input.

The template is ours; everything else is handed over as JSON. No package, font or picture is loaded from
anywhere, and the machine's own fonts are used for letters alone that ours lack.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC
from pathlib import Path

import typst

from dashboard.colours import TOKENS
from dashboard.health.document import HealthCheck
from dashboard.report import pdf_parts, svg
from dashboard.report.weekly import Chart

TEMPLATE = Path(__file__).parent / "template" / "report.typ"
_OURS = 0x0530
"""Latin, Greek and Cyrillic end here; ours has these, and the punctuation and arrows of our own texts."""
_PUNCTUATION = range(0x2000, 0x2700)


def render(
    checks: Sequence[HealthCheck], charts: Mapping[str, Sequence[Chart]], brief: Collection[str] = ()
) -> bytes:
    """One file with these health checks, one after the other; `charts` by scope.

    Each begins with one page that holds what matters most, and ends there where its scope is `brief`. What
    is on that page in part or not at all stands as a whole on the pages after it.
    """
    told = document(checks, charts, brief)
    made: bytes = typst.compile(
        TEMPLATE,
        font_paths=[svg.FONTS],
        ignore_system_fonts=_is_ours(told),
        sys_inputs={"document": told},
        timestamp=checks[0].header.as_of.astimezone(UTC),
        format="pdf",
    )
    return made


def document(
    checks: Sequence[HealthCheck], charts: Mapping[str, Sequence[Chart]], brief: Collection[str] = ()
) -> str:
    """All that the template is given, as JSON."""
    first = checks[0]
    as_of = first.header.as_of
    return json.dumps(
        {
            "title": f"{first.title}: {first.name}",
            "date": {"year": as_of.year, "month": as_of.month, "day": as_of.day},
            "colours": {name: light for name, (light, _) in TOKENS.items()},
            "scopes": [
                pdf_parts.scope(check, charts.get(check.scope, ())) | {"is_brief": check.scope in brief}
                for check in checks
            ],
        },
        ensure_ascii=False,
        allow_nan=False,
    )


def _is_ours(text: str) -> bool:
    """Whether our own fonts have all the letters."""
    return all(ord(letter) < _OURS or ord(letter) in _PUNCTUATION for letter in text)
