"""Forgetting what a customer and we said to each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import finding
from everyhand.conversations.models import (
    Attachment,
    Conversation,
    Delivery,
    DraftFile,
    Message,
    Participant,
    RemotePicture,
)
from everyhand.core import blobs, journal
from everyhand.customers.models import Identity

# Kept in English; the page tells it in the reader's language.
ERASED = "What stood here was erased because its writer asked for it."


@transaction.atomic
def erase(conversation: Conversation) -> None:
    """A conversation with every word, file and promise of it. That it existed stays in the journal, by its number."""
    of_messages = Attachment.objects.filter(message__conversation=conversation).values_list("blob", flat=True)
    of_drafts = DraftFile.objects.filter(draft__conversation=conversation).values_list("blob", flat=True)
    outside = RemotePicture.objects.filter(message__conversation=conversation).values_list("blob", flat=True)
    files = [*of_messages, *of_drafts, *outside]
    conversations.erase(conversation)
    blobs.let_go(files)


@transaction.atomic
def erase_elsewhere(conversation: Conversation, identities: Sequence[Identity], *, at: datetime) -> None:
    """What somebody said in the conversation of somebody else. That somebody spoke there stays, without a word."""
    theirs = Message.objects.filter(conversation=conversation, author_identity__in=identities)
    of_messages, outside = (
        Attachment.objects.filter(message__in=theirs),
        RemotePicture.objects.filter(message__in=theirs),
    )
    files = [*of_messages.values_list("blob", flat=True), *outside.values_list("blob", flat=True)]
    of_messages.delete()
    outside.delete()
    blobs.let_go(files)
    theirs.update(
        text="", reply="", quoted="", html="", subject="", author_name="", message_id="", in_reply_to="", dated="",
        references=[], recipients=[], verdict={}, remarks=[ERASED],
    )  # fmt: skip
    addresses = {identity.value for identity in identities}
    for message in Message.objects.filter(conversation=conversation).exclude(pk__in=theirs.values("pk")):
        kept = [one for one in message.recipients if one["email"].lower() not in addresses]
        if kept != message.recipients:
            message.recipients = kept
            message.save(update_fields=["recipients"])
    for delivery in Delivery.objects.filter(message__conversation=conversation, address__in=addresses):
        delivery.address, delivery.name, delivery.answer = f"erased-{delivery.pk}", "", ""
        delivery.save(update_fields=["address", "name", "answer"])
    Participant.objects.filter(conversation=conversation, identity__in=identities, declined_at=None).update(
        declined_at=at
    )
    finding.index_again(conversation)
    journal.note("conversation.words_erased", subject=conversation, at=at)
