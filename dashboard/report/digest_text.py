"""A digest as plain text: for the terminal, and for mail programs that show no HTML."""

from collections.abc import Iterator

from dashboard.report.digest_document import Digest, Line

NEW = "new"


def text(digest: Digest) -> str:
    """The whole digest, addresses written out."""
    return "\n".join(_lines(digest)) + "\n"


def said(line: Line) -> str:
    """What is said of a line, with the word that tells a new one."""
    return f"{line.said}, {NEW}" if line.is_new else line.said


def _lines(digest: Digest) -> Iterator[str]:
    yield digest.title
    if digest.lede:
        yield digest.lede
    for part in digest.parts:
        yield ""
        if part.title:
            yield part.title
        if part.note:
            yield part.note
        for line in part.lines:
            yield f"- {line.label}: {said(line)}"
            if line.url:
                yield f"  {line.url}"
        if part.more:
            yield f"  {part.more}"
    yield ""
    yield digest.foot
    if digest.url:
        yield f"{digest.page}: {digest.url}"
