"""Going through the inbox by keyboard, and without scripts; who is there is seen at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.courier import Courier

ROW = ".conversation-row"
ON_TOP = """button => {
  const {x, y, width, height} = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


def test_ana_goes_through_the_inbox_by_keyboard_alone(courier: Courier, visit: Callable[..., Page]) -> None:
    ana = visit()
    courier.sign_in(ana)
    ana.goto(f"{courier.url}/inbox/everyone")
    rows = ana.locator(ROW)
    number = rows.count()
    second = rows.nth(1).locator("h3").inner_text()

    ana.keyboard.press("j")
    ana.keyboard.press("x")
    ana.keyboard.press("j")
    ana.keyboard.press("x")
    expect(ana.locator(".triage-bar__count")).to_have_text("2 selected")
    ana.keyboard.press("e")
    expect(ana.get_by_text("2 closed.")).to_be_visible()
    expect(rows).to_have_count(number - 2)
    expect(ana.locator(f"{ROW}:focus-within")).to_have_count(1)

    ana.keyboard.press("z")
    expect(ana.get_by_text("2 undone")).to_be_visible()
    expect(rows).to_have_count(number)
    expect(ana.locator("#inbox")).to_have_count(1)

    ana.get_by_role("link", name=second).focus()
    ana.keyboard.press("a")
    expect(ana.get_by_role("dialog")).to_contain_text("Who answers for")
    expect(ana.get_by_label("Person or team")).to_be_focused()
    ana.keyboard.press("Escape")
    ana.keyboard.press("?")
    expect(ana.get_by_role("dialog")).to_contain_text("One-letter keys")
    ana.keyboard.press("Escape")

    ana.get_by_role("link", name=second).focus()
    ana.keyboard.press("n")
    ana.wait_for_url(re.compile("/conversations/"))
    expect(ana.get_by_label("Your note for colleagues")).to_be_focused()


def test_a_conversation_is_put_off_on_its_page_over_the_field_to_write_in(
    courier: Courier, visit: Callable[..., Page]
) -> None:
    ana = visit()
    courier.sign_in(ana)
    courier.open(ana, "Your card game goes ffffppfftfpffff")
    ana.get_by_text("Later", exact=True).click()
    ana.get_by_label("Until another day and hour").fill(f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%dT10:00}")
    # Where they stand: a click would scroll to free them.
    for name in ("Put it off", "Wait for the customer"):
        assert ana.get_by_role("button", name=name).evaluate(ON_TOP), name
    ana.get_by_role("button", name="Put it off").click()
    expect(ana.get_by_text("It comes back on")).to_be_visible()
    ana.get_by_role("button", name="Undo").click()


def test_without_scripts_several_are_closed_and_undone(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(scripts=False)
    courier.sign_in(page)
    page.goto(f"{courier.url}/inbox/everyone")
    number = page.locator(ROW).count()
    for box in page.get_by_role("checkbox").all()[:2]:
        box.check()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(ROW)).to_have_count(number - 2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(ROW)).to_have_count(number)


def test_colleagues_see_who_writes(courier: Courier, visit: Callable[..., Page]) -> None:
    ana, mira = visit(), visit()
    courier.sign_in(ana)
    courier.sign_in(mira, "mira")
    ana.goto(f"{courier.url}/inbox/everyone")
    courier.open(mira, "Yesterday's crossword")
    mira.get_by_label("Your reply to Leonie Krug").press_sequentially("Dear")

    face = ana.get_by_role("img", name="Mira Lindqvist is writing.")
    expect(face).to_be_visible(timeout=15_000)
    courier.open(ana, "Yesterday's crossword")
    expect(ana.locator("[data-presence-line]")).to_contain_text("Mira Lindqvist", timeout=15_000)
    mira.goto(f"{courier.url}/inbox/mine")
    expect(ana.locator("[data-presence-line]")).to_be_hidden(timeout=15_000)


def test_search_answers_while_one_types(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit()
    courier.sign_in(page)
    page.goto(f"{courier.url}/search")
    page.locator("#search").press_sequentially("crosword from:leonie")
    expect(page.locator("mark").first).to_have_text("crossword")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator(".chip--filter")).to_contain_text("leonie")
    page.wait_for_url(re.compile("q=crosword"))
