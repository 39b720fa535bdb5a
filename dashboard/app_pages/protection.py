"""How we protect your answers: the text that people read beside the ballot, word for word."""

import streamlit as st

from dashboard.components import page_link, show
from dashboard.markup import text
from dashboard.promised import TEXTS

LANGUAGES = {"en": "English", "de": "Deutsch"}
PROSE_WIDTH = 704


def page() -> None:
    """Draw the page, in the address's language: `?language=de`. The promise and its limits stand out."""
    language = st.query_params.get("language", "en")
    language = language if language in LANGUAGES else "en"
    with st.container(width=PROSE_WIDTH):
        show(f'<div class="eo-languages">{"".join(_choice(one, language) for one in LANGUAGES)}</div>')
        for block in (TEXTS / f"protection.{language}.md").read_text(encoding="utf-8").strip().split("\n\n"):
            if block.startswith("> "):
                promise = text(block.removeprefix("> "))
                show(f'<blockquote class="eo-promise" lang="{language}">{promise}</blockquote>')
            else:
                st.markdown(block)


def _choice(language: str, shown: str) -> str:
    """A language by its own name: the one that is shown in bold, others as links."""
    name = LANGUAGES[language]
    if language == shown:
        return f'<b lang="{language}" aria-current="page">{name}</b>'
    return f'<span lang="{language}">{page_link("protection", name, {"language": language})}</span>'
