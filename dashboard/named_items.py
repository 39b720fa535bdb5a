"""How items are called: their labels, their pages and the services they belong to."""

import polars as pl

from dashboard import snapshot_file
from dashboard.kept import kept

_MANY = 400
"""More items than these are bound as one list, which no rows are skipped by: their services do that."""
_OF_SERVICES = "service_id in ($services)"
_PLACES = (_OF_SERVICES, "service_id is null", "true")
"""Where an item lies in the file: with its service, with those of several or none, or with another one."""


def named(path: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of metric_item, by day, with label and url of each item and the name of its service.

    Items lie by service in the file: the names of a scope's items are a small part of them.
    """
    kind = pl.col("item_kind").str.replace("_from_merge", "")
    rows = rows.with_columns(kind.alias("named_kind"))
    found = pl.DataFrame(schema=dict.fromkeys(["named_kind", "item_id", "label", "url"], pl.String))
    lost = rows
    for where in _PLACES:
        if not lost.is_empty():
            found = pl.concat([found, _names(path, lost, where)])
            lost = rows.join(found, on=["named_kind", "item_id"], how="anti")
    return (
        rows.join(found, on=["named_kind", "item_id"], how="left")
        .join(_services(path), on="service_id", how="left")
        .with_columns(
            pl.coalesce("label", "item_id").alias("label"),
            pl.coalesce("service", "service_id").alias("service"),
        )
        .drop("metric", "scope", "counts_from", "counts_to", "named_kind", strict=False)
        .sort("on_date", "item_id", maintain_order=True)
    )


@kept
def _services(path: str) -> pl.DataFrame:
    return snapshot_file.ask(path, "select id as service_id, name as service from service")


def _names(path: str, rows: pl.DataFrame, place: str) -> pl.DataFrame:
    """Label and url by item, of those that lie in a place of _PLACES."""
    where, bound = f"item_kind in ($kinds) and {place}", {"kinds": rows["named_kind"].unique().to_list()}
    if place == _OF_SERVICES:
        bound["services"] = rows["service_id"].drop_nulls().unique().to_list()
    items, many = rows["item_id"].unique().to_list(), {}
    if len(items) > _MANY:
        where, many = f"{where} and item_id in (select unnest($items))", {"items": items}
    else:
        where, bound["items"] = f"{where} and item_id in ($items)", items
    if not all(bound.values()):
        where, bound, many = "false", {}, {}
    listed, values = listed_values(where, bound)
    return snapshot_file.ask(
        path,
        f"""select item_kind as named_kind, item_id, min(label) as label, min(url) as url
            from item where {listed} group by all""",
        **values,
        **many,
    )


def listed_values(condition: str, bound: dict[str, list[str]]) -> tuple[str, dict[str, str]]:
    """Each `$name)` as `$name0, $name1)`: bound one by one, so that DuckDB skips rows with none of them."""
    values = {f"{name}{i}": value for name, listed in bound.items() for i, value in enumerate(listed)}
    for name, listed in bound.items():
        condition = condition.replace(f"${name})", ", ".join(f"${name}{i}" for i in range(len(listed))) + ")")
    return condition, values
