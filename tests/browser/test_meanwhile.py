"""What happens while a page is open: a partner answers, a colleague merges it away, an answer comes late.

And what is found stands in sight.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.courier import HELP, Courier, expect_listening
from tests.servers.browser import PHONE
from tests.whole.company import ask


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    page = visit()
    courier.sign_in(page)
    return page


def writing(courier: Courier, page: Page, subject: str, words: str) -> None:
    """Somebody stands in the middle of a reply, with a page that listens."""
    courier.open(page, subject)
    expect(page.locator("html")).to_have_attribute("data-live-state", "listening")
    page.locator("#reply-text").focus()
    expect(page.locator("trix-editor")).to_be_focused()
    page.keyboard.type(words)


def partner_answers(courier: Courier, subject: str, words: str) -> None:
    ((message_id,),) = ask(courier, f"SELECT max(message_id) FROM conversations_message WHERE subject = '{subject}'")  # noqa: S608
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Pat Press <pat@printer.example>", HELP, f"Re: {subject}"
    mail["Message-ID"], mail["In-Reply-To"] = "<answer@printer.example>", f"<{message_id}>"
    mail.set_content(words)
    courier.send(mail.as_bytes(), to=HELP)


def test_an_aside_that_is_answered_unfolds_under_somebody_who_writes(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    courier.open(ana, "No paper again")
    ana.get_by_role("link", name="Ask somebody aside").click()
    ana.get_by_label("To", exact=True).fill("pat@printer.example")
    ana.get_by_label("Subject").fill("Which truck was it?")
    ana.get_by_label("Your question").focus()
    ana.keyboard.type("Who drove route 4?")
    ana.get_by_role("button", name="Ask them").click()
    ana.wait_for_url(re.compile("/asides/"))
    writing(courier, ana, "No paper again", "Dear Ada, ")
    aside = ana.locator(".aside details")
    expect(aside).not_to_have_attribute("open", "")

    partner_answers(courier, "Which truck was it?", "Bob did, in the red truck.")

    expect(aside.get_by_text("Bob did, in the red truck.")).to_be_visible()
    expect(ana.locator("trix-editor")).to_be_focused()
    ana.keyboard.type("it was")
    expect(ana.locator("trix-editor")).to_have_text("Dear Ada, it was")
    # It came in behind the field where she writes.
    ana.get_by_role("link", name="Message from Pat Press").click()
    expect(aside.get_by_text("Bob did, in the red truck.")).to_be_in_viewport()


def test_a_conversation_that_a_colleague_merges_away_says_so_and_takes_the_words_along(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    phone, yuki = visit(width=PHONE), visit()
    courier.sign_in(phone)
    courier.sign_in(yuki, "yuki")
    writing(courier, phone, "Rowing results", "Dear Kit, ")
    kept, merged = (courier.conversation(subject) for subject in ("Reprint of an article", "Rowing results"))
    number = merged.rpartition("/")[2]

    yuki.goto(f"{courier.url}{kept}/joining?q=%23{number}")
    yuki.get_by_role("button", name="Merge").click()

    told = phone.get_by_text("Yuki Tanaka merged this into “Reprint of an article”.")
    expect(told).to_be_in_viewport()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Rowing results")
    expect(phone.locator("#timeline")).not_to_contain_text("reprint")
    expect(phone.locator("trix-editor")).to_be_focused()
    phone.keyboard.type("here they are.")
    phone.get_by_role("link", name="Go there").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Reprint of an article")
    expect(phone.locator("trix-editor")).to_have_text("Dear Kit, here they are.")


def test_what_can_be_done_is_what_a_colleague_left_to_do(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    yuki = visit()
    courier.sign_in(yuki, "yuki")
    for page in (ana, yuki):
        courier.open(page, "Gift for my sister")
        expect_listening(page)
    ana.get_by_text("Later", exact=True).click()
    day = ana.get_by_label("Until another day and hour")
    day.fill("2030-03-02T10:00")
    expect(day).to_be_focused()

    yuki.get_by_text("Later", exact=True).click()
    yuki.get_by_role("button", name="Wait for the customer").click()

    expect(ana.get_by_role("button", name="It is our turn")).to_be_visible()
    expect(ana.get_by_role("button", name="Wait for the customer")).to_have_count(0)
    expect(ana.get_by_role("button", name="Put it off")).to_be_visible()
    expect(day).to_be_focused()
    expect(day).to_have_value("2030-03-02T10:00")

    ana.keyboard.press("Escape")
    ana.get_by_role("button", name="Helped, close it").focus()
    yuki.get_by_role("button", name="Helped, close it").click()

    expect(ana.get_by_role("button", name="Open again")).to_be_visible()
    expect(ana.get_by_role("button", name="Helped, close it")).to_have_count(0)
    expect(ana.get_by_role("link", name="Escalate")).to_have_count(0)
    # No button turned into its contrary under her finger.
    expect(ana.get_by_role("button", name="Open again")).not_to_be_focused()


def test_the_words_that_were_looked_for_are_in_sight_on_a_phone(courier: Courier, visit: Callable[..., Page]) -> None:
    phone = visit(width=PHONE)
    courier.sign_in(phone)
    phone.goto(f"{courier.url}/search?q=otherwise")  # the last words but two of its letter
    find = phone.get_by_role("listitem").filter(has_text="Holiday from the 20th")
    mark, whole = find.locator("mark").bounding_box(), find.locator(".hit").bounding_box()
    assert mark
    assert whole
    assert mark["x"] + mark["width"] <= whole["x"] + whole["width"]
    assert mark["y"] + mark["height"] <= whole["y"] + whole["height"] + 1


def test_an_older_answer_that_comes_late_never_stands_in_for_a_newer_one(
    courier: Courier, visit: Callable[..., Page]
) -> None:
    ana = visit(expecting="htmx:(afterRequest|sendAbort)")  # which htmx says of what nobody waits for any more
    courier.sign_in(ana)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    ana.route(re.compile(r"/search\?q=pap$"), hold)
    ana.goto(f"{courier.url}/search")
    box = ana.get_by_label("Search people and words")

    with ana.expect_request(re.compile(r"\?q=pap$")):
        box.press_sequentially("pap")
    with ana.expect_response(re.compile(r"\?q=papagei$")):
        box.press_sequentially("agei")
    expect(ana.get_by_text("Nothing found for “papagei”")).to_be_visible()
    [late] = held
    late.continue_()

    expect(ana).to_have_url(re.compile("q=papagei"))
    with ana.expect_response(re.compile(r"\?q=papageie$")):
        box.press_sequentially("e")
    expect(ana.get_by_text("Nothing found for “papageie”")).to_be_visible()
    expect(ana.get_by_text("Nothing found for “papagei”")).to_have_count(0)
