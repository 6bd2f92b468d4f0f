"""Mails that are filed together share a transaction and nothing else: what becomes of one is not another's business."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from everyhand.channels.email import accept, file, queries, tokens
from everyhand.channels.email.models import Mail, Mailbox
from everyhand.cli import worker
from everyhand.conversations.models import Conversation, Message
from everyhand.core.journal import Entry
from everyhand.core.sqlite import scouting
from everyhand.customers.models import Customer
from everyhand.promises.models import Promise
from everyhand.routing import actions as routing
from tests.cast import HELP, NOON, Cast, minutes
from tests.servers.processes import wait_until

LETTER = (
    "{trace}From: Ada Brown <{sender}>\r\nTo: {to}\r\nSubject: Letter {number}\r\n"
    "Message-ID: <{number}@customers.test>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n\r\nNo paper today.\r\n"
)


@pytest.fixture
def filer(transactional_db: None) -> Iterator[file.Filer]:
    Mailbox.objects.create(address=HELP)
    filer = file.Filer(parsers=1)
    yield filer
    filer.close()


@pytest.fixture
def house(filer: file.Filer) -> Cast:
    return Cast()


def comes(number: int, *, sender: str = "", to: str = HELP, trace: str = "") -> Mail:
    sender = sender or f"ada{number}@customers.test"
    raw = LETTER.format(number=number, sender=sender, to=to, trace=trace).encode()
    return accept.accept(accept.Arriving(raw, "test", sender, (to,)), at=NOON).mail


def work(filer: file.Filer, *, at: float = 0) -> None:
    filer.file(file.claim(at=NOON + minutes(at), limit=100), at=NOON + minutes(at))


def outcomes() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("outcome", flat=True))


def failing(error: Exception, *, at: Callable[[str, Any], bool]) -> Any:
    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if at(sql, params):
            raise error
        return execute(sql, params, many, context)

    return connection.execute_wrapper(fail)


@pytest.mark.usefixtures("house")
def test_a_mail_that_fails_stops_only_itself(filer: file.Filer) -> None:
    mails = [comes(number) for number in range(5)]
    with failing(DataError("no"), at=lambda _sql, params: "Letter 3" in str(params)):
        work(filer)
    assert outcomes() == ["filed", "filed", "filed", "pending", "filed"]
    mails[3].refresh_from_db()
    assert (mails[3].last_error, mails[3].conversation, mails[3].fingerprint) == ("DataError: no", None, None)
    work(filer, at=10)
    assert outcomes() == ["filed"] * 5
    assert Conversation.objects.count() == Message.objects.count() == Promise.objects.count() == 5
    assert Entry.objects.filter(action="message.received").count() == 5


@pytest.mark.usefixtures("house")
def test_when_the_database_goes_away_all_wait_and_none_is_to_blame(filer: file.Filer) -> None:
    for number in range(3):
        comes(number)
    with failing(OperationalError("gone"), at=lambda sql, _params: "INTO core_document" in sql):
        work(filer)
    assert outcomes() == ["pending"] * 3
    assert set(Mail.objects.values_list("attempts", flat=True)) == {0}
    assert not Customer.objects.exists()
    work(filer, at=10)
    assert outcomes() == ["filed"] * 3


@pytest.mark.usefixtures("house")
def test_the_same_letter_by_two_routes_is_filed_once(filer: file.Filer) -> None:
    comes(1, sender="ada@customers.test")
    comes(1, sender="ada@customers.test", trace="Received: from elsewhere\r\n")
    work(filer)
    assert outcomes() == ["filed", "duplicate"]
    assert queries.ledger().balanced


@pytest.mark.usefixtures("house")
def test_somebody_new_who_writes_twice_is_one_customer(filer: file.Filer) -> None:
    comes(1, sender="ada@customers.test")
    comes(2, sender="Ada@customers.test")
    work(filer)
    assert Customer.objects.count() == 1
    assert Conversation.objects.count() == 2


@pytest.mark.usefixtures("house")
def test_two_answers_to_one_conversation_keep_one_promise_and_the_last_words(filer: file.Filer) -> None:
    comes(1, sender="ada@customers.test")
    work(filer)
    conversation = Conversation.objects.get()
    for number in (2, 3):
        comes(number, sender="ada@customers.test", to=tokens.reply_address(conversation))
    work(filer, at=1)
    assert list(Message.objects.values_list("subject", flat=True)) == ["Letter 1", "Letter 2", "Letter 3"]
    assert Promise.objects.count() == 1
    assert Conversation.objects.count() == 1


def test_within_a_batch_too_the_next_goes_to_whoever_has_the_fewest(filer: file.Filer, house: Cast) -> None:
    routing.add_rule(by=None, at=NOON, looks_at="recipient", pattern=HELP, team=house.delivery)
    for number in range(4):
        comes(number)
    work(filer)
    assert sorted(Conversation.objects.values_list("owner__name", flat=True)) == ["Ana Silva"] * 2 + ["Ben Okoro"] * 2


@pytest.mark.usefixtures("house")
def test_what_a_mail_costs_in_a_batch(filer: file.Filer) -> None:
    for number in range(file.TOGETHER):
        comes(number)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work(filer)
    assert len(captured) / file.TOGETHER < 15  # each opens a conversation for somebody new, the dearest case


@pytest.mark.usefixtures("house")
def test_some_are_filed_while_the_others_are_read(filer: file.Filer) -> None:
    mails, hand = [comes(number) for number in range(5)], file.Hand(filer)
    hand.take(file.claim(at=NOON, limit=100))
    assert hand.mails == mails
    first = hand.file_next(at=NOON)
    assert len(first) >= 3
    assert [one.mail for one in first] + hand.mails == mails
    while hand.mails:
        hand.file_next(at=NOON)
    assert outcomes() == ["filed"] * 5


@pytest.mark.usefixtures("house")
def test_mails_that_cannot_be_read_are_in_nobodys_way_and_come_again(filer: file.Filer) -> None:
    hand = file.Hand(filer)
    for number in range(3):
        comes(number)
    reading = '"email_rawmail"."content"'
    with failing(OperationalError("gone"), at=lambda sql, _params: reading in sql), pytest.raises(OperationalError):
        hand.take(file.claim(at=NOON, limit=100))
    assert hand.mails == []
    comes(3)
    hand.take(file.claim(at=NOON, limit=100))
    hand.file_next(at=NOON)
    assert outcomes() == ["pending", "pending", "pending", "filed"]
    work(filer, at=10)
    assert outcomes() == ["filed"] * 4


@pytest.mark.usefixtures("house")
def test_what_is_in_hand_when_the_worker_is_told_to_end_is_filed_and_what_is_not_waits_for_the_next(
    filer: file.Filer,
) -> None:
    for number in range(150):
        comes(number)
    filing = worker.filing()
    running = threading.Thread(target=filing.run)
    running.start()
    wait_until(lambda: "filed" in outcomes(), seconds=30, what="some mail is filed")
    filing.stop()
    running.join(60)
    assert not running.is_alive()
    assert not Mail.objects.filter(outcome=Mail.Outcome.PENDING).exclude(claim="").exists()


@pytest.mark.sqlite
@pytest.mark.usefixtures("house")
def test_what_lies_under_random_keys_is_looked_at_by_index_and_beforehand(
    filer: file.Filer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[tuple[str, ...]] = []
    monkeypatch.setattr(scouting.Scouts, "look", lambda _scouts, *values: looked.append(values))
    comes(1)
    work(filer)
    [(fingerprint, as_before, *known)] = looked
    assert (len(fingerprint), as_before) == (74, fingerprint[10:])
    assert known == ["1@customers.test", "ada1@customers.test", "customers.test"]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {file._UNDER_RANDOM_KEYS}", looked[0])
        plan = [row[-1] for row in cursor.fetchall()]
    assert sum("USING COVERING INDEX" in step for step in plan) == len(["letter", *known])


@pytest.mark.sqlite
@pytest.mark.usefixtures("house")
def test_a_look_that_fails_loses_nothing(filer: file.Filer, tmp_path: Path) -> None:
    filer._scouts = scouting.Scouts("SELECT 1 FROM nowhere", file=tmp_path / "absent")
    comes(1)
    work(filer)
    assert outcomes() == ["filed"]


@pytest.mark.usefixtures("house")
def test_the_next_ones_are_claimed_with_the_commit_that_files_these(filer: file.Filer) -> None:
    first, second = comes(1), comes(2)
    hand = file.Hand(filer)
    hand.take(file.claim(at=NOON, limit=1))
    filed = hand.file_next(at=NOON, claim=lambda: file.claim(at=NOON, limit=5))
    assert [one.mail.pk for one in filed] == [first.pk]
    assert [one.pk for one in hand.mails] == [second.pk]
    hand.file_next(at=NOON)
    assert outcomes() == ["filed", "filed"]


@pytest.mark.usefixtures("house")
def test_where_a_batch_fails_none_of_the_next_ones_is_claimed(filer: file.Filer) -> None:
    for number in range(3):
        comes(number)
    hand = file.Hand(filer)
    hand.take(file.claim(at=NOON, limit=2))
    with failing(DataError("no"), at=lambda _sql, params: "Letter 1" in str(params)):
        hand.file_some(2, at=NOON, claim=lambda: file.claim(at=NOON, limit=5))
    assert hand.mails == []
    assert outcomes() == ["filed", "pending", "pending"]
    assert not Mail.objects.filter(claimed_until__isnull=False).exists()
    work(filer, at=10)
    assert outcomes() == ["filed"] * 3
