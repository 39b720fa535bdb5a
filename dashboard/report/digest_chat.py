"""A digest as Slack and Teams take it by webhook.

Texts from outside stand only where neither reads markup: in `rich_text` and `plain_text` of Slack, in text
runs of an Adaptive Card. So a title such as `<!channel>` or `**bold**` calls nobody and is shown as it is.
"""

from typing import Any

from dashboard.report.digest_document import Digest, Line, Part
from dashboard.report.digest_text import said

Json = dict[str, Any]
LONGEST_HEADER = 150
"""Characters of a header in Slack."""


def slack(digest: Digest) -> Json:
    """A message of blocks. Its `text` is what a notification shows; there `&`, `<` and `>` are markup."""
    blocks = [{"type": "header", "text": _plain(digest.title[:LONGEST_HEADER])}]
    if digest.lede:
        blocks.append(_rich([_section([_run(digest.lede)])]))
    blocks += [_rich(_part(part)) for part in digest.parts]
    foot = [_run(digest.foot)]
    if digest.url:
        foot += [_run(" "), _link(digest.url, digest.page)]
    blocks.append(_rich([_section(foot)]))
    return {
        "text": _escaped(f"{digest.title}. {digest.lede}".rstrip()),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": blocks,
    }


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": False}


def _rich(elements: list[Json]) -> Json:
    return {"type": "rich_text", "elements": elements}


def _section(elements: list[Json]) -> Json:
    return {"type": "rich_text_section", "elements": elements}


def _run(text: str, *, bold: bool = False) -> Json:
    return {"type": "text", "text": text} | ({"style": {"bold": True}} if bold else {})


def _link(url: str, text: str) -> Json:
    return {"type": "link", "url": url, "text": text}


def _part(part: Part) -> list[Json]:
    head = [_run(part.title, bold=True)] * bool(part.title)
    head += [_run(f"\n{part.note}" if part.title else part.note)] * bool(part.note)
    items = [_section(_line(line)) for line in part.lines]
    listed = {"type": "rich_text_list", "style": "bullet", "elements": items}
    more = [_section([_run(part.more)])] * bool(part.more)
    return [_section(head)] * bool(head) + [listed] + more


def _line(line: Line) -> list[Json]:
    label = _link(line.url, line.label) if line.url else _run(line.label, bold=True)
    return [label, _run(f": {said(line)}")]


def teams(digest: Digest) -> Json:
    """A message with one Adaptive Card, as the workflow "when a webhook request is received" takes it."""
    body = [_paragraph([_text(digest.title, weight="Bolder", size="Large")])]
    if digest.lede:
        body.append(_paragraph([_text(digest.lede)]))
    for part in digest.parts:
        body += _card_part(part)
    body.append(_paragraph([_text(digest.foot, size="Small", isSubtle=True)], apart=True))
    card: Json = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    if digest.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": digest.page, "url": digest.url}]
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _card_part(part: Part) -> list[Json]:
    found = [_paragraph([_text(part.title, weight="Bolder")], apart=True)] * bool(part.title)
    found += [_paragraph([_text(part.note, size="Small", isSubtle=True)], close=True)] * bool(part.note)
    found += [_paragraph(_card_line(line)) for line in part.lines]
    return found + [_paragraph([_text(part.more, isSubtle=True)])] * bool(part.more)


def _card_line(line: Line) -> list[Json]:
    label = _text(line.label, weight="Bolder")
    if line.url:
        label = _text(line.label, selectAction={"type": "Action.OpenUrl", "url": line.url})
    return [_text("• "), label, _text(f": {said(line)}")]


def _paragraph(runs: list[Json], *, apart: bool = False, close: bool = False) -> Json:
    spacing = "Medium" if apart else "None" if close else "Small"
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": runs}


def _text(text: str, **style: Any) -> Json:
    return {"type": "TextRun", "text": text, **style}
