"""Repeats a step whose failure may pass by itself, and no other.

Dagster's own policy on an asset would repeat every failure, also mistakes in the configuration, and
would take Ctrl-C for one more failure to repeat.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from pipelines.unquoted import may_quote, unquoted

BACKOFF = dg.RetryPolicy(max_retries=2, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""About 2 and 6 seconds: what lasts longer is for the next night, which continues where this one stopped."""

MAY_PASS = frozenset(
    {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOLCK}
)
"""What a network drive or a busy disk says for a moment. A full disk or a missing right stays."""


class QueryFailedError(Exception):
    """A query failed at a value. `str()` is one line, without the value."""


def may_pass(failure: BaseException | None) -> bool:
    """Whether the failure, or what caused it, may be gone in a few seconds."""
    while failure is not None:
        if isinstance(failure, OSError):
            return failure.errno in MAY_PASS
        if isinstance(failure, duckdb.IOException):  # it has the system's words alone
            return any(os.strerror(code) in str(failure) for code in MAY_PASS)
        failure = failure.__cause__
    return False


@contextmanager
def repeated(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Ask Dagster to repeat the step where what is done here fails and may pass.

    What is done must be safe to do again.

    Raises:
        QueryFailedError: a query failed at a value that was read; Dagster keeps what it is told.
    """
    try:
        yield
    except Exception as failure:
        if isinstance(failure, duckdb.Error) and may_quote(failure):
            where = context.assets_def.node_def.name
            raise QueryFailedError(f"{where}: {unquoted(failure)}. Please report it") from None
        if not may_pass(failure):
            raise
        raise dg.RetryRequested(
            max_retries=BACKOFF.max_retries,
            seconds_to_wait=BACKOFF.calculate_delay(context.retry_number + 1),
        ) from failure
