"""SonarQube Server and SonarQube Cloud: debt and coverage of each analysis of a project.

Sonar thins out old analyses and drops the measures of new code with the next one. So an analysis is
read once and never again: what it said then stays. Analyses of a branch follow one another in time
(Sonar refuses an earlier one), so nothing can arrive behind the last one that was read.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from connectors.addresses import HttpsAddress
from connectors.answers import endless, understand, utc
from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    Finding,
    Pass,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
)
from connectors.branch_cursor import of_branch, with_branch
from connectors.http import Patience, Reply
from connectors.rest_client import RestClient, RestSettings, basic, bearer
from connectors.selection import owned_or_included
from connectors.sonarqube import records as shape
from connectors.traffic import Traffic

KIND = "sonarqube"
SCOPES_FROM = "indicators"
STREAMS = {"measures": ("coverage_report", "debt_reading")}
"""No census: what Sonar no longer has was measured all the same."""
PAGE = 1000


class Settings(RestSettings):
    """A `[[source]]` of kind sonarqube. Without `base_url` it is SonarQube Cloud.

    `include` holds project keys that no service lists, `exclude` patterns on project keys.
    `branch` is read instead of the main branch; `organisation` is the key that the projects are
    checked to belong to. `auth = "basic"` sends the token as a user name without a password, as
    servers before version 10 want it.
    """

    base_url: HttpsAddress = "https://sonarcloud.io"
    auth: Literal["bearer", "basic"] = "bearer"
    branch: str | None = None
    organisation: str | None = None


class SonarQubeSource:
    """One Sonar server, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        token = context.token
        credential = (
            basic(token.get_secret_value(), None) if token and settings.auth == "basic" else bearer(token)
        )
        self._client = RestClient(settings, credential, patience)

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """The keys of the projects."""
        return owned_or_included(self._context.scopes, self._settings)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the analyses since the last one that was read. Raises `SourceError`.

        The next page begins after the last analysis of this one, not at a page number: analyses that
        Sonar removes meanwhile would move the others over the edge of a page.
        """
        where = f"{self.name}/{scope}"
        branch = self._settings.branch
        cursor = of_branch(cursor, branch)
        last = cursor.current_pass.after if cursor.current_pass else cursor.watermark
        is_last = False
        while not is_last:
            page, server_date = self._page(scope, last, where)
            is_last = len(page.analyses) >= page.total
            new = {at: values for at, values in page.analyses.items() if last is None or at > utc(last)}
            if not new and not is_last:
                raise endless(where)
            last = max(new).isoformat() if new else last
            found = [one for at, values in new.items() for one in shape.records(scope, branch, at, values)]
            after = Cursor(last) if is_last else Cursor(cursor.watermark, Pass(None, last or ""))
            yield Batch(found, with_branch(after, branch), is_last, datetime.now(UTC), server_date)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def check(self) -> list[Finding]:
        """Whether the server accepts the token, whose it is, and each project: two calls per project."""
        try:
            signed_in = self._signed_in()
        except SourceError as error:
            return [Finding.of(error, self.name)]
        return [signed_in, *(self._project(scope) for scope in self.scopes("measures"))]

    # --- questions

    def _of(self, project: str) -> dict[str, str | int]:
        branch = self._settings.branch
        return {"component": project, **({"branch": branch} if branch else {})}

    def _page(self, project: str, last: str | None, where: str) -> tuple[shape.Page, datetime]:
        """The oldest analyses after `last` (or of all), and the server's clock."""
        start = utc(last) + timedelta(seconds=1) if last else self._context.history_start
        question = {**self._of(project), "metrics": ",".join(shape.METRICS), "ps": PAGE}
        if start:
            question["from"] = f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%S%z}"
        reply = self._client.get("/api/measures/search_history", where, question)
        return understand(where, lambda: shape.page(reply.json())), reply.server_date

    def _signed_in(self) -> Finding:
        """Whose the token is. Raises `SourceError`."""
        reply = self._client.get("/api/authentication/validate", self.name)
        if not understand(self.name, lambda: bool(reply.json()["valid"])):
            variable = self._settings.token_env or "token_env"
            raise AuthError(self.name, "the server refuses the token", f"Renew the token in {variable}")
        user = self._client.get("/api/users/current", self.name)
        login = understand(self.name, lambda: user.json()["isLoggedIn"] and user.json().get("login"))
        if not login:
            message = "reachable without signing in: projects that are not public cannot be read"
            return Finding(self.name, self._settings.token_env is None, message)
        return Finding(self.name, is_fine=True, message=f"signed in as {login}{_end_of_token(user)}")

    def _project(self, project: str) -> Finding:
        where = f"{self.name}/{project}"
        try:
            reply = self._client.get("/api/components/show", where, self._of(project))
            component = understand(where, lambda: dict(reply.json()["component"]))
            question = {**self._of(project), "metricKeys": ",".join(shape.COVERAGE_METRICS)}
            now = self._client.get("/api/measures/component", where, question)
            is_unmeasured = understand(where, lambda: shape.is_unmeasured(shape.measures(now.json())))
        except SourceError as error:
            return Finding.of(error, where)
        owner = self._settings.organisation
        if owner and component.get("organization", owner) != owner:
            return Finding(where, is_fine=False, message="belongs to another organisation. Correct its key")
        analysed = component.get("analysisDate")
        if not analysed:
            message = "was never analysed. Let its pipeline run the scanner"
            return Finding(where, is_fine=False, message=message)
        if is_unmeasured:
            message = (
                "no test covers any line, as where no coverage report is imported: its coverage is not read"
            )
            return Finding(where, is_fine=False, message=f"{message}. Let its pipeline import one")
        return Finding(where, is_fine=True, message=f"can be read, last analysed {str(analysed)[:10]}")


def _end_of_token(reply: Reply) -> str:
    """When the token ends, where the server tells it."""
    day = re.match(r"\d{4}-\d\d-\d\d", reply.headers.get("sonarqube-authentication-token-expiration", ""))
    return f"; its token ends on {day[0]}" if day else ""


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A Sonar source for one `[[source]]` table."""
    return SonarQubeSource(cast("Settings", settings), context)
