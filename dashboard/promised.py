"""What is promised to whoever answers a survey, in the ballot page's own words."""

from pathlib import Path

TEXTS = Path(__file__).parents[1] / "connectors" / "ballots" / "page"
"""The ballot page's own files: what is promised stands once."""


def promise() -> str:
    """The sentence that is the promise itself: the first quotation of the text."""
    blocks = (TEXTS / "protection.en.md").read_text(encoding="utf-8").split("\n\n")
    return next(block for block in blocks if block.startswith("> ")).removeprefix("> ").strip()
