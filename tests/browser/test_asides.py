"""Asking a partner beside a conversation, in a real browser; and folds that follow when colleagues move messages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.courier import Courier, overflow
from tests.browser.test_writing import DOT, PASTE
from tests.servers.browser import PHONE

ROUTE = FilePayload(name="route-4.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7")


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    page = visit(expecting="status of 422")
    courier.sign_in(page)
    return page


def test_ana_asks_the_printer_with_what_she_began_on_her_phone(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    phone = visit(width=PHONE)
    courier.sign_in(phone)
    courier.open(phone, "No paper again")
    phone.get_by_role("link", name="Ask somebody aside").click()
    phone.get_by_label("Subject").fill("Which truck was it?")
    phone.get_by_label("Your question").focus()
    phone.keyboard.type("Who drove route 4 ")
    phone.get_by_role("button", name="Bold").click()
    phone.keyboard.type("on Monday?")
    phone.get_by_label("Attach").set_input_files(ROUTE)
    expect(phone.locator(".files--chosen")).to_contain_text("route-4.pdf")
    expect(phone.locator(".composer__state")).to_have_text("Your draft is saved.")
    assert overflow(phone) == 0

    courier.open(ana, "No paper again")
    ana.get_by_role("link", name="Go on with what you began to ask").click()
    expect(ana.locator("trix-editor strong")).to_have_text("on Monday?")
    editor = ana.locator("trix-editor")
    editor.evaluate("(editor, base64) => (" + PASTE + ")([editor, base64])", DOT)
    expect(editor.locator("img[src^='/draft-files/']")).to_be_visible()
    ana.get_by_label("To", exact=True).fill("the printer")
    ana.get_by_role("button", name="Ask them").click()
    expect(ana.get_by_text("“the printer” is no mail address")).to_be_visible()
    expect(ana.locator(".files--chosen")).to_contain_text("route-4.pdf")
    ana.get_by_label("To", exact=True).fill("printer@example.org")
    ana.get_by_role("button", name="Ask them").click()

    ana.wait_for_url(re.compile("/asides/"))
    asked = ana.get_by_role("article", name="Message from Ana Silva")
    expect(asked.locator("strong")).to_have_text("on Monday?")
    expect(asked.locator("img[src^='/attachments/']")).to_be_visible()
    expect(asked.get_by_role("link", name="route-4.pdf")).to_be_visible()
    ana.get_by_role("button", name="Undo").click()
    expect(ana.locator("trix-editor strong")).to_have_text("on Monday?")
    expect(ana.locator(".files--chosen")).to_contain_text("route-4.pdf")


def test_an_open_fold_follows_when_a_colleague_splits_the_conversation(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    courier.open(ana, "Your card game goes ffffppfftfpffff")
    expect(ana.locator("html")).to_have_attribute("data-live-state", "listening")
    ana.get_by_text("3 earlier messages, the last by Mira Lindqvist").click()
    second = ana.locator("#earlier .message").nth(1).get_attribute("id")
    yuki = visit()
    courier.sign_in(yuki, "yuki")
    courier.open(yuki, "Your card game goes ffffppfftfpffff")
    yuki.get_by_text("3 earlier messages, the last by Mira Lindqvist").click()

    yuki.locator(f"#{second} .message__menu summary").click()
    yuki.locator(f"#{second}").get_by_role("button", name="Split off from here").click()

    expect(ana.locator("#earlier")).to_have_count(0)
    expect(ana.locator(".message")).to_have_count(1)
    expect(ana.get_by_text("every move goes ffffppfftfpffff").first).to_be_visible()
