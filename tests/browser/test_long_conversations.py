"""A conversation of more than its page holds: whoever asks for what came earlier has it, where they stand."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.courier import Courier

SUBJECT = "Holiday from the 20th"
NOTES = 74


@pytest.fixture(scope="module")
def written() -> list[str]:
    """The paths of conversations that have all their notes."""
    return []


@pytest.fixture
def long(courier: Courier, ana: Page, written: list[str]) -> str:
    """The path of a conversation of one letter and "Line 1" to "Line 74"."""
    path = courier.conversation(SUBJECT)
    headers = json.loads(ana.locator("body").get_attribute("hx-headers") or "")
    for number in range(1, NOTES + 1) if path not in written else ():
        noted = ana.request.post(
            f"{courier.url}{path}/notes", form={"text": f"Line {number}"}, headers=headers, max_redirects=0
        )
        assert noted.status == 302
    written.append(path)
    return path


@pytest.mark.parametrize("folded", [True, False])
def test_what_came_earlier_comes_a_stretch_at_a_time_until_all_is_there(
    courier: Courier, ana: Page, long: str, *, folded: bool
) -> None:
    ana.goto(courier.url + long)
    if folded:
        ana.locator(".earlier > summary").click()
    else:
        first = ana.locator(".message").first.get_attribute("id") or ""
        ana.goto(f"{courier.url}{long}?from={first.removeprefix('message-')}")
        expect(ana.locator(".earlier")).to_have_count(0)
    messages, more = ana.locator(".message"), ana.get_by_role("link", name="Show earlier ones")
    total = int(ana.locator(".earlier__more").inner_text().split()[0]) + messages.count()
    assert total > NOTES

    for _step in range(2):
        number, topmost = messages.count(), ana.locator(f"#{messages.first.get_attribute('id')}")
        more.scroll_into_view_if_needed()
        stood = place(topmost)
        more.click()
        expect(messages).not_to_have_count(number)
        assert place(topmost) == pytest.approx(stood, abs=2)

    expect(messages).to_have_count(total)
    expect(more).to_have_count(0)
    said = messages.locator(".message__text").all_inner_texts()
    assert said[-NOTES:] == [f"Line {number}" for number in range(1, NOTES + 1)]


def test_whoever_goes_back_by_keyboard_keeps_the_focus(courier: Courier, ana: Page, long: str) -> None:
    ana.goto(courier.url + long)
    ana.locator(".earlier > summary").click()
    number = ana.locator(".message").count()
    ana.get_by_role("link", name="Show earlier ones").press("Enter")
    expect(ana.locator(".message")).not_to_have_count(number)
    expect(ana.get_by_role("link", name="Show earlier ones")).to_be_focused()


def place(message: Locator) -> float:
    """How far below the upper edge of the window it stands, in pixels."""
    return float(message.evaluate("one => one.getBoundingClientRect().top"))
