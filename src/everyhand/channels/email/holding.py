"""Mail that waits for a person before anything happens with it, and what they decide.

Held mail is quarantined mail with a reason of its own (`Mail.held`), so the ledger has no further column: it was
accepted, it is not filed, and somebody has to look at it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.channels.email.account_mail import is_account_mail
from everyhand.channels.email.models import Mail
from everyhand.core import journal, work
from everyhand.desk import belonging
from everyhand.desk.belonging import Decision, Held
from everyhand.desk.inbound import Inbound
from everyhand.desk.standing import Standing
from everyhand.people.models import Member

# What machines send about other mail; everything else a machine sends may be account mail.
_ABOUT_MAIL = ("bounce", "delay", "feedback-report", "receipt", "loop", "out-of-office")
DISMISSED = "dismissed"
# Kept in English; pages tell it in the reader's language.
PUT_AWAY = "A person put it away: {reason}"


def why_held(inbound: Inbound, *, proof: int | None, standing: Standing) -> Held | None:
    """Why a person has to decide about this mail; None when nobody has to. `proof` is as in `desk.receive`."""
    if inbound.automatic not in _ABOUT_MAIL and is_account_mail(inbound):
        return Held.ACCOUNT_MAIL
    return belonging.why_held(inbound, proof=proof, standing=standing) if inbound.automatic is None else None


def decisions(mail: Mail) -> list[Decision]:
    """What can be decided about a mail in quarantine; one that can't be read can only be put away."""
    join = [Decision.JOIN] if mail.would_join_id else []
    return [*join, Decision.OPEN, Decision.DISMISS] if mail.held else [Decision.DISMISS]


@transaction.atomic
def decide(mail: Mail, decision: Decision, *, by: Member, at: datetime, reason: str = "") -> bool:
    """Carry out what a person decided: the mail is filed accordingly by the worker, or dismissed now, for a `reason` in
    their words, if they gave one. False when it is not waiting (any more) or this can't be decided about it.
    """
    if decision not in decisions(mail):
        return False
    waiting = Mail.objects.filter(pk=mail.pk, outcome=Mail.Outcome.QUARANTINED, held=mail.held)
    if decision is Decision.DISMISS:
        why = PUT_AWAY.format(reason=reason)[:500] if reason else DISMISSED
        decided = waiting.update(
            outcome=Mail.Outcome.SUPPRESSED, why=why, decision=decision, done_at=at, quarantined_at=None
        )
    else:
        decided = waiting.update(outcome=Mail.Outcome.PENDING, why="", decision=decision)
        if decided:
            work.retry(mail, at=at)
    if decided:
        journal.note("mail.decided", subject=mail, actor=by, at=at, decision=decision, held=mail.held)
    return bool(decided)
