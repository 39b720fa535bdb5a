"""How the dashboard is told of `[access]`: mistakes, secrets, and for whom it listens."""

import json
import os
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from ports import closed_port, free_port

from pipelines.config import ConfigurationError, load
from pipelines.config_access import Access
from pipelines.home import Home
from pipelines.serve import serve
from pipelines.sign_in import Told, is_loopback, told

BASE = '[organisation]\nid = "acme"\nname = "Acme"\n[[team]]\nid = "payments"\nname = "Payments"\n'
PROVIDER = """
[access]
metadata_url = "https://login.example.org/.well-known/openid-configuration"
client_id = "0oAb1Cd2Ef3Gh4Ij5Kl6"
client_secret_env = "CLIENT"
cookie_secret_env = "COOKIE"
redirect_url = "https://outcomes.example.org/oauth2callback"
"""
GRANT = '[[access.grant]]\nrole = "leader"\ngroups = ["leads"]\n'
COOKIE = 'c0ffee"\\' * 5


@pytest.fixture
def read(tmp_path):
    def of(text: str) -> Access:
        path = tmp_path / "outcomes.toml"
        path.write_text(BASE + text, encoding="utf-8")
        return load(path, {}).access

    return of


@pytest.fixture
def secrets(monkeypatch):
    monkeypatch.setenv("CLIENT", "client secret ü\n")
    monkeypatch.setenv("COOKIE", COOKIE)


# ---- the configuration -------------------------------------------------------------------------


def test_without_the_table_nobody_signs_in(read):
    assert read("") == Access()
    assert read("[access]\nrestricted = false\n").metadata_url is None


def test_the_whole_table_is_read(read):
    member = GRANT.replace("leader", "team_member") + 'teams = ["payments"]\n'
    found = read(PROVIDER + "session_hours = 8\n" + member)
    assert found.session_hours == 8
    assert [grant.role for grant in found.grants] == ["team_member"]


PROVIDERS = "metadata_url, client_id, client_secret_env, cookie_secret_env, redirect_url"
MISTAKES = [
    (PROVIDER.replace("client_id", "#"), f"client_id: is missing. Signing in needs {PROVIDERS}: add it"),
    (
        "[access]\nrestricted = true\n",
        f"restricted: says who may do what, and nobody can sign in. Add {PROVIDERS}",
    ),
    (
        PROVIDER.replace("https://login", "http://login"),
        "metadata_url: is not encrypted. Begin it with https://",
    ),
    (
        PROVIDER.replace("https://login.example.org", "login.example.org"),
        'metadata_url: is no whole address. Write one such as "https://login.example.org/…"',
    ),
    (
        PROVIDER.replace("https://outcomes", "http://outcomes"),
        "redirect_url: is not encrypted. Begin it with https://",
    ),
    (
        PROVIDER.replace("/oauth2callback", "/callback"),
        "redirect_url: does not end with /oauth2callback right after the host. End it so",
    ),
    (
        PROVIDER.replace('"CLIENT"', '"s3cr3t-Value"'),
        (
            "client_secret_env: is not the name of an environment variable. Write a name in capitals such as "
            "GITHUB_TOKEN, and the secret itself into that variable"
        ),
    ),
    (
        PROVIDER + 'client_secret = "x"\n',
        (
            "client_secret: holds what looks like a secret, and secrets do not belong in this file. Put it "
            "into an environment variable, name that variable with token_env, and replace the secret"
        ),
    ),
    (
        PROVIDER + 'scopes = ["email"]\n',
        'scopes: lacks "openid", without which nobody is signed in. Add it',
    ),
    (PROVIDER + "session_hours = 0\n", "session_hours: must be more than 0. Change the number"),
    (PROVIDER + 'restricted = "yes"\n', "restricted: must be true or false. Write it without quotes"),
    (
        PROVIDER + GRANT.replace("leader", "leaders"),
        ('grant[1].role: must be one of leader, team_member, steward, operator. Did you mean "leader"?'),
    ),
    (
        PROVIDER + GRANT + '[[access.grant]]\nrole = "leader"\n',
        "grant[2]: is given to nobody. Add `groups` or `addresses`",
    ),
    (
        PROVIDER + GRANT + 'teams = ["payments"]\n',
        "grant[1]: must name `teams` for a team_member, and for nobody else. Mend `role` or `teams`",
    ),
    (
        PROVIDER + GRANT.replace("leader", "team_member") + 'teams = ["payment"]\n',
        'grant[1].teams[1]: names a team that has no [[team]]. Did you mean "payments"?',
    ),
    (
        PROVIDER + GRANT.replace("leader", "steward"),
        "grant[1]: must name a steward's own `department`, and nobody else's. Mend `role` or `department`",
    ),
    (
        PROVIDER + GRANT + 'addresses = ["\N{KELVIN SIGN}im@example.org"]\n',
        'grant[1].addresses[1]: is no e-mail address. Write one such as "ada@example.org"',
    ),
]


@pytest.mark.parametrize(("text", "line"), MISTAKES)
def test_a_mistake_is_one_line_with_the_path_of_its_key(read, tmp_path, text, line):
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert str(caught.value) == f"error: {tmp_path / 'outcomes.toml'}: access.{line}"


# ---- the secrets ---------------------------------------------------------------------------------


def test_the_secrets_lie_in_a_private_file_while_it_runs(read, secrets):
    with told(read(PROVIDER)) as how:
        (option,) = how.options
        path = Path(option.removeprefix("--secrets.files="))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert tomllib.loads(path.read_text("utf-8")) == {
            "auth": {
                "redirect_uri": "https://outcomes.example.org/oauth2callback",
                "cookie_secret": COOKIE,
                "client_id": "0oAb1Cd2Ef3Gh4Ij5Kl6",
                "client_secret": "client secret ü",
                "server_metadata_url": "https://login.example.org/.well-known/openid-configuration",
                "client_kwargs": {"scope": "openid email profile"},
            }
        }
    assert not path.parent.exists()


def test_what_is_handed_over_by_the_environment_holds_no_secret(read, secrets):
    with told(read(PROVIDER + GRANT)) as how:
        found = json.loads(how.environment["OUTCOMES_ACCESS"])
    assert found == {
        "metadata_url": "https://login.example.org/.well-known/openid-configuration",
        "client_id": "0oAb1Cd2Ef3Gh4Ij5Kl6",
        "redirect_url": "https://outcomes.example.org/oauth2callback",
        "groups_claim": "groups",
        "session_hours": None,
        "restricted": False,
        "grants": [{"role": "leader", "groups": ["leads"], "addresses": [], "teams": []}],
    }
    assert how.withheld == {"CLIENT", "COOKIE"}


def test_the_app_reads_what_is_handed_over(read, secrets, monkeypatch):
    from dashboard import access

    with told(read(PROVIDER + GRANT)) as how:
        monkeypatch.setenv("OUTCOMES_ACCESS", how.environment["OUTCOMES_ACCESS"])
    found = access.rules()
    assert found is not None
    assert found.origin == "https://outcomes.example.org"


def test_served_processes_have_no_secret_and_no_rules_of_elsewhere(tmp_path, monkeypatch, secrets):
    """Whatever stood in OUTCOMES_ACCESS before is replaced."""
    monkeypatch.setenv("OUTCOMES_ACCESS", '{"forged": true}')
    out = tmp_path / "environment.json"
    script = f"import json, os; json.dump(dict(os.environ), open({str(out)!r}, 'w'))"
    how = Told((), {"OUTCOMES_ACCESS": "rules"}, frozenset({"CLIENT", "COOKIE"}))
    assert serve(Home(tmp_path), [[sys.executable, "-S", "-c", script]], how) == 0
    found = json.loads(out.read_text("utf-8"))
    assert found["OUTCOMES_ACCESS"] == "rules"
    assert not {"CLIENT", "COOKIE"} & set(found)
    assert COOKIE not in out.read_text("utf-8")
    assert os.environ["COOKIE"] == COOKIE


# ---- the command -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("CLIENT", "", "access.client_secret_env: CLIENT is not set. Put the secret into that variable"),
        ("COOKIE", " ", "access.cookie_secret_env: COOKIE is not set. Put the secret into that variable"),
        (
            "COOKIE",
            "a" * 31,
            (
                "access.cookie_secret_env: the secret in COOKIE has fewer than 32 characters. "
                "Make one with `openssl rand -hex 32`"
            ),
        ),
        (
            "CLIENT",
            "one\ntwo",
            "access.client_secret_env: CLIENT holds more than one line of text. Put the secret alone into it",
        ),
    ],
)
def test_a_secret_that_is_missing_ends_the_command(
    outcomes, read, tmp_path, secrets, monkeypatch, variable, value, line
):
    read(PROVIDER)
    monkeypatch.setenv(variable, value)
    done = outcomes("--config", str(tmp_path / "outcomes.toml"), "dashboard", "--port", str(free_port()))
    assert (done.code, done.err, done.out) == (2, f"error: {line}\n", "")


def test_without_sign_in_only_this_machine_is_listened_to(outcomes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = outcomes("dashboard", "--port", str(free_port()), "--host", "0.0.0.0")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --host 0.0.0.0: everybody who reaches it would read all that is published, and write. "
        "Configure [access], or say --without-sign-in if that is meant\n"
    )


def test_sign_in_cannot_be_left_out_where_it_is_configured(outcomes, read, tmp_path, secrets):
    read(PROVIDER)
    arguments = ["--config", str(tmp_path / "outcomes.toml"), "dashboard", "--without-sign-in"]
    done = outcomes(*arguments, "--port", str(free_port()))
    assert done.code == 2
    assert done.err.startswith("error: --without-sign-in: the configuration has people sign in.")


def test_a_configuration_that_was_named_must_be_there(outcomes, tmp_path):
    done = outcomes("--config", str(tmp_path / "nowhere.toml"), "dashboard", "--port", str(free_port()))
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "there is no such file" in done.err


def test_a_port_that_is_taken_is_said_first(outcomes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closed_port() as port:
        done = outcomes("dashboard", "--port", str(port))
    assert done.code == 2
    assert done.err.startswith(f"error: --port {port}: cannot be served on 127.0.0.1")


def test_without_sign_in_it_answers_under_the_names_of_this_machine_alone():
    with told(Access()) as how:
        assert how.options == [f"--server.allowedHosts={name}" for name in ("127.0.0.1", "::1", "localhost")]
        assert how.environment == {"OUTCOMES_ACCESS": ""}
    with told(Access(), is_to_any_host=True) as how:
        assert how.options == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_what_only_this_machine_reaches(host, expected):
    assert is_loopback(host) == expected
