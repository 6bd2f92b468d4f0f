"""What is printed is read on another day: it says when, and nothing of who happens to be there."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.courier import Courier, expect_listening

READ = """time => {
  const after = getComputedStyle(time, "::after");
  return [getComputedStyle(time).fontSize, after.content, parseFloat(after.fontSize) > 10];
}"""


def test_a_printed_conversation_tells_moments_and_not_how_long_ago(
    courier: Courier, visit: Callable[..., Page]
) -> None:
    ana, mira = visit(), visit()
    courier.sign_in(ana)
    courier.sign_in(mira, "mira")
    courier.open(ana, "Yesterday's crossword")
    expect_listening(ana)
    courier.open(mira, "Yesterday's crossword")
    reads = ana.locator("[data-presence-line]")
    expect(reads).to_contain_text("Mira Lindqvist is reading this", timeout=15_000)

    ana.emulate_media(media="print")

    expect(reads).to_be_hidden()
    expect(ana.locator("[data-presence]")).to_be_hidden()
    assert_told_by_its_title(ana.locator(".message time").first)
    assert_told_by_its_title(ana.locator("#standing .chip time"))
    expect(ana.locator("#standing .chip .unseen", has_text="reply promised")).to_be_visible()


def assert_told_by_its_title(time: Locator) -> None:
    title = time.get_attribute("title")
    assert title
    assert "ago" not in title
    assert time.evaluate(READ) == ["0px", f'"{title}"', True]
