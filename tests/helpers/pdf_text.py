"""What a PDF holds: its packed streams, and the text that its fonts draw."""

import re
import zlib
from collections.abc import Iterator

_STRING = re.compile(rb"\(((?:\\.|[^\\()])*)\)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def unpacked(content: bytes) -> Iterator[bytes]:
    """Each stream that is packed, as it was before."""
    for found in re.finditer(rb"stream\r?\n", content):
        try:
            yield zlib.decompressobj().decompress(content[found.end() :])
        except zlib.error:
            continue


def drawn(content: bytes) -> list[str]:
    """All that is drawn, once by the letters of each font: a string does not say which one draws it."""
    streams = list(unpacked(content))
    fonts = [_letters(one) for one in streams if b"begincmap" in one]
    glyphs = b"".join(
        _ESCAPED.sub(lambda one: _meant(one[1]), string)
        for stream in streams
        if b"BT" in stream and b"Tf" in stream
        for string in _STRING.findall(stream)
    )
    numbers = [int.from_bytes(glyphs[at : at + 2], "big") for at in range(0, len(glyphs), 2)]
    return [
        "".join(letters.get(number, "\N{REPLACEMENT CHARACTER}") for number in numbers) for letters in fonts
    ]


def _meant(escaped: bytes) -> bytes:
    if escaped.isdigit():
        return bytes([int(escaped, 8)])
    return _NAMED.get(escaped, escaped)


def _letters(table: bytes) -> dict[int, str]:
    """What each glyph of a font stands for."""
    found = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]{4,})>", table)
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in found}
