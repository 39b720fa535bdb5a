"""How long things take when some have not ended yet: Kaplan and Meier's product-limit estimate.

S(t) is the share not ended after t: the product of (1 - ended / at risk) over the times up to t
(Kaplan and Meier, JASA 53, 1958). Something still open counts as at risk up to its age and never as
ended, also not when it ties with one that ended. Bounds of S use Greenwood's variance on the
log(-log S) scale (Kalbfleisch and Prentice, 2nd ed., section 1.4). The quantile p is the least t with
S(t) <= 1 - p, its bounds are where the bounds of S cross 1 - p (Brookmeyer and Crowley,
Biometrics 38, 1982); where S stays above, it is not reached, and null. Times keep their unit.
"""

from collections.abc import Sequence
from statistics import NormalDist

import polars as pl

from pipelines.statistics.quantiles import ERROR

# Products such as 4/5 * 3/4 * 5/6 come out a rounding error beside one half.
_ROUNDING = 1e-9


def curve(durations: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The estimate of each group: one row per (group, distinct time), in order.

    `durations` has the columns `by`, `time` (float, 0 or more) and `is_event` (true = ended, false =
    still open at that age). Adds `ended`, `at_risk`, `survival`, `lower` and `upper`.
    """
    z = NormalDist().inv_cdf(1 - ERROR / 2)
    steps = (
        durations.group_by([*by, "time"])
        .agg(pl.col("is_event").sum().cast(pl.Int64).alias("ended"), pl.len().cast(pl.Int64).alias("rows"))
        .sort([*by, "time"])
        .with_columns(pl.col("rows").cum_sum(reverse=True).over(by).alias("at_risk"))
    )
    risk, ended = pl.col("at_risk"), pl.col("ended")
    # Once all have ended S is 0 whatever the variance; the infinite last term is left out.
    term = pl.when(risk > ended).then(ended / (risk * (risk - ended))).otherwise(0.0)
    steps = steps.with_columns(
        (1 - ended / risk).cum_prod().over(by).alias("survival"), term.cum_sum().over(by).alias("variance")
    )
    survival = pl.col("survival")
    deviation = z * pl.col("variance").sqrt() / survival.log()
    is_inside = (survival > 0) & (survival < 1)
    return steps.with_columns(
        pl.when(is_inside).then(survival ** (-deviation).exp()).otherwise(survival).alias("lower"),
        pl.when(is_inside).then(survival ** deviation.exp()).otherwise(survival).alias("upper"),
    ).drop("rows", "variance")


def quantile(steps: pl.DataFrame, by: Sequence[str], p: float) -> pl.DataFrame:
    """One row per group of a `curve`: `value`, `low`, `high`; null where not reached."""

    def reached(column: str) -> pl.Expr:
        return pl.col("time").filter(pl.col(column) <= 1 - p + _ROUNDING).min()

    return (
        steps.group_by(by)
        .agg(value=reached("survival"), low=reached("lower"), high=reached("upper"))
        .sort(by)
    )
