"""The data layer's question about agreed actions: those that a number of a quarter rests on."""

import polars as pl

from dashboard.kept import kept
from dashboard.snapshot import ask, definitions, tables
from dashboard.snapshot_items import items_behind

DONE = "action_follow_through"
RESOLVED = "action_resolution"
"""Their items are the same actions: one tells which are done, the other which are settled either way."""


@kept
def agreed(path: str, scope: str, period: str) -> pl.DataFrame:
    """The actions of a scope itself that are due in a period, by day: item_id, label, url, due, state.

    A team's are those that name it; above teams those that name none. State is done, dropped, or open, which
    is all that is published of one that was dropped without a word why.
    """
    if not {"metric_item", "item"} <= tables(path) or DONE not in definitions(path):
        return pl.DataFrame(schema=dict.fromkeys(["item_id", "label", "url", "due", "state"], pl.String))
    behind, bound = items_behind(path, DONE, scope, period)
    return ask(
        path,
        f"""with named as (
             select item_id, min(label) as label, min(url) as url, min(occurred_at)::date as day
             from item where item_kind = 'agreed_action' group by item_id
           ), dropped as (
             select item_id from metric_item where metric = $resolved and scope = $scope and is_event
           )
           select b.item_id, coalesce(n.label, b.item_id) as label, n.url,
             -- Of what is still to come the row has the last day known, and the item its own.
             if(b.excluded_reason is null, b.on_date, n.day) as due,
             case when b.is_event then 'done' when d.item_id is null then 'open' else 'dropped' end as state
           from ({behind}) b left join named n using (item_id) left join dropped d using (item_id)
           where (b.excluded_reason is null or b.excluded_reason = 'not_due')
             and ($scope like 'team:%' or b.team_id is null)
             and due < (select period_end from period where period = $period)
           order by due, b.item_id""",
        resolved=RESOLVED,
        period=period,
        **bound,
    )
