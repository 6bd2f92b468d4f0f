"""A member answers a customer, and may take it back for some seconds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from everyhand.conversations import actions as conversations
from everyhand.conversations import following, mentions, queries, quoting, saying, taking_part
from everyhand.conversations.models import Conversation, Message, Participant, Status
from everyhand.conversations.taking_part import Addressees
from everyhand.customers import actions as customers
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Escalation
from everyhand.notices import actions as notices
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
    recipients: Addressees | None = None,
    leave_out: Collection[str] = (),
) -> Message:
    """Answer everybody who takes part, or `recipients` instead: who is new among them takes part from now on, and of
    those in `leave_out` (addresses) nobody does. The message and one delivery for each are written together.

    It comes from `sender`, or else from the address the customer wrote to, under the lines of the conversation's team.
    `seen` is the newest message the author had in front of them: if a colleague or the customer has said something
    since, nothing is sent and `Overtaken` is raised with it. None sends without looking. Raises `NothingToSend`, and
    `queries.Merged` when it stands in another conversation by now.
    """
    conversation = queries.standing(conversation)
    if not text.strip() and not files:
        raise NothingToSend("no words and no file")
    newer = queries.said_since(conversation, seen, but_by=author) if seen is not None else []
    if newer:
        raise Overtaken(newer)
    if recipients:
        now_take_part(conversation, recipients, leave_out, by=author, at=at)
    else:
        recipients = taking_part.addressees(conversation)
    if not recipients.everybody:
        raise NothingToSend("nobody to send it to")
    in_reply_to, references = queries.thread_of(conversation)
    house = settings.EVERYHAND
    sender = sender or saying.Sender(conversation.address)
    with conversations.changing(conversation):
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
                recipients=[address for address, _ in recipients.everybody],
                how_much=house.quote_history,
                language=house.language,
                time_zone=house.time_zone,
                at=at,
            ),
        )
        conversations.wait_for(conversation, Status.WAITING)
        promises.answered(conversation, by=author, at=at)
        if conversation.escalated_at:
            escalation.end(conversation, because=Escalation.Ended.ANSWERED, by=author, at=at)
    return message


def now_take_part(
    conversation: Conversation, recipients: Addressees, leave_out: Collection[str], *, by: Member, at: datetime
) -> None:
    """Whoever is written to takes part from now on, and nobody in `leave_out` (addresses) does."""
    known = customers.known_among(address for address, _ in recipients.everybody)
    chosen = [
        customers.identify(email=address, name=name, at=at, known=known) for address, name in recipients.everybody
    ]
    taking_part.let_in(conversation, chosen, by=by, at=at)
    gone = {customers.normalised(address) for address in leave_out} - {one.value for one in chosen}
    for participant in Participant.objects.filter(conversation=conversation, identity__value__in=gone):
        taking_part.decline(participant, by=by, at=at)


@transaction.atomic
def take_back(message: Message, *, by: Member, at: datetime) -> bool:
    """Undo a reply that has not left yet; False when it is too late. If the customer waits again, so does a promise."""
    conversation = queries.holding(message)
    if not saying.take_back(message, by=by, at=at):
        return False
    if not conversation.aside_of_id and queries.customer_spoke_last(conversation):
        conversations.wait_for(conversation, Status.OPEN)
        promises.answer_taken_back(conversation, answered_at=[message.at], at=at)
        escalation.stands_again(conversation, ended_at=message.at, by=by, at=at)
    return True


@transaction.atomic
def write_note(
    conversation: Conversation, *, author: Member, text: str, at: datetime, files: Sequence[saying.Upload] = ()
) -> Message:
    """An internal remark: kept beside the messages, never sent. Colleagues whom it mentions follow the conversation
    from now on and are told; whom it can't call (see `mentions.read`) is left alone. Raises as `reply` does.
    """
    conversation = queries.standing(conversation)
    if not text.strip() and not files:
        raise NothingToSend("no words and no file")
    called = mentions.read(text, conversation, by=author).called
    note = saying.note(conversation, author=author, text=text, at=at, files=files, mentions=called)
    members = [one.member for one in called]
    following.mention(conversation, members=[one for one in members if one != conversation.owner], by=author, at=at)
    notices.mentioned(note, members=members, by=author, at=at)
    return note
