"""Filing: what became of an accepted mail. The worker's part of the journey, from stored bytes to a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects

from everyhand.channels.email import guesses, holding, queries, tokens
from everyhand.channels.email.authentication import Arrival, Judge
from everyhand.channels.email.fingerprint import fingerprint_of
from everyhand.channels.email.models import Mail
from everyhand.channels.email.outbound import acknowledge
from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.core import journal, work
from everyhand.customers import actions as customers
from everyhand.desk import reasons
from everyhand.desk import receive as desk
from everyhand.desk.belonging import Decision, Held
from everyhand.desk.inbound import Bounce, Inbound

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)

Understood = Inbound | TooHostile | ParseFailed


@dataclass(frozen=True)
class Filed:
    """What became of one mail: its row, what it said (None when it could not be read), and where it went."""

    mail: Mail
    inbound: Inbound | None = None
    conversation: Conversation | None = None
    message: Message | None = None
    opened: bool = False


# Judging a mail is mostly waiting for the DNS, so many mails wait together.
JUDGES = 16


class Filer:
    """Files mails, parsing several at once in processes of their own. Close it when done."""

    def __init__(self, parsers: int = 1, judge: Judge | None = None) -> None:
        self._parser = IsolatedParser(processes=parsers)
        self._threads = ThreadPoolExecutor(parsers, thread_name_prefix="parse")
        self._judge = judge or Judge(
            trusted_receiver=settings.EVERYHAND.trusted_receiver, verify=settings.EVERYHAND.verify_senders
        )
        self._judges = ThreadPoolExecutor(JUDGES, thread_name_prefix="judge")

    def close(self) -> None:
        self._threads.shutdown()
        self._judges.shutdown()
        self._parser.close()

    def file(self, mails: Sequence[Mail], *, at: datetime) -> list[Filed]:
        """File the mails, which must be claimed. Each ends filed, suppressed, quarantined, a duplicate, or is tried
        again later; none of them can stop the others.
        """
        understood = self._threads.map(self._understand, mails)
        judged = self._judges.map(self._judged, mails, understood)
        return [self._file(mail, inbound, at) for mail, inbound in zip(mails, judged, strict=True)]

    def _understand(self, mail: Mail) -> Understood:
        try:
            return self._parser.parse(
                bytes(mail.raw.content), source=mail.source, recipients=tuple(mail.envelope_to), at=mail.accepted_at
            )
        except (TooHostile, ParseFailed) as refused:
            return refused

    def _judged(self, mail: Mail, inbound: Understood) -> Understood:
        """The same with the verdict on its sender; asked for here because nobody asks the DNS in a transaction."""
        if not isinstance(inbound, Inbound):
            return inbound
        arrival = Arrival(bytes(mail.raw.content), mail.source, inbound.sender.email, mail.envelope_from, mail.helo)
        return replace(inbound, verdict=self._judge.judge(arrival))

    def _file(self, mail: Mail, inbound: Understood, at: datetime) -> Filed:
        try:
            if not isinstance(inbound, Inbound):
                return _quarantine(mail, str(inbound), at)
            return _settle(mail, inbound, at)
        except work.LeaseLost:
            log.warning("filed by somebody else meanwhile", mail=mail.pk)
            return Filed(mail)
        except Exception as error:
            log.exception("filing failed", mail=mail.pk)
            with transaction.atomic():
                work.fail(mail, f"{type(error).__name__}: {error}", at=at)
                if mail.quarantined_at:
                    _remember(mail, Mail.Outcome.QUARANTINED, mail.last_error)
            return Filed(mail)


def claim(*, at: datetime, limit: int, only: Sequence[int] | None = None) -> list[Mail]:
    """Mails to file now, with their bytes."""
    mails = work.claim(Mail, at=at, limit=limit, lease=LEASE, only=only)
    prefetch_related_objects(mails, "raw")
    # Those that took their worker down too often were quarantined by the claim; say so in the ledger as well.
    work.quarantined(Mail).filter(outcome=Mail.Outcome.PENDING).update(outcome=Mail.Outcome.QUARANTINED)
    return mails


@transaction.atomic
def retry(mail: Mail, *, at: datetime) -> None:
    """A person asks to try a quarantined mail again."""
    work.retry(mail, at=at)
    Mail.objects.filter(pk=mail.pk, done_at=None).update(outcome=Mail.Outcome.PENDING, why="")


def _settle(mail: Mail, inbound: Inbound, at: datetime) -> Filed:
    fingerprint = fingerprint_of(bytes(mail.raw.content), inbound.automatic or "")
    try:
        with transaction.atomic():
            Mail.objects.filter(pk=mail.pk).update(fingerprint=fingerprint)
            mail.sender, mail.subject = inbound.sender.email[:320], inbound.subject[:500]
            guesses.note(mail, inbound.recipients, at=at)
            proof = tokens.proven_conversation(inbound.recipients, [*inbound.references, *inbound.in_reply_to])
            held = None if mail.decision else holding.why_held(inbound, proof=proof)
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
        at=mail.accepted_at,
        proof=proof,
        decided=Decision(mail.decision) if mail.decision else None,
        answered_from=queries.mailbox_for(ours),
        ours=everybody,
    )
    if received.opened and not mail.decision:  # a person looks at it already, and perhaps at a forged sender
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


def _remember(mail: Mail, outcome: Mail.Outcome, why: str) -> None:
    mail.outcome, mail.why = outcome, why[:500]
    mail.save(
        update_fields=[
            *("outcome", "why", "sender", "subject", "conversation", "message", "duplicate_of"),
            *("held", "would_join"),
        ]
    )
