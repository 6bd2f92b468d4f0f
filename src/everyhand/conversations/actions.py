"""What can happen to a conversation. Each is called by a verb of the desk, in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from everyhand.conversations import finding
from everyhand.conversations.models import Conversation, Participant, Status
from everyhand.core import journal, rows
from everyhand.customers.models import Identity
from everyhand.people.models import Member, Team


@contextmanager
def changing(conversation: Conversation) -> Iterator[None]:
    """Whatever changes about this object of a conversation in the block is written once, at its end."""
    changed: set[str] = set()
    conversation.changed = changed
    try:
        yield
    finally:
        conversation.changed = None
    if changed:
        rows.save(conversation, sorted(changed))


def open_conversation(
    *,
    customer_identity: Identity,
    subject: str,
    channel: str,
    address: str,
    owner: Member,
    team: Team | None,
    because: dict[str, Any],
    at: datetime,
    linked_to: Conversation | None = None,
    imported: bool = False,
    by: Member | None = None,
) -> Conversation:
    """A new conversation with its owner; the customer takes part from the start. An `imported` one is closed. `by` is
    the member who brought it, if the customer did not come to us by themselves.
    """
    conversation = rows.create(
        Conversation,
        subject=subject[:500],
        channel=channel,
        customer=customer_identity.customer,
        owner=owner,
        team=team,
        owner_because=because,
        address=address[:320],
        opened_at=at,
        last_message_at=at,
        linked_to=linked_to,
        status=Status.CLOSED if imported else Status.OPEN,
        closed_at=at if imported else None,
    )
    rows.create(Participant, conversation=conversation, identity=customer_identity, proposed_at=at, approved_at=at)
    fact = "conversation.imported" if imported else "conversation.opened"
    journal.note(fact, subject=conversation, actor=by, at=at, owner=owner.pk, because=because)
    return conversation


def assign(
    conversation: Conversation,
    *,
    owner: Member,
    team: Team | None,
    because: dict[str, Any],
    by: Member | None,
    at: datetime,
    **more: Any,
) -> journal.Entry:
    """Make somebody responsible. The fact tells who was, and why, so that it can be undone; `more` goes into it."""
    before, team_before, because_before = conversation.owner_id, conversation.team_id, conversation.owner_because
    conversation.owner, conversation.team, conversation.owner_because = owner, team, because
    keep(conversation, "owner", "team", "owner_because")
    return journal.note(
        "conversation.assigned",
        subject=conversation,
        actor=by,
        at=at,
        owner=owner.pk,
        before=before,
        team=team.pk if team else None,
        team_before=team_before,
        because=because,
        because_before=because_before,
        **more,
    )


def close(
    conversation: Conversation, *, by: Member | None, at: datetime, since: datetime | None = None, **more: Any
) -> journal.Entry:
    """Settle it; `since` is given when it already was, and reopening it is undone. The fact tells how it stood."""
    before = conversation.status
    if conversation.sleeps_until:
        more["slept_until"] = conversation.sleeps_until.isoformat()
    conversation.status, conversation.closed_at, conversation.sleeps_until = Status.CLOSED, since or at, None
    keep(conversation, "status", "closed_at", "sleeps_until")
    return journal.note("conversation.closed", subject=conversation, actor=by, at=at, before=before, **more)


def reopen(
    conversation: Conversation, *, by: Member | None, at: datetime, status: str = Status.OPEN, **more: Any
) -> journal.Entry:
    """Open it again: a member decides so (`by`), or the customer wrote. The fact tells since when it was closed."""
    closed_at = conversation.closed_at
    conversation.status, conversation.closed_at = status, None
    keep(conversation, "status", "closed_at")
    before = closed_at.isoformat() if closed_at else ""
    return journal.note("conversation.reopened", subject=conversation, actor=by, at=at, closed_at=before, **more)


def wait_for(conversation: Conversation, status: Status) -> None:
    """Whose turn it is: OPEN when the customer waits for us, WAITING when we wait for them."""
    if conversation.status != status:
        conversation.status, conversation.closed_at, conversation.sleeps_until = status, None, None
        keep(conversation, "status", "closed_at", "sleeps_until")


def set_reply_due(conversation: Conversation, due_at: datetime | None) -> None:
    """Keep the time of the open promise where the inbox reads it."""
    conversation.reply_due = due_at
    keep(conversation, "reply_due")


def set_escalated(conversation: Conversation, at: datetime | None) -> None:
    """Keep since when people are paged for it where the inbox reads it; None when nobody is."""
    if conversation.escalated_at != at:
        conversation.escalated_at = at
        keep(conversation, "escalated_at")


def propose(conversation: Conversation, identities: Iterable[Identity], *, at: datetime) -> None:
    """People copied in by mail: a member decides whether they take part; until then they see nothing."""
    proposed = [Participant(conversation=conversation, identity=identity, proposed_at=at) for identity in identities]
    if proposed:
        Participant.objects.bulk_create(proposed, ignore_conflicts=True)


def erase(conversation: Conversation) -> None:
    """Delete a conversation with everything said in it. Its mail stays known, so that it can't come back."""
    finding.forget(conversation)
    conversation.delete()


def keep(conversation: Conversation, *names: str) -> None:
    """Save these fields: now, or at the end of `changing`."""
    if conversation.changed is None:
        rows.save(conversation, names)
    else:
        conversation.changed.update(names)
