"""A PostgreSQL server of the tests' own: on loopback, in a folder that is removed, never an existing one."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from ports import LOOPBACK, free_port

WITHOUT_VARIABLE = "OUTCOMES_TESTS_WITHOUT_POSTGRESQL"
PASSWORD = "zebra-4711"
_QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=8MB",
    "max_wal_size=64MB",
)


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The address of a server that runs meanwhile: `postgresql://…/postgres`."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="outcomes-postgresql-"))
    account = _account()
    as_account = {"user": account, "extra_groups": []} if account else {}
    try:
        (folder / "password").write_text(PASSWORD, "ascii")
        if account:
            for path in (folder, folder / "password"):
                shutil.chown(path, account)
        data, log = folder / "data", (folder / "log").open("wb")
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "outcomes", "--no-sync", "-E", "UTF8", "--locale=C",
             "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"],
            check=True, stdout=log, stderr=log, cwd=folder, **as_account,
        )  # fmt: skip
        port = free_port()
        settings = [f"listen_addresses={LOOPBACK}", f"port={port}", "unix_socket_directories=", *_QUICK]
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *(word for one in settings for word in ("-c", one))],
            stdout=log, stderr=log, cwd=folder, **as_account,
        )  # fmt: skip
        try:
            url = f"postgresql://outcomes:{PASSWORD}@{LOOPBACK}:{port}/postgres"
            _await(url, server)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # it waits for nobody's connection
            server.wait(30)
            log.close()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    found = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    assert on_path or found, (
        f"the journal's tests need PostgreSQL: apt-get install postgresql, or set {WITHOUT_VARIABLE}=1"
    )
    return Path(on_path).resolve().parent if on_path else max(found).parent


def _account() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            assert server.poll() is None, "the tests' PostgreSQL ended at once"
            try:
                server.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    raise AssertionError("the tests' PostgreSQL does not answer")
