"""Observations and the scopes that each counts in: every observation once, and a narrow table beside them."""

from dataclasses import dataclass, replace

import polars as pl


@dataclass(frozen=True, slots=True)
class ScopedItems:
    """What a metric counts, and where. An observation may count in some of its scopes and not in others."""

    observations: pl.DataFrame
    """Each once: the columns of an observation, and what its kind of metric adds."""
    places: pl.DataFrame
    """One row per observation and scope that it counts in, in order: `row`, its position from 0; `scope`."""

    def rows(self, *columns: str) -> pl.DataFrame:
        """One row per observation and scope: `scope` and these columns of the observation, or all."""
        wanted = self.observations.select(columns or pl.all())
        return wanted.select(self.places["scope"], pl.all().gather(self.places["row"]))

    def where(self, condition: pl.Expr) -> "ScopedItems":
        """Those whose observation fulfils the condition."""
        is_one = self.observations.select(condition.fill_null(value=False)).to_series()
        if is_one.all():
            return self
        return replace(self, places=self.places.filter(is_one.gather(self.places["row"])))

    def within(self, scopes: pl.Series) -> "ScopedItems":
        """Those in some scopes, which are of the enumeration that the places have."""
        return replace(self, places=self.places.filter(pl.col("scope").is_in(scopes.unique().implode())))

    def numbered(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What counts somewhere, each observation once with the number of its scopes; and what numbers mean.

        Adds `scopes` to the observations. The second has a row per number and scope: `scopes`, `scope`.
        Numbers run from 0, and are the same for the same content: those of one team, and in it of one
        service, follow one another.
        """
        code = pl.col("scope").to_physical().alias("code")
        of_row = self.places.group_by("row", maintain_order=True).agg(code)
        known = of_row.select(pl.col("code").unique()).with_row_index("known")
        names = self.places.select(pl.col("scope").unique()).select(code, pl.col("scope").cast(pl.String))
        meant = known.explode("code").join(names, on="code").select("known", "scope")
        # Backwards a team stands first, then a service, the organisation and a department.
        order = meant.sort("scope", descending=True).group_by("known", maintain_order=True).agg("scope")
        numbers = (
            order.sort(pl.col("scope").list.join("\n"))
            .select("known", pl.int_range(pl.len(), dtype=pl.Int32).alias("scopes"))
            .join(known, on="known")
        )
        numbered = of_row.join(numbers, on="code", maintain_order="left")
        scopes = meant.join(numbers, on="known").select("scopes", "scope")
        return self.observations[numbered["row"]].with_columns(numbered["scopes"]), scopes
