"""The data layer's question about agreed actions: those that a number of a quarter rests on."""

import polars as pl

from dashboard.kept import kept
from dashboard.snapshot import ask, definitions, tables, values_of
from dashboard.snapshot_items import items_behind

DONE = "action_follow_through"
RESOLVED = "action_resolution"
"""Their items are the same actions: one tells which are done, the other which are settled either way."""
_COLUMNS = ("scope", "item_id", "label", "url", "due", "state")


@kept
def agreed(path: str, quarter: str, scope: str | None = None) -> pl.DataFrame:
    """The actions that are due in a quarter, of one scope itself or of each, by day (columns of _COLUMNS).

    A team's are those that name it; above teams those that name none; none where items are withheld. State
    is done, dropped, not_due, or open, which is all that is published of one that was dropped without a word
    why.
    """
    if not {"metric_item", "item"} <= tables(path) or DONE not in definitions(path):
        return pl.DataFrame(schema=dict.fromkeys(_COLUMNS, pl.String))
    behind, bound = items_behind(path, DONE, scope, quarter)
    return ask(
        path,
        f"""with named as (
             select item_id, min(label) as label, min(url) as url, min(occurred_at)::date as day
             from item where item_kind = 'agreed_action' group by item_id
           ), dropped as (
             select scope, item_id from metric_item
             where metric = $resolved and is_event {"and scope = $scope" if scope else ""}
           ), withheld as (
             select scope from {values_of(path, "quarter")} where grain = 'quarter' and metric = $metric
               and period = $quarter and withheld_reason = 'few_people'
           )
           select b.scope, b.item_id, coalesce(n.label, b.item_id) as label, n.url,
             -- Of what is still to come the row has the last day known, and the item its own.
             if(b.excluded_reason is null, b.on_date, n.day) as due,
             case when b.is_event then 'done' when d.item_id is not null then 'dropped'
             when b.excluded_reason = 'not_due' then 'not_due' else 'open' end as state
           from ({behind}) b left join named n using (item_id) left join dropped d using (scope, item_id)
           where (b.excluded_reason is null or b.excluded_reason = 'not_due')
             and (b.scope like 'team:%' or b.team_id is null)
             and b.scope not in (select scope from withheld)
             and due < (select period_end from period where period = $quarter)
           order by b.scope, due, b.item_id""",
        resolved=RESOLVED,
        quarter=quarter,
        **bound,
    )
