"""The database fails at every single statement of filing a mail, one after the other: nothing is half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from everyhand.channels.email import accept, file, queries
from everyhand.channels.email.models import Mail, Mailbox
from everyhand.conversations.models import Conversation, Message
from tests.cast import HELP, NOON, Cast, minutes
from tests.counts import Tell

LETTER = (
    "From: Ada Brown <ada{number}@customers.test>\r\nTo: {to}\r\nCc: Bob <bob@customers.test>\r\n"
    "Subject: Letter {number}\r\nMessage-ID: <{number}@customers.test>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n"
    "Content-Type: multipart/mixed; boundary=cut\r\n\r\n"
    "--cut\r\nContent-Type: text/plain\r\n\r\nNo paper today.\r\n"
    '--cut\r\nContent-Type: image/png; name="wet.png"\r\nContent-Disposition: attachment\r\n\r\n'
    "png {number}\r\n--cut--\r\n"
)


class Fault:
    """Lets `statements` pass and fails the next one. `happened` tells whether there was one more."""

    def __init__(self, statements: int, error: type[Exception] = OperationalError) -> None:
        self._left, self._error = statements, error
        self.happened = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.happened or self._left:
            self._left -= 1
            return execute(sql, params, many, context)
        self.happened = True
        raise self._error("the database went away")


@pytest.fixture
def filer() -> Iterator[file.Filer]:
    filer = file.Filer(parsers=1)
    yield filer
    filer.close()


@pytest.mark.usefixtures("transactional_db")
def test_whichever_statement_fails_the_ledger_balances_and_trying_again_files_the_mail_once(
    filer: file.Filer, tell: Tell
) -> None:
    Cast()
    Mailbox.objects.create(address=HELP)
    statements = 0
    while _one_mail(filer, statements):
        statements += 1
        assert statements < 500
    tell(f"{statements} statements of filing failed once each; {queries.ledger().as_dict()}")
    assert statements > 15
    assert queries.ledger().filed == Conversation.objects.count() == Message.objects.count() == statements + 1


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("statements", [6, 10, 14, 18])
def test_a_mail_whose_filing_always_fails_is_set_aside_whole_and_is_filed_when_somebody_tries_again(
    filer: file.Filer, statements: int
) -> None:
    """An error that is no outage comes again and again, so that in the end a person has to look."""
    Cast()
    Mailbox.objects.create(address=HELP)
    raw = LETTER.format(number=1, to=HELP).encode()
    mail = accept.accept(accept.Arriving(raw, "test", "ada@customers.test", (HELP,)), at=NOON).mail
    for tries in range(len(Mail.pauses) + 1):
        with _failing(Fault(statements, DataError)):
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


def _one_mail(filer: file.Filer, statements: int) -> bool:
    """File a mail while the statement after `statements` fails, then again without; False when there was none."""
    raw = LETTER.format(number=statements, to=HELP).encode()
    mail = accept.accept(accept.Arriving(raw, "test", "ada@customers.test", (HELP,)), at=NOON).mail
    fault = Fault(statements)
    with _failing(fault):
        _work(filer, at=NOON)
    ledger = queries.ledger()
    assert ledger.balanced
    assert ledger.quarantined == 0
    waiting = Mail.objects.filter(pk=mail.pk, outcome=Mail.Outcome.PENDING).exists()
    assert Conversation.objects.filter(subject=f"Letter {statements}").count() == (0 if waiting else 1)
    # Whatever was claimed and never heard of again is free when its lease has run out.
    _work(filer, at=NOON + minutes(10))
    (message,) = Message.objects.filter(subject=f"Letter {statements}")
    assert [one.name for one in message.attachments.all()] == ["wet.png"]
    mail.refresh_from_db()
    assert (mail.outcome, mail.message, mail.conversation) == ("filed", message, message.conversation)
    assert queries.ledger().balanced
    return fault.happened


def _work(filer: file.Filer, *, at: datetime) -> None:
    """What the worker's duty does, which lives on after an error of the database."""
    try:
        filer.file(file.claim(at=at, limit=32), at=at)
    except OperationalError:
        connection.close()


@contextmanager
def _failing(fault: Fault) -> Iterator[None]:
    with connection.execute_wrapper(fault):
        yield
