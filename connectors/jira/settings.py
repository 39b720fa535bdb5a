"""The keys of a `[[source]]` of kind jira."""

from typing import Literal

from pydantic import Field

from connectors.addresses import HttpsAddress
from connectors.base import SourceSettings


class Settings(SourceSettings):
    """A `[[source]]` of kind jira; `include` holds project keys, `exclude` patterns on them.

    `user_env` names the environment variable with the e-mail of a Cloud API token's owner; without
    it the token is sent as a bearer token, as Data Center's personal access tokens are.

    `team_field`, `flagged_field` and `cost_of_delay_field` name a field by its id or its name. Without the
    first two Jira's own fields are found by their type; a cost of delay is read only where it is named.
    """

    decides_what_is_read = ("team_field", "flagged_field", "cost_of_delay_field")

    base_url: HttpsAddress
    deployment: Literal["auto", "cloud", "datacenter"] = "auto"
    user_env: str | None = None
    max_wait_seconds: float = Field(default=900.0, ge=0)
    team_field: str | None = Field(default=None, min_length=1)
    flagged_field: str | None = Field(default=None, min_length=1)
    cost_of_delay_field: str | None = Field(default=None, min_length=1)
