"""Filing: what became of an accepted mail. The worker's part of the journey, from stored bytes to a conversation."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from everyhand.channels.email import guesses, holding, outcomes, queries, tokens
from everyhand.channels.email.authentication import Arrival, Judge
from everyhand.channels.email.fingerprint import fingerprint_of
from everyhand.channels.email.models import Mail
from everyhand.channels.email.outbound import acknowledge
from everyhand.channels.email.outcomes import Filed
from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.core import outage, work
from everyhand.desk import receive as desk
from everyhand.desk.belonging import Decision
from everyhand.desk.inbound import Inbound

log = structlog.get_logger(__name__)

# Short, since what a dead worker had in hand waits for its end. Losing it costs nothing: a mail is filed and its row
# completed in one transaction.
LEASE = timedelta(seconds=30)
ACKNOWLEDGED_WITHIN = timedelta(days=1)

Understood = Inbound | TooHostile | ParseFailed


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

    def read(self, mail: Mail, raw: bytes) -> Understood:
        """What a mail says, without filing it or asking who wrote it."""
        try:
            return self._parser.parse(raw, source=mail.source, recipients=tuple(mail.envelope_to), at=mail.accepted_at)
        except (TooHostile, ParseFailed) as refused:
            return refused

    def _understand(self, mail: Mail, raw: bytes) -> Understood:
        """What it says and who says so; here, because nobody parses or asks the DNS in a transaction."""
        inbound = self.read(mail, raw)
        if not isinstance(inbound, Inbound):
            return inbound
        arrival = Arrival(raw, mail.source, inbound.sender.email, mail.envelope_from, mail.helo)
        return replace(inbound, verdict=self._judge.judge(arrival))

    def _file(self, mail: Mail, understood: Future[Understood], at: datetime) -> Filed:
        try:
            inbound = understood.result()
            if not isinstance(inbound, Inbound):
                return outcomes.quarantine(mail, str(inbound), at)
            return _settle(mail, inbound, at)
        except work.LeaseLost:
            log.warning("filed by somebody else meanwhile", mail=mail.pk)
            return Filed(mail)
        except Exception as error:
            if not outage.is_outage(error):
                log.exception("filing failed", mail=mail.pk)
            outcomes.put_back(mail, error, at)
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
                return outcomes.hold(mail, inbound, held, proof, at)
            why = "" if mail.decision else inbound.automatic or _ours_or_nobodys(inbound)
            filed = outcomes.suppress(mail, inbound, why, at) if why else _receive(mail, inbound, proof, at)
            work.complete(mail, at=at)
    except IntegrityError:
        original = Mail.objects.filter(fingerprint=fingerprint).exclude(pk=mail.pk).first()
        if original is None:
            raise
        return outcomes.duplicate(mail, inbound, original, at)
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
            received.conversation, inbound, envelope_from=_envelope_from(mail), due_at=received.promise.due_at, at=at
        )
    mail.conversation, mail.message = received.conversation, received.message
    outcomes.remember(mail, Mail.Outcome.FILED, "")
    return Filed(mail, inbound, received.conversation, received.message, received.opened)


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


def _envelope_from(mail: Mail) -> str | None:
    """The sender of its envelope, "" for the null sender; None when it came without an envelope, from a mailbox."""
    return None if mail.fetched_into else mail.envelope_from


def _is_late(mail: Mail) -> bool:
    """Whether it waited elsewhere so long that an acknowledgement would only puzzle."""
    return mail.arrived_at is not None and mail.accepted_at - mail.arrived_at > ACKNOWLEDGED_WITHIN


def _ours_or_nobodys(inbound: Inbound) -> str:
    """Mail from one of our own addresses is our own mail coming back."""
    return "loop" if queries.ours([inbound.sender.email]) else ""
