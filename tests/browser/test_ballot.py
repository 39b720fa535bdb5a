"""The ballot in a real browser: one person on a phone, by keyboard alone, with a network that fails."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from ballot_survey import NOW, Survey, served
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def survey(tmp_path) -> Survey:
    return Survey(tmp_path)


@pytest.fixture
def phone(browser: Browser, survey: Survey) -> Iterator[Page]:
    """A phone's page; afterwards nothing may have been stored, logged as an error, or asked for elsewhere."""
    with served(survey.box, now=NOW) as door:
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, base_url=f"http://127.0.0.1:{door.port}", locale="en-GB"
        )
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        yield page
        assert context.cookies() == []
        assert page.evaluate("[localStorage.length, sessionStorage.length, history.length]")[:2] == [0, 0]
        context.close()
    assert {urlsplit(one).netloc for one in asked} == {f"127.0.0.1:{door.port}"}
    assert not any(code in one for one in asked for code in survey.codes if "#" not in one)
    refused = ("status of 403", "ERR_INTERNET_DISCONNECTED")  # what this test does on purpose
    assert [one for one in said if not any(known in one for known in refused)] == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_person_answers_on_a_phone_by_keyboard(phone: Page, survey: Survey) -> None:
    phone.goto("/")
    phone.get_by_label("Your code").fill("not a code")
    press(phone, "Enter")
    expect(phone.get_by_role("alert")).to_contain_text("This code cannot be used")
    expect(phone.get_by_label("Your code")).to_be_focused()

    phone.goto("about:blank")
    phone.goto(f"/#{survey.codes[1]}")
    expect(phone.get_by_text("Quay", exact=True)).to_be_visible()
    expect(phone.get_by_text("Results are shown for this unit or a larger one")).to_be_visible()
    expect(phone.locator("blockquote")).to_contain_text("rests on the answers of at least six people")
    # 137 words of promise and 6 of statements at 180 a minute, and three times five seconds: 1.04 minutes.
    expect(phone.get_by_text("3 questions, under 2 minutes")).to_be_visible()
    assert "#" not in phone.url
    phone.get_by_role("button", name="Deutsch").click()
    expect(phone.locator("html")).to_have_attribute("lang", "de")
    expect(phone.get_by_text("Unser Versprechen")).to_be_visible()
    phone.get_by_role("button", name="English").click()

    phone.get_by_role("button", name="Begin").focus()
    press(phone, "Enter")
    expect(phone.get_by_role("heading", level=1)).to_be_focused()
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    press(phone, "Tab", "Space", "ArrowDown", "ArrowDown", "ArrowDown")  # the fourth point
    press(phone, "Tab", "Space")  # the first
    expect(phone.locator("#progress")).to_have_text("2 of 3 answered")
    phone.get_by_label("Anything else?").fill("More <b>time</b>")
    phone.get_by_role("button", name="Send my answers").press("Enter")
    expect(phone.locator("#trouble")).to_contain_text("One question is still open")
    expect(phone.locator("#trouble")).to_be_focused()
    press(phone, "Tab", "Enter")
    expect(phone.get_by_role("group", name="en P2R").get_by_label("Strongly disagree")).to_be_focused()
    small = "e => [...document.querySelectorAll('.option, button')].filter(x => x.offsetHeight < 44).length"
    assert phone.evaluate(small) == 0
    press(phone, "ArrowUp")  # round to the last: prefer not to say

    phone.context.set_offline(True)
    send = phone.locator("#send")
    send.press("Enter")
    expect(phone.locator("#trouble")).to_contain_text("Nothing is lost")
    expect(phone.get_by_label("Anything else?")).to_have_value("More <b>time</b>")
    phone.context.set_offline(False)
    send.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")

    (ballot,) = survey.opened()
    assert (ballot.unit, ballot.comment) == ("team:quay", "More <b>time</b>")
    assert ballot.answers["P2R"] is None
    assert sorted([ballot.answers["E1"], ballot.answers["E2"]]) == [1, 4]
