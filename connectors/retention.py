"""A count of retention as a row tells it, whether of a file of the inbox or of a query's result."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from connectors.records import RetentionCount

Grain = Literal["day", "week", "month"]
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]


class RetentionColumns(BaseModel):
    """One row per product, cohort and period: how many of the cohort were there again.

    What reads such rows says how a product, a grain and a day may be written there.
    """

    product: str | None
    grain: Grain
    cohort_start: date
    period_number: Count = Field(description="how many periods later; 0 is the cohort's own")
    users: Count = Field(description="of the cohort, in all")
    retained: Count = Field(description="of them, those seen in this period")
    retained_or_later: Count | None = Field(
        None, description="of them, those seen in this period or a later one"
    )

    def counted(self, key: str, product: str) -> RetentionCount:
        """The record of the row."""
        return RetentionCount(
            id=key,
            product=product,
            grain=self.grain,
            cohort_start=self.cohort_start,
            period_number=self.period_number,
            users=self.users,
            retained=self.retained,
            retained_or_later=self.retained_or_later,
        )
