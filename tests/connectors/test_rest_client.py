"""The client for plain REST APIs: where the credential goes, and where it never goes."""

import pytest
from pydantic import SecretStr

from connectors.base import AuthError, SourceContext, UnexpectedShape
from connectors.http import Patience
from connectors.rest_client import RestClient, RestSettings, basic, bearer, require_token
from connectors.statuspage import Settings, StatuspageSource

TOKEN = SecretStr("a-token")


@pytest.fixture
def client(scripted_server, naps):
    opened = []

    def make(credential, **keys):
        settings = RestSettings(
            name="one", kind="any", base_url=scripted_server.url, token_env="ONE_TOKEN", **keys
        )
        opened.append(RestClient(settings, credential, Patience(attempts=2, sleep=naps.append)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_is_not_followed(client, scripted_server, status):
    """It could carry the credential to another server."""
    elsewhere = {"Location": f"{scripted_server.url}/elsewhere"}
    scripted_server.answer("GET", "/things", status=status, headers=elsewhere)
    with pytest.raises(
        UnexpectedShape, match=rf"^one/things: the server answers with a redirection \({status}\)"
    ):
        client(bearer(TOKEN)).get("/things", "one/things")
    assert [one.path for one in scripted_server.requests] == ["/things"]


@pytest.mark.parametrize(
    ("credential", "sent"),
    [(bearer(TOKEN), "Bearer a-token"), (bearer(TOKEN, "OAuth"), "OAuth a-token"), ({}, None)],
)
def test_no_netrc_of_the_machine_takes_the_place_of_the_credential(
    client, scripted_server, monkeypatch, tmp_path, credential, sent
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password of-another-server\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    scripted_server.answer("GET", "/things", json=[])
    client(credential).get("/things", "one")
    assert scripted_server.requests[0].headers.get("authorization") == sent


def test_a_pause_is_made_before_each_request_that_is_sent(client, scripted_server, naps):
    scripted_server.answer("GET", "/things", status=502).answer("GET", "/things", json=[], times=2)
    one = client({}, pace_seconds=0.25)
    one.get("/things", "one")
    one.get("/things", "one")
    assert naps == [0.25, 0.5, 0.25, 0.25]


def test_a_question_is_posted_as_json(client, scripted_server):
    scripted_server.answer("POST", "/ask", json={"a": 1})
    assert client({}).post("/ask", "one", {"q": [1]}).json() == {"a": 1}
    assert scripted_server.requests[0].body == {"q": [1]}


@pytest.mark.parametrize("token", ["pasted\ntwice", "pasted\nby me", "mit-\u00fc", "\u0430bc", "a\x00b"])
def test_a_token_that_was_pasted_badly_is_not_shown_and_not_sent(client, scripted_server, token):
    with pytest.raises(AuthError) as refused:
        client(bearer(SecretStr(token))).get("/things", "one")
    assert str(refused.value) == (
        "one: ONE_TOKEN holds characters that no token has. Set ONE_TOKEN to the token and to nothing else"
    )
    assert scripted_server.requests == []


def test_check_does_not_show_a_token_that_was_pasted_badly(scripted_server, naps):
    settings = Settings(
        name="sp", kind="statuspage", base_url=scripted_server.url, page_id="p1", token_env="SP_KEY"
    )
    context = SourceContext(SecretStr("secret\nsecret"), (), "")
    (finding,) = StatuspageSource(settings, context, Patience(sleep=naps.append)).check()
    assert not finding.is_fine
    assert "secret" not in finding.message
    assert "SP_KEY" in finding.message


def test_a_password_may_hold_any_letters(client, scripted_server):
    scripted_server.answer("GET", "/things", json=[])
    client(basic("ada", SecretStr("pa\u00df wort"))).get("/things", "one")
    # base64 of "ada:paß wort" in UTF-8
    assert scripted_server.requests[0].headers["authorization"] == "Basic YWRhOnBhw58gd29ydA=="


@pytest.mark.parametrize(
    ("variable", "what"), [("ONE_TOKEN", "ONE_TOKEN is not set"), (None, "Name the variable")]
)
def test_a_missing_token_is_said(variable, what):
    settings = RestSettings(name="one", kind="any", base_url="https://example.org", token_env=variable)
    with pytest.raises(AuthError, match=what):
        require_token(settings, None)
