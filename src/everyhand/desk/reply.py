"""A member answers a customer, and may take it back for some seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import queries, quoting, saying
from everyhand.conversations.models import Conversation, Message, Status
from everyhand.people.models import Member
from everyhand.promises import actions as promises

MakeMessageId = Callable[[int], str]


@dataclass(frozen=True)
class Overtaken(Exception):
    """Somebody answered after the author last looked: nothing was sent, here is what they said."""

    messages: list[Message]


class NothingToSend(ValueError):
    """A reply needs words or a file, and somebody to go to."""


@transaction.atomic
def reply(
    conversation: Conversation,
    *,
    author: Member,
    text: str,
    html: str = "",
    at: datetime,
    message_id_for: MakeMessageId,
    sender: saying.Sender | None = None,
    seen: int | None = None,
    files: Sequence[saying.Upload] = (),
) -> Message:
    """Answer everybody who takes part. The message and one delivery for each of them are written together.

    It comes from `sender`, or else from the address the customer wrote to, under the lines of the conversation's team.
    `seen` is the newest message the author had in front of them: if a colleague or the customer has said something
    since, nothing is sent and `Overtaken` is raised with it. None sends without looking. Raises `NothingToSend`.
    """
    conversation = queries.locked(conversation)
    if not text.strip() and not files:
        raise NothingToSend("no words and no file")
    newer = queries.said_since(conversation, seen, but_by=author) if seen is not None else []
    if newer:
        raise Overtaken(newer)
    recipients = queries.addressees(conversation)
    if not recipients:
        raise NothingToSend("nobody to send it to")
    in_reply_to, references = queries.thread_of(conversation)
    house = settings.EVERYHAND
    sender = sender or saying.Sender(conversation.address)
    message = saying.say(
        conversation,
        author=author,
        text=text,
        html=html,
        recipients=recipients,
        sender=sender,
        at=at,
        undo_within=house.undo_send,
        message_id_for=message_id_for,
        files=files,
        in_reply_to=in_reply_to,
        references=references,
        signature=author.signs(sender.signature or (conversation.team.signature if conversation.team else "")),
        quoted=quoting.earlier_words(
            conversation,
            recipients=[address for address, _ in recipients],
            how_much=house.quote_history,
            language=house.language,
            time_zone=house.time_zone,
            at=at,
        ),
    )
    conversations.wait_for(conversation, Status.WAITING)
    promises.answered(conversation, by=author, at=at)
    return message


@transaction.atomic
def take_back(message: Message, *, by: Member, at: datetime) -> bool:
    """Undo a reply that has not left yet; False when it is too late. If the customer waits again, so does a promise."""
    conversation = queries.locked(message.conversation)
    if not saying.take_back(message, by=by, at=at):
        return False
    if queries.customer_spoke_last(conversation):
        conversations.wait_for(conversation, Status.OPEN)
        promises.answer_taken_back(conversation, answered_at=message.at, at=at)
    return True


@transaction.atomic
def write_note(
    conversation: Conversation, *, author: Member, text: str, at: datetime, files: Sequence[saying.Upload] = ()
) -> Message:
    """An internal remark: kept beside the messages, never sent. Raises `NothingToSend`."""
    if not text.strip() and not files:
        raise NothingToSend("no words and no file")
    return saying.note(conversation, author=author, text=text, at=at, files=files)
