"""The gate before every page: who is to sign in first, where they come back to, and what the foot says."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

import requests
import streamlit as st
from streamlit.errors import StreamlitAuthError
from streamlit.navigation.page import StreamlitPage

from dashboard import access, components, layout
from dashboard.access import AccessError, Rules, Standing
from dashboard.components import show
from dashboard.markup import text

PANEL_WIDTH = 560
REMEMBERED_SECONDS = 600
REMEMBERED_AT_MOST = 1000
PATIENCE_SECONDS = 5
_XSRF_COOKIE = "_streamlit_xsrf"

_SAYS: dict[Standing, tuple[str, str, str]] = {
    "not_signed_in": (
        "Sign in to read on",
        "How work flows, how reliable it is and what teams say, for everybody in this organisation.",
        "Sign in",
    ),
    "lapsed": (
        "Your session has ended",
        "Sign in again to go on where you were; nothing that was saved is lost.",
        "Sign in again",
    ),
    "no_role": (
        "Nothing is open to you here yet",
        "You are signed in, but these pages are for people with a role; whoever runs them can give you one.",
        "Sign out",
    ),
}
_ROLES = {
    "leader": "a leader",
    "team_member": "a team member",
    "operator": "an operator",
    "steward": "a comment reader",
    "anyone": "a reader",
}


@dataclass(frozen=True)
class Place:
    """A page with its selectors, and when somebody wanted to sign in there."""

    page: str
    query: Mapping[str, list[str]]
    asked_at: float = field(default_factory=time.monotonic)


def enter(pages: Sequence[StreamlitPage]) -> StreamlitPage | None:
    """The page to draw; None where something else is drawn in its place: there is no way around it."""
    try:
        rules = access.rules()
        standing, _ = access.current()
    except AccessError:
        st.navigation(pages, position="hidden")
        _closed()
        return None
    if rules is None or standing == "signed_in":
        chosen = st.navigation(pages, position="top")
        if rules:
            _back_to_where_they_were(pages, chosen)
        return chosen
    chosen = st.navigation(pages, position="hidden")
    with _panel():
        _ask(rules, standing, chosen)
    return None


def foot() -> None:
    """Below every page: as whom one reads, or that nobody signs in here."""
    standing, who = access.current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if standing == "open":
            _who(_for_whom(st.get_option("server.address")))
        else:
            _who(f"Signed in as {_ROLES[who.role]}.")
            st.button("Sign out", type="tertiary", on_click=st.logout)


def _who(sentence: str) -> None:
    st.html(f'<div class="eo eo-who"><span class="eo-note">{text(sentence)}</span></div>', width="content")


def _for_whom(address: str | None) -> str:
    try:
        is_for_one = address == "localhost" or ip_address(address or "").is_loopback
    except ValueError:
        is_for_one = False
    if is_for_one:
        return "Without sign-in: open to this machine alone."
    return "Without sign-in: everybody who reaches this address may read all of it, and write."


@contextmanager
def _panel() -> Iterator[None]:
    with st.container(horizontal_alignment="center"), st.container(width=PANEL_WIDTH):
        st.space("large")
        yield


def _ask(rules: Rules, standing: Standing, chosen: StreamlitPage) -> None:
    """Title, one sentence, one button; and what went wrong, if something did."""
    title, sentence, label = _SAYS[standing]
    layout.opening(title, sentence)
    elsewhere = _where_it_works(rules, chosen)
    if standing == "no_role":
        st.button(label, type="primary", on_click=st.logout)
    elif elsewhere:
        _said("Signing in works at another address of these pages.")
        st.link_button("Go there", elsewhere, type="primary")
    elif st.button(label, type="primary"):
        _sign_in(rules, chosen)
    elif _was_asked():
        _said("Signing in was not finished. Try again, or ask whoever runs this to look into it.")


def _sign_in(rules: Rules, chosen: StreamlitPage) -> None:
    """Send the browser to the provider, if that is there: Streamlit's own page for it says nothing."""
    try:
        with requests.get(rules.metadata_url, timeout=PATIENCE_SECONDS, stream=True) as answer:
            answer.raise_for_status()
        _remember(Place(chosen.url_path, {key: st.query_params.get_all(key) for key in st.query_params}))
        st.login()
    except (requests.RequestException, StreamlitAuthError):
        _said("The sign-in service cannot be reached. Try again in a minute, or ask whoever runs this.")


def _said(sentence: str) -> None:
    show(components.state("", "stop", "Not signed in", text(sentence)))


def _closed() -> None:
    with _panel():
        layout.opening("Closed", "Who may read these pages cannot be told at present, so nobody may.")
        _said("Whoever runs this: outcomes dashboard hands over the rules of [access].")


def _where_it_works(rules: Rules, chosen: StreamlitPage) -> str | None:
    """This page at the address to which the provider sends people back; None where we are there already."""
    parts = urlsplit(st.context.url or rules.origin)
    if f"{parts.scheme}://{parts.netloc}" == rules.origin:
        return None
    query = urlencode({key: st.query_params.get_all(key) for key in st.query_params}, doseq=True)
    return f"{rules.origin}/{chosen.url_path}{'?' if query else ''}{query}"


# ---- where somebody was before they went to sign in: Streamlit comes back to the first page ------------


@st.cache_resource(show_spinner=False)
def _places() -> dict[str, Place]:
    return {}


def _browser() -> str | None:
    """What tells one browser from another across a sign-in: the token in Streamlit's cookie against forgery.

    Only its hash is kept. Each answer masks the token anew, `version|mask|masked token|time`.
    """
    parts = str(st.context.cookies.get(_XSRF_COOKIE, "")).split("|")
    try:
        mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
        token = bytes(byte ^ mask[i % len(mask)] for i, byte in enumerate(masked))
    except (IndexError, ValueError, ZeroDivisionError):
        return None
    return hashlib.sha256(token).hexdigest() if token else None


def _remember(place: Place) -> None:
    places, browser = _places(), _browser()
    for old in [key for key, one in places.items() if _is_old(one)] + list(places)[:-REMEMBERED_AT_MOST]:
        places.pop(old, None)
    if browser:
        places[browser] = place


def _is_old(place: Place) -> bool:
    return time.monotonic() - place.asked_at > REMEMBERED_SECONDS


def _was_asked() -> bool:
    place = _places().get(_browser() or "")
    return place is not None and not _is_old(place)


def _back_to_where_they_were(pages: Sequence[StreamlitPage], chosen: StreamlitPage) -> None:
    place = _places().pop(_browser() or "", None)
    if place is None or _is_old(place) or chosen.url_path or st.query_params:
        return
    page = next((one for one in pages if one.url_path == place.page), None)
    if page and (place.page or place.query):
        st.switch_page(page, query_params=place.query)
