"""Text from outside, made safe for our markup."""

from html import escape


def one_line(value: str) -> str:
    """The same without line breaks: a blank line would end an HTML block in Streamlit's Markdown."""
    return " ".join(value.splitlines())


def text(value: object) -> str:
    """A value from outside as safe text or attribute; a percent sign stays with its number."""
    return escape(one_line(str(value))).replace(" %", "\N{NO-BREAK SPACE}%")


def with_code(value: str) -> str:
    """The same of a sentence of ours, what stands between backticks as code."""
    parts = value.split("`")
    return "".join(f"<code>{text(part)}</code>" if i % 2 else text(part) for i, part in enumerate(parts))
