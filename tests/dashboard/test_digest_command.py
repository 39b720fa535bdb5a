"""`outcomes digest`: shows, sends, remembers what was sent, and tells in a line what was not."""

import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors.messages import MessageError
from pipelines import digests_sent
from pipelines.cli import main

SECRET = "T000SECRET"
CONFIG = """
[organisation]
id = "fennel"
name = "Fennel & Rye"
[[team]]
id = "beacon"
name = "Beacon"
[[team]]
id = "drift"
name = "Drift"
[[team]]
id = "gone"
name = "Gone"
[digest]
address = "https://outcomes.example"
"""
OF_BEACON = '[[digest.receiver]]\nteam = "beacon"\nwebhook = "slack"\nwebhook_env = "BEACON_HOOK"\n'
OF_DRIFT = '[[digest.receiver]]\nteam = "drift"\nwebhook = "slack"\nwebhook_env = "DRIFT_HOOK"\n'
OF_GONE = '[[digest.receiver]]\nteam = "gone"\nwebhook = "slack"\nwebhook_env = "BEACON_HOOK"\n'
OF_LEADERS = '[[digest.receiver]]\nleaders = true\nwebhook = "teams"\nwebhook_env = "LEADERS_HOOK"\n'
Ran = tuple[int, str, str]
Command = Callable[..., Ran]


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """What was posted where: BEACON_HOOK and LEADERS_HOOK take messages, DRIFT_HOOK does not."""
    got: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(404 if "drift" in self.path else 200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name in ("beacon", "drift", "leaders"):
        url = f"http://127.0.0.1:{server.server_port}/{name}/{SECRET}"
        monkeypatch.setenv(f"{name.upper()}_HOOK", url)
    yield got
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own with the published snapshot."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(
        published / "snapshots", home / "snapshots", copy_function=lambda a, b: Path(b).symlink_to(a)
    )
    monkeypatch.setenv("OUTCOMES_HOME", str(home))
    monkeypatch.delenv("OUTCOMES_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def outcomes(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str, receivers: str | None = None) -> Ran:
        if receivers is not None:
            Path("outcomes.toml").write_text(CONFIG + receivers, encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["outcomes", "digest", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err
        return int(str(ended.value.code)), said.out, said.err

    return run


def test_a_digest_is_shown_without_any_configuration(outcomes, place):
    code, out, err = outcomes("team", "--team", "beacon", "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith("Beacon: what waits, ")
    assert not (place / "digests.json").exists()


def test_a_digest_is_shown_as_json(outcomes):
    code, out, _ = outcomes("leaders", "--dry-run", "--format", "json")
    (told,) = json.loads(out)["digests"]
    assert (code, told["scope"], told["receiver"], told["status"]) == (0, "leaders", None, "shown")
    assert set(told["digest"]) == {"kind", "scope", "title", "lede", "parts", "foot", "page", "url"}


def test_what_was_sent_is_not_sent_again(outcomes, channels, place):
    receivers = OF_BEACON + OF_LEADERS
    assert outcomes("team", receivers=receivers) == (0, "team:beacon, BEACON_HOOK: sent\n", "")
    assert outcomes("team") == (0, "team:beacon, BEACON_HOOK: silent: nothing changed\n", "")
    assert outcomes("leaders") == (0, "leaders, LEADERS_HOOK: sent\n", "")
    assert outcomes("leaders") == (0, "leaders, LEADERS_HOOK: silent: nothing changed\n", "")
    assert [path.split("/")[1] for path, _ in channels] == ["beacon", "leaders"]
    assert channels[0][1]["blocks"][0]["text"]["text"].startswith("Beacon: what waits, ")
    assert channels[1][1]["attachments"][0]["content"]["type"] == "AdaptiveCard"
    assert (place / "digests.json").stat().st_mode & 0o077 == 0


def test_a_receiver_that_fails_keeps_none_from_theirs_and_is_tried_again(outcomes, channels):
    line = "error: digest to DRIFT_HOOK (team:drift): the webhook does not exist any more, or may not be used"
    code, out, err = outcomes("team", receivers=OF_DRIFT + OF_BEACON)
    assert (code, out) == (1, "team:beacon, BEACON_HOOK: sent\n")
    assert err.startswith(line)
    assert err.count("\n") == 1
    outcomes("team")
    assert [path.split("/")[1] for path, _ in channels] == ["drift", "beacon", "drift"]


MAIL_TO_TWO = """
mail_server = "127.0.0.1"
mail_security = "none"
mail_from = "outcomes@example.org"

[[digest.receiver]]
team = "beacon"
mail = ["here@example.org", "gone@example.org"]
"""


@pytest.mark.parametrize(("is_taken", "sendings"), [(True, 1), (False, 2)])
def test_those_who_got_a_mail_do_not_get_it_again_for_an_address_that_is_wrong(
    outcomes, monkeypatch, is_taken, sendings
):
    sent = []

    def mail(_server, to, *, where, **_message):
        sent.append(to)
        raise MessageError(where, "the mail server does not take gone@example.org", "x", is_taken=is_taken)

    monkeypatch.setattr("connectors.messages.mail", mail)
    assert outcomes("team", receivers=MAIL_TO_TWO)[0] == 1
    outcomes("team")
    assert len(sent) == sendings


def test_what_failed_stands_in_the_json(outcomes, channels):
    code, out, _ = outcomes("team", "--format", "json", receivers=OF_DRIFT)
    (told,) = json.loads(out)["digests"]
    assert (code, told["status"]) == (1, "failed")
    assert "(404)" in told["error"]


def test_a_process_that_ends_between_sending_and_remembering_sends_once_more(outcomes, channels, monkeypatch):
    kept = digests_sent.Sent.remember

    def killed(*arguments: Any) -> None:
        raise OSError(5, "killed", "digests.json")

    monkeypatch.setattr(digests_sent.Sent, "remember", killed)
    assert outcomes("team", receivers=OF_BEACON)[0] == 1
    monkeypatch.setattr(digests_sent.Sent, "remember", kept)
    outcomes("team")
    outcomes("team")
    assert len(channels) == 2


@pytest.mark.parametrize(
    ("arguments", "receivers", "code", "line"),
    [
        (
            ["team"],
            "",
            2,
            "digest: has no receiver for these teams. Add a [[digest.receiver]], or look with --dry-run",
        ),
        (
            ["leaders"],
            OF_BEACON,
            2,
            "digest: has no receiver for leaders. Add a [[digest.receiver]], or look with --dry-run",
        ),
        (
            ["team", "--team", "beacn"],
            OF_BEACON,
            2,
            "--team beacn: there is no such team in the published numbers. Did you mean beacon?",
        ),
        (
            ["team"],
            OF_BEACON.replace("BEACON_HOOK", "NO_HOOK"),
            2,
            "digest to NO_HOOK (team:beacon): NO_HOOK is not set. Put the secret into that variable",
        ),
        (
            ["team"],
            OF_GONE,
            1,
            "team gone: is not in the published numbers. `outcomes build` publishes what is configured",
        ),
        (
            ["team"],
            '[[digest.receiver]]\nteam = "wat"\nmail = ["a@example.org"]\n',
            2,
            (
                "outcomes.toml: digest.receiver[1].team: names a team that has no [[team]]. "
                "Known here: beacon, drift, gone"
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_in_a_line(outcomes, channels, arguments, receivers, code, line):
    ended, _, err = outcomes(*arguments, receivers=receivers)
    assert ended == code
    assert f"error: {line}" in err.splitlines()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('[[digest.receiver]]\nteam = "beacon"\n', "is reached by one way: a webhook or mail"),
        ('[[digest.receiver]]\nmail = ["a@example.org"]\n', "is neither of a team nor of leaders, or both"),
        (OF_BEACON + "leaders = true\n", "is neither of a team nor of leaders, or both"),
        (OF_BEACON + 'mail = ["a@example.org"]\n', "is reached by one way: a webhook or mail"),
        (
            '[[digest.receiver]]\nleaders = true\nwebhook = "slack"\n',
            "needs `webhook` and `webhook_env` together",
        ),
        (
            '[[digest.receiver]]\nleaders = true\nmail = ["a@example.org"]\n',
            "Add `mail_server` and `mail_from`",
        ),
        ('[[digest.receiver]]\nleaders = true\nmail = ["a"]\n', "is no e-mail address"),
        ('mail_security = "none"\nmail_server = "mail.example"\n', "may go without encryption"),
        ('mail_user_env = "USER_OF_MAIL"\n', "needs `mail_user_env` and `mail_password_env` together"),
        ('mail_password = "hunter2hunter2"\n', "holds what looks like a secret"),
        (
            f'[[digest.receiver]]\nleaders = true\nwebhook = "slack"\nwebhook_env = "https://x/{SECRET}"\n',
            "not the name of an",
        ),
        (OF_BEACON.replace('"slack"', f'"https://hooks.example/{SECRET}"'), "must be one of slack, teams"),
    ],
)
def test_a_configuration_by_which_nothing_can_be_sent_is_refused(outcomes, wrong, told):
    code, _, err = outcomes("team", receivers=wrong)
    assert told in err
    assert code == 2


@pytest.mark.parametrize("content", ["", "[]", '{"version": 1}', '{"version": 1, "sent": {"a": 3}}', "\x00"])
def test_a_damaged_memory_is_told_and_not_overwritten(outcomes, channels, place, content):
    (place / "digests.json").write_text(content, encoding="utf-8")
    code, _, err = outcomes("team", receivers=OF_BEACON)
    assert code == 1
    assert "digests.json: is damaged. Remove it; each digest is then sent once more" in err
    assert (place / "digests.json").read_text(encoding="utf-8") == content
    assert channels == []


def test_two_do_not_send_at_once(outcomes, channels, place):
    from pipelines.home import Home

    with digests_sent.sent(Home(place)):
        code, _, err = outcomes("team", receivers=OF_BEACON)
    assert code == 1
    assert "digests are being sent by another process. Wait for it to end" in err
    assert channels == []


def test_without_a_snapshot_it_says_how_to_make_one(outcomes, place):
    shutil.rmtree(place / "snapshots")
    code, _, err = outcomes("leaders", "--dry-run")
    assert code == 1
    assert "No snapshot has been published yet. `outcomes run` makes one" in err
    assert err.count("\n") == 1
