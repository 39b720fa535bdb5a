"""Who is let in, as whom, and what they may write; every role reads the same numbers."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard import access, sign_in
from dashboard.access import AccessError, Rules, Visitor, may_see_team, may_write, standing

QUICK = calc_hash("protection")
"""The page that needs no snapshot."""
ROOT = Path(__file__).parents[2]
NOW = 1_800_000_000
HOSTILE = "</script><b>leads</b>"
RULES: dict[str, Any] = {
    "metadata_url": "http://localhost:9/.well-known/openid-configuration",
    "client_id": "outcomes",
    "redirect_url": "http://localhost:8501/oauth2callback",
    "groups_claim": "groups",
    "session_hours": None,
    "restricted": False,
    "grants": [
        {"role": "leader", "groups": ["leads", HOSTILE], "addresses": [], "teams": []},
        {"role": "team_member", "groups": ["pay"], "addresses": ["Ada@example.org"], "teams": ["payments"]},
        {"role": "team_member", "groups": ["till"], "addresses": [], "teams": ["till", "stock"]},
        {"role": "steward", "groups": ["readers"], "addresses": [], "teams": []},
        {"role": "operator", "groups": ["ops"], "addresses": ["kim@example.org"], "teams": []},
    ],
}


def written(**changes: Any) -> str:
    return json.dumps({**RULES, **changes})


def rules(**changes: Any) -> Rules:
    return Rules.model_validate_json(written(**changes))


def claims(*groups: str, **changes: Any) -> dict[str, Any]:
    """What Streamlit shows of somebody who signed in ten minutes ago, for an hour."""
    found = {"is_logged_in": True, "aud": "outcomes", "iat": NOW - 600, "exp": NOW + 3000, **changes}
    return {"groups": list(groups), **found}


def who(*groups: str, **changes: Any) -> Visitor:
    stands, found = standing(rules(), claims(*groups, **changes), NOW)
    assert stands == "signed_in"
    return found


OPEN = standing(None, {}, NOW)[1]
UNSIGNED = standing(rules(), {}, NOW)[1]
PEOPLE = {
    "open": OPEN,
    "unsigned": UNSIGNED,
    "reader": who(),
    "leader": who("leads"),
    "member": who("pay"),
    "steward": who("readers"),
    "operator": who("ops"),
    "leading member": who("leads", "pay"),
    "leading operator": who("ops", "leads"),
}


# ---- roles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "role", "teams"),
    [
        ({"groups": ["leads"]}, "leader", set()),
        ({"groups": ["pay"]}, "team_member", {"payments"}),
        ({"groups": ["pay", "till"]}, "team_member", {"payments", "till", "stock"}),
        ({"groups": ["leads", "till"]}, "leader", {"till", "stock"}),
        ({"groups": ["readers", "ops"]}, "operator", set()),
        ({"groups": ["readers"]}, "steward", set()),
        ({"groups": "leads"}, "leader", set()),
        ({"groups": [HOSTILE]}, "leader", set()),
        # Not quite a group that has a role.
        ({"groups": ["Leads", "leads ", "lead", "leads,pay", ""]}, "anyone", set()),
        ({"groups": "pay leads"}, "anyone", set()),
        ({"groups": {"leads": True}}, "anyone", set()),
        ({"groups": [["leads"], {"name": "leads"}, 7, None]}, "anyone", set()),
        ({"groups": None}, "anyone", set()),
        ({"roles": ["leads"], "role": "leader"}, "anyone", set()),
        ({"groups": [f"group-{i}" for i in range(1000)] + ["leads"]}, "leader", set()),
        # By an address that the provider calls the person's own.
        ({"email": "ada@example.org", "email_verified": True}, "team_member", {"payments"}),
        ({"email": "ADA@Example.ORG", "email_verified": True}, "team_member", {"payments"}),
        ({"email": "ada@example.org", "email_verified": False}, "anyone", set()),
        ({"email": "ada@example.org", "email_verified": "true"}, "anyone", set()),
        ({"email": "ada@example.org", "email_verified": 1}, "anyone", set()),
        ({"email": "ada@example.org"}, "anyone", set()),
        ({"preferred_username": "ada@example.org", "email_verified": True}, "anyone", set()),
        ({"email": ["ada@example.org"], "email_verified": True}, "anyone", set()),
        # The Kelvin sign becomes a small k.
        ({"email": "\N{KELVIN SIGN}im@example.org", "email_verified": True}, "anyone", set()),
        ({"email": "kim@example.org", "email_verified": True}, "operator", set()),
    ],
)
def test_a_role_comes_from_groups_or_from_an_own_address(
    changes: dict[str, Any], role: str, teams: set[str]
) -> None:
    found = who(**changes)
    assert (found.role, found.teams, found.is_signed_in) == (role, teams, True)


def test_a_token_without_the_groups_claim_gives_no_role() -> None:
    found = claims()
    del found["groups"]
    assert standing(rules(), found, NOW)[1].role == "anyone"
    assert standing(rules(restricted=True), found, NOW)[0] == "no_role"


def test_another_claim_may_hold_the_groups() -> None:
    found = claims(**{"https://acme/roles": ["leads"]})
    assert standing(rules(groups_claim="https://acme/roles"), found, NOW)[1].role == "leader"


# ---- who is let in -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "signed_in"),
        ({"aud": ["outcomes"]}, "signed_in"),
        ({"aud": ["outcomes", "api"], "azp": "outcomes"}, "signed_in"),
        ({"aud": ["outcomes", "api"]}, "not_signed_in"),
        ({"aud": ["outcomes", "api"], "azp": "api"}, "not_signed_in"),
        ({"aud": "other", "azp": "outcomes"}, "not_signed_in"),
        ({"aud": "outcomes2"}, "not_signed_in"),
        ({"aud": []}, "not_signed_in"),
        ({"aud": None}, "not_signed_in"),
        ({"is_logged_in": False}, "not_signed_in"),
        ({"is_logged_in": "true"}, "not_signed_in"),
        ({"exp": NOW + 1}, "signed_in"),
        ({"exp": NOW}, "lapsed"),
        ({"exp": NOW - 3000, "iat": NOW - 6600}, "lapsed"),
        ({"exp": None}, "lapsed"),
        ({"exp": str(NOW + 3000)}, "lapsed"),
        ({"exp": True}, "lapsed"),
        ({"exp": float("inf")}, "lapsed"),
        ({"exp": float("nan")}, "lapsed"),
        ({"iat": None}, "lapsed"),
        ({"iat": NOW + 300}, "signed_in"),
        ({"iat": NOW + 301}, "lapsed"),
    ],
)
def test_a_token_counts_if_it_is_for_this_application_and_still_holds(
    changes: dict[str, Any], expected: str
) -> None:
    stands, found = standing(rules(), claims("leads", **changes), NOW)
    assert stands == expected
    assert found.role == ("leader" if expected == "signed_in" else "anyone")
    assert found.may_write == (expected == "signed_in")


@pytest.mark.parametrize(("seconds", "expected"), [(8 * 3600 - 1, "signed_in"), (8 * 3600, "lapsed")])
def test_a_session_may_be_given_its_own_length(seconds: int, expected: str) -> None:
    """Counted from when the token was made; some providers' tokens end after five minutes."""
    found = claims(iat=NOW - seconds, exp=NOW - seconds + 300)
    assert standing(rules(session_hours=8.0), found, NOW)[0] == expected


def test_a_restricted_app_lets_in_those_with_a_role() -> None:
    for group in ("leads", "pay", "readers", "ops"):
        assert standing(rules(restricted=True), claims(group), NOW)[0] == "signed_in"
    assert standing(rules(restricted=True), claims("others"), NOW)[0] == "no_role"
    assert standing(rules(), claims("others"), NOW)[0] == "signed_in"


@pytest.mark.parametrize(
    "text",
    ["{}", "null", "[]", "open", written(restricted="no"), written(admin=True), written(client_id=None)],
)
def test_rules_that_cannot_be_read_let_nobody_in(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(access.VARIABLE, text)
    with pytest.raises(AccessError):
        access.rules()


# ---- what may be written -----------------------------------------------------------------------

OWN, OTHER = "team:payments", "team:till"
WRITES = {
    # (kind, scope): who may
    ("theme", "organisation"): {"open", "leader", "leading member", "leading operator"},
    ("closing", "department:commerce"): {"open", "leader", "leading member", "leading operator"},
    ("theme", OWN): {"open", "leader", "leading member", "leading operator", "member"},
    ("action", OTHER): {"open", "leader", "leading member", "leading operator"},
    ("not_known", OTHER): {"open", "leader", "leading member", "leading operator"},
    ("went_well", OWN): {"open", "member", "leading member"},
    ("wip_limit", OWN): {"open", "member", "leading member"},
    ("wip_limit", OTHER): {"open"},
    ("context", OTHER): {"open"},
    ("decision", OWN): {"open", "member", "leading member"},
    ("annotation", "team:"): {"open"},
    ("action", "service:till"): {"open"},
    ("settings", "organisation"): {"open", "operator", "leading operator"},
    ("ingest", "organisation"): {"open", "operator", "leading operator"},
    ("comment", "organisation"): set(),
    ("", OWN): set(),
}


@pytest.mark.parametrize(("kind", "scope"), WRITES)
def test_what_each_role_may_write(kind: str, scope: str) -> None:
    assert {name for name, one in PEOPLE.items() if may_write(one, kind, scope)} == WRITES[kind, scope]


def test_who_may_write_anything_of_a_review_at_all() -> None:
    able = {name for name, one in PEOPLE.items() if one.may_write}
    assert able == {"open", "leader", "member", "leading member", "leading operator"}


# ---- the team's first look -----------------------------------------------------------------------

OPENS = datetime(2026, 10, 16, tzinfo=UTC)
EVERYBODY_BUT_UNSIGNED = set(PEOPLE) - {"unsigned"}


@pytest.mark.parametrize(
    ("opens_at", "now", "expected"),
    [
        (None, None, EVERYBODY_BUT_UNSIGNED),
        (OPENS, OPENS - timedelta(seconds=1), {"open", "member", "leading member"}),
        (OPENS, None, {"open", "member", "leading member"}),
        (OPENS, OPENS, EVERYBODY_BUT_UNSIGNED),
    ],
)
def test_a_team_looks_first(opens_at: datetime | None, now: datetime | None, expected: set[str]) -> None:
    seen = {name for name, one in PEOPLE.items() if may_see_team(one, "payments", opens_at, now)}
    assert seen == expected


# ---- the pages -----------------------------------------------------------------------------------


def fresh(*groups: str, **changes: Any) -> dict[str, Any]:
    """The claims of somebody who signed in just now, by the clock of the test."""
    now = int(datetime.now(UTC).timestamp())
    return claims(*groups, **{"iat": now - 60, "exp": now + 3600, **changes})


@pytest.fixture
def app(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """The whole app at one of its pages, for somebody with those claims."""

    def opened(user: dict[str, Any], page: str = "", text: str = written(), **query: str) -> AppTest:
        monkeypatch.setenv(access.VARIABLE, text)
        found = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        found.user = user
        found.query_params.update(query)
        found._page_hash = page
        found.run()
        assert not found.exception, found.exception
        return found

    return opened


def drawn(page: AppTest) -> list[str]:
    """Every text and chart but the line that says who looks."""
    texts = [str(one.value) for one in page.markdown]
    return texts + [str(one.proto) for one in page.get("vega_lite_chart")]


def read(page: AppTest) -> list[str]:
    """All of it but what stands around the buttons of those who may write."""
    return [one for one in drawn(page) if ">Write</span>" not in one and ">Agenda to print</a>" not in one]


def foot(page: AppTest) -> str:
    return next(
        body for one in page.get("html") if "eo-who" in (body := str(one.proto.body)) and body[0:4] == "<div"
    )


def pages_of(app: AppTest) -> Iterator[str]:
    """Each page of the app, by what Streamlit calls it."""
    yield from app._registered_pages


def same_for_all(app: Callable[..., AppTest], groups: list[tuple[str, ...]]) -> None:
    pages = list(pages_of(app({}, QUICK, text="")))
    assert len(pages) >= 6
    for page in pages:
        expected = read(app({}, page, text=""))
        assert len("".join(expected)) > 2_000, "it has drawn itself"
        for one in groups:
            assert read(app(fresh(*one), page)) == expected, (page, one)


@pytest.mark.soak
def test_every_page_shows_the_same_numbers_to_whoever_has_all_roles(app: Callable[..., AppTest]) -> None:
    same_for_all(app, [("leads", "pay", "readers", "ops")])


@pytest.mark.soak
def test_every_page_shows_the_same_numbers_to_every_role(app: Callable[..., AppTest]) -> None:
    same_for_all(app, [("leads",), ("pay",), ("readers",), ("ops",), ("others",)])


NOT_LET_IN = {
    "unsigned": ({"is_logged_in": False}, written(), "Sign in to read on"),
    "unknown": ({"email": "test@example.com"}, written(), "Sign in to read on"),
    "lapsed": ({**claims("leads"), "iat": 1, "exp": 2}, written(), "Your session has ended"),
    "no role": (
        claims("others", iat=1, exp=4e9),
        written(restricted=True),
        "Nothing is open to you here yet",
    ),
    "no rules": (claims("leads", iat=1, exp=4e9), "{", "Closed"),
}


@pytest.mark.parametrize("case", NOT_LET_IN)
def test_nothing_is_drawn_for_who_is_not_let_in(app: Callable[..., AppTest], case: str) -> None:
    user, text, title = NOT_LET_IN[case]
    shown = app(user, text=text, team="Beacon")
    assert drawn(shown)[0].count(f"<h1>{title}</h1>") == 1
    assert len(drawn(shown)) <= 2
    assert "Beacon" not in "".join(drawn(shown))
    assert not shown.selectbox


def test_no_page_is_drawn_before_signing_in(app: Callable[..., AppTest]) -> None:
    for page in list(pages_of(app({"is_logged_in": False}))):
        assert len(drawn(app({"is_logged_in": False}, page))) == 1


def test_nothing_in_the_address_makes_a_role(app: Callable[..., AppTest]) -> None:
    forged = {
        "OUTCOMES_ACCESS": "",
        "role": "leader",
        "groups": "leads",
        "is_logged_in": "true",
        "email_verified": "true",
        "claims": json.dumps(claims("leads")),
    }
    shown = app({"is_logged_in": False}, **forged)
    assert "Sign in to read on" in drawn(shown)[0]
    assert "Signed in as a reader." in foot(app(fresh("others"), QUICK, **forged))


@pytest.mark.parametrize(
    ("group", "said"),
    [("leads", "a leader"), ("pay", "a team member"), ("readers", "a comment reader"), (HOSTILE, "a leader")],
)
def test_the_foot_says_as_whom_one_reads(app: Callable[..., AppTest], group: str, said: str) -> None:
    shown = app(fresh(group), QUICK)
    assert f">Signed in as {said}.<" in foot(shown)
    assert [one.label for one in shown.button] == ["Sign out"]
    assert HOSTILE not in "".join([*drawn(shown), foot(shown)])


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1", "open to this machine alone."),
        ("localhost", "open to this machine alone."),
        ("::1", "open to this machine alone."),
        ("0.0.0.0", "everybody who reaches this address may read all of it, and write."),
        ("outcomes.example.org", "everybody who reaches this address may read all of it, and write."),
        (None, "everybody who reaches this address may read all of it, and write."),
    ],
)
def test_without_sign_in_the_foot_says_for_whom_it_is_open(address: str | None, said: str) -> None:
    assert sign_in._for_whom(address) == f"Without sign-in: {said}"


def test_a_provider_that_cannot_be_reached_is_said(
    app: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", fails)
    shown = app({"is_logged_in": False})
    assert [one.label for one in shown.button] == ["Sign in"]
    shown.button[0].click().run()
    assert "The sign-in service cannot be reached." in "".join(drawn(shown))
    assert [one.label for one in shown.button] == ["Sign in"]


def test_another_name_of_the_same_machine_leads_to_the_right_one(
    app: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser keeps the cookies of `localhost` and of `127.0.0.1` apart."""
    shown = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    monkeypatch.setenv(access.VARIABLE, written())
    shown.user = {"is_logged_in": False}
    shown.context["url"] = "http://127.0.0.1:8501/"
    shown.query_params["quarter"] = "Q2 2026"
    shown.run()
    assert not shown.button
    assert "Signing in works at another address" in "".join(drawn(shown))
    assert 'url: "http://localhost:8501/?quarter=Q2+2026"' in str(shown.get("link_button")[0].proto)
