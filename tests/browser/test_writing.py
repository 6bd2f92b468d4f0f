"""The field to write in: formed words and pictures, drafts that follow their author, windows that agree to differ."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.courier import Courier

GIFT = "Gift for my sister"

PASTE = """async ([editor, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], "street.png", { type: "image/png" }));
  editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    page = visit()
    courier.sign_in(page)
    return page


def editor(page: Page) -> Locator:
    """The field with the editor in it, which comes when somebody first goes there."""
    page.locator("#reply-text").focus()
    field = page.locator("trix-editor")
    expect(field).to_be_focused()
    return field


def saved(page: Page) -> None:
    expect(page.locator(".composer__form--reply").get_by_role("status")).to_have_text("Your draft is saved.")


def test_ana_forms_her_words_and_pastes_a_picture(courier: Courier, ana: Page) -> None:
    courier.open(ana, GIFT)
    field = editor(ana)
    ana.keyboard.type("Dear Tom, ")
    ana.get_by_role("button", name="Bold").click()
    ana.keyboard.type("ring twice")
    field.evaluate("(editor, base64) => (" + PASTE + ")([editor, base64])", DOT)
    expect(field.locator("img[src^='/draft-files/']")).to_be_visible()
    saved(ana)

    ana.reload()
    expect(ana.locator("trix-editor strong")).to_have_text("ring twice")
    expect(ana.locator("trix-editor img")).to_have_count(1)
    ana.get_by_role("button", name="Send to Tom Fielding").click()

    said = ana.get_by_role("article", name="Message from Ana Silva").last
    expect(said.locator("strong")).to_have_text("ring twice")
    expect(said.locator("img[src^='/attachments/']")).to_be_visible()
    expect(said.locator("img")).to_have_js_property("naturalWidth", 1)


def test_two_windows_keep_both_versions(courier: Courier, ana: Page, visit: Callable[..., Page]) -> None:
    other = visit()
    courier.sign_in(other)
    for page in (ana, other):
        courier.open(page, "Charged twice")
    for page, words in ((ana, "Dear Mr Vance, I look into it."), (other, "Dear Mr Vance, one moment.")):
        editor(page)
        page.keyboard.type(words)
        saved(page)

    ana.reload()

    expect(ana.locator("#reply-text")).to_contain_text("one moment")
    expect(ana.locator(".composer__other")).to_contain_text("I look into it.")
    ana.get_by_role("link", name="Go on with that one").click()
    expect(ana.locator("#reply-text")).to_contain_text("I look into it.")


def test_a_draft_outlives_a_session_that_ended(courier: Courier, visit: Callable[..., Page]) -> None:
    ana = visit(expecting="status of 403")
    courier.sign_in(ana)
    courier.open(ana, "Reprint of an article")
    editor(ana)
    ana.keyboard.type("Dear Grace, ")
    saved(ana)
    kept = ana.context.cookies()
    ana.context.clear_cookies(name=re.compile("session"))
    ana.keyboard.type("of course you may.")
    expect(ana.locator(".composer__form--reply").get_by_role("status")).to_contain_text("kept on this device")

    ana.context.add_cookies(kept)  # type: ignore[arg-type] # what one gives the other takes
    ana.reload()

    expect(ana.locator("#reply-text")).to_contain_text("Dear Grace, of course you may.")
