"""At every single step of a mail's way the database or the other server fails, or the program is killed: nothing is
lost, half done, or done twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.db import DataError, OperationalError, connection
from imapclient.exceptions import IMAPClientError

from everyhand.channels.email import accept, file, queries
from everyhand.channels.email.fingerprint import digest_of
from everyhand.channels.email.models import ConnectedMailbox, Mail, Mailbox
from everyhand.channels.email.outbound import deliver as delivering
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.core import work
from everyhand.desk.receive import receive
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.channels.email.answers import answer
from tests.channels.email.far_end import Start
from tests.channels.email.fetching import conftest as fetching
from tests.channels.email.steps import Blow, Killed
from tests.counts import Tell
from tests.servers.imap import Folder, ImapServer

LETTER = (
    "From: Ada Brown <ada{number}@customers.test>\r\nTo: {to}\r\nCc: Bob <bob@customers.test>\r\n"
    "Subject: Letter {number}\r\nMessage-ID: <{number}@customers.test>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n"
    "Content-Type: multipart/mixed; boundary=cut\r\n\r\n"
    "--cut\r\nContent-Type: text/plain\r\n\r\nNo paper today.\r\n"
    '--cut\r\nContent-Type: image/png; name="wet.png"\r\nContent-Disposition: attachment\r\n\r\n'
    "png {number}\r\n--cut--\r\n"
)

# One way a mail goes: given a number and a blow, it happens, is struck, and happens again without.
Journey = Callable[[int, Blow], None]

pytestmark = pytest.mark.usefixtures("transactional_db")
struck = pytest.mark.parametrize("error", [OperationalError, Killed], ids=["fails", "killed"])


@pytest.fixture(scope="module")
def filer() -> Iterator[file.Filer]:
    filer = file.Filer(parsers=1)
    yield filer
    filer.close()


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    Mailbox.objects.create(address=HELP)
    return Cast()


def at_every_step(journey: Journey, error: type[BaseException]) -> Counter[str]:
    """Make the journey once for each of its steps, and once without harm; the steps there were, by kind."""
    for number in range(500):
        blow = Blow(number, error)
        journey(number, blow)
        assert queries.ledger().balanced
        if not blow.struck:
            return blow.kinds
    raise AssertionError("it never ends")


@struck
def test_a_mail_is_accepted_whole_and_once(cast: Cast, error: type[BaseException], tell: Tell) -> None:
    def bring(number: int, blow: Blow) -> None:
        """Whoever is not told that it was taken comes again with the same bytes."""
        arriving = accept.Arriving(_raw(number), "test", "ada@customers.test", (HELP,))
        with blow.falls():
            try:
                accept.accept(arriving, at=NOON)
            except OperationalError:
                connection.close()
        accept.accept(arriving, at=NOON)
        assert bytes(Mail.objects.get(raw__digest=_digest(number)).raw.content) == _raw(number)

    steps = at_every_step(bring, error)
    tell(f"accepting, {error.__name__} at each of {steps}")
    assert steps["statement"] >= 3
    assert steps["commit"] == 1
    assert Mail.objects.count() == queries.ledger().accepted == steps.total() + 1


@struck
def test_mails_are_filed_whole_and_once(cast: Cast, filer: file.Filer, error: type[BaseException], tell: Tell) -> None:
    def file_two(number: int, blow: Blow) -> None:
        numbers = (2 * number, 2 * number + 1)
        for one in numbers:
            accept.accept(accept.Arriving(_raw(one), "test", "ada@customers.test", (HELP,)), at=NOON)
        with blow.falls():
            _work(filer, at=NOON)
        assert queries.ledger().balanced
        assert queries.ledger().quarantined == 0
        for one in numbers:
            waits = Mail.objects.filter(raw__digest=_digest(one), outcome=Mail.Outcome.PENDING).exists()
            assert Conversation.objects.filter(subject=f"Letter {one}").count() == (0 if waits else 1)
        # Whatever was claimed and never heard of again is free when its lease has run out.
        _work(filer, at=NOON + minutes(10))
        for one in numbers:
            (message,) = Message.objects.filter(subject=f"Letter {one}")
            assert [file.name for file in message.attachments.all()] == ["wet.png"]
            mail = Mail.objects.get(raw__digest=_digest(one))
            assert (mail.outcome, mail.message, mail.conversation) == ("filed", message, message.conversation)

    steps = at_every_step(file_two, error)
    tell(f"filing, {error.__name__} at each of {steps}; {queries.ledger().as_dict()}")
    assert steps["statement"] > 15
    assert steps["commit"] >= 2
    filed = Conversation.objects.count()
    assert queries.ledger().filed == filed == Message.objects.count() == 2 * (steps.total() + 1)


@struck
def test_a_reply_arrives_and_at_most_once_more_under_the_same_id(
    cast: Cast, mail_server: Start, error: type[BaseException], monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    monkeypatch.setattr(delivering, "PAUSES_TO_NOTE", (0, 0, 0))
    far_end = mail_server()
    twice: list[int] = []

    def deliver_one(number: int, blow: Blow) -> None:
        customer = f"ada{number}@customers.test"
        heard = letter(sender=customer)
        opened = receive(heard, channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
        reply = answer(opened, cast)
        with blow.falls():
            _deliver(at=NOON + minutes(10))
        for later in (20, 30, 40):
            _deliver(at=NOON + minutes(later))
        copies = [one.raw for one in far_end.received if one.recipients == [customer]]
        assert 1 <= len(copies) <= 2
        assert len(set(copies)) == 1
        twice.extend([number] * (len(copies) - 1))
        delivery = Delivery.objects.get(message=reply)
        assert delivery.state == "sent"
        assert delivery.attempts >= len(copies)

    steps = at_every_step(deliver_one, error)
    tell(f"delivering, {error.__name__} at each of {steps}; {len(twice)} letters arrived twice")
    assert steps["send"] >= 5
    assert steps["receive"] >= 5
    assert steps["commit"] >= 2
    # Only where the answer to the whole letter was still awaited, or known and not yet written down.
    assert len(twice) < steps.total() / 2


@struck
def test_a_mail_is_fetched_whole_and_once(cast: Cast, error: type[BaseException], tell: Tell) -> None:
    folder = Folder()
    server = ImapServer(folder)
    box = fetching.connected("127.0.0.1", server.port)

    def fetch_two(number: int, blow: Blow) -> None:
        for one in (2 * number, 2 * number + 1):
            folder.add(fetching.letter(one))
        with blow.falls():
            try:
                fetching.Fetching(_again(box)).look()
            except (OSError, OperationalError, IMAPClientError):
                connection.close()
        fetching.Fetching(_again(box)).look_until_quiet()
        assert fetching.stored() == [fetching.letter(one) for one in range(2 * number + 2)]
        assert _again(box).last_uid == 2 * number + 2

    try:
        steps = at_every_step(fetch_two, error)
    finally:
        server.close()
    tell(f"fetching, {error.__name__} at each of {steps}")
    assert steps["send"] >= 5
    assert steps["receive"] >= 5
    assert steps["commit"] >= 1
    assert len(set(fetching.sources())) == Mail.objects.count() == len(folder.letters) > 2 * 20


@pytest.mark.parametrize("spared", [8, 10, 14, 18])
def test_a_mail_whose_filing_always_fails_is_set_aside_whole_and_is_filed_when_somebody_tries_again(
    cast: Cast, filer: file.Filer, spared: int
) -> None:
    """An error that is no outage comes again and again, so that in the end a person has to look."""
    mail = accept.accept(accept.Arriving(_raw(1), "test", "ada@customers.test", (HELP,)), at=NOON).mail
    for tries in range(len(Mail.pauses) + 1):
        with Blow(spared, DataError).falls():
            filer.file(file.claim(at=NOON + minutes(tries * 10), limit=32), at=NOON + minutes(tries * 10))
        assert queries.ledger().balanced
    mail.refresh_from_db()
    assert (mail.outcome, mail.conversation, mail.message) == ("quarantined", None, None)
    assert mail.why == "DataError: the database went away"
    assert not Conversation.objects.exists()
    file.retry(mail, at=NOON + minutes(60))
    _work(filer, at=NOON + minutes(60))
    mail.refresh_from_db()
    assert (mail.outcome, Conversation.objects.count()) == ("filed", 1)


def _raw(number: int) -> bytes:
    return LETTER.format(number=number, to=HELP).encode()


def _digest(number: int) -> str:
    return digest_of(_raw(number))


def _again(box: ConnectedMailbox) -> ConnectedMailbox:
    """As the next process finds it."""
    return ConnectedMailbox.objects.select_related("mailbox").get(pk=box.pk)


def _work(filer: file.Filer, *, at: datetime) -> None:
    """What the worker's duty does, which lives on after an error of the database."""
    try:
        filer.file(file.claim(at=at, limit=32), at=at)
    except OperationalError:
        connection.close()


def _deliver(*, at: datetime) -> None:
    try:
        delivering.deliver(work.claim(Delivery, at=at, limit=32), clock=lambda: at)
    except OperationalError:
        connection.close()
