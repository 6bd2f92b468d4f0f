"""Somebody raises hell at one window, by keyboard alone, and at another somebody acts: each sees it where they are."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.courier import Courier, expect_listening
from tests.servers.browser import PHONE

SUBJECT = "Gift for my sister"


def test_who_is_called_acts_on_a_phone_while_the_page_stands_open(courier: Courier, visit: Callable[..., Page]) -> None:
    ana, phone = visit(), visit(width=PHONE)
    courier.sign_in(ana)
    courier.sign_in(phone, "yuki")
    courier.open(phone, SUBJECT)
    expect_listening(phone)
    courier.open(ana, SUBJECT)
    expect_listening(ana)

    ana.get_by_role("link", name="Escalate: somebody must act now").focus()
    ana.keyboard.press("Enter")
    ana.wait_for_url(re.compile("/escalation$"))
    ana.get_by_label("What has happened, and what is needed").focus()
    ana.keyboard.type("She stands at the counter, in tears.")
    ana.keyboard.press("Tab")
    ana.keyboard.press("ArrowDown")
    ana.keyboard.press("Tab")
    ana.keyboard.press("Enter")
    ana.wait_for_url(re.compile(r"/conversations/\d+"))

    expect(ana.get_by_text("People are paged now, until one of them acts.")).to_be_visible()
    act = phone.get_by_role("button", name="I act")
    expect(act).to_be_in_viewport()
    expect(phone.locator("#escalated")).to_contain_text("She stands at the counter, in tears.")
    expect(phone.locator("#escalated")).to_contain_text("Paged:")
    act.click()

    expect(phone.get_by_role("heading", name="You act on this")).to_be_attached()
    expect(ana.get_by_role("heading", name="Yuki Tanaka acts on this")).to_be_attached()
    expect(ana.get_by_role("button", name="Call it off")).to_be_attached()


def test_whoever_sets_a_ladder_up_is_asked_for_a_name_where_a_name_is_needed(
    courier: Courier, visit: Callable[..., Page]
) -> None:
    page = visit(expecting="status of 422")
    courier.sign_in(page)
    page.goto(f"{courier.url}/ladders/house")
    rung = page.get_by_role("group", name="Rung 5")
    expect(rung.get_by_label("Who", exact=True)).to_be_hidden()

    rung.get_by_label("Whom to page").select_option("Somebody by name")
    rung.get_by_label("Minutes until the next").fill("20")
    page.get_by_label("Page people when a promised answer is missing").check()
    page.get_by_role("button", name="Save").click()
    expect(rung.get_by_text("Choose who it is.")).to_be_visible()
    rung.get_by_label("Who", exact=True).select_option("Yuki Tanaka")
    page.get_by_role("button", name="Save").click()

    page.wait_for_url(re.compile("/ladders$"))
    expect(page.locator(".ladder li").last).to_contain_text("Yuki Tanaka")
    expect(page.get_by_text("It begins by itself 15 minutes before a promised answer is late")).to_be_visible()
