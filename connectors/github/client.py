"""Asks GitHub: counted, patient, with the token that has most left, in pages a server can bear."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from connectors.base import AuthError, SourceError, UnexpectedShape
from connectors.github import answers
from connectors.github.app import AppInstallation, judge_minting
from connectors.github.check import WHO, CredentialFacts, facts
from connectors.github.requests import Requests
from connectors.github.schema import ServerSchema, introspection_query, restore
from connectors.github.settings import Settings
from connectors.github.tokens import CORE, GRAPHQL, Token, Tokens, configured
from connectors.http import AskAgain, KeepsFailing, Patience, Reply, ask, require_success
from connectors.traffic import Traffic

CLEAN_PAGES = 10
MOST_UNANSWERED = 3
"""So many questions in a row may stay without an answer while small ones are answered."""
SMALL_QUESTION = "query Small { rateLimit { cost } }"


class PageSize:
    """How many rows to ask for: halved when the server fails, growing back after ten clean pages.

    It never grows past where it began: larger pages cost more of the allowance.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._clean_pages = 0
        self.rows = largest

    def shrink(self, failure: AskAgain) -> None:
        """Halve after a failure; a rate limit is no sign of a page too large."""
        if failure.seconds is None:
            self._clean_pages = 0
            self.rows = max(self.rows // 2, 1)

    def grow(self) -> None:
        """Count a clean page; after ten in a row grow by a quarter."""
        self._clean_pages += 1
        if self._clean_pages >= CLEAN_PAGES:
            self._clean_pages = 0
            self.rows = min(max(self.rows * 5 // 4, self.rows + 1), self._largest)


class GitHubClient:
    """One GitHub server and the credentials for it.

    Args:
        settings: names the server, the credentials, and what is left of their allowances for others.
        token: what `token_env` holds; never logged.
        patience: bounds on tries and waits; by default a wait may last for `max_wait_seconds`.
    """

    def __init__(self, settings: Settings, token: SecretStr | None, patience: Patience | None = None) -> None:
        self.traffic = Traffic()
        self._settings = settings
        self._patience = patience or Patience(longest_wait_seconds=settings.max_wait_seconds)
        self._requests = Requests(settings)
        tokens = [AppInstallation(settings, self._mint)] if settings.app_id else configured(settings, token)
        self._tokens = Tokens(tokens, settings, self._patience, self.traffic)
        self._has_answered = False
        self._unanswered = 0
        self._schema: ServerSchema | None = None

    def close(self) -> None:
        """Let go of the connections."""
        self._requests.close()

    def rest(self, path: str, parameters: Mapping[str, Any], where: str) -> tuple[Any, datetime]:
        """GET a REST resource: its JSON and the server's clock. Raises `SourceError`."""

        def send() -> Reply:
            return self._send("GET", path, CORE, where, parameters=parameters)

        self._sign_in(CORE, where)
        reply = self._ask(CORE, send, where)
        self._require_success(reply, where)
        return reply.json(), reply.server_date

    def graphql(
        self,
        query: str | Callable[[], str],
        variables: Callable[[], Mapping[str, Any]],
        where: str,
        page_size: PageSize | None = None,
    ) -> tuple[Mapping[str, Any], datetime]:
        """Run a query: its data (null where a repository is not found) and the server's clock.

        `variables`, and then `query` where it depends on them, is called for each try, since a failed
        try may have made the page smaller. What an older server does not know is null, or an empty list.

        Raises:
            CursorRefused: the server does not know the page token.
            UnexpectedShape: the server answers others, but not this query, however small its pages.
            SourceError: anything else that further tries do not mend.
        """
        reply = self._query(query, variables, where, page_size)
        answer = reply.json()
        if self._schema is None and answers.does_not_fit(answer):
            described = self._query(introspection_query(), dict, where).json()
            answers.require_data(described, where, self._credential)
            self._schema = ServerSchema(described["data"], where)
            return self.graphql(query, variables, where, page_size)
        answers.require_data(answer, where, self._credential)
        data = restore(answer["data"]) if self._schema else answer["data"]
        limit = data.get("rateLimit")  # null where Enterprise Server keeps none
        self._tokens.note_cost(GRAPHQL, limit.get("cost") if isinstance(limit, dict) else None)
        if page_size:
            page_size.grow()
        return data, reply.server_date

    def credentials(self, where: str) -> list[CredentialFacts]:
        """What GitHub says of each credential, two calls each; none where it is asked anonymously."""
        return [self._facts(token, where) for token in self._tokens if token.variable]

    def git_credential(self, where: str) -> tuple[str, str] | None:
        """User name and secret for git over https, for five minutes at least; None without a credential.

        Raises `SourceError`. Hand the secret to git through its environment, never in an address.
        """
        secret = self._tokens.present(where).secret(where)  # git costs none of the allowance
        return ("x-access-token", secret) if secret else None

    @property
    def _credential(self) -> str:
        return " and ".join(token.name for token in self._tokens)

    def _query(
        self,
        query: str | Callable[[], str],
        variables: Callable[[], Mapping[str, Any]],
        where: str,
        page_size: PageSize | None = None,
    ) -> Reply:
        def send() -> Reply:
            values = dict(variables())
            text = query() if callable(query) else query
            fitted = self._schema.fit(text, where) if self._schema else text
            body = {"query": fitted, "variables": values}
            return self._send("POST", self._requests.graphql_url, GRAPHQL, where, body=body)

        def judge(reply: Reply) -> None:
            # The endpoint has been there before, so that it is missing now will pass.
            if reply.status == 404 and self._has_answered:
                raise AskAgain("the server answers 404")
            answers.judge_graphql(reply)

        self._sign_in(GRAPHQL, where)
        shrink = page_size.shrink if page_size else None
        reply = self._ask(GRAPHQL, send, where, judge=judge, on_failure=shrink)
        self._require_success(reply, where)
        self._has_answered = True
        return reply

    def _ask(self, pool: str, send: Callable[[], Reply], where: str, **how: Any) -> Reply:
        """Ask patiently. A question without an answer is no outage where another one is answered."""
        try:
            reply = ask(send, where=where, patience=self._patience, traffic=self.traffic, **how)
        except KeepsFailing as failure:
            self._unanswered += 1
            if self._unanswered >= MOST_UNANSWERED or not self._is_there(pool, where):
                raise
            raise UnexpectedShape(
                where,
                f"{failure.what}, while it answers a small question",
                "Run again; what else there is has been read",
            ) from failure
        self._unanswered = 0
        return reply

    def _is_there(self, pool: str, where: str) -> bool:
        """Whether the server answers a small question, which is asked once."""

        def send() -> Reply:
            if pool == CORE:
                return self._send("GET", "/rate_limit", pool, where)  # 404 where the server keeps none
            body = {"query": SMALL_QUESTION, "variables": {}}
            return self._send("POST", self._requests.graphql_url, pool, where, body=body)

        once = replace(self._patience, attempts=1)
        try:
            reply = ask(send, where=where, patience=once, traffic=self.traffic, judge=answers.judge_graphql)
        except SourceError:
            return False
        return reply.status == 200 or (pool == CORE and reply.status == 404)

    def _sign_in(self, pool: str, where: str) -> None:
        """Have a token to ask with, so that only what is really sent is counted as a call."""
        self._tokens.choose(pool, where).headers(where)

    def _require_success(self, reply: Reply, where: str) -> None:
        if reply.status == 403:
            raise answers.forbidden(reply, where, self._credential)
        require_success(reply, where=where, token_env=self._settings.token_env)

    def _send(self, verb: str, url: str, pool: str, where: str, **content: Any) -> Reply:
        """Send once, or again with another token where one is refused or its allowance is used up."""
        is_renewed = False
        for again in range(2 * len(self._tokens) + 1):
            token = self._tokens.choose(pool, where)
            headers = token.headers(where)
            self.traffic.calls += bool(again)  # the first one is counted by who asks
            self.traffic.retries += bool(again)
            reply = self._requests.send(verb, url, headers, where, **content)
            self._tokens.note(token, pool, reply)
            seconds = answers.used_up_seconds(reply)
            if seconds is not None:
                self._tokens.rest(token, pool, seconds)
            elif reply.status != 401:
                return reply
            elif is_renewed or not token.renew():
                self._tokens.refuse(token, where)
            else:
                is_renewed = True
        raise self._tokens.used_up(pool, where)

    def _mint(self, path: str, headers: dict[str, str], where: str) -> Reply:
        def send() -> Reply:
            return self._requests.send("POST", path, headers, where, body={})

        return ask(send, where=where, patience=self._patience, traffic=self.traffic, judge=judge_minting)

    def _facts(self, token: Token, where: str) -> CredentialFacts:
        try:
            if token.problem:
                raise token.unusable(where)
            who = self._ask_as(token, "POST", self._requests.graphql_url, where, body={"query": WHO})
            self._require_success(who, where)
            limits = self._ask_as(token, "GET", "/rate_limit", where)  # 404 where the server keeps none
            wanted = ("read:org",) if self._settings.teams else ()
            return facts(token.name, token.secret(where), who, limits, wanted, self._settings.reserve)
        except SourceError as error:
            return CredentialFacts(token.name, error=error)

    def _ask_as(self, token: Token, verb: str, url: str, where: str, **content: Any) -> Reply:
        """Ask with this token, whichever has most left."""

        def send() -> Reply:
            return self._requests.send(verb, url, token.headers(where), where, **content)

        reply = ask(send, where=where, patience=self._patience, traffic=self.traffic)
        if reply.status == 401:
            raise AuthError(where, f"the server refuses {token.name} (401)", token.remedy)
        return reply
