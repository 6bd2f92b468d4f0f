"""What was said before our time, from a mailbox's archive: the letters of both sides, thread by thread.

Nothing comes of history: nobody is written to, promised or paged. That is why a thread may be followed here by what the
letters say they answer, where live mail needs proof (see `belonging`). It never leads from one customer to another: a
letter joins only what its sender, or of our own letters whoever it was written to, takes part in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries, saying
from everyhand.conversations.models import Conversation, Message
from everyhand.customers import actions as customers
from everyhand.customers.actions import normalised
from everyhand.customers.models import Identity
from everyhand.desk import kept
from everyhand.desk.belonging import is_genuine
from everyhand.desk.inbound import Address, Inbound
from everyhand.desk.standing import Standing
from everyhand.people.models import Member

CORRESPONDENTS = 20


@dataclass(frozen=True)
class Recalled:
    """Where a letter of ours was put, and whether it opened that conversation."""

    conversation: Conversation
    message: Message
    opened: bool


def thread_of(inbound: Inbound, parties: Sequence[Identity]) -> Conversation | None:
    """The conversation that holds the thread of this old letter and that one of `parties` takes part in; locked."""
    if not is_genuine(inbound):
        return None
    named = [*inbound.references, *inbound.in_reply_to]
    found = queries.holding_thread(parties, message_id=inbound.message_id, named=named)
    return queries.locked(found) if found else None


def correspondents(inbound: Inbound, *, ours: Sequence[str]) -> list[Address]:
    """Whom outside a letter of ours was written to. `ours` are all among its recipients that belong to us."""
    named = {normalised(one.email): one for one in (*inbound.to, *inbound.cc) if one.email}
    inside = {normalised(one) for one in ours}
    inside |= set(Member.objects.filter(email__in=list(named)).values_list("email", flat=True))
    return [address for value, address in named.items() if value not in inside][:CORRESPONDENTS]


@transaction.atomic
def recall(
    inbound: Inbound,
    *,
    to: Sequence[Address],
    channel: str,
    at: datetime,
    answered_from: str = "",
    standing: Standing | None = None,
) -> Recalled:
    """Keep a letter that we ourselves wrote, in the conversation of those it went to (`to`, at least one).

    It is nobody's whose name it only bears: a member is its author where they are proved to have sent it.
    """
    standing = standing or Standing()
    known = standing.known
    identities = [customers.identify(email=one.email, name=one.name, at=at, known=known) for one in to]
    conversation = thread_of(inbound, identities)
    opened = conversation is None
    if conversation is None:
        decision = standing.map.owner_for(kept.hints(inbound), at=at)
        conversation = conversations.open_conversation(
            customer_identity=identities[0],
            subject=inbound.subject,
            channel=channel,
            address=answered_from,
            owner=decision.owner,
            team=decision.team,
            because=decision.because,
            at=at,
            imported=True,
        )
    author = Member.objects.filter(email=normalised(inbound.sender.email)).first() if _is_proved(inbound) else None
    message = saying.recall(conversation, author=author, at=at, files=kept.files(inbound), **kept.words(inbound))
    conversations.propose(conversation, identities[1:] if opened else identities, at=at)
    return Recalled(conversation, message, opened)


def _is_proved(inbound: Inbound) -> bool:
    return inbound.verdict.is_proved and not inbound.sender_doubtful
