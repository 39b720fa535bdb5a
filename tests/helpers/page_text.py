"""What a page says: its markup, the same as people read it, and its tables row by row."""

import re
from html import unescape

from streamlit.testing.v1 import AppTest


def markup(page: AppTest) -> str:
    """Everything that the page drew of our own markup."""
    return "\n".join(str(m.value) for m in page.markdown)


def plain(fragment: str) -> str:
    """Markup as text, with single spaces."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", fragment)))


def said(page: AppTest) -> str:
    """The page as text."""
    return plain(markup(page))


def table(page: AppTest, caption: str) -> list[list[str]]:
    """The rows of the one table of that caption, as texts."""
    [found] = re.findall(rf"<caption>{caption}</caption>.*?<tbody>(.*?)</tbody>", markup(page))
    return rows(found)


def rows(body: str) -> list[list[str]]:
    """The rows of a table's body, as texts."""
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?>(.*?)</tr>", body)]
    return [[plain(cell).strip() for cell in row] for row in cells]
