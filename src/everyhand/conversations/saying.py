"""What is said in a conversation: heard, answered, noted, taken back. Each is called in a transaction of the desk's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from everyhand.conversations import checking, finding, queries
from everyhand.conversations.actions import keep
from everyhand.conversations.mentions import Mention
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message
from everyhand.conversations.taking_part import Addressees
from everyhand.core import blobs, journal, rows
from everyhand.customers.models import Identity
from everyhand.people.models import Member


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
    message = rows.create(
        Message, conversation=conversation, direction=Message.Direction.IN, author_identity=identity, at=at, **words
    )
    _attach(message, files)
    if files:
        checking.to_be_checked(message, at=at)
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
    if files:
        checking.to_be_checked(message, at=at)
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
    recipients: Addressees,
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
    """A reply of ours, with a delivery for each of `recipients`, due once it can't be undone.

    `html` is the same words as `rich_text.cleaned` leaves them, its pictures among `files` by their Content-ID.
    `message_id_for` makes the Message-ID from the message's primary key, so that it is settled before the first try.
    """
    message = rows.create(
        Message,
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
        recipients=[
            {"name": name, "email": address, "as": role}
            for role, some in (("to", recipients.to), ("cc", recipients.cc))
            for address, name in some
        ],
        from_address=sender.address[:320],
        from_name=sender.name[:200],
    )
    message.message_id = message_id_for(message.pk)
    rows.save(message, ["message_id"])
    _attach(message, files)
    finding.index_new(message, files=[file.name for file in files])
    rows.create_several(
        [
            Delivery(message=message, address=address, name=name[:300], due_at=at + undo_within)
            for address, name in recipients.everybody
        ]
    )
    _touch(conversation, message)
    journal.note("message.sent", subject=conversation, actor=author, at=at, message=message.pk)
    return message


def note(
    conversation: Conversation,
    *,
    author: Member,
    text: str,
    at: datetime,
    files: Sequence[Upload] = (),
    mentions: Sequence[Mention] = (),
) -> Message:
    """An internal remark, with those whom its text mentions. It has no deliveries and never gets any."""
    message = Message.objects.create(
        conversation=conversation,
        kind=Message.Kind.NOTE,
        direction=Message.Direction.OUT,
        author_member=author,
        text=text,
        reply=text,
        mentions=[{"member": one.member.pk, "as": one.words} for one in mentions] or None,
        at=at,
    )
    _attach(message, files)
    finding.index_new(message, files=[file.name for file in files])
    journal.note("note.written", subject=conversation, actor=author, at=at, message=message.pk)
    return message


def take_back(message: Message, *, by: Member, at: datetime) -> bool:
    """Undo a reply while no delivery of it has begun; False when it is too late. All of it, or nothing, even if the
    worker takes a delivery at this very moment. Nobody finds its words as something that we said.
    """
    untouched = Delivery.objects.filter(
        message=message, done_at=None, quarantined_at=None, attempts=0, claimed_until=None, due_at__gt=at
    )
    with transaction.atomic():
        if untouched.update(taken_back_at=at, done_at=at) != message.deliveries.count():
            transaction.set_rollback(True)
            return False
    finding.forget_message(message)
    look_again(message.conversation)
    journal.note("message.taken_back", subject=message.conversation, actor=by, at=at, message=message.pk)
    return True


def look_again(conversation: Conversation) -> None:
    """Its last words are others now: those of the newest message that was said, if there is any."""
    last = queries.said(conversation).order_by("-at", "-id").first()
    if last:
        conversation.last_message_at = last.at
    conversation.snippet = snippet_of(last) if last else ""
    keep(conversation, "last_message_at", "snippet")


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
        keep(conversation, "opened_at", "closed_at")


def _touch(conversation: Conversation, message: Message) -> None:
    if message.at < conversation.last_message_at:
        return  # history that was found later
    conversation.last_message_at = message.at
    conversation.snippet = snippet_of(message)
    keep(conversation, "last_message_at", "snippet")
