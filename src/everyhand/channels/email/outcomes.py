"""What can become of a mail beside a conversation, and how that is remembered in its row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from django.db import transaction
from django.utils import translation

from everyhand.channels.email import tokens, whose
from everyhand.channels.email.models import Mail
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.core import journal, outage, work
from everyhand.customers import actions as customers
from everyhand.desk import not_reached, reasons
from everyhand.desk.belonging import Held
from everyhand.desk.inbound import Bounce, Inbound
from everyhand.notices import preferences

log = structlog.get_logger(__name__)

# When the database is locked, full or away.
PAUSE_OF_AN_OUTAGE = timedelta(seconds=5)


@dataclass(frozen=True)
class Filed:
    """What became of one mail: its row, what it said (None when it could not be read), and where it went."""

    mail: Mail
    inbound: Inbound | None = None
    conversation: Conversation | None = None
    message: Message | None = None
    opened: bool = False


class Placed(Protocol):
    """Where the desk put a message, and whether it opened that conversation."""

    @property
    def conversation(self) -> Conversation: ...
    @property
    def message(self) -> Message: ...
    @property
    def opened(self) -> bool: ...


def filed(mail: Mail, inbound: Inbound, placed: Placed, at: datetime) -> Filed:
    """It is a message in a conversation."""
    mail.conversation, mail.message = placed.conversation, placed.message
    complete(mail, Mail.Outcome.FILED, "", at)
    return Filed(mail, inbound, placed.conversation, placed.message, placed.opened)


def suppress(mail: Mail, inbound: Inbound, why: str, at: datetime) -> Filed:
    """It asks nobody for anything (`why` says what it is) and is kept where one can see it."""
    if inbound.bounce and inbound.automatic != "delay":
        _bounced(inbound, inbound.bounce, at)
    complete(mail, Mail.Outcome.SUPPRESSED, why, at)
    return Filed(mail, inbound)


def _bounced(inbound: Inbound, bounce: Bounce, at: datetime) -> None:
    """A report that came to a signed return path tells of exactly that delivery, or of the notices of exactly that
    member; others change nothing.

    Two things follow. The letter did not arrive, whatever the reason: whoever answers must know, and where it was the
    answer, there is none. And if nobody can be reached there any more, the address is marked.
    """
    if member := tokens.member_not_reached(inbound.recipients):
        preferences.pause_mail(member, " ".join(bounce.reason.split()), at=at)
    delivery_id = tokens.returned_delivery(inbound.recipients)
    delivery = Delivery.objects.select_related("message").filter(pk=delivery_id).first() if delivery_id else None
    if delivery is None:
        return
    gone = bounce.gives_up(delivery.address)
    if gone:
        customers.mark_undeliverable(email=delivery.address, at=at)
    answers = filter(None, (delivery.answer, " ".join(bounce.reason.split())))
    Delivery.objects.filter(pk=delivery.pk).update(answer="\n".join(answers)[:4000])
    journal.note(
        "delivery.bounced",
        subject=f"conversation:{delivery.message.conversation_id}",
        at=at,
        delivery=delivery.pk,
        message=delivery.message_id,
        status=bounce.status,
        gone=gone,
    )
    not_reached.came_to_nothing(delivery, at=at)


def duplicate(mail: Mail, inbound: Inbound, original: Mail, at: datetime) -> Filed:
    """We have this letter already; it came by another route."""
    mail.duplicate_of = original
    mail.sender, mail.subject = inbound.sender.email[:320], inbound.subject[:500]
    complete(mail, Mail.Outcome.DUPLICATE, "", at)
    return Filed(mail, inbound, original.conversation, original.message)


def hold(mail: Mail, inbound: Inbound, why: Held, proof: int | None, at: datetime) -> Filed:
    """A person decides. It stays in quarantine until then, and nobody outside hears anything."""
    with translation.override("en"):  # kept in English like every reason, and told in the reader's language
        reason = reasons.why_held(why)
    mail.held, mail.would_join_id = why, proof if why.may_join else None
    work.quarantine(mail, reason, at=at)
    remember(mail, Mail.Outcome.QUARANTINED, reason)
    journal.note("mail.held", subject=mail, at=at, why=why, team=mail.team_id)
    return Filed(mail, inbound)


def quarantine(mail: Mail, reason: str, at: datetime) -> Filed:
    """It can't be read: a person gets it with the reason, its bytes, and a button to try again."""
    with transaction.atomic():
        work.quarantine(mail, reason, at=at)
        mail.team = whose.team_of(mail)
        remember(mail, Mail.Outcome.QUARANTINED, reason)
        journal.note("mail.quarantined", subject=mail, at=at, team=mail.team_id)
    return Filed(mail)


def given_up(mail: Mail, *, at: datetime) -> None:
    """It took its worker down too often, and its row of work is in quarantine now: so is the mail."""
    mail.team = whose.team_of(mail)
    Mail.objects.filter(pk=mail.pk).update(outcome=Mail.Outcome.QUARANTINED, team=mail.team)
    journal.note("mail.quarantined", subject=mail, at=at, team=mail.team_id)


def put_back(mail: Mail, error: Exception, at: datetime) -> None:
    """It is tried again later. An outage of the database is no fault of the mail's and costs it no attempt."""
    reason = f"{type(error).__name__}: {error}"
    if outage.is_outage(error):
        log.warning("the database is away; the mail is filed later", mail=mail.pk, error=str(error).strip())
        work.put_off(mail, reason, until=at + PAUSE_OF_AN_OUTAGE)
        return
    with transaction.atomic():
        work.fail(mail, reason, at=at)
        mail.team = whose.team_of(mail)
        Mail.objects.filter(pk=mail.pk).update(team=mail.team)
        if mail.quarantined_at:
            remember(mail, Mail.Outcome.QUARANTINED, mail.last_error)
            journal.note("mail.quarantined", subject=mail, at=at, team=mail.team_id)


_TOLD: Final = (
    *("outcome", "why", "fingerprint", "sender", "subject", "conversation_id", "message_id", "duplicate_of_id"),
    *("held", "would_join_id", "team_id"),
)


def remember(mail: Mail, outcome: Mail.Outcome, why: str) -> None:
    """Write what became of it into its row, in the caller's transaction."""
    mail.outcome, mail.why = outcome, why[:500]
    mail.save(update_fields=_TOLD)


def complete(mail: Mail, outcome: Mail.Outcome, why: str, at: datetime) -> None:
    """The same, and nothing is left to be done about it. Raises `work.LeaseLost`."""
    mail.outcome, mail.why = outcome, why[:500]
    work.complete(mail, at=at, **{name: getattr(mail, name) for name in _TOLD})
