"""A digest as the HTML of a mail: tables and styles on the elements, since mail programs know little else.

It fetches nothing: no picture, no font, nothing by which opening it could be counted.
"""

from html import escape

from dashboard.colours import TOKENS
from dashboard.report.digest_document import Digest, Line, Part
from dashboard.report.digest_text import NEW

_FONT = "'Source Sans 3','Source Sans Pro','Segoe UI',Helvetica,Arial,sans-serif"
_SHADES = {"bg": "background", "card": "background", "ink": "color", "ink2": "color", "link": "color"}
"""What each token colours; dark ones are told to programs that know them."""


def html(digest: Digest) -> str:
    """A whole HTML document."""
    lede = _line_of(digest.lede, "ink", "font-size:17px;line-height:25px;padding-bottom:4px")
    parts = "".join(_part(part) for part in digest.parts)
    link = f" {_link(digest.url, digest.page)}" if digest.url else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(digest.title)}</title><style>{_dark()}</style></head>"
        f'<body class="eo-bg" style="margin:0;padding:24px 12px;background:{_light("bg")}">'
        f'<table role="presentation" class="eo-card" align="center" width="100%" cellpadding="0" '
        f'cellspacing="0" style="max-width:600px;background:{_light("card")};border:1px solid '
        f'{_light("hair")};border-radius:6px;font-family:{_FONT}"><tr><td style="padding:24px 28px">'
        f'<h1 class="eo-ink" style="margin:0 0 8px;font-size:22px;line-height:28px;font-weight:600;'
        f'color:{_light("ink")}">{escape(digest.title)}</h1>{lede if digest.lede else ""}{parts}'
        f'<p class="eo-ink2" style="margin:24px 0 0;padding-top:12px;border-top:1px solid {_light("hair")};'
        f'font-size:13px;line-height:19px;color:{_light("ink2")}">{escape(digest.foot)}{link}</p>'
        "</td></tr></table></body></html>\n"
    )


def _light(token: str) -> str:
    return TOKENS[token][0]


def _dark() -> str:
    rules = "".join(f".eo-{token}{{{what}:{TOKENS[token][1]}!important}}" for token, what in _SHADES.items())
    hair = f".eo-card,.eo-ink2{{border-color:{TOKENS['hair'][1]}!important}}"
    return f"@media (prefers-color-scheme:dark){{{rules}{hair}}}"


def _line_of(text: str, token: str, style: str) -> str:
    return f'<p class="eo-{token}" style="margin:0;color:{_light(token)};{style}">{escape(text)}</p>'


def _link(url: str, text: str) -> str:
    return f'<a class="eo-link" href="{escape(url)}" style="color:{_light("link")}">{escape(text)}</a>'


def _part(part: Part) -> str:
    head = ""
    if part.title:
        head = (
            f'<h2 class="eo-ink" style="margin:24px 0 2px;padding-top:8px;border-top:2px solid;'
            f'font-size:16px;line-height:22px;font-weight:600;color:{_light("ink")}">'
            f"{escape(part.title)}</h2>"
        )
    note = _line_of(part.note, "ink2", "font-size:13px;line-height:19px") if part.note else ""
    items = "".join(_item(line) for line in part.lines)
    more = _line_of(part.more, "ink2", "font-size:15px;line-height:22px") if part.more else ""
    return f'{head}{note}<ul style="margin:8px 0 0;padding:0 0 0 20px">{items}</ul>{more}'


def _item(line: Line) -> str:
    label = _link(line.url, line.label) if line.url else f"<b>{escape(line.label)}</b>"
    new = f", <b>{NEW}</b>" if line.is_new else ""
    return (
        f'<li class="eo-ink" style="margin:0 0 6px;font-size:15px;line-height:22px;color:{_light("ink")}">'
        f"{label}: {escape(line.said)}{new}</li>"
    )
