"""Delivering: over SMTP, outside any transaction, one connection for a batch, and a written outcome for each recipient.

A try whose outcome is unknown (the line broke after the last dot) is tried again with the same Message-ID, so that the
worst that happens is the same letter twice in a mailbox, which most programs show once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog
from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from everyhand.channels.email import tokens
from everyhand.channels.email.models import SystemMail
from everyhand.channels.email.outbound import dkim, no_server, pace
from everyhand.channels.email.outbound.compose import compose
from everyhand.channels.email.outbound.letter import NoAddress, address
from everyhand.channels.email.outbound.postman import Letter, Postman, Refused, Unreachable, connect
from everyhand.conversations import queries
from everyhand.conversations.models import Delivery
from everyhand.core import journal, work
from everyhand.core.outage import is_outage
from everyhand.desk import not_reached
from everyhand.notices import preferences

__all__ = ["connect", "deliver", "deliver_system_mail"]

log = structlog.get_logger(__name__)

Row = TypeVar("Row", Delivery, SystemMail)

# Soon enough that a reply leaves when the server is back, seldom enough that nobody is kept busy waiting for it.
AWAY_PAUSE: Final = timedelta(minutes=1)
# How long a letter waits for a server that can't be reached before somebody has to hear of it.
PATIENCE: Final = timedelta(days=2)
# Seconds; together less than the lease, which nobody can extend meanwhile.
PAUSES_TO_NOTE: Final = (1, 2, 4, 8, 15)


def deliver(
    deliveries: Sequence[Delivery],
    *,
    stopping: threading.Event | None = None,
    clock: Callable[[], datetime] = timezone.now,
) -> None:
    """Deliver claimed deliveries, one after the other; what is left when `stopping` is set is given back.

    Each ends done, or due again later with the reason in `last_error`, or quarantined with it. `answer` is what the
    server said either way. The journal's "delivery.sent" and "delivery.failed" tell whoever has to hear of it, and an
    answer that reached nobody is one no more.
    """
    _carry(deliveries, _reply, stopping=stopping, clock=clock)


def deliver_system_mail(
    mails: Sequence[SystemMail],
    *,
    stopping: threading.Event | None = None,
    clock: Callable[[], datetime] = timezone.now,
) -> None:
    """The same for mail of the program itself. Its content is emptied once it is sent, since it may hold a code."""
    _carry(mails, _system_mail, stopping=stopping, clock=clock)


def _carry(
    rows: Sequence[Row],
    write: Callable[[Row], Letter],
    *,
    stopping: threading.Event | None,
    clock: Callable[[], datetime],
) -> None:
    if rows and not settings.EVERYHAND.mail_url:
        work.put_off_together(rows, no_server.NO_SERVER, until=clock() + no_server.PAUSE)
        return
    with Postman() as postman:
        for row in rows:
            at = clock()
            if stopping is not None and stopping.is_set():
                work.put_off(row, row.last_error, until=at)
            elif work.keep([row], at=at):
                later = pace.may_leave(row, a_minute=settings.EVERYHAND.pace, at=at)
                if later:
                    pace.hold(row, until=later)
                else:
                    _try(row, write, postman, clock)
            # else it was taken back, or somebody else has it


def _try(row: Row, write: Callable[[Row], Letter], postman: Postman, clock: Callable[[], datetime]) -> None:
    try:
        answer = postman.carry(write(row))
    except Unreachable as outage:
        pace.did_not_leave(row)
        _wait_for_server(row, outage, at=clock())
    except Refused as refusal:
        _note_refusal(row, refusal, at=clock(), of_the_address=True)
    except NoAddress as problem:
        _note_refusal(row, Refused(str(problem), permanent=True), at=clock(), of_the_address=True)
    except Exception as error:
        # A mail that can't be written must not keep those behind it from leaving.
        log.exception("delivery failed", kind=row._meta.model_name, id=row.pk)
        _note_refusal(row, Refused(f"{type(error).__name__}: {error}", permanent=False), at=clock())
    else:
        _note_sent(row, answer, at=clock())


def _wait_for_server(row: Row, outage: Unreachable, *, at: datetime) -> None:
    """The pauses do not grow: everything leaves soon after the server is back, what was written first in front."""
    if at - _written_at(row) > PATIENCE:
        _note_refusal(row, Refused(str(outage), permanent=True), at=at)
    else:
        work.put_off(row, str(outage), until=at + AWAY_PAUSE)


def _written_at(row: Delivery | SystemMail) -> datetime:
    return row.message.at if isinstance(row, Delivery) else row.made_at


def _note_sent(row: Row, answer: str, *, at: datetime) -> None:
    """What is not written down now is sent a second time, so a database that is away is waited for."""
    for pause in (*PAUSES_TO_NOTE, None):
        try:
            _write_down_sent(row, answer, at=at)
        except Error as error:
            if pause is None or not is_outage(error):
                raise
            log.warning("sent, but not yet noted: the database is away", kind=row._meta.model_name, id=row.pk)
            connection.close()
            time.sleep(pause)
        else:
            return


def _write_down_sent(row: Row, answer: str, *, at: datetime) -> None:
    try:
        with transaction.atomic():
            if isinstance(row, Delivery):
                _write_down_a_reply(row, answer, at)
            else:
                work.complete(row, at=at)
                SystemMail.objects.filter(pk=row.pk).update(content=b"")
    except work.LeaseLost:
        log.warning("delivered, but another worker had taken it over", kind=row._meta.model_name, id=row.pk)


def _write_down_a_reply(delivery: Delivery, answer: str, at: datetime) -> None:
    was_refused = bool(delivery.answer)
    if was_refused:
        queries.holding(delivery.message)  # the conversation first, as whoever answers does
    work.complete(delivery, at=at)
    Delivery.objects.filter(pk=delivery.pk).update(answer=answer)
    _tell("delivery.sent", delivery, at=at)
    if was_refused:
        not_reached.arrived_after_all(delivery, at=at)


def _note_refusal(row: Row, refusal: Refused, *, at: datetime, of_the_address: bool = False) -> None:
    """`of_the_address`: somebody answered for it, so that a notice that was refused for good says whom mail misses."""
    reason = str(refusal)
    try:
        with transaction.atomic():
            if isinstance(row, Delivery):
                queries.holding(row.message)  # the conversation first, as whoever answers does
            if refusal.permanent:
                work.quarantine(row, reason, at=at)
            else:
                work.fail(row, reason, at=at)
            if isinstance(row, Delivery):
                Delivery.objects.filter(pk=row.pk).update(answer=reason)
                if row.quarantined_at:
                    _tell("delivery.failed", row, at=at)
                    not_reached.came_to_nothing(row, at=at)
            elif refusal.permanent and of_the_address:
                member = tokens.member_not_reached([row.envelope_from])
                if member:
                    preferences.pause_mail(member, reason, at=at)
    except work.LeaseLost:
        log.warning("refused, but another worker had taken it over", kind=row._meta.model_name, id=row.pk)


def _tell(action: str, delivery: Delivery, *, at: datetime) -> None:
    conversation = f"conversation:{delivery.message.conversation_id}"
    journal.note(action, subject=conversation, at=at, delivery=delivery.pk, message=delivery.message_id)


def _reply(delivery: Delivery) -> Letter:
    return Letter(_signed(compose(delivery.message)), address(tokens.return_path(delivery)), address(delivery.address))


def _system_mail(mail: SystemMail) -> Letter:
    return Letter(_signed(bytes(mail.content)), mail.envelope_from, address(mail.address))


def _signed(raw: bytes) -> bytes:
    house = settings.EVERYHAND
    return dkim.sign(raw, dkim.Seal(house.dkim_domain, house.dkim_selector, house.dkim_key)) if house.dkim_key else raw
