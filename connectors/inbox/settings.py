"""What a `[[source]]` of kind inbox may say."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from connectors.base import SourceSettings
from connectors.inbox.types import ROWS, WITHOUT_PEOPLE


def _known_type(name: str) -> str:
    if name not in ROWS:
        raise ValueError(f"is not a record type. Known are {', '.join(ROWS)}")
    return name


RecordType = Annotated[str, AfterValidator(_known_type)]
Variable = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]


class Limit(BaseModel):
    """A token that may write some record types only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_env: Variable
    types: list[RecordType]


class InboxSettings(SourceSettings):
    """A `[[source]]` of kind inbox; `include` and `exclude` are patterns on file names.

    The keys that begin with `door_` are those of `outcomes inbox serve`.
    """

    door_token_envs: list[Variable] = Field(default=[])
    """The variables that hold a token each."""
    door_types: list[RecordType] = Field(default=list(WITHOUT_PEOPLE))
    """What is taken over HTTP."""
    door_limits: list[Limit] = Field(default=[])

    @field_validator("door_limits")
    @classmethod
    def _of_known_tokens(cls, limits: list[Limit], told: ValidationInfo) -> list[Limit]:
        for limit in limits:
            if limit.token_env not in told.data.get("door_token_envs", ()):
                raise ValueError(f"names {limit.token_env}, which is not in door_token_envs. Add it there")
        return limits
