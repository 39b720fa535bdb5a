"""Signing in, end to end: the command, a provider on loopback, and a real browser."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from ports import free_port

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
DEEP = "/quality"
COOKIE_SECRET = "a-secret-that-signs-the-cookies-of-this-test"
CLIENT_SECRET = "a-secret-that-the-provider-gave"
HOSTILE = "<img src=x onerror=alert(1)>"
PEOPLE = {
    "leader": {"groups": ["leads", HOSTILE]},
    "member": {"email": "Ada@example.org", "email_verified": True},
    "impostor": {"email": "ada@example.org", "email_verified": False},
    "no-groups": {"name": "leads"},
    # Identifiers that no compression makes small, as some providers send them.
    "many-groups": {"groups": [str(UUID(int=i**9 * 7919 + 12345 % (i + 1))) for i in range(150)] + ["leads"]},
    "lapsed": {"groups": ["leads"], "iat": 1_600_000_000},
    "for-another": {"groups": ["leads"], "aud": ["another"], "azp": "outcomes"},
}
CONFIGURATION = """
[organisation]
id = "acme"
name = "Acme"
[[team]]
id = "beacon"
name = "Beacon"
[access]
metadata_url = "http://localhost:{provider}/.well-known/openid-configuration"
client_id = "outcomes"
client_secret_env = "TEST_CLIENT_SECRET"
cookie_secret_env = "TEST_COOKIE_SECRET"
redirect_url = "http://localhost:{app}/oauth2callback"
session_hours = 1
restricted = true
[[access.grant]]
role = "leader"
groups = ["leads"]
[[access.grant]]
role = "team_member"
addresses = ["ada@example.org"]
teams = ["beacon"]
"""
Enter = Callable[..., Page]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_for(*addresses: str) -> None:
    for _ in range(400):
        if all(map(answers, addresses)):
            return
        time.sleep(0.25)
    raise AssertionError(f"no answer from one of {addresses}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The app's address and the folder of its temporary files; it has no snapshot, so its pages are quick."""
    folder = tmp_path_factory.mktemp("signed")
    ports = {"provider": free_port(), "app": free_port()}
    (folder / "outcomes.toml").write_text(CONFIGURATION.format(**ports), encoding="utf-8")
    (folder / "temporary").mkdir()
    provider = [sys.executable, "-m", "oidc_provider_mock", "--host", "localhost", "--port"]
    provider += [str(ports["provider"])]
    for name, claims in PEOPLE.items():
        provider += ["--user-claims", json.dumps({"sub": name, **claims})]
    app = [sys.executable, "-c", "from pipelines.cli import main; main()", "--config", "outcomes.toml"]
    app += ["--home", "home", "dashboard", "--host", "localhost", "--port", str(ports["app"])]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder / "temporary"),
        "TEST_CLIENT_SECRET": CLIENT_SECRET,
        "TEST_COOKIE_SECRET": COOKIE_SECRET,
    }
    with (folder / "said").open("wb") as said:
        servers = [
            subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
            for command in (app, provider)
        ]
    address = f"http://localhost:{ports['app']}"
    try:
        wait_for(f"{address}/_stcore/health", f"http://localhost:{ports['provider']}/jwks")
        yield address, folder
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            server.wait(timeout=30)
    # Afterwards: nothing is left behind, and nothing was told.
    assert list((folder / "temporary").rglob("secrets.toml")) == []
    told = (folder / "said").read_text("utf-8")
    assert CLIENT_SECRET not in told
    assert COOKIE_SECRET not in told


@pytest.fixture
def context(browser: Browser, site: tuple[str, Path]) -> Iterator[BrowserContext]:
    """A browser of somebody who has not signed in. Nothing but this machine is asked."""
    made = browser.new_context()
    made.route(lambda address: not address.startswith("http://localhost:"), lambda route: route.abort())
    yield made
    made.close()


@pytest.fixture
def enter(context: BrowserContext, site: tuple[str, Path]) -> Enter:
    """Go to a page of the app and sign in there as somebody."""

    def entered(name: str, path: str = DEEP) -> Page:
        page = context.new_page()
        page.goto(site[0] + path)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_url(f"{site[0]}/**")
        return page

    return entered


def title(page: Page) -> str:
    page.get_by_role("heading", level=1).wait_for(timeout=60_000)
    return page.get_by_role("heading", level=1).inner_text()


def test_before_signing_in_there_is_a_title_a_sentence_and_a_button(
    context: BrowserContext, site: tuple[str, Path]
) -> None:
    page = context.new_page()
    page.goto(f"{site[0]}{DEEP}?role=leader&OUTCOMES_ACCESS=")
    assert title(page) == "Sign in to read on"
    expect(page.locator(".eo-lede")).to_have_count(1)
    expect(page.get_by_test_id("stMain").get_by_role("button")).to_have_count(1)
    expect(page.get_by_role("link", name="Survey")).to_have_count(0)


def test_a_leader_signs_in_comes_back_and_signs_out(
    enter: Enter, context: BrowserContext, site: tuple[str, Path]
) -> None:
    page = enter("leader", f"{DEEP}?check=clock+skew")
    expect(page.get_by_text("Signed in as a leader.")).to_be_visible(timeout=60_000)
    assert page.url == f"{site[0]}{DEEP}?check=clock+skew"  # Streamlit itself comes back to the first page
    assert page.locator("img[src=x]").count() == 0
    # A cookie whose text was changed is none, whatever it says.
    for cookie in context.cookies():
        if cookie["name"] == "_streamlit_user":
            middle = len(cookie["value"]) // 2
            other = "A" if cookie["value"][middle] != "A" else "B"
            forged = cookie["value"][:middle] + other + cookie["value"][middle + 1 :]
            assert cookie["httpOnly"]
            whole = cookie
    context.add_cookies([{**whole, "value": forged}])  # type: ignore[list-item]
    second = context.new_page()
    second.goto(site[0] + DEEP)
    assert title(second) == "Sign in to read on"
    second.close()
    context.add_cookies([whole])  # type: ignore[list-item]
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # the provider's own page
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to read on", timeout=60_000)
    assert [one["name"] for one in context.cookies() if one["name"].startswith("_streamlit_user")] == []


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "said"), [("member", "Signed in as a team member."), ("many-groups", "Signed in as a leader.")]
)
def test_a_role_by_an_own_address_and_beside_many_groups(enter: Enter, name: str, said: str) -> None:
    expect(enter(name).get_by_text(said)).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        pytest.param("impostor", "Nothing is open to you here yet", marks=pytest.mark.soak),
        ("no-groups", "Nothing is open to you here yet"),
        pytest.param("lapsed", "Your session has ended", marks=pytest.mark.soak),
        pytest.param("for-another", "Sign in to read on", marks=pytest.mark.soak),
    ],
)
def test_who_is_not_let_in_sees_why(enter: Enter, name: str, heading: str) -> None:
    page = enter(name)
    assert title(page) == heading
    expect(page.get_by_test_id("stMain").get_by_role("button")).to_have_count(1)
    expect(page.get_by_role("link", name="Survey")).to_have_count(0)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked at in /proc")
def test_the_secrets_are_in_no_process_but_the_command(site: tuple[str, Path]) -> None:
    serving = [
        path
        for path in Path("/proc").glob("[0-9]*")
        if str(site[1] / "temporary").encode() in _bytes_of(path / "cmdline")
    ]
    assert serving
    for process in serving:
        for name in ("cmdline", "environ"):
            content = _bytes_of(process / name)
            assert content
            assert COOKIE_SECRET.encode() not in content
            assert CLIENT_SECRET.encode() not in content


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
