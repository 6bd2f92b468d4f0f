"""What was in a mailbox before we came is history: kept with its dates, and nobody is written to, promised or paged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from everyhand.channels.email import file
from everyhand.channels.email.accept import Arriving, accept
from everyhand.channels.email.models import ConnectedMailbox, Mail, SystemMail
from everyhand.conversations import actions as conversations
from everyhand.conversations.models import Conversation, Delivery, Message, Status
from everyhand.core.journal import Entry
from everyhand.desk.receive import receive
from everyhand.promises.models import Promise
from tests.cast import HELP as COURIER_HELP
from tests.cast import NOON, Cast
from tests.cast import letter as heard
from tests.channels.email.fetching.conftest import HELP, Fetching, connected, letter, sources
from tests.servers.imap import Folder, ImapServer

LAST_WEEK = datetime(2026, 2, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def box(transactional_db: None, provider: ImapServer) -> ConnectedMailbox:
    """Connected at noon, when mails up to UID 3 were there; what is from February on is wanted."""
    return connected("127.0.0.1", provider.port, history_until=4, import_since=date(2026, 2, 1))


@pytest.fixture
def filer() -> Iterator[file.Filer]:
    filer = file.Filer()
    yield filer
    filer.close()


def file_all(filer: file.Filer) -> None:
    filer.file(file.claim(at=NOON, limit=100), at=NOON)


def test_what_is_older_than_wanted_or_thrown_away_stays_where_it_is(folder: Folder, fetching: Fetching) -> None:
    folder.add(letter(1), arrived_at=datetime(2026, 1, 5, tzinfo=UTC))
    folder.add(letter(2), arrived_at=LAST_WEEK, flags=("\\Deleted",))
    folder.add(letter(3), arrived_at=LAST_WEEK)
    folder.add(letter(4), arrived_at=datetime(2026, 1, 5, tzinfo=UTC))  # moved here after we came

    fetching.look()

    assert sources() == ["7/3", "7/4"]
    assert [mail.silent for mail in Mail.objects.order_by("pk")] == [True, False]
    assert fetching.box.last_uid == 4


def test_history_is_filed_with_its_date_and_nothing_happens_because_of_it(
    folder: Folder, fetching: Fetching, filer: file.Filer, cast_committed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)
    folder.add(letter(1), arrived_at=LAST_WEEK)
    fetching.look()

    file_all(filer)

    conversation = Conversation.objects.get()
    message = Message.objects.get()
    assert (conversation.status, conversation.opened_at, conversation.closed_at) == (
        Status.CLOSED,
        LAST_WEEK,
        LAST_WEEK,
    )
    assert (message.at, conversation.last_message_at, conversation.reply_due) == (LAST_WEEK, LAST_WEEK, None)
    assert (conversation.address, conversation.customer.address) == (HELP, "ada1@customers.test")
    assert not Promise.objects.exists()
    assert not Delivery.objects.exists()
    assert not SystemMail.objects.exists()
    assert {"conversation.imported", "message.imported"} <= set(Entry.objects.values_list("action", flat=True))
    assert not Entry.objects.filter(action__in=["conversation.opened", "message.received", "promise.made"]).exists()


def test_a_live_mail_is_acknowledged_unless_it_lay_there_for_days(
    folder: Folder, fetching: Fetching, filer: file.Filer, cast_committed: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)
    for number in range(1, 4):
        folder.add(letter(number), arrived_at=datetime(2026, 1, 5, tzinfo=UTC))
    folder.add(letter(4), arrived_at=NOON - timedelta(minutes=5))
    folder.add(letter(5), arrived_at=NOON - timedelta(days=3))  # we were away
    fetching.look()

    file_all(filer)

    assert [one.address for one in SystemMail.objects.all()] == ["ada4@customers.test"]
    assert Promise.objects.count() == 2
    assert set(Conversation.objects.values_list("status", flat=True)) == {Status.OPEN}


def test_a_mail_to_an_alias_belongs_to_the_mailbox_it_lay_in(
    folder: Folder, fetching: Fetching, filer: file.Filer, cast_committed: Cast
) -> None:
    for number in range(1, 5):
        folder.add(letter(number).replace(b"To: help@paper.test", b"To: alias@elsewhere.test"), arrived_at=NOON)
    fetching.look()

    file_all(filer)

    assert set(Conversation.objects.values_list("address", flat=True)) == {HELP}


def test_a_conversation_that_was_deleted_does_not_come_back_when_its_mail_is_seen_again(
    folder: Folder, fetching: Fetching, filer: file.Filer, cast_committed: Cast
) -> None:
    folder.add(letter(1), arrived_at=LAST_WEEK)
    folder.add(letter(9), arrived_at=NOON)
    fetching.look()
    file_all(filer)
    for conversation in Conversation.objects.all():
        conversations.erase(conversation)

    folder.uidvalidity = 8  # every mail is fetched again
    fetching.look()
    again_by_another_road = b"Received: from relay.test\r\n" + letter(9)
    accept(Arriving(again_by_another_road, "smtp 192.0.2.7", envelope_to=(HELP,)), at=NOON)
    file_all(filer)

    assert Mail.objects.count() == 3
    assert not Conversation.objects.exists()


def test_history_found_later_leaves_an_open_conversation_open(cast: Cast) -> None:
    opened = receive(heard(), channel="email", at=NOON, answered_from=COURIER_HELP)

    joined = receive(heard("Older."), channel="email", at=LAST_WEEK, proof=opened.conversation.pk, silent=True)

    conversation = Conversation.objects.get()
    assert (joined.opened, joined.promise) == (False, None)
    assert (conversation.status, conversation.last_message_at) == (Status.OPEN, NOON)
    assert conversation.snippet == "No paper today."
    assert Promise.objects.count() == 1


def test_a_customer_who_answers_history_gets_it_opened_and_promised(cast: Cast) -> None:
    imported = receive(heard(), channel="email", at=LAST_WEEK, answered_from=COURIER_HELP, silent=True)

    answered = receive(heard("And now?"), channel="email", at=NOON, proof=imported.conversation.pk)

    assert not answered.opened
    assert answered.conversation.status == Status.OPEN
    assert answered.promise is not None
