"""A conversation is on its way before it is opened, and read only once it is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.courier import ROW

SLOW = 600  # ms: longer than the keyboard has to rest on a row


def test_a_conversation_is_asked_for_when_the_button_goes_down_and_opens_when_it_comes_up(ana: Page) -> None:
    link = ana.locator(ROW).nth(2).get_by_role("link")
    address, subject = str(link.get_attribute("href")), link.inner_text()
    asked = asked_for(ana, address)
    link.hover()
    with ana.expect_response(lambda answer: answer.url.endswith(address)):
        ana.mouse.down()
    expect(ana.locator("h1")).not_to_have_text(subject)
    ana.mouse.up()
    expect(ana.locator("h1")).to_have_text(subject)
    assert ana.evaluate("window.sameDocument")
    assert len(asked) == 1


def test_a_row_at_which_the_keyboard_rests_is_fetched_ahead_and_read_when_it_is_opened(ana: Page) -> None:
    first = ana.locator(ROW).first.get_by_role("link")
    address, subject = str(first.get_attribute("href")), first.inner_text()
    asked, told = asked_for(ana, address), asked_for(ana, f"{address}/reading")
    with ana.expect_response(lambda answer: answer.url.endswith(address)) as answered:
        ana.keyboard.press("j")
    assert answered.value.request.headers["everyhand-ahead"] == "1"
    assert told == []
    with ana.expect_response(lambda answer: answer.url.endswith("/reading")) as noted:
        ana.keyboard.press("Enter")
    expect(ana.locator("h1")).to_have_text(subject)
    assert (noted.value.status, len(asked), len(told)) == (204, 1, 1)


@pytest.mark.parametrize("comes_back", ["before the key", "after the key"])
def test_a_row_that_is_being_opened_is_not_fetched_again_when_the_focus_comes_back(ana: Page, comes_back: str) -> None:
    row = ana.locator(ROW).first.get_by_role("link")
    address, subject = str(row.get_attribute("href")), row.inner_text()
    asked = asked_for(ana, address)
    ana.route(f"**{address}", slowly)
    with ana.expect_request(lambda request: request.url.endswith(address)):
        ana.keyboard.press("j")
    # As when its row is told anew, which a page may be while another is on its way.
    back, key = "link => { link.blur(); link.focus() }", "link => { link.click() }"
    for done in (back, key) if comes_back == "before the key" else (key, back):
        row.evaluate(done)
    expect(ana.locator("h1")).to_have_text(subject)
    assert len(asked) == 1


def test_who_hurries_past_rows_has_none_of_them_fetched(ana: Page) -> None:
    asked: list[str] = []
    ana.on("request", lambda request: asked.append(request.url))
    for _ in range(4):
        ana.keyboard.press("j")
    last = str(ana.locator(f"{ROW} a:focus").get_attribute("href"))
    ana.wait_for_timeout(600)
    assert [url for url in asked if "/conversations/" in url and not url.endswith(last)] == []


def test_who_lets_go_elsewhere_opens_nothing_and_the_next_click_what_it_is_on(ana: Page) -> None:
    first, other = (ana.locator(ROW).nth(number).get_by_role("link") for number in (0, 2))
    subject = other.inner_text()
    first.hover()
    with ana.expect_response(lambda answer: answer.url.endswith(str(first.get_attribute("href")))):
        ana.mouse.down()
    ana.locator("h1").hover()
    ana.mouse.up()
    expect(ana).to_have_url(re.compile("/inbox/everyone$"))
    other.click()
    expect(ana.locator("h1")).to_have_text(subject)


def slowly(route: Route) -> None:
    route.request.frame.page.wait_for_timeout(SLOW)
    route.continue_()


def asked_for(page: Page, address: str) -> list[str]:
    """The requests for this address from now on, as they are sent; not those of a page that stands and is refreshed.
    Nor the way back from what notices.js sends, which is never gone and told of like a request.
    """
    asked: list[str] = []

    def note(request: Request) -> None:
        ours = "hx-request" not in request.headers and request.redirected_from is None
        if request.url.endswith(address) and ours:
            asked.append(request.url)

    page.on("request", note)
    return asked
