"""Opening a conversation, and the inbox again, in the document that is there: all is as if it were loaded anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.courier import HELP, ROW, Courier, expect_listening

CROSSWORD, PAPER, GIFT = "Yesterday's crossword", "No paper again", "Gift for my sister"
ROWING = "Rowing results"


def test_a_row_opens_by_key_and_by_click_and_the_inbox_comes_back_to_it(ana: Page) -> None:
    row = ana.locator(ROW).nth(2)
    subject = row.locator("h3").inner_text()
    ana.locator(ROW).nth(0).get_by_role("checkbox").check()
    row.get_by_role("link").focus()
    ana.keyboard.press("Enter")
    ana.wait_for_url(re.compile(r"/conversations/\d+$"))
    expect(ana.locator("h1")).to_have_text(subject)
    expect(ana.locator("h1")).to_be_focused()
    assert subject in ana.title()
    expect(ana.locator(".rail [aria-current]")).to_have_count(0)

    ana.go_back()
    ana.wait_for_url(re.compile("/inbox/everyone"))
    expect(row.get_by_role("link")).to_be_focused()
    expect(ana.locator(".triage-bar__count")).to_have_text("1 selected")
    expect(ana.locator(".rail [aria-current]")).to_contain_text("Waiting for us")

    ana.go_forward()
    expect(ana.locator("h1")).to_have_text(subject)
    ana.keyboard.press("u")
    expect(row.get_by_role("link")).to_be_focused()

    row.get_by_role("link").click()
    expect(ana.locator("h1")).to_have_text(subject)
    assert ana.evaluate("window.sameDocument")


def test_an_inbox_that_is_being_told_anew_gives_way_without_a_word_of_complaint(ana: Page) -> None:
    held: list[Route] = []
    ana.route(re.compile("/inbox/everyone$"), lambda route: held.append(route))  # noqa: PLW0108 (a builtin takes no mark)
    with ana.expect_request(lambda request: request.url.endswith("/inbox/everyone")):
        ana.locator("[data-live]").first.dispatch_event("live")
    row = ana.locator(ROW).first.get_by_role("link")
    subject = row.inner_text()
    with ana.expect_event("requestfailed", lambda request: request.url.endswith("/inbox/everyone")):
        row.click()
    expect(ana.locator("h1")).to_have_text(subject)
    assert len(held) == 1


def test_the_inbox_comes_back_where_it_was_scrolled_to(ana: Page) -> None:
    ana.set_viewport_size({"width": 1440, "height": 400})
    last = ana.locator(ROW).last.get_by_role("link")
    last.focus()
    assert ana.evaluate("scrollY") > 100
    stood = _place_in_the_window(last)
    ana.keyboard.press("o")
    ana.wait_for_url(re.compile("/conversations/"))
    expect(ana.locator("#timeline .message").last).to_be_in_viewport()

    ana.go_back()

    expect(last).to_be_focused()
    assert _place_in_the_window(last) == pytest.approx(stood, abs=1)
    assert ana.evaluate("window.sameDocument")


def _place_in_the_window(row: Locator) -> float:
    box = row.bounding_box()
    assert box
    return box["y"]


def test_who_only_looked_finds_the_inbox_at_once_and_then_as_it_has_become(courier: Courier, ana: Page) -> None:
    ana.locator(ROW).nth(0).get_by_role("checkbox").check()
    row = ana.get_by_role("link", name=CROSSWORD)
    row.click()
    expect(ana.locator("h1")).to_have_text(CROSSWORD)
    expect_listening(ana)
    held: list[Route] = []
    ana.route("**/inbox/**", lambda one: held.append(one))  # noqa: PLW0108 (Playwright takes no builtin)
    arrives(courier, "While she read")

    with ana.expect_request("**/inbox/**"):
        ana.keyboard.press("u")
    expect(row).to_be_focused()
    expect(ana.locator(".triage-bar__count")).to_have_text("1 selected")
    expect(ana.get_by_role("link", name="While she read")).to_have_count(0)

    for one in held:
        one.continue_()
    ana.unroute("**/inbox/**")
    expect(ana.get_by_role("link", name="While she read")).to_be_visible()
    expect(ana.locator(".triage-bar__count")).to_have_text("1 selected")
    expect(row).to_be_focused()
    ana.keyboard.press("j")
    expect(row).not_to_be_focused()
    assert ana.evaluate("window.sameDocument")


def test_who_did_something_finds_the_inbox_as_it_has_become(courier: Courier, ana: Page) -> None:
    arrives(courier, "Thank you all")
    row = ana.get_by_role("link", name="Thank you all")
    row.click()
    expect(ana.locator("h1")).to_have_text("Thank you all")
    expect_listening(ana)
    ana.keyboard.press("e")
    expect(ana.locator("#standing")).to_contain_text("Closed")
    asked: list[str] = []
    ana.on("request", lambda one: asked.append(one.url) if "/inbox/" in one.url else None)

    ana.keyboard.press("u")
    expect(ana.locator(".rail [aria-current]")).to_contain_text("Waiting for us")
    assert asked
    expect(row).to_have_count(0)


def test_a_conversation_opened_in_place_and_the_inbox_after_it_move_live(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    asked: list[Request] = []
    ended: list[Request] = []
    ana.on("request", lambda one: asked.append(one) if "/live" in one.url else None)
    ana.on("requestfailed", lambda one: ended.append(one) if "/live" in one.url else None)
    for _ in range(3):
        ana.get_by_role("link", name=CROSSWORD).click()
        expect(ana.locator("h1")).to_have_text(CROSSWORD)
        expect_listening(ana)
        ana.keyboard.press("u")
        expect(ana.locator(".rail [aria-current]")).to_contain_text("Waiting for us")
        expect_listening(ana)
    ana.get_by_role("link", name=CROSSWORD).click()
    mira = visit()
    courier.sign_in(mira, "mira")
    courier.open(mira, CROSSWORD)
    expect(ana.locator("[data-presence-line]")).to_have_text("Mira Lindqvist is reading this.", timeout=15_000)

    mira.get_by_text("Internal note", exact=True).click()
    mira.get_by_label("Your note for colleagues").fill("It was printed on page 9.")
    mira.get_by_role("button", name="Keep note for colleagues").click()

    expect(ana.get_by_role("article", name="Note by Mira Lindqvist")).to_have_count(1, timeout=15_000)
    ana.go_back()
    expect_listening(ana)
    arrives(courier, "Where is my supplement?")
    expect(ana.get_by_role("link", name="Where is my supplement?")).to_be_visible(timeout=15_000)
    assert len(asked) == len(ended)  # one, that was there before, is ended too, and the last one is open
    assert ana.evaluate("window.sameDocument")


def test_who_leaves_in_place_reads_and_writes_no_longer(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    mira = visit()
    courier.sign_in(mira, "mira")
    courier.open(mira, CROSSWORD)
    presence = mira.locator("[data-presence-line]")
    ana.get_by_role("link", name=CROSSWORD).click()
    expect(presence).to_have_text("Ana Silva is reading this.", timeout=15_000)
    ana.get_by_label("Your reply to Leonie Krug").press_sequentially("Dear")
    expect(presence).to_have_text("Ana Silva is writing.", timeout=15_000)

    ana.go_back()
    expect(presence).to_be_hidden(timeout=15_000)

    ana.get_by_role("link", name=CROSSWORD).click()
    expect(presence).to_have_text("Ana Silva is reading this.", timeout=15_000)
    ana.get_by_label("Your reply to Leonie Krug").press_sequentially(" Leonie")
    expect(presence).to_have_text("Ana Silva is writing.", timeout=15_000)
    assert ana.evaluate("window.sameDocument")


def test_what_was_being_written_is_there_again(courier: Courier, ana: Page, visit: Callable[..., Page]) -> None:
    reply = ana.get_by_label("Your reply to Tom Fielding")
    ana.get_by_role("link", name=GIFT).click()
    reply.click()
    expect(ana.locator("trix-editor")).to_be_focused()
    ana.keyboard.type("Dear Tom, it leaves")
    ana.go_back()
    ana.get_by_role("link", name=PAPER).click()
    expect(ana.get_by_label("Your reply to Ada Brown")).to_be_empty()

    ana.keyboard.press("u")
    ana.get_by_role("link", name=GIFT).click()
    expect(reply).to_have_text("Dear Tom, it leaves")
    expect(ana.get_by_text("Another version of yours is kept")).to_have_count(0)
    reply.press("End")
    ana.keyboard.type(" today.")
    expect(ana.get_by_text("Your draft is saved.")).to_be_visible()
    assert ana.evaluate("window.sameDocument")

    elsewhere = visit()
    courier.sign_in(elsewhere)
    courier.open(elsewhere, GIFT)
    expect(elsewhere.get_by_label("Your reply to Tom Fielding")).to_have_text("Dear Tom, it leaves today.")


def test_what_is_sent_goes_out_although_another_page_is_opened_at_once(courier: Courier, ana: Page) -> None:
    courier.open(ana, ROWING)
    ana.get_by_text("Internal note", exact=True).click()
    ana.get_by_label("Your note for colleagues").fill("We have the list.")
    ana.evaluate("""() => {
        document.querySelector(".composer__form--note .button--note").click();
        document.querySelector(".rail a").click();
    }""")
    expect(ana.get_by_role("article", name="Note by Ana Silva")).to_contain_text("We have the list.")


def test_what_is_typed_at_the_top_is_found_at_once_and_nothing_typed_meanwhile_is_lost(ana: Page) -> None:
    ana.keyboard.press("/")
    ana.keyboard.type("cross", delay=150)
    ana.wait_for_url(re.compile(r"/search\?q=cr"))
    ana.keyboard.type("word", delay=30)

    expect(ana.get_by_role("searchbox")).to_have_value("crossword")
    expect(ana.get_by_role("searchbox")).to_be_focused()
    expect(ana.locator("#found h3 mark").first).to_have_text("crossword", timeout=20_000)
    ana.wait_for_url(re.compile(r"/search\?q=crossword$"))

    ana.go_back()
    ana.wait_for_url(re.compile("/inbox/everyone"))
    expect(ana.locator(ROW).first).to_be_visible()
    expect(ana.get_by_role("searchbox")).to_have_value("")
    assert ana.evaluate("window.sameDocument")


def test_letters_that_come_while_the_page_search_is_fetched_are_looked_for_too(ana: Page) -> None:
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    ana.route(re.compile(r"/search\?q=cro$"), hold)
    ana.keyboard.press("/")
    with ana.expect_request(re.compile(r"/search\?q=cro$")):
        ana.keyboard.type("cro")
    ana.evaluate("document.querySelector('#searching input').value = 'crossword'")
    asked[0].continue_()

    expect(ana.get_by_role("searchbox")).to_have_value("crossword")
    ana.wait_for_url(re.compile(r"/search\?q=crossword$"))
    expect(ana.locator("#found h3 mark").first).to_have_text("crossword", timeout=20_000)


def test_who_is_signed_out_meanwhile_is_asked_to_sign_in(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="status of 401")  # the stream is refused too
    courier.sign_in(page)
    page.goto(f"{courier.url}/inbox/everyone")
    page.context.clear_cookies()
    page.get_by_role("link", name=PAPER).click()

    page.wait_for_url(re.compile(r"/sign-in.*next=.*conversations"))


def test_what_cannot_be_opened_in_place_is_a_page_of_its_own(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(expecting="status of 404")
    courier.sign_in(page)
    page.goto(f"{courier.url}/inbox/everyone")
    page.get_by_role("link", name=PAPER).evaluate("link => link.href = '/conversations/999999999'")
    page.get_by_role("link", name=PAPER).click()
    page.wait_for_url(re.compile("999999999"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    page.go_back()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=GIFT).click(modifiers=["Control"])
    opened.value.wait_for_url(re.compile("/conversations/"))
    assert "/inbox/" in page.url


def arrives(courier: Courier, subject: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ada Brown <ada.brown@readers.example>", HELP, subject
    mail.set_content("It lay in the paper every Friday.")
    courier.send(mail.as_bytes(), to=HELP)


def test_the_last_key_is_saved_however_soon_the_page_is_left(ana: Page) -> None:
    reply = ana.get_by_label(re.compile("^Your reply to"))
    ana.get_by_role("link", name=ROWING).click()
    reply.click()
    expect(ana.locator("trix-editor")).to_be_focused()
    ana.keyboard.type("Dear Joh")
    ana.wait_for_timeout(100)
    # The key and the way back in one task: no frame is drawn between them.
    ana.evaluate(
        """() => {
          const key = { inputType: "insertText", data: "n", bubbles: true, cancelable: true };
          document.querySelector("trix-editor").dispatchEvent(new InputEvent("beforeinput", key));
          document.querySelector("a[href^='/inbox/everyone']").click();
        }"""
    )
    expect(ana.locator("h1")).to_have_text("Waiting for us")
    ana.get_by_role("link", name=ROWING).click()
    expect(reply).to_have_text("Dear John")
