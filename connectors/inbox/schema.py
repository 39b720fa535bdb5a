"""The rows of inbox files as JSON Schema (2020-12), made of the row models."""

from typing import Any

from connectors.inbox.types import ROWS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def row_schema(record_type: str, *, needs_id: bool = True) -> dict[str, Any]:
    """What one row of a record type may hold, as an object of NDJSON or of the HTTP door.

    It tells names, types and what is required. Rules between columns, such as an end after its
    beginning, are checked on reading; there texts also pass for numbers, as CSV has them, and texts
    separated by `;` for lists.

    Args:
        record_type: a key of `types.ROWS`.
        needs_id: whether an id that can be made up is required as well.
    """
    row = ROWS[record_type]
    made_up = None if needs_id else row.own_id()
    columns = row.columns()
    made = row.model_json_schema()["properties"]
    withdrawn = {"properties": {"deleted": {"const": True}}, "required": ["deleted"]}
    return {
        "$schema": DIALECT,
        "title": record_type,
        "description": (row.__doc__ or "").splitlines()[0],
        "type": "object",
        "properties": {
            name: _without_title(made[row.names(field)[0]])
            for field in row.fields()
            for name in row.names(field)
        },
        "additionalProperties": False,
        "if": withdrawn,
        "then": {"required": row.key_columns()},
        "else": {"required": [name for name, needed in columns.items() if needed and name != made_up]},
    }


def _without_title(property_: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in property_.items() if key != "title"}
