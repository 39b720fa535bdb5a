"""Cursors of streams that read one branch: what was read of another branch says nothing of this one.

The branch stands behind each of the cursor's texts, as in `2026-10-30T08:00:00+00:00@release`.
"""

from connectors.base import Cursor, Pass


def of_branch(cursor: Cursor, branch: str | None) -> Cursor:
    """The cursor without the branch, or the beginning where it belongs to another one."""
    watermark, walk = _plain(cursor.watermark, branch), cursor.current_pass
    after = _plain(walk.after, branch) if walk else None
    started = _plain(walk.started_watermark, branch) if walk else None
    return Cursor(watermark, None if after is None else Pass(started, after))


def with_branch(cursor: Cursor, branch: str | None) -> Cursor:
    """The cursor as it is stored."""
    walk = cursor.current_pass
    started = _marked(walk.started_watermark, branch) if walk else None
    current = walk and Pass(started, f"{walk.after}{_mark(branch)}")
    return Cursor(_marked(cursor.watermark, branch), current)


def _mark(branch: str | None) -> str:
    return f"@{branch}" if branch else ""


def _marked(text: str | None, branch: str | None) -> str | None:
    return None if text is None else text + _mark(branch)


def _plain(text: str | None, branch: str | None) -> str | None:
    plain, _, of = (text or "").partition("@")
    return plain if text is not None and of == (branch or "") else None
