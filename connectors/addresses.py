"""Addresses of servers in settings: https, and without a credential that an error could show."""

import re
from functools import partial
from typing import Annotated

from pydantic import AfterValidator

_LOOPBACK = r"http://(127\.0\.0\.1|localhost)(:\d+)?"
_PATH = r"(/[^@?#\s]*)?"
_HOST = r"[^/@?#\s]+"
_ENCRYPTED = rf"(https://{_HOST}|{_LOOPBACK}){_PATH}"
_ANY = rf"https?://{_HOST}{_PATH}"


def is_encrypted(address: str) -> bool:
    """Whether a credential may be sent there, and none stands in it: by https, or to this very machine."""
    return re.fullmatch(_ENCRYPTED, address) is not None


def _fitting(form: str, what: str, address: str) -> str:
    if not re.fullmatch(form, address):
        raise ValueError(f"is not {what} without credentials. Write, for example, https://server.example.org")
    return address.rstrip("/")


HttpsAddress = Annotated[str, AfterValidator(partial(_fitting, _ENCRYPTED, "an https address"))]
"""An address that a credential may be sent to."""
Address = Annotated[str, AfterValidator(partial(_fitting, _ANY, "an address"))]
"""An address that may be without encryption: look at `is_encrypted` before a credential is sent."""
