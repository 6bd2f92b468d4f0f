"""Filing: what became of an accepted mail. The worker's part of the journey, from stored bytes to a conversation."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from everyhand.channels.email import guesses, holding, queries, tokens
from everyhand.channels.email.authentication import Arrival, Judge
from everyhand.channels.email.fingerprint import fingerprint_of
from everyhand.channels.email.models import Mail
from everyhand.channels.email.outbound import acknowledge
from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.core import journal, outage, work
from everyhand.customers import actions as customers
from everyhand.desk import reasons
from everyhand.desk import receive as desk
from everyhand.desk.belonging import Decision, Held
from everyhand.desk.inbound import Bounce, Inbound

log = structlog.get_logger(__name__)

# Short, since what a dead worker had in hand waits for its end. Losing it costs nothing: a mail is filed and its row
# completed in one transaction.
LEASE = timedelta(seconds=30)
# When the database is locked, full or away.
PAUSE_OF_AN_OUTAGE = timedelta(seconds=5)

ACKNOWLEDGED_WITHIN = timedelta(days=1)

Understood = Inbound | TooHostile | ParseFailed


@dataclass(frozen=True)
class Filed:
    """What became of one mail: its row, what it said (None when it could not be read), and where it went."""

    mail: Mail
    inbound: Inbound | None = None
    conversation: Conversation | None = None
    message: Message | None = None
    opened: bool = False


class Filer:
    """Files mails, understanding several at once, with parsers in processes of their own. Close it when done."""

    def __init__(self, parsers: int = 1, judge: Judge | None = None) -> None:
        # Mails in memory that are being understood while another is filed. More than there are parsers, since asking
        # the DNS about a sender is mostly waiting.
        self._ahead = 4 * parsers
        self._parser = IsolatedParser(processes=parsers)
        self._threads = ThreadPoolExecutor(self._ahead, thread_name_prefix="understand")
        self._judge = judge or Judge(
            trusted_receiver=settings.EVERYHAND.trusted_receiver, verify=settings.EVERYHAND.verify_senders
        )

    def close(self) -> None:
        self._threads.shutdown()
        self._parser.close()

    def file(self, mails: Sequence[Mail], *, at: datetime) -> list[Filed]:
        """File the mails, which must be claimed. Each ends filed, suppressed, quarantined, a duplicate, or is tried
        again later; none of them can stop the others.
        """
        filed: list[Filed] = []
        parsing: deque[tuple[Mail, Future[Understood]]] = deque()
        for mail in mails:
            # The bytes are read here: the threads that understand have no connection to the database that could break.
            parsing.append((mail, self._threads.submit(self._understand, mail, bytes(mail.raw.content))))
            if len(parsing) > self._ahead:
                filed.append(self._file(*parsing.popleft(), at))
        while parsing:
            filed.append(self._file(*parsing.popleft(), at))
        return filed

    def _understand(self, mail: Mail, raw: bytes) -> Understood:
        """What it says and who says so; here, because nobody parses or asks the DNS in a transaction."""
        try:
            inbound = self._parser.parse(
                raw, source=mail.source, recipients=tuple(mail.envelope_to), at=mail.accepted_at
            )
        except (TooHostile, ParseFailed) as refused:
            return refused
        arrival = Arrival(raw, mail.source, inbound.sender.email, mail.envelope_from, mail.helo)
        return replace(inbound, verdict=self._judge.judge(arrival))

    def _file(self, mail: Mail, understood: Future[Understood], at: datetime) -> Filed:
        try:
            inbound = understood.result()
            if not isinstance(inbound, Inbound):
                return _quarantine(mail, str(inbound), at)
            return _settle(mail, inbound, at)
        except work.LeaseLost:
            log.warning("filed by somebody else meanwhile", mail=mail.pk)
            return Filed(mail)
        except Exception as error:
            if not outage.is_outage(error):
                log.exception("filing failed", mail=mail.pk)
            _put_back(mail, error, at)
            return Filed(mail)


def claim(*, at: datetime, limit: int, only: Sequence[int] | None = None) -> list[Mail]:
    """Mails to file now, with their bytes."""
    mails = work.claim(Mail, at=at, limit=limit, lease=LEASE, only=only)
    # Those that took their worker down too often were quarantined by the claim; say so in the ledger as well.
    work.quarantined(Mail).filter(outcome=Mail.Outcome.PENDING).update(outcome=Mail.Outcome.QUARANTINED)
    return mails


@transaction.atomic
def retry(mail: Mail, *, at: datetime) -> None:
    """A person asks to try a quarantined mail again."""
    work.retry(mail, at=at)
    Mail.objects.filter(pk=mail.pk, done_at=None).update(outcome=Mail.Outcome.PENDING, why="")


def _settle(mail: Mail, inbound: Inbound, at: datetime) -> Filed:
    inbound = _with_its_mailbox(inbound, mail)
    fingerprint = fingerprint_of(bytes(mail.raw.content), inbound.automatic or "")
    try:
        with transaction.atomic():
            Mail.objects.filter(pk=mail.pk).update(fingerprint=fingerprint)
            mail.sender, mail.subject = inbound.sender.email[:320], inbound.subject[:500]
            guesses.note(mail, inbound.recipients, at=at)
            proof = tokens.proven_conversation(inbound.recipients, [*inbound.references, *inbound.in_reply_to])
            # History is filed as it was: nothing comes of it any more.
            held = None if mail.decision or mail.silent else holding.why_held(inbound, proof=proof)
            if held:
                return _hold(mail, inbound, held, proof, at)
            why = "" if mail.decision else inbound.automatic or _ours_or_nobodys(inbound)
            filed = _suppress(mail, inbound, why, at) if why else _receive(mail, inbound, proof, at)
            work.complete(mail, at=at)
    except IntegrityError:
        original = Mail.objects.filter(fingerprint=fingerprint).exclude(pk=mail.pk).first()
        if original is None:
            raise
        return _duplicate(mail, inbound, original, at)
    return filed


def _receive(mail: Mail, inbound: Inbound, proof: int | None, at: datetime) -> Filed:
    ours = queries.ours(inbound.recipients or [one.email for one in (*inbound.to, *inbound.cc)])
    everybody = [*ours, *queries.ours(one.email for one in (*inbound.to, *inbound.cc))]
    received = desk.receive(
        inbound,
        channel="email",
        at=_said_at(mail, inbound),
        proof=proof,
        decided=Decision(mail.decision) if mail.decision else None,
        answered_from=queries.mailbox_for(ours),
        ours=everybody,
        silent=mail.silent,
    )
    # After a decision a person looks at it already, and perhaps at a sender who never wrote.
    if received.opened and received.promise and not mail.decision and not _is_late(mail):
        acknowledge.acknowledge(
            received.conversation, inbound, envelope_from=mail.envelope_from, due_at=received.promise.due_at, at=at
        )
    mail.conversation, mail.message = received.conversation, received.message
    _remember(mail, Mail.Outcome.FILED, "")
    return Filed(mail, inbound, received.conversation, received.message, received.opened)


def _hold(mail: Mail, inbound: Inbound, why: Held, proof: int | None, at: datetime) -> Filed:
    """A person decides. It stays in quarantine until then, and nobody outside hears anything."""
    reason = reasons.why_held(why)
    mail.held, mail.would_join_id = why, proof if why.may_join else None
    work.quarantine(mail, reason, at=at)
    _remember(mail, Mail.Outcome.QUARANTINED, reason)
    journal.note("mail.held", subject=mail, at=at, why=why)
    return Filed(mail, inbound)


def _with_its_mailbox(inbound: Inbound, mail: Mail) -> Inbound:
    """A fetched mail came without an envelope: whatever its header says, it lay in that mailbox of ours."""
    if mail.fetched_into is None:
        return inbound
    return replace(inbound, recipients=(*inbound.recipients, mail.fetched_into.address))


def _said_at(mail: Mail, inbound: Inbound) -> datetime:
    """What comes in now counts from now; history keeps its date."""
    if not mail.silent:
        return mail.accepted_at
    return min(mail.arrived_at or inbound.sent_at or mail.accepted_at, mail.accepted_at)


def _is_late(mail: Mail) -> bool:
    """Whether it waited elsewhere so long that an acknowledgement would only puzzle."""
    return mail.arrived_at is not None and mail.accepted_at - mail.arrived_at > ACKNOWLEDGED_WITHIN


def _ours_or_nobodys(inbound: Inbound) -> str:
    """Mail from one of our own addresses is our own mail coming back."""
    return "loop" if queries.ours([inbound.sender.email]) else ""


def _suppress(mail: Mail, inbound: Inbound, why: str, at: datetime) -> Filed:
    if inbound.bounce:
        _bounced(inbound, inbound.bounce, at)
    _remember(mail, Mail.Outcome.SUPPRESSED, why)
    return Filed(mail, inbound)


def _bounced(inbound: Inbound, bounce: Bounce, at: datetime) -> None:
    """A report that came to the signed return path of a delivery tells of exactly that one; others change nothing."""
    delivery_id = tokens.returned_delivery(inbound.recipients)
    delivery = Delivery.objects.select_related("message").filter(pk=delivery_id).first() if delivery_id else None
    if delivery is None or not bounce.permanent:
        return
    customers.mark_undeliverable(email=delivery.address, at=at)
    journal.note(
        "delivery.bounced",
        subject=f"conversation:{delivery.message.conversation_id}",
        at=at,
        delivery=delivery.pk,
        message=delivery.message_id,
        status=bounce.status,
    )


def _duplicate(mail: Mail, inbound: Inbound, original: Mail, at: datetime) -> Filed:
    with transaction.atomic():
        mail.duplicate_of = original
        mail.sender, mail.subject = inbound.sender.email[:320], inbound.subject[:500]
        _remember(mail, Mail.Outcome.DUPLICATE, "")
        work.complete(mail, at=at)
    return Filed(mail, inbound, original.conversation, original.message)


def _quarantine(mail: Mail, reason: str, at: datetime) -> Filed:
    with transaction.atomic():
        work.quarantine(mail, reason, at=at)
        _remember(mail, Mail.Outcome.QUARANTINED, reason)
        journal.note("mail.quarantined", subject=mail, at=at)
    return Filed(mail)


def _put_back(mail: Mail, error: Exception, at: datetime) -> None:
    """It is tried again later. An outage of the database is no fault of the mail's and costs it no attempt."""
    reason = f"{type(error).__name__}: {error}"
    # What the failed transaction made is gone.
    mail.outcome, mail.conversation, mail.message, mail.duplicate_of = Mail.Outcome.PENDING, None, None, None
    if outage.is_outage(error):
        log.warning("the database is away; the mail is filed later", mail=mail.pk, error=str(error).strip())
        work.put_off(mail, reason, until=at + PAUSE_OF_AN_OUTAGE)
        return
    with transaction.atomic():
        work.fail(mail, reason, at=at)
        if mail.quarantined_at:
            _remember(mail, Mail.Outcome.QUARANTINED, mail.last_error)


def _remember(mail: Mail, outcome: Mail.Outcome, why: str) -> None:
    mail.outcome, mail.why = outcome, why[:500]
    mail.save(
        update_fields=[
            *("outcome", "why", "sender", "subject", "conversation", "message", "duplicate_of"),
            *("held", "would_join"),
        ]
    )
