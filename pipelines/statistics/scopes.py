"""From services to the scopes that are published: service, team, department, organisation."""

from dataclasses import replace

import polars as pl

from pipelines.statistics.frames import AggregationFrames
from pipelines.statistics.scoped_items import ScopedItems

ORGANISATION = "organisation"


def service_calendar(frames: AggregationFrames, family: str) -> pl.DataFrame:
    """One row per known service that this family of metrics covers: service_id, starts_on, ends_on.

    A row without a service is the organisation's own: people and products belong to no service.
    """
    service = pl.col("service_id")
    return frames.calendar.filter(
        (pl.col("metric_family") == family)
        & (service.is_null() | service.is_in(frames.services["service_id"].implode()))
    ).select("service_id", pl.col("starts_on", "ends_on").cast(pl.Date))


def scope_spans(frames: AggregationFrames, family: str) -> pl.DataFrame:
    """One row per scope with a calendar: scope_kind, scope, starts_on, ends_on (null: still running).

    A team's calendar begins with the first day on which it owned a covered service, and a
    department's with that of its first team.
    """
    calendar = service_calendar(frames, family)
    owned = (
        frames.service_team.join(calendar, on="service_id")
        .with_columns(
            pl.max_horizontal("starts_on", pl.col("valid_from").cast(pl.Date)).alias("starts_on"),
            pl.min_horizontal("ends_on", pl.col("valid_to").cast(pl.Date)).alias("ends_on"),
        )
        .filter(pl.col("ends_on").is_null() | (pl.col("starts_on") < pl.col("ends_on")))
        .join(_scopes_of_teams(frames), on="team_id")
    )
    columns = ["scope_kind", "scope", "starts_on", "ends_on"]
    spans = pl.concat(
        [
            calendar.drop_nulls("service_id").with_columns(*_service_scope()).select(columns),
            owned.select(columns),
            calendar.with_columns(*_organisation_scope()).select(columns),
        ]
    )
    running = pl.col("ends_on").is_null().any()
    return (
        spans.group_by("scope_kind", "scope")
        .agg(pl.col("starts_on").min(), pl.when(~running).then(pl.col("ends_on").max()).alias("ends_on"))
        .sort("scope_kind", "scope")
    )


def places(observations: pl.DataFrame, frames: AggregationFrames) -> pl.DataFrame:
    """One row per observation and scope that it belongs to: row (its position from 0, in order), scope.

    The team is the observation's own, so a service that changed hands leaves its past with the team
    that owned it then. A row without a service counts in the organisation alone. Scopes are an enumeration
    of all that are known, whether anything belongs to them or not.
    """
    owner = ["service_id", "team_id"]
    owners = observations.select(owner).unique().with_row_index("owner")
    by_service = owners.filter(pl.col("service_id").is_not_null()).with_columns(*_service_scope())
    by_team = owners.join(_scopes_of_teams(frames), on="team_id")
    everywhere = owners.with_columns(*_organisation_scope())
    theirs = pl.concat([one.select("owner", "scope") for one in (by_service, by_team, everywhere)])
    known = pl.concat(
        [
            theirs["scope"],
            _scopes_of_teams(frames)["scope"],
            frames.services.with_columns(*_service_scope())["scope"],
            pl.Series([ORGANISATION]),
        ]
    )
    return (
        observations.select(owner)
        .with_row_index("row")
        .join(owners, on=owner, nulls_equal=True, maintain_order="left")
        .join(theirs.cast({"scope": pl.Enum(known.unique().sort())}), on="owner", maintain_order="left")
        .select("row", "scope")
    )


def one_row_per_item(items: ScopedItems, ends_with: str) -> ScopedItems:
    """Keep each item once per scope: the row that ended first, whichever service it stands for.

    Among rows that ended together (one deployment of several services) a counted row stands before an
    excluded one and an event before none: the item failed if it failed anywhere in the scope. Where an item
    `ends_with` the last instead, it is over when it is over everywhere: of the counted rows the one that is
    open or ended last is kept. The remaining keys make the choice independent of the order of the input.
    """
    is_last = ends_with == "last"
    ending = ["is_excluded", "ended_at"] if is_last else ["ended_at", "is_excluded"]
    preference = [*ending, "is_no_event", "service_id"]
    total_order = ["on_date", "started_at", "value", "is_open", "excluded_reason", "team_id"]
    identity = ["scope", "item_kind", "item_id"]
    order = [*identity, *preference, *total_order]
    # Few items stand for several services, and only these have to be put in order.
    is_one_of_several = items.observations.select(identity[1:]).is_duplicated()
    if not is_one_of_several.any():
        return items
    of_several = is_one_of_several.gather(items.places["row"])
    several = replace(items, places=items.places.filter(of_several))
    first = (
        several.rows()
        .with_columns(
            several.places["row"],
            pl.col("excluded_reason").is_not_null().alias("is_excluded"),
            (~pl.col("is_event")).alias("is_no_event"),
        )
        .sort(
            order,
            descending=[is_last and name == "ended_at" for name in order],
            nulls_last=[not is_last or name != "ended_at" for name in order],
        )
        .unique(subset=identity, keep="first", maintain_order=True)
        .select("row", "scope")
    )
    return replace(items, places=pl.concat([items.places.filter(~of_several), first]).sort("row", "scope"))


def _service_scope() -> tuple[pl.Expr, pl.Expr]:
    return pl.lit("service").alias("scope_kind"), ("service:" + pl.col("service_id")).alias("scope")


def _organisation_scope() -> tuple[pl.Expr, pl.Expr]:
    return pl.lit(ORGANISATION).alias("scope_kind"), pl.lit(ORGANISATION).alias("scope")


def _scopes_of_teams(frames: AggregationFrames) -> pl.DataFrame:
    """One row per (team, scope it is part of): itself, its department and that one's ancestors."""
    parents: dict[str, str | None] = dict(frames.departments.select("id", "parent").iter_rows())
    rows: list[tuple[str, str, str]] = []
    for team, own_department in frames.teams.select("team_id", "department_id").iter_rows():
        rows.append((team, "team", f"team:{team}"))
        department, seen = own_department, set[str]()
        while department is not None and department not in seen:
            rows.append((team, "department", f"department:{department}"))
            seen.add(department)
            department = parents.get(department)
    schema = {"team_id": pl.String, "scope_kind": pl.String, "scope": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
