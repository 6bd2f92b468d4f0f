"""A day among machines that answer everything: nobody gets more than three mails from us, and nothing goes round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from everyhand.channels.email import queries
from everyhand.channels.email.file import Filer
from everyhand.channels.email.models import Mail
from everyhand.core.journal import Entry
from tests.cast import NOON
from tests.channels.email.proof.loop_world import Envelope, House, Machine, World, copies_of_the_database, letter

ALPHA, BETA, LIST = "help@alpha.test", "help@beta.test", "talk@lists.test"


def back_to(envelope: Envelope, field: str = "From") -> str:
    named = envelope.mail[field] or envelope.mail["From"]
    return str(named.addresses[0].addr_spec)


def answered(prefix: str, envelope: Envelope) -> str:
    """Programs put it in front once, whoever answers them; else a day's subject would be as long as a book."""
    subject = str(envelope.mail["Subject"])
    return subject if prefix in subject else f"{prefix}{subject}"


def polite_vacation(envelope: Envelope) -> list[Envelope]:
    """As RFC 3834 has it: never to machines, and marked."""
    mail = envelope.mail
    if not envelope.sender or mail["Auto-Submitted"] or mail["Precedence"] or mail["List-Id"]:
        return []
    marks = {"Auto-Submitted": "auto-replied", "In_Reply_To": str(mail["Message-ID"])}
    return [letter("polite@vacation.test", envelope.sender, "Away", envelope="", **marks)]


def exchange(envelope: Envelope) -> list[Envelope]:
    """Out of office, to whoever stands in From, whatever they sent."""
    subject = answered("Automatic reply: ", envelope)
    marks = {"X-Auto-Response-Suppress": "All", "Auto-Submitted": "auto-generated"}
    return [letter("boss@exchange.test", back_to(envelope), subject, envelope="", **marks)]


def old_vacation(envelope: Envelope) -> list[Envelope]:
    return [letter("old@vacation1.test", back_to(envelope), "I am away", Precedence="junk")]


def rude_desk(envelope: Envelope) -> list[Envelope]:
    """Another company's desk that acknowledges everything, and marks nothing."""
    answering = {"In-Reply-To": str(envelope.mail["Message-ID"])}
    subject = answered("[Ticket#1] Re: ", envelope)
    return [letter("desk@rude.test", back_to(envelope, "Reply-To"), subject, "We got your mail.", **answering)]


def slow_desk(envelope: Envelope) -> list[Envelope]:
    """The worst: a new subject and no reference each time, back to From, and never twice within an hour."""
    return [letter("desk@slow.test", back_to(envelope), "Your request was received", "Thank you for writing.")]


def bouncer(envelope: Envelope) -> list[Envelope]:
    """A proper report, to the envelope's sender."""
    if not envelope.sender:
        return []
    report = (
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.bounce1.test\r\n\r\nFinal-Recipient: rfc822; x@bounce1.test\r\nAction: failed\r\n"
        "Status: 5.1.1\r\n\r\n--b--\r\n"
    )
    kind = {"MIME-Version": "1.0", "Content-Type": "multipart/report; report-type=delivery-status; boundary=b"}
    return [letter("MAILER-DAEMON@bounce1.test", envelope.sender, "Undelivered", report, envelope="", **kind)]


def rude_bouncer(envelope: Envelope) -> list[Envelope]:
    """In words, to whoever stands in From, even for reports."""
    text = "The following message could not be delivered: user unknown."
    return [letter("mailer-daemon@bounce2.test", back_to(envelope), "Mail delivery failed", text)]


def ruder_bouncer(envelope: Envelope) -> list[Envelope]:
    """The same to Reply-To, from an address that says nothing."""
    subject = answered("Undeliverable: ", envelope)
    return [letter("gateway@bounce3.test", back_to(envelope, "Reply-To"), subject, "550 5.1.1 no such user here.")]


def mailing_list(envelope: Envelope) -> list[Envelope]:
    """Everything to everybody."""
    marks = {"List-Id": "<talk.lists.test>", "Precedence": "list", "Reply-To": LIST}
    subscribers = (ALPHA, BETA, "desk@rude.test", "desk@slow.test", "boss@exchange.test")
    author = back_to(envelope)
    text = f"{envelope.mail.get_content()[:200]!r}"
    copies = [letter(author, one, "talk", text, envelope="talk-bounces@lists.test", **marks) for one in subscribers]
    # Even a list stops somewhere: what has its own mark comes from a subscriber that sent it back.
    return [] if envelope.mail["List-Id"] or "talk" in str(envelope.mail["Subject"]).lower() else copies


MACHINES = {
    "vacation.test": Machine(polite_vacation),
    "exchange.test": Machine(exchange),
    "vacation1.test": Machine(old_vacation),
    "rude.test": Machine(rude_desk),
    "slow.test": Machine(slow_desk, timedelta(minutes=61)),
    "bounce1.test": Machine(bouncer),
    "bounce2.test": Machine(rude_bouncer),
    "bounce3.test": Machine(ruder_bouncer),
    "lists.test": Machine(mailing_list),
}


@pytest.fixture
def houses(
    transactional_db: None, tmp_path: Path, filer: Filer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[House]]:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)
    with copies_of_the_database("alpha", "beta", directory=tmp_path) as (alpha, beta):
        yield [House("alpha.test", alpha, filer), House("beta.test", beta, filer)]


def reopened() -> int:
    often = Counter(Entry.objects.filter(action="conversation.reopened").values_list("subject", flat=True))
    return max(often.values(), default=0)


def test_a_day_among_machines_ends_in_silence(houses: list[House]) -> None:
    world = World(houses, MACHINES)
    people = ("polite@vacation.test", "boss@exchange.test", "old@vacation1.test", "desk@rude.test", "desk@slow.test")
    for address in (ALPHA, BETA):
        for person in (*people, "x@bounce1.test", "y@bounce2.test", "z@bounce3.test"):
            world.send(letter(person, address, f"A question to {address}"), NOON)
    world.send(letter(BETA, ALPHA, "From one of us to the other"), NOON)
    world.send(letter("desk@rude.test", LIST, "Hello all"), NOON)
    world.live(24)

    ours = {pair: often for pair, often in world.sent.items() if pair[0] in (ALPHA, BETA)}
    assert len(ours) >= 2 * len(people)  # they did answer
    assert {pair: often for pair, often in ours.items() if often > 3} == {}
    assert {pair: often for pair, often in world.sent.items() if pair[1] in (ALPHA, BETA) and often > 5} == {}
    for house in houses:
        assert house.count(reopened) <= 5
        ledger = house.count(queries.ledger)
        assert ledger.balanced
        assert (ledger.pending, ledger.quarantined) == (0, 0)
        assert house.count(lambda: Mail.objects.filter(outcome="filed").count()) >= len(people)


def test_a_slow_machine_that_looks_like_a_new_customer_each_time_is_noticed(houses: list[House]) -> None:
    world = World(houses, {"slow.test": Machine(slow_desk, timedelta(minutes=61))})
    world.send(letter("desk@slow.test", ALPHA, "A question"), NOON)
    world.live(24)
    assert world.sent[ALPHA, "desk@slow.test"] <= 3
    assert houses[0].count(lambda: Entry.objects.filter(action="acknowledgement.withheld").exists())
