"""What a `[[source]]` of kind github may say, and what is wrong with it if it cannot be."""

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from connectors.addresses import HttpsAddress
from connectors.base import SourceSettings

PUBLIC_API = "https://api.github.com"
NAME = r"[\w.-]+"
PATTERN = r"[\w.*?\[\]!-]+"
EXCLUDED = rf"{PATTERN}/{PATTERN}|\*{PATTERN}|\*"
"""A star stands for the slash too, so that one which begins with it needs no other."""


class Settings(SourceSettings):
    """A `[[source]]` of kind github.

    Which server and repositories:
        base_url: GitHub Enterprise Server's `https://HOST/api/v3`; without it it is github.com.
        organisations: organisations or users whose repositories are discovered.
        include: repositories that no service owns, as owner/name; with `organisations` also patterns,
            and then only discovered repositories that fit one are read.
        exclude: patterns on owner/name of what is not read.
        archived, forks: whether discovered repositories that are archived, or forks, are read. What a
            service or `include` names is read in any case.
    What is read of them:
        teams: read the teams of `organisations` (needs the scope read:org, or "Members: read").
        code_owners: read who owns which paths.
        history: commits by the API, or from a partial git clone, which costs none of the allowance.
        pull_requests_per_page: 25 costs one point of the hourly allowance, 30 would cost two.
    Who asks:
        token_env: the environment variable with a token.
        token_envs: variables with further tokens, used in turns with it.
        app_id, app_installation_id, app_private_key_env: a GitHub App instead of a token; the variable
            holds the private key in PEM form, or the path of a file with it.
    What is left for others:
        reserve: requests (REST) and points (GraphQL) of each token's hourly allowance that are not
            used; a tenth of an allowance that is not twice as large.
        when_exhausted: wait until the allowance is renewed, or stop and continue in the next run.
        max_wait_seconds: the longest wait that the server may ask for; a longer one stops the source.
    """

    base_url: HttpsAddress | None = None
    organisations: list[str] = Field(default=[])
    archived: Literal["read", "skip"] = "skip"
    forks: Literal["read", "skip"] = "skip"
    teams: bool = False
    code_owners: bool = True
    history: Literal["api", "git"] = "api"
    pull_requests_per_page: int = Field(default=25, ge=1, le=100)
    token_envs: list[str] = Field(default=[])
    app_id: str | None = Field(default=None, min_length=1, coerce_numbers_to_str=True)
    app_installation_id: int | None = Field(default=None, ge=1)
    app_private_key_env: str | None = None
    reserve: int = Field(default=500, ge=0)
    when_exhausted: Literal["wait", "stop"] = "wait"
    max_wait_seconds: float = Field(default=3700.0, ge=0)

    @field_validator("base_url")
    @classmethod
    def _api_address(cls, address: str | None) -> str | None:
        if address and re.fullmatch(r"https://(www\.)?github\.com(/.*)?", address):
            raise ValueError(f"is github.com's web site. Leave it out, or write {PUBLIC_API}")
        return address

    @field_validator("organisations")
    @classmethod
    def _accounts(cls, names: list[str]) -> list[str]:
        if not all(re.fullmatch(NAME, name) for name in names):
            raise ValueError("names what is no organisation. Write its login alone, without a pattern")
        return names

    @field_validator("token_envs")
    @classmethod
    def _variables(cls, names: list[str]) -> list[str]:
        if not all(re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) for name in names):
            raise ValueError(
                "names what is no environment variable. "
                "Write names in capitals such as GITHUB_TOKEN_2, and the tokens into those variables"
            )
        return names

    @property
    def has_other_credentials(self) -> bool:
        """Whether further tokens are named."""
        return bool(self.token_envs)

    @field_validator("exclude")
    @classmethod
    def _patterns(cls, patterns: list[str]) -> list[str]:
        if not all(re.fullmatch(EXCLUDED, one) for one in patterns):
            raise ValueError(
                'names what fits no repository. Write owner/name or a pattern on it, such as "*/sandbox-*"'
            )
        return patterns

    @model_validator(mode="after")
    def _repositories(self) -> Self:
        form = PATTERN if self.organisations else NAME
        if all(re.fullmatch(f"{form}/{form}", name) for name in self.include):
            return self
        if self.organisations:
            raise ValueError("include names what is no repository. Write owner/name or a pattern on it")
        raise ValueError(
            "include names what is no repository. "
            "Write owner/name, without a pattern unless organisations is set"
        )

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        app = (self.app_id, self.app_installation_id, self.app_private_key_env)
        if any(app) and not all(app):
            raise ValueError(
                "a GitHub App needs app_id, app_installation_id and app_private_key_env. Set all three"
            )
        if any(app) and (self.token_env or self.token_envs):
            raise ValueError("names a GitHub App and tokens. Keep either app_id or token_env")
        if len({self.token_env, *self.token_envs}) != 1 + len(self.token_envs):
            raise ValueError("token_envs names a variable twice, or that of token_env. Name each once")
        return self

    @model_validator(mode="after")
    def _teams_of_organisations(self) -> Self:
        if self.teams and not self.organisations:
            raise ValueError("teams are read of organisations. Set organisations, or teams = false")
        return self
