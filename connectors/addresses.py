"""Addresses of servers in settings: https, and without a credential that an error could show."""

import re
from typing import Annotated

from pydantic import AfterValidator

_LOOPBACK = r"http://(127\.0\.0\.1|localhost)(:\d+)?"
_PATH = r"(/[^@?#\s]*)?"


def _encrypted(address: str) -> str:
    if not re.fullmatch(rf"(https://[^/@?#\s]+|{_LOOPBACK}){_PATH}", address):
        raise ValueError(
            "is not an https address without credentials. Write, for example, https://server.example.org"
        )
    return address.rstrip("/")


def _plain(address: str) -> str:
    if not re.fullmatch(rf"https?://[^/@?#\s]+{_PATH}", address):
        raise ValueError(
            "is not an address without credentials. Write, for example, https://server.example.org"
        )
    return address.rstrip("/")


def is_encrypted(address: str) -> bool:
    """Whether a credential may be sent there: by https, or to this very machine."""
    return re.fullmatch(rf"(https://.+|{_LOOPBACK}{_PATH})", address) is not None


HttpsAddress = Annotated[str, AfterValidator(_encrypted)]
"""An address that a credential may be sent to."""
Address = Annotated[str, AfterValidator(_plain)]
"""An address that may be without encryption: look at `is_encrypted` before a credential is sent."""
