"""Starts what runs until it is stopped: the dashboard, and Dagster's UI with its daemon."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.cli_errors import USAGE, CommandError
from pipelines.home import HOME_VARIABLE, Home
from pipelines.sign_in import Told


def require_free_port(option: str, port: int, host: str) -> None:
    """Raise where the port cannot be listened on: the servers would say so in pages of output."""
    why = "no such port"
    if 0 < port < 2**16:
        try:
            socket.create_server((host, port)).close()
        except OSError as taken:
            why = os.strerror(taken.errno) if taken.errno else str(taken)
        else:
            return
    raise CommandError(
        f"{option} {port}: cannot be served on {host} ({why}). Choose another with {option}", USAGE
    )


def dashboard_command(port: int, host: str, options: Sequence[str] = ()) -> list[str]:
    """The command that serves the dashboard; its theme lies beside the app."""
    found = importlib.util.find_spec("dashboard")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the dashboard is not installed")
    app = Path(next(iter(found.submodule_search_locations))) / "app.py"
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(app),
        f"--server.port={port}",
        f"--server.address={host}",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
        *options,
    ]


def dagster_command(port: int, host: str) -> list[str]:
    """The command that serves Dagster's UI and runs its schedule."""
    return [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "--module-name=pipelines.definitions",
        f"--port={port}",
        f"--host={host}",
    ]


def serve(home: Home, commands: Sequence[list[str]], told: Told) -> int:
    """Run the commands side by side until the first one ends, Ctrl-C or SIGTERM; returns its exit code.

    The secrets of signing in reach none of them by the environment.
    """
    kept = {key: value for key, value in os.environ.items() if key not in told.withheld}
    environment = {**kept, **told.environment, HOME_VARIABLE: str(home.path)}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the children are ended as well
    children = [subprocess.Popen(command, env=environment) for command in commands]  # noqa: S603 - ours
    try:
        return children[0].wait()
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()  # not SIGINT, which a background process may have been told to ignore
        for child in children:
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
