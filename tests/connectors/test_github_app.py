"""Tokens of a GitHub App's installation: minted, replaced in time, and replaced when refused."""

import traceback
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.base import AuthError, SourceUnavailable, UnexpectedShape
from connectors.github.client import GitHubClient
from connectors.github.settings import Settings
from connectors.http import Patience

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
MINT = "/app/installations/34/access_tokens"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
).decode()


@pytest.fixture
def clock(scripted_server):
    """A clock that stands still until it is moved; the server's goes with it."""
    with time_machine.travel(START, tick=False) as stopped:

        def move(**by):
            stopped.shift(timedelta(**by))
            scripted_server.now += timedelta(**by)

        scripted_server.now = START
        stopped.forward = move
        yield stopped


@pytest.fixture
def client(scripted_server, clock, naps, monkeypatch):
    opened = []

    def make(key=PEM):
        if key is None:
            monkeypatch.delenv("APP_KEY", raising=False)
        else:
            monkeypatch.setenv("APP_KEY", key)
        settings = Settings(
            name="github",
            kind="github",
            base_url=scripted_server.url,
            app_id="12",
            app_installation_id=34,
            app_private_key_env="APP_KEY",
        )
        opened.append(GitHubClient(settings, None, Patience(sleep=naps.append)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def mint(server, token, expires=START + timedelta(hours=1)):
    body = {"token": token, "expires_at": f"{expires:%Y-%m-%dT%H:%M:%SZ}", "permissions": {}}
    return server.answer("POST", MINT, json=body, status=201)


def ask(client):
    return client.rest("/repos", {}, "github")[0]


def signed_in_with(server, path="/repos"):
    return [request.headers["authorization"] for request in server.asked(path)]


def test_a_token_is_minted_once_and_used(scripted_server, client):
    mint(scripted_server, "ghs_1").answer("GET", "/repos", json=[], times=2)
    one = client()
    ask(one)
    ask(one)
    assert signed_in_with(scripted_server) == ["token ghs_1", "token ghs_1"]
    assert (one.traffic.calls, one.traffic.retries) == (3, 0)


def test_the_app_signs_in_with_its_key(scripted_server, client):
    mint(scripted_server, "ghs_1").answer("GET", "/repos", json=[])
    ask(client())
    kind, _, signed = signed_in_with(scripted_server, MINT)[0].partition(" ")
    claims = jwt.decode(signed, KEY.public_key(), algorithms=["RS256"], issuer="12")
    assert kind == "Bearer"
    # A minute back for clocks that differ; GitHub allows ten minutes at most.
    assert claims["iat"] == START.timestamp() - 60
    assert claims["exp"] - claims["iat"] <= 600


def test_a_token_is_replaced_five_minutes_before_it_expires(scripted_server, client, clock):
    """renovatebot/github-action#798, dockstore/dockstore#3782, apache/devlake#7478: a run takes longer."""
    mint(scripted_server, "ghs_1")
    mint(scripted_server, "ghs_2", START + timedelta(minutes=115))
    scripted_server.answer("GET", "/repos", json=[], times=None)
    one = client()
    ask(one)
    clock.forward(minutes=54, seconds=59)
    ask(one)
    clock.forward(seconds=1)
    ask(one)
    assert signed_in_with(scripted_server) == ["token ghs_1", "token ghs_1", "token ghs_2"]


def test_a_clock_that_is_an_hour_ahead_does_not_mint_for_every_request(scripted_server, client):
    scripted_server.now = START - timedelta(hours=1)
    mint(scripted_server, "ghs_1", START).answer("GET", "/repos", json=[], times=2)
    one = client()
    ask(one)
    ask(one)
    assert len(scripted_server.asked(MINT)) == 1


def test_a_refused_token_is_replaced_once_and_the_request_repeated(scripted_server, client, naps):
    mint(scripted_server, "ghs_1").answer("GET", "/repos", json=[0])
    scripted_server.answer("GET", "/repos", status=401, json={"message": "Bad credentials"})
    mint(scripted_server, "ghs_2").answer("GET", "/repos", json=[1])
    one = client()
    assert [ask(one), ask(one)] == [[0], [1]]
    assert signed_in_with(scripted_server) == ["token ghs_1", "token ghs_1", "token ghs_2"]
    assert (one.traffic.calls, naps) == (5, [])


def test_a_token_that_is_refused_although_it_is_new_is_one_clear_error(scripted_server, client):
    mint(scripted_server, "ghs_1")
    mint(scripted_server, "ghs_2").answer("GET", "/repos", status=401, json={}, times=2)
    with pytest.raises(AuthError) as refused:
        ask(client())
    assert str(refused.value) == (
        "github: the server refuses the credential (401). Check that the GitHub App 12 is still installed"
    )


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "Check app_id, the key and this machine's clock"),
        (403, "Check that the installation is not suspended"),
        (404, "Check app_installation_id"),
    ],
)
def test_an_app_that_gets_no_token_says_what_to_check(scripted_server, client, naps, status, advice):
    scripted_server.answer("POST", MINT, status=status, json={"message": "no"})
    with pytest.raises(AuthError, match=rf"gives the GitHub App 12 no token \({status}\)\. {advice}"):
        ask(client())
    assert naps == []


def test_minting_is_as_patient_as_everything_else(scripted_server, client, naps):
    scripted_server.answer("POST", MINT, status=502)
    scripted_server.answer("POST", MINT, status=201, json={"token": "ghs_cut"}, cut=9)
    mint(scripted_server, "ghs_1").answer("GET", "/repos", json=[])
    ask(client())
    assert naps == [0.5, 1.0]
    assert signed_in_with(scripted_server) == ["token ghs_1"]


def test_a_server_that_stays_down_while_minting_is_one_clear_error(scripted_server, client):
    scripted_server.answer("POST", MINT, status=503, times=None)
    with pytest.raises(SourceUnavailable, match="the server answers 503"):
        ask(client())


@pytest.mark.parametrize("answer", [{}, {"token": "ghs_1"}, {"token": "ghs_1", "expires_at": "soon"}, []])
def test_an_answer_without_a_token_shows_nothing_of_it(scripted_server, client, answer):
    scripted_server.answer("POST", MINT, status=201, json=answer)
    with pytest.raises(UnexpectedShape) as odd:
        ask(client())
    assert "ghs_1" not in str(odd.value)


def test_the_key_may_stand_in_one_line(scripted_server, client):
    mint(scripted_server, "ghs_1").answer("GET", "/repos", json=[])
    ask(client(PEM.replace("\n", "\\n")))


def test_the_variable_may_hold_the_path_of_the_key(scripted_server, client, tmp_path):
    mint(scripted_server, "ghs_1").answer("GET", "/repos", json=[])
    (tmp_path / "key.pem").write_text(PEM, encoding="utf-8")
    ask(client(str(tmp_path / "key.pem")))


@pytest.mark.parametrize(
    "key", ["-----BEGIN RSA PRIVATE KEY-----\nbm90IGE=\n-----END RSA PRIVATE KEY-----", "/no/such/file", "x"]
)
def test_a_key_that_is_none_is_one_clear_error(client, key):
    with pytest.raises(AuthError, match="github: APP_KEY holds no private key in PEM form") as unusable:
        ask(client(key))
    shown = "".join(traceback.format_exception(unusable.value))
    assert "bm90" not in shown
    assert "/no/such/file" not in shown, "it may be the key itself, without its first line"


def test_a_key_that_is_not_set_is_one_clear_error(client):
    with pytest.raises(AuthError, match=r"APP_KEY is not set\. Set APP_KEY to the private key"):
        ask(client(None))


def test_git_gets_a_token_that_still_holds(scripted_server, client, clock):
    mint(scripted_server, "ghs_1")
    mint(scripted_server, "ghs_2", START + timedelta(minutes=115))
    one = client()
    assert one.git_credential("github") == ("x-access-token", "ghs_1")
    clock.forward(minutes=56)
    assert one.git_credential("github") == ("x-access-token", "ghs_2")


def test_check_is_told_the_name_of_the_app(scripted_server, client):
    mint(scripted_server, "ghs_1")
    scripted_server.answer("POST", "/graphql", json={"data": {"viewer": {"login": "alder-health[bot]"}}})
    scripted_server.answer("GET", "/rate_limit", status=404, json={})
    (facts,) = client().credentials("github")
    assert facts.finding("github").message == "signed in as alder-health[bot] with the GitHub App 12"
    assert (facts.scopes, facts.missing) == (None, ())


def test_check_is_told_why_an_app_gets_no_token(scripted_server, client):
    scripted_server.answer("POST", MINT, status=404, json={})
    (facts,) = client().credentials("github")
    finding = facts.finding("github")
    assert not finding.is_fine
    assert finding.message.startswith(
        "GitHub gives the GitHub App 12 no token (404). Check app_installation_id"
    )
