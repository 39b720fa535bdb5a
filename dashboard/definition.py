"""What a metric is, as published with its numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Change:
    """What a version of a definition says otherwise than the one before it."""

    version: int
    on: date
    what: str


@dataclass(frozen=True)
class Example:
    """Five rows as the metric's SQL returns them, and in words what they come to."""

    words: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | bool | float, ...], ...]


@dataclass(frozen=True)
class Definition:
    """One metric as defined when the snapshot was made (table metric_catalog)."""

    metric: str
    title: str
    question: str
    formula: str
    family: str
    unit: str
    direction: str
    kind: str
    estimator: str | None
    item_kind: str
    coverage_item_kind: str
    grains: tuple[str, ...]
    statistics: tuple[str, ...]
    period_rule: str
    min_n: dict[str, int]
    reasons: dict[str, str]
    linked_reasons: tuple[str, ...]
    unlinked_reasons: tuple[str, ...]
    owner: str
    since: date
    version: int
    caveats: tuple[str, ...]
    not_for: tuple[str, ...]
    references: tuple[str, ...]
    sql: str
    sql_hash: str
    measured_in: str = ""
    """What a size is a number of, such as lines; nothing for what is no size."""
    changes: tuple[Change, ...] = ()
    """Oldest first; none for a first version."""
    example: Example | None = None

    @property
    def headline(self) -> str:
        """The statistic shown on cards: the first one the definition names."""
        return self.statistics[0]

    @property
    def has_ages(self) -> bool:
        """Whether what it counts was begun and is under way, and is not a reading or a share of a moment."""
        return self.kind == "level" and self.item_kind == "issue"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Definition":
        """From a row of metric_catalog: JSON read, lists made fast."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
        }
        values |= {key: json.loads(values[key]) for key in ("min_n", "reasons")}
        values["references"] = values.pop("references_")
        values["changes"] = tuple(
            Change(change["version"], date.fromisoformat(change["on"]), change["what"])
            for change in json.loads(values.get("changes") or "[]")
        )
        example = json.loads(values.get("example") or "null")
        values["example"] = example and Example(
            example["words"], tuple(example["columns"]), tuple(map(tuple, example["rows"]))
        )
        return cls(**values)
