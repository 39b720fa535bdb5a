"""Why a connection fails, in words: client libraries bury the cause in layers of their own errors."""

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

BUNDLE = "REQUESTS_CA_BUNDLE"
"""The variable with the organisation's own certificates, as `requests` reads it."""


@dataclass(frozen=True, slots=True)
class TlsError:
    """A TLS failure that no further try will mend: what it is, and what to do."""

    what: str
    fix: str


def tls_error(broken: BaseException) -> TlsError | None:
    """Whether the server's certificate or its lack of TLS is the cause."""
    for cause in _causes(broken):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TlsError(
                f"the server's certificate is not trusted ({cause.verify_message})",
                f"Set the environment variable {BUNDLE} to a file with your organisation's "
                "certificates, or correct base_url",
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
            return TlsError("the server does not speak https at this address", "Correct base_url")
    return None


def own_certificates() -> ssl.SSLContext | None:
    """The certificates of the file or folder that `BUNDLE` names, for clients that do not look there.

    None where it names nothing. Raises `OSError` where that cannot be read.
    """
    named = os.environ.get(BUNDLE)
    if not named:
        return None
    is_folder = Path(named).is_dir()
    return ssl.create_default_context(
        cafile=None if is_folder else named, capath=named if is_folder else None
    )


def reason(broken: BaseException) -> str:
    """The innermost cause in a few words, without addresses."""
    for cause in _causes(broken):
        if isinstance(cause, socket.gaierror):
            return "no server has this name"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there"
        if isinstance(cause, TimeoutError | requests.Timeout):
            return "no answer in time"
    return type(broken).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it was raised from or holds, outermost first."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        held = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        waiting += [inner for inner in held if isinstance(inner, BaseException)]
