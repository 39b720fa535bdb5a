"""The files of the page, read once: what stands at which path, as which type."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent / "page"
LANGUAGES = ("en", "de")
"""That the page itself speaks; the questions may come in any."""
HTML = "text/html; charset=utf-8"
JSON = "application/json"
_TAGS = {"# ": "h1", "## ": "h2", "> ": "blockquote"}


@cache
def words(language: str) -> Mapping[str, str]:
    """The page's own words in a language; in English where there are none in this one."""
    spoken = language if language in LANGUAGES else LANGUAGES[0]
    told: dict[str, str] = json.loads((FOLDER / f"words.{spoken}.json").read_text("utf-8"))
    return MappingProxyType(told)


def protection(language: str) -> str:
    """What people read about the protection of their answers, as Markdown of headings, quotes and lists."""
    return (FOLDER / f"protection.{language}.md").read_text("utf-8")


def promise(language: str) -> list[str]:
    """What is promised, and then what is not, word for word: the quotes of `protection`."""
    return re.findall(r"^> (.+)$", protection(language), re.MULTILINE)


def files() -> dict[str, tuple[str, bytes]]:
    """Path → (type, content) of everything that is the same for all waves."""
    spoken = {one: {**words(one), "promise": promise(one)} for one in LANGUAGES}
    index = (FOLDER / "index.html").read_text("utf-8")
    for language in LANGUAGES:
        index = index.replace(f"{{no_script.{language}}}", html.escape(words(language)["no_script"]))
    return {
        "/": (HTML, index.encode()),
        "/ballot.css": ("text/css; charset=utf-8", (FOLDER / "ballot.css").read_bytes()),
        "/ballot.js": ("text/javascript; charset=utf-8", (FOLDER / "ballot.js").read_bytes()),
        "/icon.svg": ("image/svg+xml", (FOLDER / "icon.svg").read_bytes()),
        "/words": (JSON, json.dumps(spoken, ensure_ascii=False).encode()),
        **{f"/protection.{one}": (HTML, _protection_page(one)) for one in LANGUAGES},
    }


def _protection_page(language: str) -> bytes:
    others = "".join(
        f'<a href="protection.{one}" lang="{one}"{" aria-current=page" if one == language else ""}>'
        f"{html.escape(words(one)['language'])}</a>"
        for one in LANGUAGES
    )
    text = protection(language)
    filled = {
        "language": language,
        "title": html.escape(text.splitlines()[0].removeprefix("# ")),
        "others": others,
        "content": "\n".join(_as_html(text)),
    }
    page = (FOLDER / "protection.html").read_text("utf-8")
    return re.sub(r"\{(\w+)\}", lambda found: filled[found[1]], page).encode()


def _as_html(text: str) -> Iterator[str]:
    """The Markdown of `protection` as HTML: one block for each part between empty lines."""
    for block in text.strip().split("\n\n"):
        lines = [html.escape(line, quote=False) for line in block.splitlines()]
        if block.startswith("- "):
            yield "<ul>" + "".join(f"<li>{line.removeprefix('- ')}</li>" for line in lines) + "</ul>"
            continue
        mark = next((one for one in _TAGS if block.startswith(one)), "")
        tag = _TAGS.get(mark, "p")
        yield f"<{tag}>{' '.join(lines).removeprefix(html.escape(mark))}</{tag}>"
