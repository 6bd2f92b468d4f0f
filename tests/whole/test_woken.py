"""A promised answer is missing: one after the other is woken by mail, through a crash, until one answers and so acts.

Through a real Postfix, in the running program.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage, Message
from email.utils import parseaddr

from tests.servers.everyhand import RunningEveryhand
from tests.servers.postfix import Postfix
from tests.whole.company import Member, ask, time_passes, wait_until_there_are
from tests.whole.letters import letter

HELP, ADA = "help@paper.test", "ada@customers.test"
ANA, BEA, CEM = "ana@staff.test", "bea@staff.test", "cem@staff.test"
PAGES = "SELECT m.email FROM escalation_page p JOIN people_member m ON m.id = p.member_id ORDER BY p.id"


def key_of(everyhand: RunningEveryhand, address: str) -> str:
    ((key,),) = ask(everyhand, f"SELECT id FROM people_member WHERE email = '{address}'")  # noqa: S608
    return str(key)


def set_up_the_ladder(everyhand: RunningEveryhand, *addresses: str) -> None:
    """Each of these is a rung, ten minutes before the next one."""
    rungs: dict[str, str] = {}
    for place, address in enumerate(addresses):
        rungs |= {f"rung-{place}-whom": "member", f"rung-{place}-member": key_of(everyhand, address)}
        rungs[f"rung-{place}-minutes"] = "10"
    forms = {"rung-TOTAL_FORMS": str(len(addresses)), "rung-INITIAL_FORMS": "0"}
    ladder = {"watches_promises": "on", "begins_before": "15", "acts_within": "30"}
    assert Member(everyhand).send("/ladders/house", page="/ladders/house", **ladder, **forms, **rungs).status == 200


def paged(everyhand: RunningEveryhand) -> list[str]:
    return [address for (address,) in ask(everyhand, PAGES)]


def from_the_phone(page: Message, text: str) -> bytes:
    """The answer that a mail program makes of a page."""
    answer = EmailMessage()
    answer["From"], answer["To"] = f"Bea Roth <{BEA}>", page["Reply-To"]
    answer["Subject"] = f"Re: {page['Subject']}"
    answer["Message-ID"] = "<i-act@staff.test>"
    answer.set_content(text)
    return answer.as_bytes()


def test_they_are_woken_one_after_the_other_until_one_answers_the_page(
    start_everyhand: Callable[..., RunningEveryhand], make_postfix: Callable[..., Postfix]
) -> None:
    postfix = make_postfix(customers=[ADA, ANA, BEA, CEM])
    everyhand = start_everyhand(mail_url=postfix.url, EVERYHAND_FIRST_REPLY="20s")
    postfix.start(relay={"paper.test": everyhand.smtp_port})
    everyhand.run("mailbox", "add", HELP)
    for address, name in ((ANA, "Ana Silva"), (BEA, "Bea Roth"), (CEM, "Cem Aydin")):
        everyhand.run("member", "add", address, name)
    set_up_the_ladder(everyhand, ANA, BEA, CEM)

    postfix.deliver(letter("No paper", to=HELP).as_bytes(), sender=ADA, to=HELP)
    wait_until_there_are(everyhand, 1)
    everyhand.wait_until(lambda: paged(everyhand) == [ANA], seconds=60, what="Ana is paged")
    everyhand.kill9()
    time_passes(everyhand, timedelta(minutes=11), of=["escalation_climb", "notices_mailtelling"])
    everyhand.start()
    everyhand.wait_until(lambda: paged(everyhand) == [ANA, BEA], seconds=60, what="Bea is paged")
    time_passes(everyhand, timedelta(minutes=3), of=["email_systemmail", "notices_mailtelling"])
    (to_bea,) = postfix.wait_for_mail(BEA, seconds=60)
    assert "You are paged: a promised answer is missing" in str(to_bea)
    postfix.deliver(from_the_phone(to_bea, "I act."), sender=BEA, to=parseaddr(str(to_bea["Reply-To"]))[1])
    acts = "SELECT m.email FROM escalation_escalation e JOIN people_member m ON m.id = e.acknowledged_by_id"
    everyhand.wait_until(lambda: ask(everyhand, acts) == [(BEA,)], seconds=60, what="Bea acts")
    time_passes(everyhand, timedelta(minutes=11), of=["escalation_climb"])

    assert json.loads(everyhand.run("show", "1", "--json"))["messages"][-1]["text"].strip() == "I act."
    assert paged(everyhand) == [ANA, BEA]
    assert len(postfix.wait_for_mail(ANA, seconds=60)) == 1
    Member(everyhand).answer(1, "It comes at seven, and I am sorry.")
    ended = "SELECT ended_because FROM escalation_escalation"
    everyhand.wait_until(lambda: ask(everyhand, ended) == [("answered",)], seconds=30, what="it is answered")
