"""What was found once is kept for all sessions: bounded in bytes, the longest unused goes first.

Streamlit's own cache pickles each answer and hands every reader a copy of it, and knows no bound in bytes:
with many sessions on a large organisation it is both the slowest and the largest part of the dashboard. What
is kept here is handed out as it is, so nobody may change it; frames, tuples and our dataclasses cannot be.
"""

import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import polars as pl

MOST_BYTES = 256_000_000
"""Of all that is kept, in this process."""
_EACH = 2_000
"""What an answer takes beside its values."""
_GROWTH = 4
"""An object in memory against its pickle."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Store:
    """Answers by what was asked, the least lately used first."""

    most_bytes: int
    bytes: int = 0
    _answers: "OrderedDict[Hashable, tuple[Future[Any], int]]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, find: Callable[[], R]) -> R:
        """The answer to `key`; of those who ask at once one finds it, others wait. Errors are not kept."""
        with self._lock:
            known = self._answers.get(key)
            answer: Future[R] = known[0] if known else Future()
            if known:
                self._answers.move_to_end(key)
            else:
                self._answers[key] = answer, 0
        if known:
            return answer.result()
        try:
            found = find()
        except BaseException as error:
            with self._lock:
                self._answers.pop(key, None)
            answer.set_exception(error)
            raise
        answer.set_result(found)
        self._weigh(key, answer, weight(found))
        return found

    def _weigh(self, key: Hashable, answer: "Future[Any]", size: int) -> None:
        """Count what was found, and let go what has been unused longest."""
        with self._lock:
            if key in self._answers and self._answers[key][0] is answer:
                self._answers[key] = answer, size
                self.bytes += size
            while self.bytes > self.most_bytes:
                _, (_, freed) = self._answers.popitem(last=False)
                self.bytes -= freed

    def forget(self, path: str) -> None:
        """Let go everything that was found in a file, by its path as the first argument."""
        with self._lock:
            for key in [key for key in self._answers if isinstance(key, tuple) and path in key[1][:1]]:
                self.bytes -= self._answers.pop(key)[1]


STORE = Store(MOST_BYTES)


def weight(found: object) -> int:
    """About how many bytes an answer takes."""
    if isinstance(found, pl.DataFrame):
        return int(found.estimated_size()) + _EACH
    return len(pickle.dumps(found)) * _GROWTH + _EACH


def kept(find: Callable[P, R]) -> Callable[P, R]:
    """Keep what a function finds, by its arguments: the first is a snapshot's path, which never changes."""
    name = f"{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        key = (name, args, tuple(sorted(kwargs.items())))
        return STORE.get(key, lambda: find(*args, **kwargs))

    return asked
