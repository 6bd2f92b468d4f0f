"""What can happen to a conversation and its messages. Each is called by a verb of the desk, in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from everyhand.conversations import finding
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message, Participant, Status
from everyhand.core import blobs, journal
from everyhand.customers.models import Identity
from everyhand.people.models import Member, Team


@dataclass(frozen=True)
class Sender:
    """Where a reply comes from: an address of ours, the house it speaks for, and what stands under the writer's words.

    An empty `name` is the mailbox's own.
    """

    address: str
    name: str = ""
    signature: str = ""


@dataclass(frozen=True)
class Upload:
    """A file a member attaches."""

    name: str
    type: str
    content: bytes
    content_id: str = ""
    inline: bool = False

    @property
    def sha256(self) -> str:
        return blobs.digest(self.content)

    @property
    def fields(self) -> dict[str, Any]:
        """As the attachment it becomes has it."""
        return {
            "name": (self.name or "file")[:300],
            "type": (self.type or "application/octet-stream")[:150],
            "size": len(self.content),
            "content_id": self.content_id[:300],
            "inline": self.inline,
        }


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
        conversation.save(update_fields=changed)


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
) -> Conversation:
    """A new conversation with its owner; the customer takes part from the start. An `imported` one is closed."""
    conversation = Conversation.objects.create(
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
    Participant.objects.create(conversation=conversation, identity=customer_identity, proposed_at=at, approved_at=at)
    fact = "conversation.imported" if imported else "conversation.opened"
    journal.note(fact, subject=conversation, at=at, owner=owner.pk, because=because)
    return conversation


def hear(
    conversation: Conversation,
    *,
    identity: Identity,
    at: datetime,
    files: Sequence[Upload] = (),
    imported: bool = False,
    **words: Any,
) -> Message:
    """A message from outside, or one `imported` from before our time. `words` are fields of `Message`."""
    message = Message.objects.create(
        conversation=conversation, direction=Message.Direction.IN, author_identity=identity, at=at, **words
    )
    _attach(message, files)
    finding.index_new(message, files=[file.name for file in files])
    _touch(conversation, message)
    fact = "message.imported" if imported else "message.received"
    journal.note(fact, subject=conversation, at=at, message=message.pk)
    if imported:
        _reach_back(conversation, at)
    return message


def recall(
    conversation: Conversation, *, author: Member | None, at: datetime, files: Sequence[Upload] = (), **words: Any
) -> Message:
    """A letter that we sent before our time: `author` is the member who is known to have written it, else only a name
    stands on it. It has no deliveries and never gets any. `words` are fields of `Message`.
    """
    message = Message.objects.create(
        conversation=conversation, direction=Message.Direction.OUT, author_member=author, at=at, **words
    )
    _attach(message, files)
    finding.index(message)
    _touch(conversation, message)
    journal.note("message.imported", subject=conversation, at=at, message=message.pk)
    _reach_back(conversation, at)
    return message


def say(
    conversation: Conversation,
    *,
    author: Member,
    text: str,
    recipients: Sequence[tuple[str, str]],
    sender: Sender,
    at: datetime,
    undo_within: timedelta,
    message_id_for: Any,
    files: Sequence[Upload] = (),
    in_reply_to: str = "",
    references: Sequence[str] = (),
    html: str = "",
    signature: str = "",
    quoted: str = "",
) -> Message:
    """A reply of ours, with a delivery for each of `recipients` ((address, name)), due once it can't be undone.

    `html` is the same words as `rich_text.cleaned` leaves them, its pictures among `files` by their Content-ID.
    `message_id_for` makes the Message-ID from the message's primary key, so that it is settled before the first try.
    """
    message = Message.objects.create(
        conversation=conversation,
        direction=Message.Direction.OUT,
        author_member=author,
        text=text,
        reply=text,
        html=html,
        signature=signature,
        quoted=quoted,
        at=at,
        subject=conversation.subject,
        in_reply_to=in_reply_to[:1000],
        references=list(references),
        recipients=[{"name": name, "email": address, "as": "to"} for address, name in recipients],
        from_address=sender.address[:320],
        from_name=sender.name[:200],
    )
    message.message_id = message_id_for(message.pk)
    message.save(update_fields=["message_id"])
    _attach(message, files)
    finding.index_new(message, files=[file.name for file in files])
    Delivery.objects.bulk_create(
        Delivery(message=message, address=address, name=name[:300], due_at=at + undo_within)
        for address, name in recipients
    )
    _touch(conversation, message)
    journal.note("message.sent", subject=conversation, actor=author, at=at, message=message.pk)
    return message


def note(
    conversation: Conversation, *, author: Member, text: str, at: datetime, files: Sequence[Upload] = ()
) -> Message:
    """An internal remark. It has no deliveries and never gets any."""
    message = Message.objects.create(
        conversation=conversation,
        kind=Message.Kind.NOTE,
        direction=Message.Direction.OUT,
        author_member=author,
        text=text,
        reply=text,
        at=at,
    )
    _attach(message, files)
    finding.index_new(message, files=[file.name for file in files])
    journal.note("note.written", subject=conversation, actor=author, at=at, message=message.pk)
    return message


def take_back(message: Message, *, by: Member, at: datetime) -> bool:
    """Undo a reply while no delivery of it has begun; False when it is too late."""
    untouched = Delivery.objects.filter(
        message=message, done_at=None, quarantined_at=None, attempts=0, claimed_until=None, due_at__gt=at
    )
    if untouched.count() != message.deliveries.count():
        return False
    untouched.update(taken_back_at=at, done_at=at)
    journal.note("message.taken_back", subject=message.conversation, actor=by, at=at, message=message.pk)
    return True


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
    _keep(conversation, "owner", "team", "owner_because")
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
    _keep(conversation, "status", "closed_at", "sleeps_until")
    return journal.note("conversation.closed", subject=conversation, actor=by, at=at, before=before, **more)


def reopen(
    conversation: Conversation, *, by: Member | None, at: datetime, status: str = Status.OPEN, **more: Any
) -> journal.Entry:
    """Open it again: a member decides so (`by`), or the customer wrote. The fact tells since when it was closed."""
    closed_at = conversation.closed_at
    conversation.status, conversation.closed_at = status, None
    _keep(conversation, "status", "closed_at")
    before = closed_at.isoformat() if closed_at else ""
    return journal.note("conversation.reopened", subject=conversation, actor=by, at=at, closed_at=before, **more)


def wait_for(conversation: Conversation, status: Status) -> None:
    """Whose turn it is: OPEN when the customer waits for us, WAITING when we wait for them."""
    if conversation.status != status:
        conversation.status, conversation.closed_at, conversation.sleeps_until = status, None, None
        _keep(conversation, "status", "closed_at", "sleeps_until")


def set_reply_due(conversation: Conversation, due_at: datetime | None) -> None:
    """Keep the time of the open promise where the inbox reads it."""
    conversation.reply_due = due_at
    _keep(conversation, "reply_due")


def propose(conversation: Conversation, identities: Iterable[Identity], *, at: datetime) -> None:
    """People copied in by mail: a member decides whether they take part; until then they see nothing."""
    proposed = [Participant(conversation=conversation, identity=identity, proposed_at=at) for identity in identities]
    if proposed:
        Participant.objects.bulk_create(proposed, ignore_conflicts=True)


def erase(conversation: Conversation) -> None:
    """Delete a conversation with everything said in it. Its mail stays known, so that it can't come back."""
    finding.forget(conversation)
    conversation.delete()


def snippet_of(message: Message) -> str:
    """Its first words, as lists show them."""
    return " ".join((message.reply or message.text)[:600].split())[:200]


def _attach(message: Message, files: Sequence[Upload]) -> None:
    if files:
        Attachment.objects.bulk_create(
            Attachment(message=message, blob=blobs.keep(file.content), **file.fields) for file in files
        )


def _reach_back(conversation: Conversation, at: datetime) -> None:
    """An imported conversation lasts from its first letter to its last, in whatever order they are found."""
    if conversation.closed_at is None:
        return  # it goes on, and counts from when it was opened with us
    first, last = min(conversation.opened_at, at), max(conversation.closed_at, at)
    if (first, last) != (conversation.opened_at, conversation.closed_at):
        conversation.opened_at, conversation.closed_at = first, last
        _keep(conversation, "opened_at", "closed_at")


def _touch(conversation: Conversation, message: Message) -> None:
    if message.at < conversation.last_message_at:
        return  # history that was found later
    conversation.last_message_at = message.at
    conversation.snippet = snippet_of(message)
    _keep(conversation, "last_message_at", "snippet")


def _keep(conversation: Conversation, *names: str) -> None:
    """Save these fields: now, or at the end of `changing`."""
    if conversation.changed is None:
        conversation.save(update_fields=names)
    else:
        conversation.changed.update(names)
