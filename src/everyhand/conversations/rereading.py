"""A message is read afresh from the mail it came in: what it says may change, what happened to it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from everyhand.conversations import checking, finding, queries
from everyhand.conversations.models import Attachment, Message
from everyhand.conversations.saying import Upload, snippet_of
from everyhand.core import blobs, journal

# What may turn out to be said otherwise. Who wrote it, when, to whom and where it belongs is no matter of reading.
WORDS: Final = ("subject", "text", "reply", "quoted", "html", "remarks")


@transaction.atomic
def read_again(message: Message, *, words: Mapping[str, Any], files: Sequence[Upload], at: datetime) -> None:
    """Replace the WORDS and the files of a message from outside, and find it by them.

    A file that stays keeps its address. The conversation is called by the new subject if it was by the old one. Nobody
    is told, and no promise, status or order of conversations changes.
    """
    conversation = queries.locked(message.conversation)
    called_by_it = conversation.subject == message.subject[:500]
    for name in WORDS:
        setattr(message, name, words[name])
    message.conversation = conversation
    message.save(update_fields=WORDS)
    if not has_files(message, files):
        _replace(message, files)
        if files:
            checking.to_be_checked(message, at=at)
    if called_by_it:
        conversation.subject = message.subject[:500]
    if conversation.last_message_at == message.at:
        conversation.snippet = snippet_of(message)
    conversation.save(update_fields=["subject", "snippet"])
    if called_by_it:
        finding.index_again(conversation)
    else:
        finding.index(message)
    journal.note("message.read_again", subject=conversation, at=at, message=message.pk)


def has_files(message: Message, files: Sequence[Upload]) -> bool:
    """Whether exactly these are attached to it, in this order, called and typed like this."""
    return [_shown(one) for one in _attached(message)] == [{**file.fields, "sha256": file.sha256} for file in files]


def _replace(message: Message, files: Sequence[Upload]) -> None:
    """The same content keeps the address people may have kept."""
    tokens: dict[str, list[str]] = {}
    for attachment in _attached(message):
        tokens.setdefault(attachment.blob.sha256, []).append(attachment.token)
    message.attachments.all().delete()
    for file in files:
        known = tokens.get(file.sha256)
        address = {"token": known.pop(0)} if known else {}
        Attachment.objects.create(message=message, blob=blobs.keep(file.content), **file.fields, **address)


def _attached(message: Message) -> list[Attachment]:
    return list(message.attachments.select_related("blob").defer("blob__content").order_by("pk"))


def _shown(attachment: Attachment) -> dict[str, Any]:
    names = ("name", "type", "size", "content_id", "inline")
    return {name: getattr(attachment, name) for name in names} | {"sha256": attachment.blob.sha256}
