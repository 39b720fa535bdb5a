"""How an explanation is laid out: sentences of a readable width, tables without lines."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_READABLE = 100
"""Sentences are no wider than this, however wide the terminal is."""
_WIDE = 500
"""Rows of tables are as long as they are: an address that is broken in two leads nowhere."""

QUIET = "dim"
"""The style of what is there to be looked up, not to be read."""

Answer = Mapping[str, Any]
Cells = tuple[str | Text, ...]


@contextmanager
def page() -> Iterator[Console]:
    """A console whose lines go to stdout at the end, without the blanks that pad cells."""
    console = Console(highlight=False, width=_WIDE)
    with console.capture() as captured:
        yield console
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def wrapped(text: str, indent: int) -> str:
    """A sentence in lines that leave `indent` columns free."""
    width = min(get_terminal_size((_READABLE, 0)).columns, _READABLE)
    return "\n".join(wrap(text, max(width - indent, 20)))


def print_sentence(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """Print a sentence, indented."""
    console.print(Padding(Text(wrapped(text, indent), style=style), (0, 0, 0, indent)))


def print_table(
    console: Console,
    headings: Sequence[str],
    rows: Sequence[Cells],
    numbers: Iterable[str] = (),
) -> None:
    """A table without lines, indented; `numbers` to the right, columns that say nothing left out."""
    said = [place for place in range(len(headings)) if any(len(row[place]) for row in rows)]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=QUIET)
    table.show_header = any(headings)
    for place in said:
        justify: JustifyMethod = "right" if headings[place] in set(numbers) else "left"
        table.add_column(headings[place], justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(row[place] for place in said))
    console.print(Padding(table, (0, 0, 1, 2)))
