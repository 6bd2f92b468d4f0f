"""The mail server that takes our mail is gone for hours: every reply leaves when it is back, once, the oldest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.channels.email.far_end import FarEnd
from tests.counts import Tell
from tests.servers.everyhand import RunningEveryhand
from tests.servers.processes import free_port
from tests.whole.company import Member, ask, conversations, deliveries, time_passes, wait_until_filed
from tests.whole.letters import HELP, letter

HOURS = 9
REPLIES = 40  # more than the worker takes at once
TRIED_AND_WAITING = """
    SELECT count(*) FROM conversations_delivery
    WHERE last_error <> '' AND claim = '' AND done_at IS NULL AND due_at > CURRENT_TIMESTAMP
"""
UNTRIED = "SELECT count(*) FROM conversations_delivery WHERE done_at IS NULL AND quarantined_at IS NULL"
ERRORS = "SELECT DISTINCT last_error FROM conversations_delivery"
SENT = "SELECT count(*) FROM conversations_delivery WHERE done_at IS NOT NULL"


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    """A mail server that is not there yet: `start` brings it up."""
    server = FarEnd(port=free_port())
    yield server
    if server.running:
        server.stop()


@pytest.fixture
def everyhand(start_everyhand: Callable[..., RunningEveryhand], far_end: FarEnd) -> RunningEveryhand:
    return start_everyhand(mail_url=f"smtp://127.0.0.1:{far_end.port}", EVERYHAND_UNDO_SEND="0s")


def test_replies_written_while_the_mail_server_is_away_for_hours_all_leave_once_and_the_oldest_first(
    everyhand: RunningEveryhand, far_end: FarEnd, tell: Tell
) -> None:
    customers = [f"reader{number:02}@customers.test" for number in range(REPLIES)]
    for customer in customers:
        everyhand.send(letter(f"Paper of {customer}", sender=customer).as_bytes(), to=HELP, sender=customer)
    wait_until_filed(everyhand)
    numbers = {line["customer"]["email"]: line["conversation"] for line in conversations(everyhand)}
    ana = Member(everyhand)
    for customer in customers:
        ana.answer(numbers[customer], "It comes at seven.")

    for _ in range(HOURS):
        everyhand.wait_until(
            lambda: ask(everyhand, TRIED_AND_WAITING) == [(REPLIES,)], seconds=60, what="all were tried"
        )
        time_passes(everyhand, timedelta(hours=1))
    everyhand.wait_until(lambda: ask(everyhand, TRIED_AND_WAITING) == [(REPLIES,)], seconds=60, what="all were tried")
    first = deliveries(everyhand, numbers[customers[0]])[customers[0]]
    assert first["state"] == "due"
    assert "can't be reached" in first["last_error"]

    far_end.start()
    time_passes(everyhand, timedelta(hours=1))
    everyhand.wait_until(lambda: ask(everyhand, SENT) == [(REPLIES,)], seconds=90, what="every reply has left")
    replies = [one for one in far_end.received if one.recipients[0] in customers]  # Ana is told of this and that, too
    arrived = [one.recipients[0] for one in replies]
    tell(f"{len(arrived)} replies after {HOURS} hours without a mail server, {len(set(arrived))} recipients")
    assert arrived == customers
    assert len({_message_id(one.raw) for one in replies}) == REPLIES


def test_a_server_that_asks_to_come_later_gets_the_same_letter_later_and_the_page_tells(
    everyhand: RunningEveryhand, far_end: FarEnd
) -> None:
    far_end.moods.data = "451 4.7.1 Come again later"
    far_end.start()
    number = _conversation_of_three(everyhand)
    everyhand.wait_until(
        lambda: ask(everyhand, ERRORS) == [("451 4.7.1 Come again later",)],
        seconds=60,
        what="everybody's letter was refused for now",
    )
    assert {(one["state"], one["attempts"]) for one in deliveries(everyhand, number).values()} == {("due", 1)}
    far_end.moods.data = ""
    time_passes(everyhand, timedelta(hours=1))
    everyhand.wait_until(lambda: ask(everyhand, SENT) == [(3,)], seconds=60, what="all letters left")
    assert _state(everyhand, number) == {"sent"}
    received = sorted(one.recipients[0] for one in far_end.received)
    assert received == ["ada@customers.test", "bob@customers.test", "cyd@x.test"]
    assert len({_message_id(one.raw) for one in far_end.received}) == 1


def test_one_recipient_of_three_who_is_refused_keeps_nobody_else_from_it_and_is_named(
    everyhand: RunningEveryhand, far_end: FarEnd
) -> None:
    far_end.moods.recipients["bob@customers.test"] = "550 5.1.1 Bob moved away"
    far_end.start()
    number = _conversation_of_three(everyhand)
    everyhand.wait_until(lambda: ask(everyhand, UNTRIED) == [(0,)], seconds=60, what="all were tried")
    told = deliveries(everyhand, number)
    assert {address: one["state"] for address, one in told.items()} == {
        "ada@customers.test": "sent",
        "bob@customers.test": "failed",
        "cyd@x.test": "sent",
    }
    assert told["bob@customers.test"]["last_error"] == "550 5.1.1 Bob moved away"
    time_passes(everyhand, timedelta(hours=1))
    assert [one.recipients[0] for one in far_end.received] == ["ada@customers.test", "cyd@x.test"]


def _conversation_of_three(everyhand: RunningEveryhand) -> int:
    """Ada writes with two others copied in, who are let in, and is answered."""
    everyhand.send(letter("Paper", Cc="bob@customers.test, Cyd <cyd@x.test>").as_bytes(), to=HELP)
    wait_until_filed(everyhand)
    ana = Member(everyhand)
    page = "/conversations/1"
    for approval in sorted(set(re.findall(r"/participants/\d+/approval", ana.open(page).text))):
        assert ana.send(approval, page=page).status == 200
    ana.answer(1, "It comes at seven.")
    return 1


def _state(everyhand: RunningEveryhand, number: int) -> set[str]:
    return {one["state"] for one in deliveries(everyhand, number).values()}


def _message_id(raw: bytes) -> bytes:
    found = re.search(rb"(?im)^Message-ID:\s*(\S+)", raw)
    assert found is not None
    return found[1]
