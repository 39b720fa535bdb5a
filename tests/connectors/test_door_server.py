"""How the doors of the ballot box and of the inbox are served: one way for both, which tells of nobody."""

import signal

import pytest
from typer.testing import CliRunner
from uvicorn.server import ServerState

from connectors import door_server
from pipelines import cli

INBOX = """[organisation]
id = "alder"
name = "Alder"
[[source]]
kind = "inbox"
name = "inbox"
door_token_envs = ["DOOR_TOKEN"]
"""


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Records how a command would serve, instead of serving."""
    seen = []

    class Recorded(door_server.uvicorn.Server):
        def run(self, sockets=None):
            seen.append(self.config)

    monkeypatch.setattr(door_server.uvicorn, "Server", Recorded)
    monkeypatch.setattr(door_server.signal, "signal", lambda number, _: seen.append(number))
    monkeypatch.setenv("DOOR_TOKEN", "0123456789abcdef0123456789abcdef")
    (tmp_path / "outcomes.toml").write_text(INBOX, encoding="utf-8")

    def run(*arguments):
        options = ["--config", str(tmp_path / "outcomes.toml"), "--home", str(tmp_path / "home")]
        assert CliRunner().invoke(cli.app, [*options, *arguments, "--port", "8599"]).exit_code == 0
        number, config = seen
        assert number == signal.SIGTERM
        return config

    return run


@pytest.mark.parametrize(("door", "most"), [("survey", 512), ("inbox", 64)])
def test_it_serves_without_logs_names_or_addresses(configured, door, most):
    config = configured(door, "serve")
    assert (config.host, config.port, config.limit_concurrency) == ("127.0.0.1", 8599, most)
    assert (config.access_log, config.log_config) == (False, None)
    assert (config.server_header, config.proxy_headers, config.workers) == (False, False, 1)
    config.access_log = True  # as a program could that attaches its own loggers
    config.load()
    protocol = config.http_protocol_class(config, server_state=ServerState(), app_state={})
    assert protocol.access_log is False
