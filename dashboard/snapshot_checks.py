"""What the snapshot says of the data it was made from: checks, what they found, what is withheld."""

import polars as pl

from dashboard.kept import kept
from dashboard.snapshot import ask


@kept
def data_checks(path: str, quarter: str) -> pl.DataFrame:
    """Every data check with what it found: columns of data_check_catalog, and scope, looked_at, found, state.

    One row per check and scope in which it looked at something in the quarter, or as things stand now.
    """
    return ask(
        path,
        """select c.*, d.scope, d.looked_at, d.found, d.severity as state
           from data_check_catalog c left join data_check d
             on d.check_id = c.check_id and (c.counted = 'now' or d.period = $quarter)
           order by c.position, d.scope""",
        quarter=quarter,
    )


@kept
def data_check_items(path: str, check: str, quarter: str) -> pl.DataFrame:
    """What a check found in the quarter, or as things stand now, the newest first (data_check_item)."""
    return ask(
        path,
        """select i.*, s.name as service from data_check_item i
           join data_check_catalog c on c.check_id = i.check_id left join service s on s.id = i.service_id
           where i.check_id = $check and (c.counted = 'now' or i.period = $quarter)
           order by i.occurred_at desc nulls last, i.item_kind, i.item_id, i.team_id""",
        check=check,
        quarter=quarter,
    )


@kept
def withheld(path: str, quarter: str) -> pl.DataFrame:
    """The quarter's numbers that too little is linked for: scope, metric, linked, eligible."""
    return ask(
        path,
        """select distinct scope, metric, coverage_linked as linked, coverage_eligible as eligible
           from metric_values
           where withheld_reason = 'low_coverage' and grain = 'quarter' and period = $quarter
           order by scope, metric, linked, eligible""",
        quarter=quarter,
    )


@kept
def coverage_floor(path: str) -> float:
    """The share of linked items below which a number is withheld, 0 to 1."""
    return float(ask(path, "select coverage_floor from run").item())
