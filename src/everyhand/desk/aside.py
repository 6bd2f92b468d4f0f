"""A member asks a colleague or a partner by mail, beside a conversation. Its customer never learns of it.

Nothing the customer wrote goes along unless the member chooses to quote it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from everyhand.conversations import asides, queries, quoting, saying, taking_part
from everyhand.conversations.models import Attachment, Conversation, Message
from everyhand.conversations.taking_part import Addressees
from everyhand.customers import actions as customers
from everyhand.desk.reply import MakeMessageId, NothingToSend, Overtaken, now_take_part
from everyhand.people.models import Member


@dataclass(frozen=True)
class TakesPart(Exception):
    """These addresses take part in the conversation itself: what is asked aside never goes to them."""

    addresses: list[str]


@transaction.atomic
def ask(
    conversation: Conversation,
    *,
    author: Member,
    to: Addressees,
    subject: str,
    text: str,
    html: str = "",
    at: datetime,
    message_id_for: MakeMessageId,
    sender: saying.Sender,
    quoted: Message | None = None,
    files: Sequence[saying.Upload] = (),
) -> Message:
    """Begin an aside with these people. `quoted` is what of the conversation they are shown.

    Raises `NothingToSend` and `TakesPart`.
    """
    everybody = to.everybody
    if not everybody or not (text.strip() or quoted):
        raise NothingToSend("nobody to ask, or nothing to ask them")
    _not_inside(conversation, to)
    of = [customers.identify(email=address, name=name, at=at) for address, name in everybody]
    aside = asides.begin(conversation, by=author, subject=subject, of=of, address=sender.address, at=at)
    house = settings.EVERYHAND
    shown = quoting.words_of(quoted, conversation, language=house.language, time_zone=house.time_zone) if quoted else ""
    words = _Words(text, html, shown, files)
    return _say(aside, words, author=author, to=to, at=at, message_id_for=message_id_for, sender=sender)


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
    html: str = "",
    at: datetime,
    message_id_for: MakeMessageId,
    seen: int,
    files: Sequence[saying.Upload] = (),
    recipients: Addressees | None = None,
    leave_out: Collection[str] = (),
) -> Message:
    """Go on in an aside, with everybody in it or with `recipients` instead, as `reply` has it. `seen` is the newest
    message the author had in front of them.

    Raises `NothingToSend`, `TakesPart`, and `Overtaken` with what was said since: then nothing is sent.
    """
    aside = queries.locked(aside)
    if newer := queries.said_since(aside, seen, but_by=author):
        raise Overtaken(newer)
    to = recipients or taking_part.addressees(aside)
    quoted = _shown_before(aside, to, at=at)
    if not to.everybody or not (text.strip() or files or quoted.again):
        raise NothingToSend("no words and no file, or nobody to send it to")
    if aside.aside_of:
        _not_inside(aside.aside_of, to)
    now_take_part(aside, to, leave_out, by=author, at=at)
    words = _Words(text, html, quoted.words, files)
    sender = saying.Sender(aside.address)
    return _say(aside, words, author=author, to=to, at=at, message_id_for=message_id_for, sender=sender)


def _not_inside(conversation: Conversation, to: Addressees) -> None:
    if inside := asides.kept_from(conversation, [address for address, _ in to.everybody]):
        raise TakesPart(inside)


@dataclass(frozen=True)
class _Quoted:
    words: str
    again: bool  # whether it is what the question showed them, which was taken back and is asked anew


def _shown_before(aside: Conversation, to: Addressees, *, at: datetime) -> _Quoted:
    """What stands below the next message: what was said here before."""
    if not queries.said(aside).exists():
        question = aside.messages.order_by("pk").first()
        return _Quoted(question.quoted if question else "", again=bool(question and question.quoted))
    house = settings.EVERYHAND
    words = quoting.earlier_words(
        aside,
        recipients=[address for address, _ in to.everybody],
        how_much=house.quote_history,
        language=house.language,
        time_zone=house.time_zone,
        at=at,
    )
    return _Quoted(words, again=False)


@dataclass(frozen=True)
class _Words:
    text: str
    html: str
    quoted: str
    files: Sequence[saying.Upload]


def _say(
    aside: Conversation,
    words: _Words,
    *,
    author: Member,
    to: Addressees,
    at: datetime,
    message_id_for: MakeMessageId,
    sender: saying.Sender,
) -> Message:
    in_reply_to, references = queries.thread_of(aside)
    return saying.say(
        aside,
        author=author,
        text=words.text,
        html=words.html,
        recipients=to,
        sender=sender,
        at=at,
        undo_within=settings.EVERYHAND.undo_send,
        message_id_for=message_id_for,
        files=words.files,
        in_reply_to=in_reply_to,
        references=references,
        signature=author.signs(sender.signature or (aside.team.signature if aside.team else "")),
        quoted=words.quoted,
    )
