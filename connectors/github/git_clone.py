"""A bare git clone of one branch, without any files: the commits alone, kept from run to run.

The credential is handed to git in its environment, so that it stands in no argument, address or file.
"""

import base64
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from connectors.base import Forbidden, SourceError
from connectors.connection_errors import BUNDLE

OLDEST_GIT = (2, 31)
"""The first that takes its configuration from the environment."""
LONGEST_SECONDS = 3_600
STALLED_SECONDS = 300
SLOWEST_BYTES_PER_SECOND = 1
"""A server that counts what it will send says no more than how far it is, and only where `--progress` asks
for it: the five bytes every five seconds that it sends otherwise are taken for silence. By that git also ends
soon after this process, which reads what it says."""
CHUNK_BYTES = 1 << 20
FIX = 'Try the same with git on this machine, or set history = "api"'
KEPT_VARIABLES = re.compile(
    r"PATH|HOME|TMPDIR|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|GIT_(PROXY_)?SSL_\w+|GIT_EXEC_PATH",
    re.IGNORECASE,
)
"""Of this process's environment git is told no more: it also holds the other sources' tokens."""
REFUSED = re.compile(
    r"Authentication failed|could not read (Username|Password)|error: 40[134]|ository .*not found"
)
FIELDS = ("%H", "%P", "%at", "%ct", "%B")
"""Of a commit: neither its author's name nor address."""


class NoEnd(SourceError):
    """Git was ended, since it did not end by itself."""


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit as git has it; times are seconds since 1970."""

    sha: str
    parents: list[str]
    authored: int
    committed: int
    message: str


def _git() -> str:
    """Where git is; its bare name where it is nowhere."""
    return shutil.which("git") or "git"


def require_git(where: str) -> str:
    """The version of the git that is installed. Raises `SourceError` where there is none that will do."""
    try:
        asked = subprocess.run([_git(), "--version"], capture_output=True, timeout=60, check=False)  # noqa: S603
        told = asked.stdout.decode(errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        told = ""
    version = re.search(r"(\d+)\.(\d+)[.\d]*", told)
    if version and (int(version[1]), int(version[2])) >= OLDEST_GIT:
        return version[0]
    found = f"git {version[0]} is too old" if version else "there is no git on this machine"
    oldest = ".".join(map(str, OLDEST_GIT))
    raise SourceError(where, found, f'Install git {oldest} or newer, or set history = "api"')


class GitClone:
    """One branch of one repository.

    Args:
        folder: where the clone is kept; made anew where it is of no use.
        address: where it is cloned from.
        credential: user name and secret, if any.
        where: the place of the stream, for errors.
    """

    def __init__(self, folder: Path, address: str, credential: tuple[str, str] | None, where: str) -> None:
        self._folder = folder
        self._address = address
        self._credential = credential
        self._where = where

    def update(self, branch: str) -> str:
        """Bring the branch up to date, cloning where that fails. Returns its head. Raises `SourceError`."""
        require_git(self._where)
        try:
            if not (self._folder.exists() and self._is_fetched(branch)):
                self._clone(branch)
        except OSError as broken:
            what = f"the clone cannot be kept in the home folder ({broken.strerror})"
            raise SourceError(
                self._where, what, "Free some space, or let this account write there"
            ) from broken
        return self._git("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}").strip()

    def _is_fetched(self, branch: str) -> bool:
        """Fetch into the clone; False where it is of no use: cut short by a kill, or by a full disk.

        Where the server lets nobody in, or does not come to an end, another clone would fare no better.
        """
        try:
            self._git("config", "remote.origin.url", self._address)
            options = ("--no-tags", "--progress")
            self._git("fetch", *options, "origin", f"+refs/heads/{branch}:refs/heads/{branch}")
        except (Forbidden, NoEnd):
            raise
        except SourceError:
            return False
        return True

    def commits(self, head: str, known: str | None) -> Iterator[GitCommit]:
        """The commits that are reached from `head` and not from `known`, where that is still known."""
        bounds = [head, f"^{known}"] if known else [head]
        arguments = ("log", "-z", f"--format=tformat:{'%x00'.join(FIELDS)}", "--encoding=UTF-8")
        # With a mailmap git would fetch the folder that one may lie in.
        options = ("--no-mailmap", "--no-show-signature", "--no-notes", "--no-decorate", "--ignore-missing")
        with subprocess.Popen(  # noqa: S603 (no shell, and only shas vary)
            [_git(), f"--git-dir={self._folder}", *arguments, *options, *bounds, "--"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as log:
            try:
                fields = _fields(log.stdout)
                for sha, parents, authored, committed, message in zip(*[fields] * len(FIELDS), strict=False):
                    yield GitCommit(sha, parents.split(), int(authored or 0), int(committed or 0), message)
                if log.wait():
                    raise SourceError(self._where, "git log breaks off", FIX)
            finally:
                log.kill()

    def _clone(self, branch: str) -> None:
        """Make the clone beside its place, so that one that is cut short is never taken for whole."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        for left_over in self._folder.parent.glob(f"{self._folder.name}.part-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=f"{self._folder.name}.part-", dir=self._folder.parent))
        options = ("--bare", "--filter=tree:0", "--single-branch", "--no-tags", "--progress")
        try:
            self._run("clone", *options, f"--branch={branch}", "--", self._address, str(part))
            shutil.rmtree(self._folder, ignore_errors=True)
            part.rename(self._folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _git(self, *arguments: str) -> str:
        """Run git on the clone; found by its folder, never by what lies around it."""
        return self._run(f"--git-dir={self._folder}", *arguments)

    def _run(self, *arguments: str) -> str:
        """What git prints. Raises `SourceError`, without what git says: that may hold anything."""
        with subprocess.Popen(  # noqa: S603 (no shell; options end before what varies)
            [_git(), *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as git:
            try:
                printed, said = git.communicate(timeout=LONGEST_SECONDS)
            except BaseException as stopped:
                _end_with_children(git)
                if isinstance(stopped, subprocess.TimeoutExpired):
                    raise NoEnd(self._where, f"git does not end within {LONGEST_SECONDS} s", FIX) from None
                raise
        if git.returncode == 0:
            return printed.decode(errors="replace")
        if REFUSED.search(said.decode(errors="replace")):
            raise Forbidden(
                self._where,
                "git may not read the repository",
                'Give the credential read access to contents, or set history = "api"',
            )
        raise SourceError(self._where, f"git cannot read the repository (exit code {git.returncode})", FIX)

    def _environment(self) -> dict[str, str]:
        """Git's whole environment: what it has to know of this machine, and the credential."""
        address = urlsplit(self._address)
        configuration = {
            "credential.helper": "",
            "gc.auto": "0",
            "maintenance.auto": "false",
            # The account's own settings may send it to another address; what fits more of it counts.
            f"url.{self._address}.insteadOf": self._address,
        }
        if self._credential:
            secret = base64.b64encode(":".join(self._credential).encode()).decode()
            server = f"http.{address.scheme}://{address.netloc}/"
            configuration[f"{server}.extraHeader"] = f"Authorization: Basic {secret}"
            configuration[f"{server}.followRedirects"] = "false"
        environment = {key: value for key, value in os.environ.items() if KEPT_VARIABLES.fullmatch(key)}
        environment |= {
            "LC_ALL": "C",
            "GIT_ALLOW_PROTOCOL": address.scheme,
            "GIT_ASKPASS": "",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_HTTP_LOW_SPEED_LIMIT": str(SLOWEST_BYTES_PER_SECOND),
            "GIT_HTTP_LOW_SPEED_TIME": str(STALLED_SECONDS),
            "GIT_CONFIG_COUNT": str(len(configuration)),
        }
        for number, (key, value) in enumerate(configuration.items()):
            environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {**_own_certificates(), **environment}


def _own_certificates() -> dict[str, str]:
    """The certificates with which the API is asked, as git wants a file or a folder of them."""
    named = os.environ.get(BUNDLE)
    if not named:
        return {}
    return {"GIT_SSL_CAPATH" if Path(named).is_dir() else "GIT_SSL_CAINFO": named}


def _end_with_children(git: subprocess.Popen[bytes]) -> None:
    """End git and what it has started to talk to the server, which would go on without it."""
    with suppress(ProcessLookupError, PermissionError):  # it has ended by itself
        os.killpg(git.pid, signal.SIGKILL)


def _fields(pipe: IO[bytes] | None) -> Iterator[str]:
    """What `git log -z` prints, at each null."""
    rest = b""
    while pipe and (chunk := pipe.read(CHUNK_BYTES)):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from (field.decode(errors="replace") for field in whole)
