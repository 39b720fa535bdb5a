"""What git knows of documents in a folder: when each was changed, and how it read at each time.

Asks for dates and contents alone, never for authors. Nothing that the repository's own configuration
names is run, and nothing is fetched.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from connectors.base import SourceUnavailable
from connectors.documents.files import LARGEST_DOCUMENT

LONGEST_SECONDS = 300
_OF_ANOTHER_REPOSITORY = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_EXTERNAL_DIFF",
    }
)
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_HARMLESS = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "log.showSignature=false",
    "--no-pager",
    "--literal-pathspecs",
)
_RECORD = "\x01"


@dataclass(frozen=True, slots=True)
class Revision:
    """How a document read from a day on."""

    on: date
    text: str


class History:
    """The history of a folder's documents; where there is none, `missing` says why.

    Args:
        folder: it may lie anywhere in a working copy.
        where: names the source in errors.
    """

    def __init__(self, folder: Path, where: str) -> None:
        self._folder = folder
        self._where = where
        self.root = folder
        """The working copy's first folder, else the folder itself."""
        self.head = ""
        """Changes when the history does."""
        self.missing = self._look()

    def _look(self) -> str | None:
        """Find out what there is. Returns why there is no history."""
        try:
            shown = self._git("rev-parse", "--show-toplevel", "--is-shallow-repository", "HEAD")
        except FileNotFoundError:
            return "git is not installed"
        except subprocess.CalledProcessError as failure:
            is_foreign = b"dubious ownership" in failure.stderr
            return "git does not trust the folder's owner" if is_foreign else "it is no working copy of git"
        top, is_shallow, head = shown.decode("utf-8", "surrogateescape").splitlines()
        self.root, self.head = Path(top), head
        # A shallow copy shows every file as if its oldest commit had made it.
        return "the working copy is shallow" if is_shallow == "true" else None

    @cached_property
    def last_changes(self) -> dict[str, date]:
        """The day of each file's last commit, by its path below the folder."""
        if self.missing:
            return {}
        shown = self._asked("log", f"--format={_RECORD}%cs", "--name-only", "-z", "--relative", "--", ".")
        found: dict[str, date] = {}
        for commit in shown.decode("utf-8", "surrogateescape").split(_RECORD)[1:]:
            on, *names = commit.split("\0")
            for name in filter(None, (one.strip("\n") for one in names)):
                found.setdefault(name, date.fromisoformat(on))
        return found

    def revisions(self, path: str) -> list[Revision]:
        """How a document read after each commit that touched it, the oldest first; renames are followed."""
        if self.missing:
            return []
        question = ("--follow", f"--format={_RECORD}%cs", "--raw", "--no-abbrev", "-z", "--", path)
        shown = self._asked("log", *question)
        found: list[tuple[date, str]] = []
        for commit in shown.decode("utf-8", "surrogateescape").split(_RECORD)[1:]:
            on, _, change = commit.partition("\0")
            words = change.strip("\n").split("\0", 1)[0].split(" ")  # :modes, blobs before and after, letter
            if len(words) == 5 and set(words[3]) != {"0"}:
                found.append((date.fromisoformat(on), words[3]))
                if words[4].startswith("C"):
                    break  # made of a copy: what comes before is the history of a template
        texts = self._texts([blob for _, blob in found])
        return [Revision(on, texts[blob]) for on, blob in reversed(found) if blob in texts]

    def _texts(self, blobs: Sequence[str]) -> dict[str, str]:
        """Blob → its text, of those that are documents by their size and form."""
        if not blobs:
            return {}
        shown = self._asked("cat-file", "--batch", stdin="\n".join(blobs).encode() + b"\n")
        found: dict[str, str] = {}
        at = 0
        while at < len(shown):
            line = shown[at : shown.index(b"\n", at)]
            name, kind, *size = line.decode("ascii").split(" ")
            at += len(line) + 1
            if kind == "blob":
                content = shown[at : at + int(size[0])]
                at += len(content) + 1
                if len(content) <= LARGEST_DOCUMENT:
                    found[name] = content.decode("utf-8-sig", "replace")
        return found

    def _asked(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What git answers. Raises `SourceUnavailable`."""
        try:
            return self._git(*arguments, stdin=stdin)
        except subprocess.TimeoutExpired:
            what = f"git needs more than {LONGEST_SECONDS} seconds for the history"
        except (subprocess.CalledProcessError, OSError):
            what = "git cannot read the history"
        raise SourceUnavailable(self._where, what, f"Look at `git log` in {self._folder}")

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        environment = {
            name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY
        }
        done = subprocess.run(  # noqa: S603 - the arguments are ours, and paths stand behind `--`
            ["git", *_HARMLESS, *arguments],  # noqa: S607 - the git that the operator has
            cwd=self._folder,
            env={**environment, **_QUIET},
            input=stdin,
            capture_output=True,
            check=True,
            timeout=LONGEST_SECONDS,
        )
        return done.stdout
