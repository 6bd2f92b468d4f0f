"""Where a message from outside belongs: in a conversation it proved to know, in one of its own, or before a person.

Joining takes three things: our signed token, a sender who takes part, and no reason to believe that somebody else used
their name. Nothing else joins by itself, and who claims to be one of us is never taken for them.
"""

from __future__ import annotations

from enum import StrEnum

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation
from everyhand.customers.actions import normalised
from everyhand.desk.inbound import Inbound
from everyhand.desk.standing import Standing


class Held(StrEnum):
    """Why a message waits for a person to decide."""

    FORGED_REPLY = "forged-reply"
    DOUBTFUL_REPLY = "doubtful-reply"
    MEMBER_UNPROVED = "member-unproved"
    ACCOUNT_MAIL = "account-mail"
    NOTICE_ANSWER = "notice-answer"

    @property
    def may_join(self) -> bool:
        """Whether a person may let it into the conversation it answers, if it answers one."""
        return self not in (Held.ACCOUNT_MAIL, Held.NOTICE_ANSWER)


class Decision(StrEnum):
    """What a person says about a held message: into the conversation it answers, into one of its own, or away."""

    JOIN = "join"
    OPEN = "open"
    DISMISS = "dismiss"


def why_held(inbound: Inbound, *, proof: int | None, standing: Standing) -> Held | None:
    """Why a person has to decide about this message; None when it may be received. `proof` is as in `receive`."""
    sender = normalised(inbound.sender.email)
    is_proved = inbound.verdict.is_proved and not inbound.sender_doubtful
    if sender and not is_proved and standing.is_of_staff(sender):
        return Held.MEMBER_UNPROVED
    if proof is None:
        return None
    if inbound.sender_doubtful:
        return Held.DOUBTFUL_REPLY
    if inbound.verdict.is_forged and queries.takes_part_as(proof, sender):
        return Held.FORGED_REPLY
    return None


def may_continue(inbound: Inbound) -> Conversation | None:
    """An open conversation of the sender's that a message without a token may be about, to be shown beside it."""
    if inbound.sender_doubtful or inbound.verdict.is_forged:
        return None
    named = [*inbound.references, *inbound.in_reply_to]
    return queries.seems_to_continue(normalised(inbound.sender.email), message_ids=named, subject=inbound.subject)


def is_genuine(inbound: Inbound) -> bool:
    """Whether those it was copied to may be proposed: nobody is, in another's name."""
    return not inbound.sender_doubtful and not inbound.verdict.is_forged
