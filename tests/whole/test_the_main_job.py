"""The main job, from outside: a real Postfix brings a customer's mail, a member answers it in a real browser, the
customer finds the answer in their mailbox and writes back, and all of it is one conversation.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from email.message import EmailMessage, Message

import pytest
from playwright.sync_api import Page, expect

from tests.servers.everyhand import RunningEveryhand
from tests.servers.postfix import Postfix
from tests.whole.company import conversations, wait_until_there_are
from tests.whole.letters import letter

ADA, HELP = "ada@customers.test", "help@paper.test"


@pytest.fixture
def company(everyhand_and_postfix: tuple[RunningEveryhand, Postfix]) -> tuple[RunningEveryhand, Postfix]:
    """A paper with one mailbox, and Ana in it, who answers for everything."""
    everyhand, postfix = everyhand_and_postfix
    everyhand.run("mailbox", "add", HELP, "--name", "The Paper")
    return everyhand, postfix


def sign_in(window: Page, link: str) -> None:
    window.goto(link)
    window.get_by_role("button", name=re.compile("Sign in")).click()
    window.wait_for_url(re.compile("/inbox/"))


def add_member(everyhand: RunningEveryhand, email: str, name: str) -> str:
    """The link with which they come in."""
    return everyhand.run("member", "add", email, name, "--role", "specialist").split()[-1]


def show(everyhand: RunningEveryhand, number: object) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = json.loads(everyhand.run("show", str(number), "--json"))["messages"]
    return messages


def wait_for(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    give_up_at = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < give_up_at, what
        time.sleep(0.1)


def answer_as_a_mail_program_does(to: Message, text: str) -> EmailMessage:
    where = " ".join(str(to["Reply-To"] or to["From"]).split())
    reply = letter(f"Re: {str(to['Subject']).removeprefix('Re: ')}", text, to=where)
    reply["In-Reply-To"] = str(to["Message-ID"])
    reply["References"] = " ".join(f"{to['References'] or ''} {to['Message-ID']}".split())
    return reply


def test_a_customer_writes_is_answered_and_writes_back_into_the_same_conversation(
    company: tuple[RunningEveryhand, Postfix], visit: Callable[..., Page]
) -> None:
    everyhand, postfix = company
    link = add_member(everyhand, "ana@paper.test", "Ana Silva")
    first = letter("No paper", "Third day without a paper.\n\nAda", to=HELP)
    postfix.deliver(first.as_bytes(), sender=ADA, to=HELP)
    wait_until_there_are(everyhand, 1)
    (line,) = conversations(everyhand)
    assert line["customer"] == {"name": "Ada Brown", "email": ADA}
    assert line["owner"]
    assert line["reply_due"]

    window = visit()
    sign_in(window, link)
    window.goto(f"{everyhand.url}/conversations/{line['conversation']}")
    assert "Third day without a paper." in window.inner_text("main")
    window.fill("#reply-text", "Dear Ada,\n\nit comes at seven tomorrow, I drive it myself.\n\nAna")
    window.get_by_role("button", name="Send to Ada Brown").click()
    window.get_by_role("article", name="Message from Ana Silva").get_by_text("I drive it myself").wait_for()

    (answer,) = postfix.wait_for_mail(ADA, 1, seconds=30)
    assert answer["In-Reply-To"] == first["Message-ID"]
    assert str(answer["References"]).split() == [first["Message-ID"]]
    assert "I drive it myself" in str(answer)
    assert "Ana Silva" in str(answer["From"])

    back = answer_as_a_mail_program_does(answer, "It came. Thank you, Ana!")
    postfix.deliver(back.as_bytes(), sender=ADA, to=str(answer["Reply-To"] or answer["From"]))
    window.get_by_text("It came. Thank you, Ana!").wait_for(timeout=20_000)  # live, without a reload
    assert [said["direction"] for said in show(everyhand, line["conversation"])] == ["in", "out", "in"]
    assert len(conversations(everyhand)) == 1
    assert json.loads(everyhand.run("ledger", "--json"))["balanced"]


def test_a_new_mail_appears_in_an_open_inbox_and_a_colleagues_reply_in_an_open_conversation(
    company: tuple[RunningEveryhand, Postfix], visit: Callable[..., Page]
) -> None:
    everyhand, _ = company
    anas_link = add_member(everyhand, "ana@paper.test", "Ana Silva")
    bens_link = add_member(everyhand, "ben@paper.test", "Ben Okoro")
    ana, ben = visit(), visit(width=390, scheme="dark")
    sign_in(ana, anas_link)
    sign_in(ben, bens_link)
    for window in (ana, ben):
        window.goto(f"{everyhand.url}/inbox/everyone")
    everyhand.send(letter("Wet paper", "It is wet again.", to=HELP).as_bytes(), to=HELP)
    for window in (ana, ben):
        window.get_by_text("Wet paper").first.wait_for()
    for window in (ana, ben):
        window.get_by_text("Wet paper").first.click()
        window.get_by_text("It is wet again.").first.wait_for()

    ben.fill("#reply-text", "Ben's half-written answer")
    ana.fill("#reply-text", "Ana's answer")
    ana.get_by_role("button", name="Send to Ada Brown").click()
    ben.get_by_text("Ana's answer").first.wait_for()
    expect(ben.get_by_label("Your reply to Ada Brown")).to_contain_text("Ben's half-written answer")


def test_a_reply_that_a_colleague_overtook_is_stopped_shown_and_kept(
    company: tuple[RunningEveryhand, Postfix], visit: Callable[..., Page]
) -> None:
    everyhand, postfix = company
    anas_link = add_member(everyhand, "ana@paper.test", "Ana Silva")
    bens_link = add_member(everyhand, "ben@paper.test", "Ben Okoro")
    everyhand.send(letter("Wet paper", "It is wet again.", to=HELP).as_bytes(), to=HELP)
    wait_until_there_are(everyhand, 1)
    number = conversations(everyhand)[0]["conversation"]
    ana, ben = visit(), visit(expecting="status of 409|net::ERR_FAILED|live")
    sign_in(ana, anas_link)
    sign_in(ben, bens_link)
    # A train in a tunnel: nothing live reaches Ben. The browser sees to it by itself.
    tunnel = ben.context.new_cdp_session(ben)
    tunnel.send("Network.enable")
    tunnel.send("Network.setBlockedURLs", {"urls": ["*/live*"]})
    for window in (ana, ben):
        window.goto(f"{everyhand.url}/conversations/{number}")
    ana.fill("#reply-text", "Ana was faster.")
    ana.get_by_role("button", name="Send to Ada Brown").click()
    ana.get_by_role("article", name="Message from Ana Silva").get_by_text("Ana was faster.").wait_for()
    ben.fill("#reply-text", "Ben was slower.")
    ben.get_by_role("button", name="Send to Ada Brown").click()
    ben.get_by_text("Ana was faster.").first.wait_for()
    expect(ben.get_by_label("Your reply to Ada Brown")).to_contain_text("Ben was slower.")
    assert len(postfix.wait_for_mail(ADA, 1, seconds=30)) == 1
    time.sleep(1)
    assert len(postfix.mailbox(ADA)) == 1
