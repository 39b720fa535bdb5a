"""What the tables of `outcomes.toml` are made of: how strict they are, and the plain kinds of values."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field


def distinct(names: list[str]) -> list[str]:
    """Refuse a list that has a name twice, in whatever capitals."""
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError("names the same thing twice. Remove one of them")
    return names


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Text = Annotated[str, Field(min_length=1)]
Names = Annotated[list[Text], AfterValidator(distinct)]

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
"""Of every table: unknown keys are errors and no type is guessed from another."""
