"""Texts as they are compared: what looks the same is the same, and nothing is guessed beyond that."""

import unicodedata


def plain(text: str) -> str:
    """The text in its compatible composed form, no invisible signs; gaps are one blank, none at an end.

    Spreadsheets and forms put no-break blanks, line breaks and byte order marks where nobody wrote them.
    Upper and lower case stay different.
    """
    composed = unicodedata.normalize("NFKC", text)
    visible = (sign for sign in composed if unicodedata.category(sign) != "Cf")
    return " ".join("".join(visible).split())


def shown(text: str) -> str:
    """A column's or sheet's name as a message may show it: short, and nothing that moves a cursor."""
    safe = "".join(sign if sign.isprintable() else "?" for sign in plain(text))
    return safe if len(safe) <= 60 else f"{safe[:59]}…"
