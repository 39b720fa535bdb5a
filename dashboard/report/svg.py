"""Our pictures as SVG that stands alone: light colours as plain hex, nothing taken from a stylesheet."""

import re
from pathlib import Path

from dashboard import components, survey_bar
from dashboard.colours import TOKENS
from dashboard.survey_results import Said

FONT = "Report Sans"
FONTS = Path(__file__).parent / "fonts"
TRACK = (200, 18)
"""Width and height of a survey's track."""
_TOKEN = re.compile(r"var\(--([a-z0-9-]+)\)")
_BOTH_THEMES = re.compile(r"light-dark\((#[0-9A-Fa-f]+), ?#[0-9A-Fa-f]+\)")


def light(token: str) -> str:
    """The colour on paper."""
    return TOKENS[token][0]


def in_light(text: str) -> str:
    """The same with the light one of every pair of colours."""
    return _BOTH_THEMES.sub(r"\1", text)


def alone(svg: str, *, letters: int = 12) -> str:
    """One of our inline pictures as a file; empty where there is none. `letters` is their size in it."""
    if not svg:
        return ""
    head, _, body = svg.partition(">")
    size = re.findall(r' (?:width|height|viewBox)="[^"]*"', head)
    style = f'<style>text{{font-family:"{FONT}";font-size:{letters}px;fill:{light("ink2")}}}</style>'
    body = _TOKEN.sub(lambda found: light(found[1]), body)
    return f'<svg xmlns="http://www.w3.org/2000/svg"{"".join(size)}>{style}{body}'


def shape(name: str, token: str) -> str:
    """The small shape of a chip in one colour."""
    return alone(components.shape(name)).replace("currentColor", light(token))


def track(said: Said) -> str:
    """A score on its track, as `survey_bar.track` draws it for the page; empty where it is withheld."""
    now, before = said.now, said.before
    if now is None or now.low is None or now.high is None:
        return ""
    width, height = TRACK
    mark, band = ("mark", "wash") if now.is_of_few else ("ppl", "ppl-band")
    parts = f'<path d="M0 {height / 2}H{width}" stroke="{light("grid")}" stroke-width="2"/>'
    parts += "".join(
        f'<path d="M{x} 5V{height - 5}" stroke="{light("mark")}" stroke-opacity=".6"/>'
        for x in (0.5, width / 2, width - 0.5)
    )
    if now.if_all_had_answered:
        parts += _block(*now.if_all_had_answered, 5, f'fill="{light(band)}"')
    if before and before.low is not None and before.high is not None:
        outline = f'fill="{light("card")}" stroke="{light(mark)}" stroke-width="1.5"'
        parts += _block(before.low, before.high, 3.75, outline, least=5.5)
    parts += _block(now.low, now.high, 3, f'fill="{light(mark)}"', least=5)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{parts}</svg>'
    )


def _block(low: float, high: float, top: float, paint: str, *, least: float = 0) -> str:
    width, height = TRACK
    left, right = survey_bar.ends(low, high)
    size = max((right - left) * width / 100, least)
    x = min(left * width / 100, width - size)
    return (
        f'<rect x="{x:.2f}" y="{top}" width="{size:.2f}" height="{height - 2 * top}" '
        f'rx="{1.5 if least else 0}" {paint}/>'
    )
