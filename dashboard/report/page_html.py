"""Health checks as one HTML file that needs nothing else: no script, no picture or font from elsewhere.

Headings are real ones; light or dark as the reader's system has it; printed light, on A4.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from dashboard import colours, layout
from dashboard.health.document import HealthCheck
from dashboard.markup import text
from dashboard.report import html

_HEADING = re.compile(r'<(span|div) class="eo-h(\d)" role="heading" aria-level="(\d)">(.*?)</\1>')
"""Our own markup alone: what comes from outside is escaped, and has no tags."""
_NARROW = re.compile(r"@media \(max-width")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(checks: Sequence[HealthCheck]) -> str:
    """One file with these health checks, one after the other."""
    first = checks[0]
    title = f"{first.title}: {first.name}"
    css = f":root{{{_properties()}}}{_screen_alone(layout.stylesheet())}{_frame()}"
    articles = "".join(_article(check, at) for at, check in enumerate(checks, 1))
    contents = _contents(checks) if len(checks) > 1 else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)}</title>\n<style>{css}</style>\n</head>\n"
        f'<body>\n<main class="eo">{contents}{articles}</main>\n</body>\n</html>\n'
    )


def _properties() -> str:
    return "".join(f"--{name}:{colours.colour(name)};" for name in colours.TOKENS)


def _frame() -> str:
    """What the page of the app gives around our markup, and what paper asks for."""
    return (Path(__file__).parent / "frame.css").read_text(encoding="utf-8")


def _screen_alone(css: str) -> str:
    """The stylesheet without what makes a narrow screen's layout of a sheet of paper."""
    return _NARROW.sub("@media screen and (max-width", css)


def _contents(checks: Sequence[HealthCheck]) -> str:
    named = enumerate(checks, 1)
    links = "".join(f'<li><a href="#check-{at}">{text(check.name)}</a></li>' for at, check in named)
    return f'<nav aria-label="Scopes"><ul class="eo-contents">{links}</ul></nav>'


def _article(check: HealthCheck, at: int) -> str:
    body = html.head(check) + "".join(section.markup + "\n" for section in html.sections(check))
    return _HEADING.sub(_real, f'<article id="check-{at}">{body}</article>\n')


def _real(found: re.Match[str]) -> str:
    _, size, level, inner = found.groups()
    return f'<h{level} class="eo-h{size}">{inner}</h{level}>'
