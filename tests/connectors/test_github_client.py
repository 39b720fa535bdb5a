"""The GitHub client against a scripted server: tokens, allowances, pages, and what `check` is told."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from github_script import found
from pydantic import SecretStr

from connectors.base import (
    AuthError,
    Forbidden,
    NotFound,
    RateLimited,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.github.client import MOST_UNANSWERED, SMALL_QUESTION, GitHubClient, PageSize
from connectors.github.settings import Settings
from connectors.http import AskAgain, Patience
from pipelines.config import load
from pipelines.home import Home
from pipelines.sources import create_sources

QUERY = "query One { rateLimit { cost } viewer { login } }"
ANSWER = {"data": {"rateLimit": {"cost": 1}, "viewer": {"login": "ada"}}}
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HOUR = 3600


@pytest.fixture
def clock(scripted_server, naps):
    """A clock that only sleeping moves; the server's goes with it."""
    with time_machine.travel(START, tick=False) as stopped:

        def sleep(seconds):
            naps.append(seconds)
            stopped.shift(seconds)
            scripted_server.now += timedelta(seconds=seconds)

        scripted_server.now = START
        stopped.sleep = sleep
        yield stopped


@pytest.fixture
def client(scripted_server, clock, monkeypatch):
    opened = []

    def make(*more, secret="first", longest=3700.0, **settings):
        for name in more:
            monkeypatch.setenv(name, f"secret-of-{name}")
        keys = {"token_env": "T", "base_url": scripted_server.url, "token_envs": list(more), **settings}
        one = GitHubClient(
            Settings(name="github", kind="github", **keys),
            SecretStr(secret) if secret else None,
            Patience(sleep=clock.sleep, longest_wait_seconds=longest),
        )
        opened.append(one)
        return one

    yield make
    for one in opened:
        one.close()


def allowance(left, limit=5000, reset=HOUR, pool=None):
    """The headers of an answer at the start of the test; `reset` in seconds from then."""
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(int(START.timestamp()) + reset),
    }
    return {**headers, "X-RateLimit-Resource": pool} if pool else headers


def ask(client):
    return client.graphql(QUERY, dict, "github/shop")[0]


def tokens(server):
    """The secrets that were sent, in order."""
    return [request.headers.get("authorization", "").removeprefix("token ") for request in server.requests]


# --- the reserve


def test_what_is_reserved_is_left_for_others_and_then_waited_for(scripted_server, client, naps):
    """At 501 one point may be spent, for 500 are left after it; at 500 none."""
    for left in (501, 500):
        scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(left))
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(4999, reset=2 * HOUR))
    one = client()
    ask(one)
    ask(one)
    assert naps == []
    ask(one)
    assert naps == [3601.0]
    assert one.traffic.wait_seconds == 3601.0
    assert (one.traffic.calls, one.traffic.retries) == (3, 0)


def test_a_wait_says_until_when_it_lasts(scripted_server, client, clock):
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(0))
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    seen = []
    sleep = clock.sleep
    clock.sleep = lambda seconds: (seen.append(one.traffic.waiting_until), sleep(seconds))
    one = client()
    ask(one)
    ask(one)
    assert seen == [START + timedelta(seconds=3601)]


def test_as_much_is_left_as_the_dearest_query_costs(scripted_server, client, naps):
    dear = {"data": {"rateLimit": {"cost": 30}}}
    scripted_server.answer("POST", "/graphql", json=dear, headers=allowance(529))
    scripted_server.answer("POST", "/graphql", json=dear, headers=allowance(4970, reset=2 * HOUR))
    one = client()
    ask(one)
    ask(one)
    assert naps == [3601.0]


def test_who_would_rather_stop_is_told_until_when(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(500))
    one = client(when_exhausted="stop")
    ask(one)
    with pytest.raises(
        RateLimited, match=r"github/shop: the rate limit .* until 2026-11-02 09:00 UTC"
    ) as told:
        ask(one)
    assert told.value.until == START + timedelta(seconds=3601)
    assert naps == []
    assert len(scripted_server.requests) == one.traffic.calls == 1


def test_a_wait_longer_than_allowed_is_none(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(10))
    one = client(longest=900)
    ask(one)
    with pytest.raises(RateLimited, match="until 2026-11-02 09:00 UTC"):
        ask(one)
    assert naps == []


def test_the_longest_wait_is_a_setting(scripted_server, naps):
    settings = Settings(name="g", kind="github", base_url=scripted_server.url, max_wait_seconds=12)
    one = GitHubClient(settings, None)
    assert one._patience.longest_wait_seconds == 12
    one.close()


@pytest.mark.parametrize(("limit", "kept"), [(60, 6), (990, 99), (1000, 500), (5000, 500), (15000, 500)])
def test_of_a_small_limit_a_tenth_is_left(scripted_server, client, naps, limit, kept):
    """Without a token it is 60 an hour, which is less than the reserve, and still serves."""
    for left in (kept + 1, kept):
        scripted_server.answer("GET", "/repos", json=[], headers=allowance(left, limit=limit))
    scripted_server.answer("GET", "/repos", json=[], headers=allowance(limit - 1, limit, reset=2 * HOUR))
    one = client()
    one.rest("/repos", {}, "github")
    one.rest("/repos", {}, "github")
    assert naps == []
    one.rest("/repos", {}, "github")
    assert naps == [3601.0]


@pytest.mark.parametrize(("reserve", "kept"), [(0, 0), (1000, 1000), (2500, 2500), (2501, 500)])
def test_as_much_is_left_as_is_configured(scripted_server, client, naps, reserve, kept):
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(kept + 1))
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(kept))
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(4999, reset=2 * HOUR))
    one = client(reserve=reserve)
    ask(one)
    ask(one)
    assert naps == []
    ask(one)
    assert naps == [3601.0]


def test_requests_and_points_are_counted_apart(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(500, pool="graphql"))
    scripted_server.answer("GET", "/repos", json=[], headers=allowance(4000, pool="core"), times=2)
    one = client()
    ask(one)
    one.rest("/repos", {}, "github")
    one.rest("/repos", {}, "github")
    assert naps == []


def test_the_answer_names_its_pool(scripted_server, client, naps):
    """An answer that was counted in a third pool says nothing about the first two."""
    scripted_server.answer("GET", "/repos", json=[], headers=allowance(0, limit=30, pool="search"), times=2)
    one = client()
    one.rest("/repos", {}, "github")
    one.rest("/repos", {}, "github")
    assert naps == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4.0"},
        {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0"},
    ],
    ids=["none", "one", "two", "no reset"],
)
def test_without_the_headers_of_a_limit_nothing_is_reserved(scripted_server, client, naps, headers):
    """Enterprise Server keeps no limits by default."""
    scripted_server.answer("GET", "/repos", json=[], headers=headers, times=3)
    one = client()
    for _ in range(3):
        one.rest("/repos", {}, "github")
    assert naps == []


@pytest.mark.parametrize("text", ["many", "9" * 400])
def test_a_limit_that_is_no_number_is_one_clear_error(scripted_server, client, text):
    headers = {"X-RateLimit-Limit": text, "X-RateLimit-Remaining": text}
    scripted_server.answer("GET", "/repos", json=[], headers=headers)
    with pytest.raises(UnexpectedShape, match="the headers of the rate limit hold no numbers"):
        client().rest("/repos", {}, "github")


def test_a_clock_that_is_wrong_changes_no_wait(scripted_server, client, naps):
    """The server's clock is two hours ahead of ours; its reset is an hour from its own present."""
    scripted_server.now += timedelta(hours=2)
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(0, reset=3 * HOUR))
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    one = client()
    ask(one)
    ask(one)
    assert naps == [3601.0]


# --- a limit that is reached all the same


@pytest.mark.parametrize("status", [403, 429])
def test_an_allowance_that_others_used_up_is_waited_for(scripted_server, client, naps, status):
    scripted_server.answer(
        "GET",
        "/repos",
        status=status,
        json={"message": "API rate limit exceeded"},
        headers=allowance(0, reset=90),
    )
    scripted_server.answer("GET", "/repos", json=[1])
    one = client()
    assert one.rest("/repos", {}, "github")[0] == [1]
    assert naps == [91.0]
    assert (one.traffic.calls, one.traffic.retries, one.traffic.wait_seconds) == (2, 1, 91.0)


def test_retry_after_is_obeyed_before_the_reset(scripted_server, client, naps):
    headers = {**allowance(0), "Retry-After": "17"}
    scripted_server.answer("GET", "/repos", status=429, headers=headers, json={})
    scripted_server.answer("GET", "/repos", json=[])
    client().rest("/repos", {}, "github")
    assert naps == [17.0]


def test_without_a_reset_it_is_a_minute(scripted_server, client, naps):
    scripted_server.answer("GET", "/repos", status=403, headers={"X-RateLimit-Remaining": "0"}, json={})
    scripted_server.answer("GET", "/repos", json=[])
    client().rest("/repos", {}, "github")
    assert naps == [60.0]


@pytest.mark.parametrize("spelling", ["RATE_LIMITED", "RATE_LIMIT"])
def test_graphql_reports_it_inside_status_200(scripted_server, client, naps, spelling):
    """yanyongyu/githubkit#272: the type has two spellings."""
    error = {"errors": [{"type": spelling, "message": "API rate limit exceeded"}]}
    scripted_server.answer("POST", "/graphql", json=error, headers=allowance(0, reset=30))
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    assert ask(client())["viewer"] == {"login": "ada"}
    assert naps == [31.0]


def test_words_in_the_data_are_no_limit(scripted_server, client, naps):
    answer = {"data": {"title": 'what "type": "RATE_LIMITED" means'}}
    scripted_server.answer("POST", "/graphql", json=answer, headers=allowance(0))
    assert ask(client())["title"].startswith("what")
    assert naps == []


def test_the_last_answer_of_an_allowance_is_kept_and_the_wait_comes_after_it(scripted_server, client, naps):
    """port-labs/ocean#3526: status 200 with nothing remaining is data."""
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(0, reset=10))
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    one = client(reserve=0)
    assert ask(one)["viewer"] == {"login": "ada"}
    assert naps == []
    ask(one)
    assert naps == [11.0]


def test_a_secondary_limit_leaves_the_allowance_as_it_is(scripted_server, client, naps):
    error = {"errors": [{"message": "You have exceeded a secondary rate limit."}]}
    scripted_server.answer("POST", "/graphql", json=error, headers=allowance(4000))
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    ask(client(when_exhausted="stop"))
    assert naps == [60.0]


def test_a_missing_permission_does_not_use_up_the_allowance(scripted_server, client, naps):
    """airbyte: a 403 may be a scope; the other streams go on."""
    scripted_server.answer("GET", "/teams", status=403, json={"message": "Must have admin rights"})
    scripted_server.answer("GET", "/repos", json=[1])
    one = client()
    with pytest.raises(Forbidden, match="lacks a permission"):
        one.rest("/teams", {}, "github")
    assert one.rest("/repos", {}, "github")[0] == [1]
    assert naps == []


def test_an_organisation_that_wants_single_sign_on_says_so(scripted_server, client):
    scripted_server.answer(
        "GET",
        "/repos",
        status=403,
        json={},
        headers={"X-GitHub-SSO": "required; url=https://example.org/sso"},
    )
    with pytest.raises(Forbidden, match="wants single sign-on") as refused:
        client().rest("/repos", {}, "github")
    assert "example.org" not in str(refused.value)


def test_a_limit_that_is_still_reached_after_its_reset_stops(scripted_server, client, naps):
    scripted_server.answer(
        "GET", "/repos", status=403, json={}, headers={"X-RateLimit-Remaining": "0"}, times=None
    )
    with pytest.raises(RateLimited):
        client().rest("/repos", {}, "github")
    assert naps == [60.0, 60.0]


# --- several tokens


def test_the_token_with_the_most_left_is_used(scripted_server, client, naps):
    for left in (1000, 3000, 2999, 2000):
        scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(left))
    one = client("B")
    for _ in range(4):
        ask(one)
    # Both are tried once; then the second has more left, and keeps it.
    assert tokens(scripted_server) == ["first", "secret-of-B", "secret-of-B", "secret-of-B"]


def test_a_token_rests_at_its_reserve_while_another_goes_on(scripted_server, client, naps):
    for left in (500, 502, 501, 500):
        scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(left))
    one = client("B")
    for _ in range(4):
        ask(one)
    assert tokens(scripted_server) == ["first"] + 3 * ["secret-of-B"]
    assert naps == []


def test_the_wait_is_for_the_first_that_is_renewed(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(0, reset=600))
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(0, reset=60))
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    one = client("B")
    for _ in range(3):
        ask(one)
    assert naps == [61.0]
    assert tokens(scripted_server)[-1] == "secret-of-B"


def test_a_token_that_others_used_up_is_replaced_at_once(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", status=403, json={}, headers=allowance(0))
    scripted_server.answer("POST", "/graphql", json=ANSWER, headers=allowance(4000))
    one = client("B")
    ask(one)
    assert tokens(scripted_server) == ["first", "secret-of-B"]
    assert naps == []
    assert (one.traffic.calls, one.traffic.retries) == (2, 1)


def test_a_refused_token_is_dropped_and_the_others_go_on(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", status=401, json={"message": "Bad credentials"})
    scripted_server.answer("POST", "/graphql", json=ANSWER, times=2)
    one = client("B")
    ask(one)
    ask(one)
    assert tokens(scripted_server) == ["first", "secret-of-B", "secret-of-B"]
    assert naps == []


def test_when_all_are_refused_each_is_named_and_none_is_shown(scripted_server, client):
    scripted_server.answer("POST", "/graphql", status=401, json={}, times=3)
    with pytest.raises(AuthError) as refused:
        ask(client("B", "C"))
    assert str(refused.value) == (
        "github/shop: the server refuses the credential (401). "
        "Renew the token in C and the token in T and the token in B"
    )


def test_a_refusal_that_passes_does_no_harm_to_the_only_token(scripted_server, client):
    scripted_server.answer("POST", "/graphql", status=401, json={})
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    one = client()
    with pytest.raises(AuthError, match="Renew the token in T"):
        ask(one)
    assert ask(one)["viewer"] == {"login": "ada"}


def test_a_variable_that_is_not_set_leaves_the_others(scripted_server, client, monkeypatch):
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    monkeypatch.delenv("B", raising=False)
    one = client(token_envs=["B"])
    ask(one)
    assert tokens(scripted_server) == ["first"]


CONFIGURATION = """
[organisation]
id = "alder"
name = "Alder"
time_zone = "UTC"

[[source]]
name = "github"
kind = "github"
base_url = "{url}"
include = ["alder/catalogue"]
token_env = "NOT_SET"
"""


def configured(scripted_server, tmp_path, more=""):
    """The source as a run makes it from the configuration."""
    path = tmp_path / "outcomes.toml"
    path.write_text(CONFIGURATION.format(url=scripted_server.url) + more)
    return create_sources(load(path), Home(tmp_path))["github"]


def test_the_first_variable_that_is_not_set_leaves_the_others(scripted_server, tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND", "secret-of-second")
    found(scripted_server)
    source = configured(scripted_server, tmp_path, 'token_envs = ["SECOND"]\n')
    assert source.scopes("pull_requests") == ["alder/catalogue"]
    assert tokens(scripted_server) == ["secret-of-second"]
    source.close()


def test_the_only_variable_that_is_not_set_is_told(scripted_server, tmp_path):
    (line,) = configured(scripted_server, tmp_path).check()
    assert line.message.startswith("the environment variable NOT_SET is not set")


@pytest.mark.parametrize("secret", ["", "ghp_a b", "ghp_\u2026", "ghp_a\nX: 1"])
def test_a_variable_that_holds_no_token_is_never_sent(scripted_server, client, secret):
    with pytest.raises(AuthError, match="Set T to a token and to nothing else") as unusable:
        ask(client(secret=secret))
    assert "ghp" not in str(unusable.value)
    assert scripted_server.requests == []


def test_without_a_variable_the_question_is_anonymous(scripted_server, client):
    scripted_server.answer("GET", "/repos", json=[])
    client(secret=None, token_env=None).rest("/repos", {}, "github")
    assert tokens(scripted_server) == [""]


def test_the_further_tokens_may_be_the_only_ones(scripted_server, client):
    scripted_server.answer("GET", "/repos", json=[])
    client("B", secret=None, token_env=None).rest("/repos", {}, "github")
    assert tokens(scripted_server) == ["secret-of-B"]


# --- pages


def failing(size, times=1):
    for _ in range(times):
        size.shrink(AskAgain("the server answers 502"))
    return size.rows


def clean(size, pages):
    for _ in range(pages):
        size.grow()
    return size.rows


def test_a_page_is_halved_down_to_one_row():
    """apache/devlake#3635, #8028: by hand it was 100, then 30, then 10."""
    size = PageSize(25)
    assert [failing(size) for _ in range(5)] == [12, 6, 3, 1, 1]


def test_a_page_grows_by_a_quarter_after_ten_clean_ones_and_not_past_its_size():
    size = PageSize(25)
    failing(size)
    assert [clean(size, 9), clean(size, 1), clean(size, 10), clean(size, 100)] == [12, 15, 18, 25]


def test_a_failure_begins_the_count_anew():
    size = PageSize(25)
    failing(size, 2)
    clean(size, 9)
    assert failing(size) == 3
    assert [clean(size, 9), clean(size, 1)] == [3, 4]


def test_a_limit_is_no_sign_of_a_page_too_large():
    size = PageSize(25)
    size.shrink(AskAgain("the rate limit is reached", 60.0))
    assert size.rows == 25


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502},
        {"status": 504},
        {"drop": True},
        {"json": {"data": {}, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}]}},
        {"json": {"errors": [{"message": "Something went wrong while executing your query."}]}},
    ],
    ids=["502", "504", "closed", "resources", "timeout"],
)
def test_the_same_page_is_asked_for_in_half_the_size(scripted_server, client, fault):
    """renovatebot/renovate#3862, PyGithub/PyGithub#2400: the same request again makes it worse."""
    scripted_server.answer("POST", "/graphql", **fault)
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    size = PageSize(25)
    client().graphql(QUERY, lambda: {"n": size.rows, "after": "c7"}, "github", size)
    sent = [request.body["variables"] for request in scripted_server.requests]
    assert sent == [{"n": 25, "after": "c7"}, {"n": 12, "after": "c7"}]


# --- a question that stays without an answer


def fails(server, times=6):
    return server.answer("POST", "/graphql", status=502, text="<html>bad gateway</html>", times=times)


def test_a_query_that_only_fails_by_itself_is_no_outage(scripted_server, client):
    """One heavy pull request must not cost all the other repositories their night."""
    fails(scripted_server).answer("POST", "/graphql", json=ANSWER, times=2)
    one = client()
    with pytest.raises(UnexpectedShape, match="502, 6 times in a row, while it answers a small question"):
        ask(one)
    assert scripted_server.requests[-1].body["query"] == SMALL_QUESTION
    assert ask(one) == ANSWER["data"]


def test_a_resource_that_only_fails_by_itself_is_no_outage(scripted_server, client):
    scripted_server.answer("GET", "/repos/a/b/actions/runs", status=502, times=6)
    scripted_server.answer("GET", "/rate_limit", status=404, json={})
    with pytest.raises(UnexpectedShape, match="while it answers a small question"):
        client().rest("/repos/a/b/actions/runs", {}, "github")


def test_a_server_that_answers_nothing_at_all_is_unavailable(scripted_server, client):
    fails(scripted_server, times=7)
    with pytest.raises(SourceUnavailable):
        ask(client())
    assert len(scripted_server.requests) == 7


def test_a_server_that_answers_small_questions_alone_is_not_asked_for_ever(scripted_server, client):
    one = client()
    for _ in range(MOST_UNANSWERED - 1):
        fails(scripted_server).answer("POST", "/graphql", json=ANSWER)
        with pytest.raises(UnexpectedShape):
            ask(one)
    fails(scripted_server)
    with pytest.raises(SourceUnavailable):
        ask(one)


# --- the server


def test_the_addresses_of_an_enterprise_server(scripted_server, client):
    scripted_server.answer("POST", "/api/graphql", json=ANSWER)
    scripted_server.answer("GET", "/api/v3/repos/alder/shop", json={})
    one = client(base_url=f"{scripted_server.url}/api/v3")
    ask(one)
    one.rest("/repos/alder/shop", {}, "github")


def test_the_version_of_the_api_is_named(scripted_server, client):
    scripted_server.answer("GET", "/repos", json=[])
    client().rest("/repos", {}, "github")
    assert scripted_server.requests[0].headers["x-github-api-version"] == "2022-11-28"


def test_a_redirection_to_another_server_is_not_followed(scripted_server, client):
    scripted_server.answer(
        "GET", "/repos", status=301, headers={"Location": "https://example.org/repos"}, json={}
    )
    with pytest.raises(SourceUnavailable, match="redirects to another address") as elsewhere:
        client().rest("/repos", {}, "github")
    assert "example.org" not in str(elsewhere.value)


def test_pygithub_does_not_log_what_it_sends(scripted_server, client, caplog):
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    with caplog.at_level("DEBUG"):
        ask(client())
    assert "first" not in caplog.text
    assert "ada" not in caplog.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"message": "first\nsecond"}, ""),
        (
            {"type": ["RATE_LIMITED"], "path": 1, "extensions": ["undefinedField"], "message": "of ada"},
            "",
        ),
        (
            {"type": "INTERNAL", "message": "of ada", "extensions": {"code": "oddity"}},
            r" \(INTERNAL, oddity\)",
        ),
        ({"message": "of ada", "extensions": {"code": "of ada@example.org"}}, ""),
    ],
)
def test_an_error_of_whatever_form_is_one_line_without_the_servers_text(scripted_server, client, error, told):
    scripted_server.answer("POST", "/graphql", json={"data": None, "errors": [error, 1]})
    with pytest.raises(UnexpectedShape, match=rf"^github/shop: GitHub refuses the query{told}\. Check"):
        ask(client())


def test_a_missing_permission_shows_its_kind_and_not_the_servers_text(scripted_server, client):
    error = {"type": "FORBIDDEN", "path": ["r0", "teams"], "message": "ada may not see this"}
    scripted_server.answer("POST", "/graphql", json={"data": None, "errors": [error]})
    with pytest.raises(Forbidden, match=r"may not read teams \(FORBIDDEN\)") as refused:
        ask(client())
    assert "ada" not in str(refused.value)


@pytest.mark.parametrize(
    ("places", "what"),
    [
        ([["r0", "deployments"], ["r0", "pullRequests"]], "may not read deployments and pull requests"),
        ([["repositoryOwner", "repositories", "nodes", 3, "tags"]], "may not read tags"),
        ([["r0", "p1"], ["repository", "rows", 2]], "lacks a permission"),
        ([None], "lacks a permission"),
    ],
)
def test_a_missing_permission_names_what_may_not_be_read(scripted_server, client, places, what):
    errors = [{"type": "FORBIDDEN", "path": path, "message": "not for ada"} for path in places]
    scripted_server.answer("POST", "/graphql", json={"data": None, "errors": errors})
    with pytest.raises(Forbidden, match=rf"the credential {what} \(FORBIDDEN\)"):
        ask(client())


def test_a_secondary_limit_that_lasts_is_waited_for_longer_each_time(scripted_server, client, naps):
    error = {"errors": [{"message": "You have exceeded a secondary rate limit."}]}
    scripted_server.answer("POST", "/graphql", json=error, times=3).answer("POST", "/graphql", json=ANSWER)
    ask(client())
    assert naps == [60.0, 120.0, 240.0]


def test_an_endpoint_that_is_missing_after_it_has_answered_is_asked_again(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", json=ANSWER).answer("POST", "/graphql", json={}, status=404)
    scripted_server.answer("POST", "/graphql", json=ANSWER)
    one = client()
    ask(one)
    assert ask(one)["viewer"] == {"login": "ada"}
    assert naps == [0.5]


def test_an_endpoint_that_never_answered_is_not_found(scripted_server, client, naps):
    scripted_server.answer("POST", "/graphql", json={}, status=404)
    with pytest.raises(NotFound):
        ask(client())
    assert naps == []


def test_queries_do_not_wait_as_writes_do(scripted_server, client, monkeypatch):
    """Every GraphQL query is a POST, and PyGithub lets a second pass between those."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    scripted_server.answer("POST", "/graphql", json=ANSWER, times=3)
    one = client()
    for _ in range(3):
        ask(one)
    assert [seconds for seconds in slept if seconds > 0] == []


# --- what check and git are told

RESOURCES = {
    "resources": {
        "core": {"limit": 5000, "remaining": 4990, "reset": int(START.timestamp()) + 600},
        "graphql": {"limit": 5000, "remaining": 4321, "reset": int(START.timestamp()) + 1200},
    }
}


def introduce(server, login="ada", headers=None):
    server.answer("POST", "/graphql", json={"data": {"viewer": {"login": login}}}, headers=headers)
    server.answer("GET", "/rate_limit", json=RESOURCES)
    return server


def test_check_learns_who_is_signed_in_and_what_is_left(scripted_server, client):
    introduce(scripted_server, headers={"X-OAuth-Scopes": "repo, read:org"})
    (facts,) = client().credentials("github")
    assert (facts.login, facts.scopes, facts.missing) == ("ada", {"repo", "read:org"}, ())
    finding = facts.finding("github")
    assert finding.is_fine
    assert finding.message == (
        "signed in as ada with the token in T; "
        "4,990 of 5,000 requests left until 08:10 UTC, 500 of them for others; "
        "4,321 of 5,000 points left until 08:20 UTC, 500 of them for others"
    )


@pytest.mark.parametrize("reset", [10**12 * 9, 10**30, -(10**15)])
def test_check_passes_over_an_allowance_that_is_renewed_at_no_time(scripted_server, client, reset):
    pools = {**RESOURCES["resources"], "core": {"limit": 5000, "remaining": 1, "reset": reset}}
    scripted_server.answer("POST", "/graphql", json={"data": {"viewer": {"login": "ada"}}})
    scripted_server.answer("GET", "/rate_limit", json={"resources": pools})
    (facts,) = client().credentials("github")
    assert set(facts.allowances) == {"graphql"}


def test_a_classic_token_without_the_scope_for_teams(scripted_server, client):
    introduce(scripted_server, headers={"X-OAuth-Scopes": "repo"})
    (facts,) = client(organisations=["alder"], teams=True).credentials("github")
    assert facts.missing == ("read:org",)
    finding = facts.finding("github")
    assert (finding.is_fine, finding.message) == (
        False,
        "the token in T lacks the scope read:org. Add it to the token",
    )


def test_a_wider_scope_holds_the_narrower_one(scripted_server, client):
    introduce(scripted_server, headers={"X-OAuth-Scopes": "repo, admin:org"})
    (facts,) = client(organisations=["alder"], teams=True).credentials("github")
    assert facts.missing == ()


def test_a_classic_token_without_scopes_reads_what_is_public(scripted_server, client):
    introduce(scripted_server, headers={"X-OAuth-Scopes": ""})
    (facts,) = client().credentials("github")
    assert facts.scopes == frozenset()
    assert "public repositories only" in facts.finding("github").message


@pytest.mark.parametrize("secret", ["github_pat_1", "ghs_12_ey.J0.eXA"])
def test_a_token_with_permissions_has_no_scopes(scripted_server, client, secret):
    introduce(scripted_server, login="alder-health[bot]", headers={"X-OAuth-Scopes": ""})
    (facts,) = client(secret=secret, organisations=["alder"], teams=True).credentials("github")
    assert (facts.scopes, facts.missing, facts.login) == (None, (), "alder-health[bot]")


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-12-01 01:00:00 UTC", "2026-12-01"), ("2026-12-01 01:00:00 +0200", "2026-11-30"), ("never", None)],
)
def test_the_day_on_which_a_token_expires_is_told(scripted_server, client, text, day):
    introduce(scripted_server, headers={"github-authentication-token-expiration": text})
    (facts,) = client().credentials("github")
    assert (f"it expires on {day}" in facts.finding("github").message) == (day is not None)


def test_an_enterprise_server_without_limits(scripted_server, client):
    scripted_server.answer("POST", "/graphql", json={"data": {"viewer": {"login": "ada"}, "rateLimit": None}})
    scripted_server.answer(
        "GET", "/rate_limit", status=404, json={"message": "Rate limiting is not enabled."}
    )
    (facts,) = client().credentials("github")
    assert facts.allowances == {}
    assert facts.finding("github").message == "signed in as ada with the token in T"


@pytest.mark.parametrize(
    "answer", [{"errors": [{"message": "no"}]}, {"data": None}, {"data": {"viewer": None}}, [], 1]
)
def test_a_server_that_does_not_say_who_it_is(scripted_server, client, answer):
    scripted_server.answer("POST", "/graphql", json=answer)
    scripted_server.answer("GET", "/rate_limit", json={"resources": {"core": {"limit": None}}})
    (facts,) = client().credentials("github")
    assert facts.finding("github").message == "the token in T is accepted"


def test_each_token_is_looked_at_and_the_refused_one_named(scripted_server, client, monkeypatch):
    scripted_server.answer("POST", "/graphql", status=401, json={"message": "Bad credentials"})
    introduce(scripted_server)
    monkeypatch.delenv("C", raising=False)
    findings = [one.finding("github") for one in client("B", token_envs=["B", "C"]).credentials("github")]
    assert [one.is_fine for one in findings] == [False, True, False]
    assert findings[0].message == "the server refuses the token in T (401). Renew the token in T"
    assert findings[2].message.startswith("the environment variable C is not set. Set C to a token")
    assert "secret" not in str(findings)


def test_there_is_nothing_to_tell_of_nobody(client):
    assert client(secret=None, token_env=None).credentials("github") == []


def test_git_is_not_kept_waiting_for_an_allowance(scripted_server, client, naps):
    scripted_server.answer("GET", "/repos", json=[], headers=allowance(0))
    one = client()
    one.rest("/repos", {}, "github")
    assert one.git_credential("github") == ("x-access-token", "first")
    assert naps == []


def test_git_signs_in_with_the_present_token(client):
    assert client().git_credential("github") == ("x-access-token", "first")
    assert client(secret=None, token_env=None).git_credential("github") is None
