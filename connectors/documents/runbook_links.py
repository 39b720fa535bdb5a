"""The links of runbooks: which a document has, and which of them lead nowhere.

A relative link is looked up among the files. An http address is asked for its head, without any
credential, one at a time, and only so many in one run; whatever is no clear answer leaves it unknown.
Addresses inside the organisation are asked as well. Those at which clouds hand out credentials are not:
the machine's own link (169.254.x.x), in whatever form it is written, and a few others.
"""

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.auth import AuthBase

from connectors.documents.files import Document
from connectors.traffic import Traffic

TIMEOUT_SECONDS = (5.0, 10.0)
LONGEST_SECONDS = 300.0
"""For all addresses of a run together."""
PAUSE_SECONDS = 0.2
MOST_REDIRECTS = 5
BROKEN = frozenset({404, 410})
METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")))
"""Where AWS, Alibaba and Azure answer machines besides their own link."""
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

# Bounded, so that no text takes longer than its length is worth.
_PART = r"[^\s<>()]{0,2000}"
_INLINE = re.compile(
    rf"\]\(\s{{0,9}}<?({_PART}(?:\({_PART}\){_PART}){{0,9}})>?(?:\s{{1,9}}[\"'(][^\n]{{0,300}}?)?\s{{0,9}}\)"
)
_REFERENCE = re.compile(r" {0,3}\[[^\]^][^\]]*\]:\s*<?([^\s<>]+)>?")
_CODE = re.compile(r"(`{1,3})[^`]*\1")
_BARE = re.compile(r"https?://[^\s<>\"'`)\]]+")


def links_of(document: Document) -> list[str]:
    """Where a document's links lead, each once; not those to its own headings or to mail."""
    found: dict[str, None] = {}
    for section in document.sections:
        for line in (section.heading, *section.lines):
            for target in _targets(_CODE.sub("", line)):
                if target and not target.startswith("#") and _scheme(target) in {"", "http", "https"}:
                    found[target] = None
    return list(found)


def _targets(line: str) -> Iterator[str]:
    for inline in _INLINE.finditer(line):
        yield inline[1]
    reference = _REFERENCE.match(line)
    if reference:
        yield reference[1]
    for bare in _BARE.finditer(re.sub(_INLINE, " ", "" if reference else line)):
        yield bare[0].rstrip(".,;:!?*_")


def _scheme(target: str) -> str:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", target)
    return found[1].lower() if found else ""


def is_broken_file(target: str, document: Path, roots: Sequence[Path]) -> bool | None:
    """Whether a relative link leads nowhere; None where it leads out of what can be seen.

    Args:
        target: the link.
        document: the file that it stands in.
        roots: the folder that is scanned and the working copy around it. A link that begins with a
            slash counts from one of them.
    """
    path = unquote(re.split(r"[?#]", target, maxsplit=1)[0])
    if not path or "\0" in path:
        return bool(path)
    starts = [root / path.lstrip("/") for root in roots] if path.startswith("/") else [document.parent / path]
    seen = [start.resolve() for start in starts]
    inside = [one for one in seen if any(one.is_relative_to(root.resolve()) for root in roots)]
    if any(_exists(one) for one in inside):
        return False
    return True if inside else None


def _exists(path: Path) -> bool:
    """Whether the file is there, or its source: a site may show `guide.md` as `guide/`."""
    try:
        return path.exists() or path.with_name(f"{path.name}.md").exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


class _NoCredential(AuthBase):
    """Signs in with nothing, not even with what the machine's .netrc has."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


@dataclass
class Follower:
    """Asks for addresses, each once.

    Args:
        most: addresses in one run.
        traffic: counts what is sent.
        sleep: pauses between two requests.
    """

    most: int
    traffic: Traffic
    sleep: Callable[[float], None] = time.sleep
    _known: dict[str, bool | None] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic)
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self._session.auth = _NoCredential()
        self._session.max_redirects = MOST_REDIRECTS
        self._session.headers["User-Agent"] = "engineering-outcomes link check"

    def is_broken(self, address: str) -> bool | None:
        """Whether an address leads nowhere; None where that is not known."""
        address = address.partition("#")[0]
        if address not in self._known:
            is_over = time.monotonic() - self._begun > LONGEST_SECONDS
            if is_over or len(self._known) >= self.most:
                return None
            self._known[address] = self._ask(address)
        return self._known[address]

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _ask(self, address: str) -> bool | None:
        status = self._status("HEAD", address)
        if status in {405, 501}:  # the server does not know the question
            status = self._status("GET", address)
        if status is None:
            return None
        return True if status in BROKEN else False if status < 300 else None

    def _status(self, verb: str, address: str) -> int | None:
        """The last answer's status, after redirects; None where there was none."""
        for _ in range(MOST_REDIRECTS + 1):
            if not _may_be_asked(address):
                return None
            self.traffic.calls += 1
            self.sleep(PAUSE_SECONDS)
            try:
                with self._session.request(
                    verb, address, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
                ) as response:
                    onward = self._session.get_redirect_target(response)
            except (requests.RequestException, ValueError):
                return None
            if onward is None:
                return response.status_code
            address = urljoin(address, onward)
        return None


def _may_be_asked(address: str) -> bool:
    """Whether it is http and does not lead to the machine's own link."""
    try:
        split = urlsplit(address)
        host = split.hostname or ""
        if split.scheme not in {"http", "https"} or not host:
            return False
        found = {ipaddress.ip_address(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except (OSError, ValueError):
        return False
    return not any(one.is_link_local or one in METADATA for one in map(_reached, found))


def _reached(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address of the older form that one of the newer form stands for, else itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
