"""Starts the servers on free ports of the loopback address, each in a thread."""

import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import uvicorn

from connectors.sandbox.gate import Clock, Gate
from connectors.sandbox.github_graphql import GraphQLApi
from connectors.sandbox.github_server import GitHubServer
from connectors.sandbox.jira_server import JiraServer
from connectors.sandbox.pagerduty_server import PagerDutyServer
from connectors.sandbox.sonar_server import SonarServer
from connectors.sandbox.world import World

HOST = "127.0.0.1"
START_SECONDS = 10.0
ALLOWED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Listener:
    """One server, its thread and the socket it listens on."""

    server: uvicorn.Server
    thread: threading.Thread
    socket: socket.socket


class Running:
    """The servers while they run: `urls` by kind of source (github, jira, pagerduty, and sonarqube)."""

    def __init__(self, clock: Clock, graphql: GraphQLApi, gates: Mapping[str, Gate]) -> None:
        self._clock = clock
        self._graphql = graphql
        self._gates = gates
        self._listeners = {kind: _listen(gate) for kind, gate in gates.items()}
        self.urls = {
            kind: f"http://{HOST}:{one.socket.getsockname()[1]}" for kind, one in self._listeners.items()
        }

    def move_to(self, moment: datetime) -> None:
        """Show the world as of another moment from now on; in another hour allowances are renewed."""
        if abs(moment - self._clock.now) >= ALLOWED_FOR:
            self.renew_allowances()
        self._clock.now = moment
        self._graphql.move_to(moment)

    def renew_allowances(self) -> None:
        """Begin another hour for everybody who asks."""
        self._graphql.used = 0
        for gate in self._gates.values():
            gate.renew()

    def requests(self, kind: str) -> int:
        """How many requests one of the servers has answered."""
        return self._gates[kind].requests.total()

    def stop(self) -> None:
        """End the servers and give their ports back."""
        for one in self._listeners.values():
            one.server.should_exit = True
        for one in self._listeners.values():
            one.thread.join()
            one.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(world: World, as_of: datetime | None = None, *, with_sonar: bool = False) -> Running:
    """Serve the world as of a moment (by default its last) until `stop()` is called.

    `with_sonar` adds SonarQube, of which a history read night by night is another than one read at once.
    """
    clock = Clock(as_of or world.as_of)
    github = GitHubServer(world, clock)
    gates = {
        "github": github.app(),
        "jira": JiraServer(world, clock).app(),
        "pagerduty": PagerDutyServer(world, clock).app(),
    }
    if with_sonar:
        gates["sonarqube"] = SonarServer(world, clock).app()
    return Running(clock, github.graphql, gates)


def _listen(gate: Gate) -> _Listener:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((HOST, 0))
    settings = uvicorn.Config(
        gate,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            listener.close()
            raise RuntimeError("a server of the sandbox did not start")
        time.sleep(0.01)
    return _Listener(server, thread, listener)
