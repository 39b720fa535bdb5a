"""Codes on their way to people: printed slips, or a table for a mail merge. Each has its own guarantee.

Printed slips are drawn by chance, so nobody can say whose code is whose. A mail merge cannot keep that:
the sender's outbox holds each code beside an address. Neither tells what anybody answered.
"""

import csv
import html
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import segno

from connectors.ballots.pages import FOLDER, words

PRINTED_GUARANTEE = (
    "Nobody can say whose code is whose, as long as the slips are drawn by chance and this file is deleted: "
    "it holds codes and units, and no names."
)
MAIL_MERGE_GUARANTEE = (
    "This file, and then the sender's outbox, say whose code is whose: whoever reads either can learn who "
    "has answered, and could answer in their place, but not what they answered. Print the slips "
    "where that is too much; delete this file once the mails are sent."
)
COLUMNS = ("account", "name", "email", "unit", "code", "address", "open_until", "promise", "please_note")
_FORMULA = ("=", "+", "-", "@")
_BREAKS = ("\t", "\r", "\n")
_MASK = 3


@dataclass(frozen=True, slots=True)
class Slip:
    """A code and the name of its unit: what is printed for one person, whoever that is."""

    unit_name: str
    code: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person to whom a code is mailed."""

    account: str
    name: str
    email: str
    slip: Slip


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on every slip of a wave.

    `address` is where the ballot box is reached, without a fragment; `language` that of the slip.
    """

    title: str
    address: str
    closes_at: datetime
    language: str

    def link(self, code: str) -> str:
        """The address with the code behind its #, which browsers send to nobody."""
        return f"{self.address.rstrip('/')}/#{code}"

    def until(self) -> str:
        """When the wave closes, in UTC: slips are read in several time zones."""
        return f"{self.closes_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def printable(sheet: Sheet, slips: Iterable[Slip]) -> str:
    """A page of HTML that needs nothing else: a guide, then the slips of each unit with lines to cut along.

    Units come by name and codes by chance: nothing is left of the given order.
    """
    of_unit = defaultdict(list)
    for slip in slips:
        of_unit[slip.unit_name].append(slip.code)
    told = words(sheet.language)
    filled = {
        "language": html.escape(sheet.language),
        "title": html.escape(sheet.title),
        "style": (FOLDER / "slips.css").read_text("utf-8"),
        "guide_title": html.escape(told["sheet_guide_title"]),
        "guide": html.escape(told["sheet_guide"]),
        "units": "\n".join(_unit(sheet, name, of_unit[name]) for name in sorted(of_unit)),
    }
    page = (FOLDER / "slips.html").read_text("utf-8")
    for key, text in filled.items():  # the units last: a name may look like a place to fill
        page = page.replace(f"{{{key}}}", text)
    return page


def _unit(sheet: Sheet, name: str, codes: Sequence[str]) -> str:
    slips = "\n".join(_slip(sheet, name, code) for code in sorted(codes))
    heading = f"{html.escape(name)} <small>{len(codes)}</small>"
    return f'<section><h2>{heading}</h2>\n<div class="slips">\n{slips}\n</div></section>'


def _slip(sheet: Sheet, unit_name: str, code: str) -> str:
    told = words(sheet.language)
    groups = "".join(f"<span>{html.escape(group)}</span>" for group in code.split("-"))
    scan = told["slip_scan"].replace("{address}", sheet.address.rstrip("/"))
    until = told["slip_until"].replace("{date}", sheet.until())
    return (
        f'<article><div class="text"><h3>{html.escape(sheet.title)}</h3>'
        f'<p class="unit">{html.escape(unit_name)}</p>'
        f'<p class="code" aria-label="{html.escape(told["slip_title"])}">{groups}</p>'
        f"<p>{html.escape(scan)} <b>{html.escape(until)}.</b></p>"
        f'<p class="promise">{html.escape(told["slip_promise"])}</p></div>'
        f"{_picture(sheet.link(code))}</article>"
    )


def _picture(link: str) -> str:
    """The QR code of a link, as SVG with the quiet edge that readers need.

    The mask is given: to try all eight takes most of a minute for ten thousand slips, and readers take any.
    """
    code = segno.make_qr(link, error="m", mask=_MASK)
    drawn = code.svg_inline(border=4, omitsize=True, dark="#000", light="#fff")
    return f'<div class="qr">{drawn}</div>'


def mail_merge(sheet: Sheet, recipients: Iterable[Recipient]) -> str:
    """A table as CSV with a row per person, in the given order. Write it as UTF-8 with `newline=""`.

    `please_note` belongs into the mail: it tells people what a mailed code cannot keep secret.
    """
    told = words(sheet.language)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for one in recipients:
        code = one.slip.code
        row = (one.account, one.name, one.email, one.slip.unit_name, code, sheet.link(code), sheet.until())
        writer.writerow(map(_as_text, (*row, told["slip_promise"], told["mail_note"])))
    return table.getvalue()


def _as_text(cell: str) -> str:
    """The cell, so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(_BREAKS) or cell.lstrip().startswith(_FORMULA) else cell
