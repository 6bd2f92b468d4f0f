"""A member is told by mail, answers from their mail program, and what they write is a note; where nobody is reached,
mail stops and administrators hear of it. Through a real Postfix, in the running program.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage, Message
from email.utils import parseaddr

import pytest

from tests.servers.everyhand import RunningEveryhand
from tests.servers.postfix import Postfix
from tests.whole.company import (
    KINDS_OF_WORK,
    NOTICES,
    Member,
    ask,
    conversations,
    ledger,
    time_passes,
    wait_until_filed,
    wait_until_there_are,
)
from tests.whole.letters import letter

HELP, ADA = "help@paper.test", "ada@customers.test"
ANA, BEA = "ana@staff.test", "bea@nowhere.test"  # Postfix has a mailbox for Ana; what goes to Bea bounces


@pytest.fixture
def postfix(make_postfix: Callable[..., Postfix]) -> Postfix:
    return make_postfix(customers=[ADA, ANA])


@pytest.fixture
def company(start_everyhand: Callable[..., RunningEveryhand], postfix: Postfix) -> RunningEveryhand:
    everyhand = start_everyhand(mail_url=postfix.url)
    postfix.start(relay={"paper.test": everyhand.smtp_port})
    everyhand.run("mailbox", "add", HELP)
    everyhand.run("member", "add", ANA, "Ana Silva", "--role", "specialist")
    everyhand.run("member", "add", BEA, "Bea Gone", "--role", "specialist")
    return everyhand


def notes(company: RunningEveryhand, number: int) -> list[tuple[str, str]]:
    messages = json.loads(company.run("show", str(number), "--json"))["messages"]
    return [(one["author"], one["text"].strip()) for one in messages if one["kind"] == "note"]


def hand_over(company: RunningEveryhand, admin: Member, number: int, to: str) -> None:
    """Give the conversation to a colleague, and let the minute pass in which they might see it in the app."""
    ((key,),) = ask(company, f"SELECT id FROM people_member WHERE email = '{to}'")  # noqa: S608
    page = f"/conversations/{number}"
    assert admin.send(f"{page}/assignment", page=page, owner=str(key)).status == 200
    told = (
        "SELECT count(*) FROM notices_mailtelling t JOIN notices_notice n ON n.id = t.notice_id "  # noqa: S608
        f"WHERE n.member_id = {key}"
    )
    company.wait_until(lambda: ask(company, told) != [(0,)], seconds=30, what=f"{to} is told")
    time_passes(company, timedelta(minutes=2), of=(*KINDS_OF_WORK, NOTICES))


def from_her_program(notice: Message, text: str) -> bytes:
    """The answer that a mail program makes of a notice."""
    answer = EmailMessage()
    answer["From"], answer["To"] = f"Ana Silva <{ANA}>", notice["Reply-To"]
    answer["Subject"] = f"Re: {notice['Subject']}"
    answer["In-Reply-To"] = answer["References"] = notice["Message-ID"]
    answer["Message-ID"] = "<answer@staff.test>"
    answer.set_content(f"{text}\n\nOn Mon, 2 Mar 2026 at 12:00, Everyhand <{HELP}> wrote:\n> No paper today.\n")
    return answer.as_bytes()


def test_a_notice_goes_out_is_answered_with_a_note_and_one_that_comes_back_stops_mail_to_a_colleague(
    company: RunningEveryhand, postfix: Postfix
) -> None:
    postfix.deliver(letter("No paper", to=HELP).as_bytes(), sender=ADA, to=HELP)
    wait_until_there_are(company, 1)
    number = int(conversations(company)[0]["conversation"])
    admin = Member(company)

    hand_over(company, admin, number, ANA)
    (notice,) = postfix.wait_for_mail(ANA, seconds=30)
    postfix.deliver(from_her_program(notice, "I called her."), sender=ANA, to=parseaddr(str(notice["Reply-To"]))[1])
    company.wait_until(lambda: bool(notes(company, number)), seconds=30, what="her answer is a note")

    assert notes(company, number) == [("Ana Silva", "I called her.")]
    assert "I called her." in admin.open(f"/conversations/{number}").text
    assert postfix.mailbox(ADA) == []  # the customer hears nothing of it

    hand_over(company, admin, number, BEA)
    paused = f"SELECT mail_paused_because FROM notices_rest r JOIN people_member m ON m.id = r.member_id WHERE m.email = '{BEA}'"  # noqa: E501, S608
    company.wait_until(lambda: bool(ask(company, paused)), seconds=30, what="the report has come back")

    assert "Nobody of that name lives here" in ask(company, paused)[0][0]
    comes_back = "Mail to Bea Gone comes back"
    company.wait_until(lambda: comes_back in admin.open("/notices").text, seconds=30, what="the administrator is told")
    wait_until_filed(company)
    assert len(conversations(company)) == 1
    assert ledger(company)["balanced"]
    assert ledger(company)["quarantined"] == 0
