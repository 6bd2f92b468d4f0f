"""What becomes of mails that were understood, settled several at once: one transaction, one commit, all that they have
in common read once.

If anything goes wrong nothing of the batch stands, and its mails are settled again one by one, so that a mail which
fails stops only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import structlog
from django.db import IntegrityError, transaction

from everyhand.channels.email import guesses, holding, notice_answers, outcomes, queries, tokens, whose
from everyhand.channels.email.fingerprint import alone, either
from everyhand.channels.email.models import Mail
from everyhand.channels.email.outbound import acknowledge
from everyhand.channels.email.outcomes import Filed
from everyhand.channels.email.parsing.isolated import ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.core import outage, rows, search, work
from everyhand.core.prepared import prepared_for_several
from everyhand.customers.actions import normalised
from everyhand.desk import history, kept
from everyhand.desk import receive as desk
from everyhand.desk.belonging import Decision
from everyhand.desk.inbound import Inbound
from everyhand.desk.standing import Standing
from everyhand.people.models import Team

log = structlog.get_logger(__name__)

ACKNOWLEDGED_WITHIN: Final = timedelta(days=1)


@dataclass(frozen=True)
class Letter:
    """A mail that was understood, and by what the same letter is known again (see `fingerprint_of`)."""

    inbound: Inbound
    fingerprint: str | None


# Or why not: a refusal of the parser, in words for people, or an error nobody expected.
Understood = Letter | Exception
Batch = Sequence[tuple[Mail, Understood]]
Claim = Callable[[], list[Mail]]


class _Facts:
    """What the mails of one transaction have in common."""

    def __init__(self, batch: Batch) -> None:
        letters = [one for _mail, one in batch if isinstance(one, Letter)]
        recipients = [recipient for one in letters for recipient in one.inbound.recipients]
        self._expected = [one.inbound.sender.email for one in letters]
        self._named = tokens.named_conversations(recipients)
        self.look_again()
        # Asked before anything is written: who looks at conversations later makes the new ones be written one by one.
        openings = [one.inbound for one in letters if not tokens.named_conversations(one.inbound.recipients)]
        self.standing.map.expect([kept.hints(one) for one in openings])
        self.ours = queries.OurAddresses()
        known = _known_letters()(either(one.fingerprint for one in letters if one.fingerprint))
        self._letters = {alone(mail.fingerprint): mail for mail in known if mail.fingerprint}

    def look_again(self) -> None:
        """Before the first mail, and after one that changed a conversation which others may belong to."""
        self.standing = Standing(expected=self._expected, named=self._named)

    def known_as(self, mail: Mail, fingerprint: str | None) -> Mail | None:
        """The mail that brought the same letter before."""
        original = self._letters.get(alone(fingerprint)) if fingerprint else None
        return original if original and original.pk != mail.pk else None

    def remember(self, mail: Mail) -> None:
        if mail.fingerprint:
            self._letters[alone(mail.fingerprint)] = mail


@cache
def _known_letters() -> Callable[[Collection[str]], list[Mail]]:
    return prepared_for_several(lambda fingerprints: Mail.objects.filter(fingerprint__in=fingerprints))


def together(batch: Batch, *, at: datetime, claim: Claim = list) -> tuple[list[Filed], list[Mail]]:
    """Settle these mails, which must be claimed; what became of each, in their order. And the next ones, which `claim`
    claims with the same commit; none when something goes wrong.
    """
    try:
        return _at_once(batch, at, claim)
    except Exception as error:  # noqa: BLE001 (told below, or tried again)
        if outage.is_outage(error):
            return [_put_back(mail, error, at) for mail, _understood in batch], []
        if len(batch) > 1:
            log.info("filing mails one by one, since a batch failed", mails=len(batch), error=type(error).__name__)
            return [filed for one in batch for filed in together([one], at=at)[0]], []
        return [_alone(*batch[0], error, at)], []


def _at_once(batch: Batch, at: datetime, claim: Claim = list) -> tuple[list[Filed], list[Mail]]:
    with transaction.atomic():
        with rows.gathering(), search.gathering():
            facts = _Facts(batch)
            # On copies, which nobody looks at any more when the transaction comes to nothing.
            filed = [_settle(copy(mail), understood, facts, at) for mail, understood in batch]
        return filed, claim()


def _alone(mail: Mail, understood: Understood, error: Exception, at: datetime) -> Filed:
    """The one mail for which it did not work."""
    if isinstance(error, IntegrityError):
        # On PostgreSQL another worker may have filed the same letter, or met the same customer, between our look and
        # our write: now we see what they wrote.
        try:
            return _at_once([(mail, understood)], at)[0][0]
        except Exception as again:  # noqa: BLE001 (told below)
            error = again
    if isinstance(error, work.LeaseLost):
        log.warning("filed by somebody else meanwhile", mail=mail.pk)
        return Filed(mail)
    log.error("filing failed", mail=mail.pk, exc_info=error)
    return _put_back(mail, error, at)


def _put_back(mail: Mail, error: Exception, at: datetime) -> Filed:
    outcomes.put_back(mail, error, at)
    return Filed(mail)


def _settle(mail: Mail, understood: Understood, facts: _Facts, at: datetime) -> Filed:
    if not isinstance(understood, Letter):
        if isinstance(understood, TooHostile | ParseFailed):
            return outcomes.quarantine(mail, str(understood), at)
        raise understood
    inbound = _from_a_machine_if_sent_back(_with_its_mailbox(understood.inbound, mail))
    original = facts.known_as(mail, understood.fingerprint)
    if original:
        return outcomes.duplicate(mail, inbound, original, at)
    mail.fingerprint = understood.fingerprint
    mail.sender, mail.subject = inbound.sender.email[:320], inbound.subject[:500]
    facts.remember(mail)
    proof, refused = tokens.reply_tokens(inbound.recipients, facts.standing.conversations)
    guesses.note(mail, refused, at=at)
    proof = proof or tokens.answered_conversation([*inbound.references, *inbound.in_reply_to])
    # History is filed as it was: nothing comes of it any more.
    looked_at = not mail.decision and not mail.silent
    if looked_at and (filed := _before_a_person(mail, inbound, proof, facts, at)):
        return filed
    if past := _recall(mail, inbound, facts, at):
        return past
    why = "" if mail.decision else inbound.automatic or _loop(inbound, facts)
    if not why:
        return _receive(mail, inbound, proof, facts, at)
    mail.team = _whose(mail, inbound, proof, facts)
    filed = outcomes.suppress(mail, inbound, why, at)
    if inbound.bounce:
        facts.look_again()
    return filed


def _before_a_person(mail: Mail, inbound: Inbound, proof: int | None, facts: _Facts, at: datetime) -> Filed | None:
    """What a member answers to a notice, and what somebody has to decide about; None for everything else."""
    notice = tokens.answered_notice(inbound.recipients) if not inbound.automatic else None
    if notice:
        mail.team = _whose(mail, inbound, notice.conversation_id, facts)
        return notice_answers.file(mail, inbound, notice, at)
    held = holding.why_held(inbound, proof=proof, standing=facts.standing)
    if not held:
        return None
    mail.team = _whose(mail, inbound, proof, facts)
    return outcomes.hold(mail, inbound, held, proof, at)


def _receive(mail: Mail, inbound: Inbound, proof: int | None, facts: _Facts, at: datetime) -> Filed:
    named = [one.email for one in (*inbound.to, *inbound.cc)]
    forwarded = [one.email for one in (*inbound.forwarded.to, inbound.forwarded.sender)] if inbound.forwarded else []
    ours = facts.ours.among(inbound.recipients or named)
    received = desk.receive(
        inbound,
        channel="email",
        at=_said_at(mail, inbound),
        proof=proof,
        decided=Decision(mail.decision) if mail.decision else None,
        answered_from=facts.ours.answering(ours),
        ours=[*ours, *facts.ours.among([*named, *forwarded])],
        silent=mail.silent,
        standing=facts.standing,
    )
    # After a decision a person looks at it already, and perhaps at a sender who never wrote; and whose letter a
    # colleague passed on, the colleague has told or will tell.
    looked_after = mail.decision or received.message.forwarded_by_id
    if received.opened and received.promise and not looked_after and not _is_late(mail, inbound):
        acknowledge.acknowledge(
            received.conversation, inbound, envelope_from=_envelope_from(mail), due_at=received.promise.due_at, at=at
        )
    return outcomes.filed(mail, inbound, received, at)


def _whose(mail: Mail, inbound: Inbound, answers: int | None, facts: _Facts) -> Team | None:
    return whose.team_of(mail, inbound, answers=answers, ownership_map=facts.standing.map)


def _recall(mail: Mail, inbound: Inbound, facts: _Facts, at: datetime) -> Filed | None:
    """A letter in an archive that one of us wrote to somebody outside; None when it is anything else."""
    if not mail.silent or inbound.automatic or not (_is_of_staff(inbound, facts) or _loop(inbound, facts)):
        return None
    to = history.correspondents(inbound, ours=facts.ours.among(one.email for one in (*inbound.to, *inbound.cc)))
    if not to:
        return None
    recalled = history.recall(
        inbound,
        to=to,
        channel="email",
        at=_said_at(mail, inbound),
        answered_from=facts.ours.answering([inbound.sender.email, *inbound.recipients]),
        standing=facts.standing,
    )
    return outcomes.filed(mail, inbound, recalled, at)


def _loop(inbound: Inbound, facts: _Facts) -> str:
    """Mail from one of our own addresses is our own mail coming back."""
    is_ours = facts.ours.is_a_desk(inbound.sender.email, of_staff=_is_of_staff(inbound, facts))
    return "loop" if is_ours else ""


def _is_of_staff(inbound: Inbound, facts: _Facts) -> bool:
    return facts.standing.is_of_staff(normalised(inbound.sender.email))


def _with_its_mailbox(inbound: Inbound, mail: Mail) -> Inbound:
    """A fetched mail came without an envelope: whatever its header says, it lay in that mailbox of ours."""
    if mail.fetched_into is None:
        return inbound
    return replace(inbound, recipients=(*inbound.recipients, mail.fetched_into.address))


def _from_a_machine_if_sent_back(inbound: Inbound) -> Inbound:
    """Only programs write to the envelope sender of a notice, whether they say so or not: it is no person's."""
    if inbound.automatic is None and tokens.member_not_reached(inbound.recipients):
        return replace(inbound, automatic="auto-reply")
    return inbound


def _said_at(mail: Mail, inbound: Inbound) -> datetime:
    """What comes in now counts from now; history keeps its date."""
    if not mail.silent:
        return mail.accepted_at
    return min(mail.arrived_at or inbound.sent_at or mail.accepted_at, mail.accepted_at)


def _envelope_from(mail: Mail) -> str | None:
    """The sender of its envelope, "" for the null sender; None when it came without an envelope, from a mailbox."""
    return None if mail.fetched_into else mail.envelope_from


def _is_late(mail: Mail, inbound: Inbound) -> bool:
    """Whether it waited elsewhere so long that an acknowledgement would only puzzle. Some programs move a mail from one
    mailbox to another as if it had arrived there just now, so its own date counts as well.
    """
    if mail.arrived_at is None:
        return False
    since = min(mail.arrived_at, inbound.sent_at or mail.arrived_at)
    return mail.accepted_at - since > ACKNOWLEDGED_WITHIN
