"""A health check as canonical JSON: the same document is the same bytes, wherever and whenever it is made."""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

from dashboard.definition import Definition
from dashboard.health.document import HealthCheck


def dump(check: HealthCheck) -> str:
    """Keys in order, times in UTC, a definition by its metric and version; one line, ended."""
    return canonical(_plain(check))


def canonical(value: Any) -> str:
    """Plain values as JSON that depends on nothing but them."""
    return (
        json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Definition):
        return {"metric": value.metric, "version": value.version, "sql_hash": value.sql_hash}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
