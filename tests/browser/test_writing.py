"""The field to write in: formed words and pictures, drafts that follow their author, windows that agree to differ."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.courier import Courier
from tests.browser.test_every_page import found_by_axe
from tests.servers.browser import DESK, PHONE

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
    """The field with the editor in it, which comes when somebody first goes there, or by itself where words stand."""
    field = page.locator("trix-editor")
    if page.evaluate("document.querySelector('#reply-text').value"):
        expect(field).to_be_attached()  # else it might come between finding the plain field and going there
    page.locator("#reply-text").focus()
    expect(field).to_be_focused()
    return field


def saved(page: Page) -> None:
    expect(page.locator(".composer__form--reply .composer__state")).to_have_text("Your draft is saved.")


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


def test_the_field_never_grows_over_the_end_of_what_is_answered(courier: Courier, ana: Page) -> None:
    courier.open(ana, "Your card game goes ffffppfftfpffff")
    ana.locator(".earlier > summary").click()
    message, composer = ana.locator("#timeline .message").last, ana.locator(".composer")
    message.evaluate("one => scrollTo(0, scrollY + one.getBoundingClientRect().bottom - innerHeight + 150)")
    covered = "one => one.getBoundingClientRect().bottom - composer.getBoundingClientRect().top"
    assert message.evaluate(covered) <= 0

    ana.keyboard.press("r")

    expect(ana.locator("trix-editor")).to_be_focused()
    expect(composer.get_by_role("button", name="Send to")).to_be_in_viewport()
    assert message.evaluate(covered) <= 0
    for _line in range(12):
        ana.keyboard.type("Dear Dani,")
        ana.keyboard.press("Enter")
    assert message.evaluate(covered) <= 0
    expect(message).to_be_in_viewport()


def test_what_is_asked_or_wrong_before_it_goes_is_before_the_eyes(courier: Courier, visit: Callable[..., Page]) -> None:
    for width in (PHONE, DESK):
        page = visit(expecting="status of 422", width=width)
        courier.sign_in(page)
        courier.open(page, "You misspelt my father's name")
        field = editor(page)
        field.evaluate("editor => editor.editor.loadHTML('')")
        page.keyboard.type("Hi team, can somebody look into this before we answer the customer?")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name="or for colleagues?")).to_be_in_viewport()
        expect(page.get_by_role("button", name="Keep as a note")).to_be_in_viewport()

        page.get_by_text("Change who gets it").click()
        page.locator("#reply-to").fill("the widow")
        page.get_by_role("button", name="as it is").click()
        expect(page.locator("#reply-to")).to_be_focused()
        expect(page.get_by_text("“the widow” is no mail address")).to_be_in_viewport()
        page.context.close()


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


def test_a_draft_outlives_a_connection_that_drops(courier: Courier, visit: Callable[..., Page]) -> None:
    ana = visit(expecting="ERR_INTERNET_DISCONNECTED")
    courier.sign_in(ana)
    courier.open(ana, "Yesterday's crossword")
    editor(ana)
    ana.context.set_offline(True)
    ana.keyboard.type("Dear Leonie, you are right.")
    expect(ana.locator(".composer__form--reply .composer__state")).to_contain_text("kept on this device")
    ana.context.set_offline(False)

    ana.reload()

    expect(ana.locator("#reply-text")).to_contain_text("Dear Leonie, you are right.")


def test_a_canned_reply_is_found_by_typing_and_what_is_not_known_is_written_over(courier: Courier, ana: Page) -> None:
    ana.goto(f"{courier.url}/canned-replies/new")
    ana.get_by_label("Its name").fill("Sorry, no paper")
    ana.locator("#canned-text").focus()
    expect(ana.locator("trix-editor")).to_be_focused()
    ana.keyboard.type("Dear {first name} of {company}, ")
    ana.get_by_role("button", name="Bold").click()
    ana.keyboard.type("we are sorry.")
    ana.get_by_role("button", name="Save").click()

    courier.open(ana, GIFT)
    field = editor(ana)
    field.evaluate("editor => editor.editor.loadHTML('')")
    ana.keyboard.type("/sor")
    expect(ana.get_by_role("option", name=re.compile("Sorry, no paper"))).to_have_attribute("aria-selected", "true")
    assert found_by_axe(ana) == []
    ana.keyboard.press("Enter")
    expect(field.locator("strong")).to_have_text("we are sorry.")
    expect(field).to_contain_text("Dear Tom of {company}, we are sorry.")
    ana.keyboard.type("Fielding & Sons")
    expect(field).to_contain_text("Dear Tom of Fielding & Sons, we are sorry.")


def test_a_canned_reply_keeps_its_form_and_its_picture(courier: Courier, ana: Page) -> None:
    ana.goto(f"{courier.url}/canned-replies/new")
    ana.get_by_label("Its name").fill("Where the box is")
    ana.locator("#canned-text").focus()
    field = ana.locator("trix-editor")
    expect(field).to_be_focused()
    ana.get_by_role("button", name="Bold").click()
    ana.keyboard.type("Look, {first name}")
    field.evaluate("(editor, base64) => (" + PASTE + ")([editor, base64])", DOT)
    expect(field.locator("img[src^='/canned-pictures/']")).to_be_visible()
    ana.get_by_role("button", name="Save").click()

    ana.get_by_role("link", name="Where the box is").click()
    expect(field.locator("strong")).to_have_text("Look, {first name}")
    expect(field.locator("img[src^='/canned-pictures/']")).to_be_visible()
    ana.get_by_role("button", name="Save").click()
    ana.wait_for_url(re.compile("/canned-replies$"))

    courier.open(ana, "Charged twice")
    editor(ana)
    ana.keyboard.type("/where")
    expect(ana.get_by_role("option", name="Where the box is")).to_be_visible()
    ana.keyboard.press("Enter")
    expect(field.locator("img[src^='/draft-files/']")).to_be_visible()
    expect(field.locator("strong")).to_have_text("Look, Otto")


def test_ana_calls_a_colleague_in_by_keyboard(courier: Courier, ana: Page) -> None:
    courier.open(ana, GIFT)
    ana.get_by_text("Internal note", exact=True).first.click()
    note = ana.locator("#note-text")
    note.press_sequentially("Do you know her, @mir")
    expect(ana.locator(".suggestion").first).to_contain_text("Mira Lindqvist", timeout=15_000)
    assert found_by_axe(ana) == []
    note.press("Enter")
    expect(note).to_have_value("Do you know her, @Mira Lindqvist ")
    ana.get_by_role("button", name="Keep note for colleagues").click()
    expect(ana.locator(".mention")).to_have_text("@Mira Lindqvist")


def test_a_colleague_sees_that_somebody_writes_in_the_editor(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    mira = visit()
    courier.sign_in(mira, "mira")
    courier.open(mira, "Reprint of an article")
    courier.open(ana, "Reprint of an article")
    editor(ana)
    ana.keyboard.type("Dear Grace, ")
    expect(mira.locator("[data-presence-line]")).to_contain_text("Ana Silva is writing", timeout=15_000)
    ana.locator("trix-editor").evaluate("editor => editor.editor.loadHTML('')")
    expect(ana.locator(".composer__form--reply .composer__state")).to_have_text("")  # so is the draft


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
    expect(ana.locator(".composer__form--reply .composer__state")).to_contain_text("kept on this device")

    ana.context.add_cookies(kept)  # type: ignore[arg-type] # what one gives the other takes
    ana.reload()

    expect(ana.locator("#reply-text")).to_contain_text("Dear Grace, of course you may.")
