"""What a metric is, as published with its numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


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

    @property
    def headline(self) -> str:
        """The statistic shown on cards: the first one the definition names."""
        return self.statistics[0]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Definition":
        """From a row of metric_catalog: JSON read, lists made fast."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
        }
        values |= {key: json.loads(values[key]) for key in ("min_n", "reasons")}
        values["references"] = values.pop("references_")
        return cls(**values)
