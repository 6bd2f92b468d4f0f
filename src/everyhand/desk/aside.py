"""A member asks a colleague or a partner by mail, beside a conversation. Its customer never learns of it.

Nothing the customer wrote goes along unless the member chooses to quote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from everyhand.conversations import asides, queries, quoting, saying, taking_part
from everyhand.conversations.models import Attachment, Conversation, Message
from everyhand.customers import actions as customers
from everyhand.desk.reply import MakeMessageId, NothingToSend, Overtaken
from everyhand.people.models import Member


@transaction.atomic
def ask(
    conversation: Conversation,
    *,
    author: Member,
    to: Sequence[str],
    subject: str,
    text: str,
    at: datetime,
    message_id_for: MakeMessageId,
    sender: saying.Sender,
    quoted: Message | None = None,
    files: Sequence[saying.Upload] = (),
) -> Message:
    """Begin an aside with the people behind these addresses. `quoted` is what of the conversation they are shown.

    Raises `NothingToSend`.
    """
    if not to or not (text.strip() or quoted):
        raise NothingToSend("nobody to ask, or nothing to ask them")
    of = [customers.identify(email=one, name="", at=at) for one in to]
    aside = asides.begin(conversation, by=author, subject=subject, of=of, address=sender.address, at=at)
    house = settings.EVERYHAND
    return _say(
        aside,
        author=author,
        text=text,
        at=at,
        message_id_for=message_id_for,
        sender=sender,
        files=files,
        quoted=quoting.words_of(quoted, conversation, language=house.language, time_zone=house.time_zone)
        if quoted
        else "",
    )


def files_of(message: Message) -> list[Attachment]:
    """Those that may be handed on: a file with a virus goes to nobody."""
    found = Attachment.objects.filter(message=message).exclude(virus__gt="").defer("blob__content")
    return list(found.select_related("blob").order_by("pk"))


def handed_on(files: Sequence[Attachment]) -> list[saying.Upload]:
    """The same, to go out with a message of ours."""
    return [saying.Upload(one.name, one.type, bytes(one.blob.content)) for one in files]


@transaction.atomic
def ask_more(
    aside: Conversation,
    *,
    author: Member,
    text: str,
    at: datetime,
    message_id_for: MakeMessageId,
    seen: int,
    files: Sequence[saying.Upload] = (),
) -> Message:
    """Go on in an aside. `seen` is the newest message the author had in front of them.

    Raises `NothingToSend`, and `Overtaken` with what was said since: then nothing is sent.
    """
    aside = queries.locked(aside)
    if not text.strip() and not files:
        raise NothingToSend("no words and no file")
    if newer := queries.said_since(aside, seen, but_by=author):
        raise Overtaken(newer)
    house = settings.EVERYHAND
    earlier = quoting.earlier_words(
        aside,
        recipients=[address for address, _ in taking_part.addressees(aside).everybody],
        how_much=house.quote_history,
        language=house.language,
        time_zone=house.time_zone,
        at=at,
    )
    return _say(
        aside,
        author=author,
        text=text,
        at=at,
        message_id_for=message_id_for,
        sender=saying.Sender(aside.address),
        files=files,
        quoted=earlier,
    )


def _say(
    aside: Conversation,
    *,
    author: Member,
    text: str,
    at: datetime,
    message_id_for: MakeMessageId,
    sender: saying.Sender,
    files: Sequence[saying.Upload],
    quoted: str,
) -> Message:
    in_reply_to, references = queries.thread_of(aside)
    return saying.say(
        aside,
        author=author,
        text=text,
        recipients=taking_part.addressees(aside),
        sender=sender,
        at=at,
        undo_within=settings.EVERYHAND.undo_send,
        message_id_for=message_id_for,
        files=files,
        in_reply_to=in_reply_to,
        references=references,
        signature=author.signs(sender.signature or (aside.team.signature if aside.team else "")),
        quoted=quoted,
    )
