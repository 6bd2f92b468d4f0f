"""A member passes on what a customer wrote to them: the conversation is the customer's, and not the member's.

So whoever a customer happened to write to hands them over by forwarding the mail. It takes a member who is proved to be
the sender, since what stands in a forwarded mail is theirs to say: nothing proves that the customer wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from everyhand.customers.actions import normalised
from everyhand.desk.inbound import Inbound
from everyhand.people.models import Member


@dataclass(frozen=True)
class Brought:
    """What a member passes on: the customer's letter, when it was written as its header says, and what they wrote
    beside it themselves. `colleagues` are the members among the letter's recipients, who are nobody's participants.
    It `stays` with whoever passes it on if they said so, whatever the ownership map names.
    """

    by: Member
    letter: Inbound
    dated: str
    beside: str
    colleagues: list[str]
    stays: bool = False


def brought(inbound: Inbound, *, ours: Sequence[str] = ()) -> Brought | None:
    """What a member passes on with this message; None when it is a message like any other.

    `ours` are addresses of ours it names: what one of us wrote, or the desk itself, is no customer's.
    """
    found = inbound.forwarded
    if found is None or inbound.sender_doubtful or not inbound.verdict.is_proved:
        return None
    sender, customer = normalised(inbound.sender.email), normalised(found.sender.email)
    if not customer or customer in (normalised(one) for one in ours):
        return None
    named = [sender, customer, *(normalised(one.email) for one in found.to)]
    members = {one.email.lower(): one for one in Member.objects.filter(email__in=named)}
    if sender not in members or customer in members or not members[sender].is_active:
        return None
    return Brought(members[sender], original(inbound), found.dated, found.beside, list(members))


def original(inbound: Inbound) -> Inbound:
    """The customer's letter as far as the forwarded mail shows it. Its files are those of the mail that brought it.

    Its Message-ID is what the mail says it refers to, so that our answers stand below the original in the customer's
    mail program. Raises `ValueError` if the mail forwards nothing.
    """
    found = inbound.forwarded
    if found is None:
        raise ValueError("this mail forwards nothing")
    referred = [*inbound.references, *inbound.in_reply_to]
    return replace(
        inbound,
        sender=found.sender,
        to=found.to,
        cc=(),
        reply_to=(),
        subject=found.subject or inbound.subject,
        text=found.text,
        reply=found.text,
        quoted="",
        html="",
        sent_at=found.sent_at,
        message_id=next(iter(inbound.in_reply_to), referred[-1] if referred else ""),
        in_reply_to=(),
        references=tuple(dict.fromkeys(referred)),
    )
