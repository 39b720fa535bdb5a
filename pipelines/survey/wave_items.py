"""What a wave asked, kept with it: the bank's file may have changed by the time the wave is published."""

from collections.abc import Sequence

import duckdb

from pipelines.privacy.scores import Form, FormItem
from pipelines.survey.bank import Bank, Dimension, Item


def save_items(con: duckdb.DuckDBPyConnection, wave_id: str, bank: Bank) -> None:
    """Write one row per item in the bank's order, inside the caller's transaction."""
    names = {dimension.id: dimension.name for dimension in bank.dimensions}
    con.executemany(
        "INSERT INTO survey.wave_item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                wave_id,
                position,
                item.id,
                item.version,
                item.dimension,
                names[item.dimension],
                item.text,
                item.is_reversed,
                item.least_level,
                list(bank.scale),
                bank.part_of(item.id).attribution,
                bank.part_of(item.id).id,
                bank.part_of(item.id).wording,
            )
            for position, item in enumerate(bank.items, start=1)
        ],
    )


def bank_of_wave(con: duckdb.DuckDBPyConnection, wave_id: str) -> Bank:
    """The bank as the wave asked it, in its own language and without what only the ballot's page shows."""
    rows = con.execute(
        "SELECT item, version, dimension, text, is_reversed, least_level, dimension_name, scale, "
        "w.bank, w.title, w.kind FROM survey.wave_item i JOIN survey.wave w USING (wave_id) "
        "WHERE wave_id = ? ORDER BY position",
        [wave_id],
    ).fetchall()
    items = tuple(Item(*row[:6]) for row in rows)
    names = {row[2]: row[6] for row in rows}
    dimensions = tuple(Dimension(one, name, _items_of(items, one)) for one, name in names.items())
    scale, bank, title, kind = rows[0][7:11]
    return Bank(bank, title, kind, tuple(scale), dimensions, items)


def _items_of(items: Sequence[Item], dimension: str) -> tuple[str, ...]:
    return tuple(item.id for item in items if item.dimension == dimension)


def form_of(bank: Bank) -> Form:
    """The bank as privacy sees it: no words, but where each item may be shown."""
    items = (
        FormItem(item.id, item.version, item.dimension, item.is_reversed, item.least_level)
        for item in bank.items
    )
    return Form(tuple(items), len(bank.scale))
