"""Answering a customer: by mouse, by touch, by keyboard alone, without scripts, and while colleagues do the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.courier import HELP, Courier
from tests.servers.browser import PHONE

PAPER = "No paper again"
GIFT = "Gift for my sister"
MAP = FilePayload(name="mill-lane.txt", mimeType="text/plain", buffer=b"Second letterbox on the left.\n")
PLAN = FilePayload(name="plan.txt", mimeType="text/plain", buffer=b"Not for customers.\n")


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    page = visit()
    courier.sign_in(page)
    return page


@pytest.fixture
def arrives(courier: Courier) -> Callable[..., None]:
    """A mail reaches the running program over SMTP."""

    def arrive(subject: str, *, text: str = "Where is my paper on route 4?") -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "Ada Brown <ada.brown@readers.example>", HELP, subject
        mail["Message-ID"] = f"<{abs(hash((subject, text)))}@readers.example>"
        mail.set_content(text)
        courier.send(mail.as_bytes(), to=HELP)

    return arrive


def test_ana_answers_by_mouse_and_takes_it_back(courier: Courier, ana: Page) -> None:
    ana.goto(courier.url)
    ana.get_by_role("link", name=PAPER).click()
    ana.get_by_label("Your reply to Ada Brown").fill("Dear Ada, I walk over now.")
    ana.get_by_role("button", name="Send to Ada Brown").click()
    expect(ana.get_by_role("article", name="Message from Ana Silva")).to_contain_text("I walk over now")

    ana.get_by_role("button", name="Undo").click()

    expect(ana.get_by_label("Your reply to Ada Brown")).to_contain_text("Dear Ada, I walk over now.")
    expect(ana.locator("main")).to_contain_text("Taken back before it was sent")


def test_z_takes_back_what_ana_has_just_sent(courier: Courier, ana: Page, arrives: Callable[..., None]) -> None:
    ana.goto(f"{courier.url}/inbox/everyone")
    arrives("The gate is locked")
    ana.get_by_role("link", name="The gate is locked").click()
    ana.get_by_label("Your reply to Ada Brown").fill("Dear Ada, I walk over now.")
    ana.get_by_role("button", name="Send to Ada Brown").click()
    expect(ana.get_by_role("button", name="Undo")).to_be_visible()

    ana.keyboard.press("z")

    expect(ana.get_by_label("Your reply to Ada Brown")).to_contain_text("Dear Ada, I walk over now.")
    expect(ana.locator("main")).to_contain_text("Taken back before it was sent")


def test_ana_answers_by_keyboard_alone(courier: Courier, ana: Page) -> None:
    ana.goto(f"{courier.url}/inbox/everyone")
    go_to(ana, "Skip to the page")
    ana.keyboard.press("Enter")
    go_to(ana, "Rowing results")
    ana.keyboard.press("Enter")
    ana.wait_for_url(re.compile("/conversations/"))
    go_to(ana, "Your reply to Felix Ahrens")
    ana.keyboard.type("Dear Felix, you did win.")
    ana.keyboard.press("Control+Enter")
    ana.wait_for_url(re.compile("#message-"))
    expect(ana.get_by_role("article", name="Message from Ana Silva")).to_contain_text("you did win")

    go_to(ana, "Undo", steps=4)
    ana.keyboard.press("Enter")
    expect(ana.locator("main")).to_contain_text("Taken back before it was sent")
    go_to(ana, "Send to Felix Ahrens")
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("button", name="Undo")).to_be_visible()

    ana.keyboard.press("Control+Home")
    go_to(ana, "Helped, close it")
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("button", name="Open again")).to_be_visible()


def test_ana_answers_on_her_phone(courier: Courier, visit: Callable[..., Page]) -> None:
    phone = visit(width=PHONE)
    courier.sign_in(phone)
    courier.open(phone, "You misspelt my father's name")
    phone.get_by_role("link", name="Note").tap()
    phone.get_by_label("Your note for colleagues").fill("The archive has the page.")
    phone.get_by_role("button", name="Keep note for colleagues").tap()
    expect(phone.get_by_role("article", name="Note by Ana Silva")).to_contain_text("The archive has the page.")

    phone.get_by_role("link", name="Reply").tap()
    expect(phone.get_by_label("Your reply to Rosa Delgado")).to_be_focused()
    expect(phone.locator("trix-editor")).to_be_focused()
    phone.get_by_label("Your reply to Rosa Delgado").fill("Dear Rosa, we print it right.")
    phone.get_by_role("button", name="Send to Rosa Delgado").tap()
    expect(phone.get_by_role("button", name="Undo")).to_be_in_viewport()


def test_without_scripts_ana_reads_answers_and_closes(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(scripts=False)
    courier.sign_in(page)
    page.goto(f"{courier.url}/inbox/everyone")
    page.get_by_role("link", name="Wet paper, third letter").click()
    expect(page.get_by_text("This is my third letter.")).to_be_visible()

    page.get_by_label("Your reply to Hugh Pemberton").fill("Dear Mr Pemberton, a bag, from today.")
    page.locator(".composer__form--reply input[type=file]").set_input_files([MAP])
    page.get_by_role("button", name="Send to Hugh Pemberton").click()
    expect(page.get_by_role("link", name="mill-lane.txt")).to_be_visible()
    page.locator("label").filter(has_text="Internal note").click()
    page.get_by_label("Your note for colleagues").fill("Bags ordered.")
    page.get_by_role("button", name="Keep note for colleagues").click()
    page.get_by_role("button", name="Helped, close it").click()

    expect(page.get_by_role("button", name="Open again")).to_be_visible()


def test_chosen_files_are_named_before_they_go(courier: Courier, ana: Page) -> None:
    courier.open(ana, GIFT)
    ana.locator(".composer__form--reply input[type=file]").set_input_files([MAP, PLAN])
    chosen = ana.get_by_role("list", name="Files that go with it")
    expect(chosen.get_by_role("listitem")).to_have_count(2)

    ana.get_by_role("button", name="Leave out plan.txt").click()
    ana.get_by_label("Your reply to Tom Fielding").fill("Dear Tom, here is the way.")
    ana.get_by_role("button", name="Send to Tom Fielding").click()

    expect(ana.get_by_role("link", name="mill-lane.txt")).to_be_visible()
    expect(ana.get_by_role("link", name="plan.txt")).to_have_count(0)


def test_a_conversation_opens_where_the_work_is(courier: Courier, ana: Page) -> None:
    courier.open(ana, "Your card game goes ffffppfftfpffff")
    expect(ana.get_by_text("undo does not work in the second round")).to_be_in_viewport()
    expect(ana.get_by_text("every move goes ffffppfftfpffff").first).to_be_hidden()

    ana.get_by_text("3 earlier messages, the last by Mira Lindqvist").click()

    expect(ana.get_by_text("every move goes ffffppfftfpffff").first).to_be_visible()


def test_a_draft_outlives_a_reload_and_goes_when_it_is_sent(courier: Courier, ana: Page) -> None:
    courier.open(ana, "Charged twice")
    reply = ana.get_by_label("Your reply to Otto Vance")
    reply.fill("Dear Mr Vance, is it")

    ana.reload()
    expect(reply).to_contain_text("Dear Mr Vance, is it")

    ana.get_by_role("button", name="Send to Otto Vance").click()
    ana.wait_for_url(re.compile("#message-"))
    ana.reload()
    expect(reply).to_be_empty()


def test_what_arrives_is_seen_at_once(courier: Courier, ana: Page, arrives: Callable[..., None]) -> None:
    ana.goto(f"{courier.url}/inbox/mine")
    expect(ana.locator("html")).to_have_attribute("data-live-state", "listening")

    arrives("Still no paper on route 4")

    expect(ana.get_by_role("link", name="Still no paper on route 4")).to_be_visible(timeout=15_000)


def test_a_live_answer_disturbs_neither_draft_nor_open_folds(
    courier: Courier, ana: Page, visit: Callable[..., Page]
) -> None:
    courier.open(ana, "Yesterday's crossword")
    expect(ana.locator("html")).to_have_attribute("data-live-state", "listening")
    ana.get_by_label("Your reply to Leonie Krug").fill("Dear Leonie, half a sen")
    ana.get_by_text("As they designed it").click()
    mira = visit()
    courier.sign_in(mira, "mira")
    courier.open(mira, "Yesterday's crossword")

    mira.get_by_label("Your reply to Leonie Krug").fill("Dear Leonie, it is today's now.")
    mira.get_by_role("button", name="Send to Leonie Krug").click()

    expect(ana.get_by_role("article", name="Message from Mira Lindqvist")).to_be_visible(timeout=15_000)
    expect(ana.get_by_label("Your reply to Leonie Krug")).to_contain_text("Dear Leonie, half a sen")
    expect(ana.get_by_title("The message from Leonie Krug as designed")).to_be_visible()


def test_whoever_is_overtaken_decides_with_both_answers_in_view(courier: Courier, visit: Callable[..., Page]) -> None:
    ana, noor = visit(expecting="status of 409"), visit()
    for page, who in ((ana, "ana"), (noor, "noor")):
        courier.sign_in(page, who)
        courier.open(page, "Wer ist zuständig?")
        page.get_by_label("Your reply to Greta Holm").fill(f"Guten Tag, hier ist {who}.")

    noor.get_by_role("button", name="Send to Greta Holm").click()
    ana.get_by_role("button", name="Send to Greta Holm").click()

    alert = ana.get_by_role("alert")
    expect(alert).to_contain_text("Noor Aziz answered while you were writing")
    expect(alert).to_contain_text("Guten Tag, hier ist noor.")
    expect(ana.get_by_label("Your reply to Greta Holm")).to_contain_text("Guten Tag, hier ist ana.")
    ana.get_by_role("button", name="Discard").click()
    expect(ana.get_by_label("Your reply to Greta Holm")).to_be_empty()


def test_who_was_copied_in_takes_part_after_one_click(courier: Courier, ana: Page) -> None:
    courier.open(ana, "Reprint of an article")

    ana.get_by_role("button", name=re.compile("Let take part ?: Paul Reed")).click()

    ana.get_by_label("Your reply to Grace Obi").click()
    expect(ana.locator(".composer__to")).to_contain_text("paul@obi-legal.example")


def test_handed_over_it_is_somebody_elses(courier: Courier, ana: Page) -> None:
    courier.open(ana, PAPER)

    ana.get_by_label("Person").select_option(label="Ben Okoro, Delivery, routes 6 to 9")
    ana.get_by_role("button", name="Hand over").click()

    courier.open(ana, PAPER)
    expect(ana.locator("#standing")).to_contain_text("Ben Okoro answers for this")


NAMED = """name => {
  const element = document.activeElement;
  const words = [element.textContent, element.ariaLabel, element.labels?.[0]?.textContent];
  return words.some((one) => one?.replace(/\\s+/g, " ").trim() === name);
}"""


def go_to(page: Page, name: str, *, steps: int = 80) -> None:
    """Press Tab until what is named so has the focus."""
    for _ in range(steps):
        page.keyboard.press("Tab")
        if page.evaluate(NAMED, name):
            return
    raise AssertionError(f"{steps} times Tab do not reach {name!r}.")
