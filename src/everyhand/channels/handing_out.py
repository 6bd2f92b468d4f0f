"""Everything we keep about a customer, as one ZIP that people and programs can read (GDPR articles 15 and 20).

`customer.json` says who they are and all that was said; `mails/` has each mail as it came, `files/` each attachment.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from everyhand.channels.email.fingerprint import alone
from everyhand.channels.email.models import RawMail
from everyhand.conversations import tags
from everyhand.conversations.models import Attachment, Conversation, Message, taken_back
from everyhand.core import journal
from everyhand.customers.models import Customer

FORMAT = "everyhand-customer-1"
# What was erased has no bytes to hand out.
NOTHING = b""


class _Passing:
    """A file that can only be written and is handed on piece by piece, so that no archive is ever whole in memory."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def archive(
    customer: Customer, conversations: QuerySet[Conversation], *, at: datetime, notes: bool = False
) -> Iterator[bytes]:
    """The archive in pieces, with these of the customer's conversations.

    With `notes` it also has what colleagues said among themselves; without, it can be given to the customer as it is.
    """
    passing = _Passing()
    with zipfile.ZipFile(passing, "w", zipfile.ZIP_DEFLATED) as packed:  # type: ignore[call-overload] # only written
        with packed.open("customer.json", "w", force_zip64=True) as file:
            for piece in _told(customer, conversations, at=at, notes=notes):
                file.write(piece.encode())
                yield passing.taken()
        messages = _said(conversations, notes=notes)
        for raw in RawMail.objects.filter(mail__message__in=messages).exclude(content=NOTHING).iterator(chunk_size=10):
            packed.writestr(f"mails/{alone(raw.digest)}.eml", bytes(raw.content))
            yield passing.taken()
        files = Attachment.objects.filter(message__in=messages).select_related("blob")
        for attachment in files.iterator(chunk_size=10):
            packed.writestr(_place(attachment), bytes(attachment.blob.content))
            yield passing.taken()
    yield passing.taken()


def _told(customer: Customer, conversations: QuerySet[Conversation], *, at: datetime, notes: bool) -> Iterator[str]:
    """`customer.json`, a conversation at a time: somebody may have written for twenty years."""
    known = {"what_colleagues_know": customer.about} if notes else {}
    person = {"format": FORMAT, "made_at": at.isoformat(), **_person(customer), **known}
    yield json.dumps(person, ensure_ascii=False)[:-1]
    yield ', "conversations": ['
    written = conversations.select_related("owner", "team").order_by("opened_at", "pk")
    for place, conversation in enumerate(written.iterator(chunk_size=50)):
        yield (", " if place else "") + json.dumps(_conversation(conversation, notes=notes), ensure_ascii=False)
    yield "]}"


def _person(customer: Customer) -> dict[str, Any]:
    return {
        "name": customer.name,
        "known_since": customer.since.isoformat(),
        "organization": customer.organization.name if customer.organization else None,
        "identities": [
            {
                "kind": one.kind,
                "value": one.address or None,
                "name": one.name,
                "undeliverable_at": _moment(one.undeliverable_at),
            }
            for one in customer.identities.all()
        ],
    }


def _said(conversations: QuerySet[Conversation], *, notes: bool) -> QuerySet[Message]:
    """Without what was taken back: those words were never theirs to read. And without notes that are gone."""
    said = Message.objects.filter(~taken_back(), conversation__in=conversations, removed=None)
    return said if notes else said.exclude(kind=Message.Kind.NOTE)


def _conversation(conversation: Conversation, *, notes: bool) -> dict[str, Any]:
    messages = (
        _said(Conversation.objects.filter(pk=conversation.pk), notes=notes)
        .select_related("author_member", "author_identity")
        .prefetch_related("attachments__blob", "deliveries")
        .order_by("at", "id")
    )
    return {
        "number": conversation.pk,
        "subject": conversation.subject,
        "status": conversation.status,
        "opened_at": conversation.opened_at.isoformat(),
        "closed_at": _moment(conversation.closed_at),
        "owner": conversation.owner.name,
        "team": conversation.team.name if conversation.team else None,
        "tags": [tag.name for tag in tags.on([conversation.pk]).get(conversation.pk, ())],
        "messages": [_message(one) for one in messages],
        "events": [
            {"at": entry.at.isoformat(), "what": entry.action}
            for entry in journal.about(conversation).only("at", "action")
        ],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "direction": message.direction,
        "author": message.author,
        "at": message.at.isoformat(),
        "sent_at": _moment(message.sent_at),
        "subject": message.subject,
        "recipients": message.recipients,
        "text": message.text,
        "html": message.html,
        "sender_verdict": message.verdict,
        "files": [
            {"name": one.name, "type": one.type, "size": one.size, "in_archive": _place(one)}
            for one in message.attachments.all()
        ],
        "deliveries": [
            {"address": one.address, "state": one.state, "answer": one.answer} for one in message.deliveries.all()
        ],
    }


def _place(attachment: Attachment) -> str:
    """Its name in the archive: a number first, so that no two are the same and none leads out of the archive."""
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in attachment.name)
    return f"files/{attachment.pk}-{kept.lstrip('.')[-100:] or 'file'}"


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
