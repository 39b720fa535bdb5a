"""How we protect your answers: the text that people read beside the ballot, word for word."""

from pathlib import Path

import streamlit as st

from dashboard.components import show
from dashboard.markup import text

TEXT = Path(__file__).parents[1] / "protection.en.md"
PROSE_WIDTH = 704


def page() -> None:
    """Draw the page. It needs no snapshot. What is promised, and what is not, stands out."""
    with st.container(width=PROSE_WIDTH):
        for block in TEXT.read_text(encoding="utf-8").strip().split("\n\n"):
            if block.startswith("> "):
                show(f'<blockquote class="eo-promise">{text(block.removeprefix("> "))}</blockquote>')
            else:
                st.markdown(block)
