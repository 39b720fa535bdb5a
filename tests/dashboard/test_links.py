"""Links between pages, and those of the digests, say what they name as the selectors write it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from connectors.journal.entries import Context
from dashboard.health.written import Entries, Note
from dashboard.report.digest import leaders_weekly, team_morning

Open = Callable[..., AppTest]
PAGES = {"": "overview", "metrics": "metric"}
"""The pages whose module has another name than their address."""
FROM: list[tuple[str, dict[str, str]]] = [
    ("overview", {"quarter": "Q2 2026"}),
    ("team", {"team": "Beacon", "quarter": "Q2 2026"}),
    ("team", {"team": "Drift", "view": "Changes", "numbers": "true"}),
    ("services", {}),
    ("services", {"service": "checkout"}),
    ("survey", {}),
    ("metric", {"metric": "Change failure rate"}),
    ("quality", {}),
    ("ingest", {}),
]
NOW = datetime(2026, 11, 5, 6, 10, tzinfo=UTC)


def links(page: AppTest) -> set[str]:
    """The addresses of other pages of the app on a page."""
    found = re.findall(r'href="([^"]+)"', "\n".join(str(m.value) for m in page.markdown))
    return {unescape(one) for one in found if not urlsplit(one).scheme and not one.startswith(("?", "#"))}


def title_of(page: AppTest) -> str:
    found = re.search(r"<h1>(.*?)</h1>", "\n".join(str(m.value) for m in page.markdown))
    assert found
    return unescape(found[1])


def open_link(open_page: Open, link: str) -> tuple[AppTest, dict[str, str]]:
    parts = urlsplit(link)
    name = parts.path.strip("/")
    asked = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    return open_page(PAGES.get(name, name), **asked), asked


def test_each_kind_of_link_opens_what_it_names(home: Path, open_page: Open) -> None:
    """Of each page and set of selectors one is opened: the others differ by names from the same list."""
    kinds: dict[tuple[str, frozenset[str]], str] = {}
    for name, query in FROM:
        for link in sorted(links(open_page(name, **query))):
            parts = urlsplit(link)
            kinds.setdefault((parts.path, frozenset(dict(parse_qsl(parts.query)))), link)
    assert len(kinds) >= 9
    for link in kinds.values():
        if link.startswith("protection"):
            continue  # it has no selector but the language
        page, asked = open_link(open_page, link)
        assert title_of(page) != "Nothing by that name", link
        chosen = {one.key: one.value for one in page.selectbox}
        shown = {one.key: one.format_func(one.value) for one in page.selectbox}
        assert {key: shown[key] for key in asked if key in chosen} == {
            key: value for key, value in asked.items() if key in chosen
        }


def test_links_within_a_team_keep_its_quarter(home: Path, open_page: Open) -> None:
    found = links(open_page("team", team="Beacon", quarter="Q3 2026"))
    own = [link for link in found if link.startswith(("team?", "health?"))]
    assert own
    assert all("quarter=Q3+2026" in link for link in own)


def test_digests_link_to_what_they_name(home: Path, open_page: Open) -> None:
    path = str(next((home / "snapshots").glob("*.duckdb")))
    asks = Context(scope="team:beacon", quarter="2026-Q3", text="Two are away", asks_for_help=True)
    entries = Entries((Note(asks, NOW.date()),))
    told = [
        leaders_weekly(path, entries, None, NOW, address="https://outcomes.example"),
        team_morning(path, entries, "beacon", NOW, address="https://outcomes.example"),
    ]
    urls = {
        url
        for digest in told
        if digest is not None
        for url in [digest.url, *(line.url for part in digest.parts for line in part.lines)]
        if url is not None and url.startswith("https://outcomes.example")
    }
    assert len(urls) >= 3
    for url in urls:
        page, asked = open_link(open_page, url)
        assert title_of(page) != "Nothing by that name", url
        for name in ("team", "of", "quarter"):
            if name in asked:
                assert asked[name] in [one.format_func(one.value) for one in page.selectbox]


@pytest.mark.parametrize("view", ["Waiting", "Items"])
def test_a_view_is_opened_by_its_address(home: Path, open_page: Open, view: str) -> None:
    page = open_page("team", team="Beacon", view=view)
    assert [tab.label for tab in page.tabs if tab.proto.label and tab.markdown] == [view]
