"""The author of a note changes it, or removes it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import following, mentions, noting, queries
from everyhand.conversations.models import Message
from everyhand.core.journal import Entry
from everyhand.desk.reply import NothingToSend
from everyhand.notices import actions as notices
from everyhand.people.models import Member


class TooLate(Exception):
    """It is not theirs to change, or not any more."""


@transaction.atomic
def change_note(note: Message, *, text: str, by: Member, at: datetime) -> None:
    """Whom it calls in now and did not before is told; who was told stays told. Raises TooLate and NothingToSend."""
    conversation = queries.holding(note)
    if not noting.may_change(note, by, at=at):
        raise TooLate
    if not text.strip() and not note.attachments.exists():
        raise NothingToSend("no words and no file")
    told = {one["member"] for one in note.mentions or ()}
    called = mentions.read(text, conversation, by=by).called
    noting.change(note, text=text, called=called, by=by, at=at)
    new = [one.member for one in called if one.member.pk not in told]
    following.mention(conversation, members=[one for one in new if one != conversation.owner], by=by, at=at)
    notices.mentioned(note, members=new, by=by, at=at)


@transaction.atomic
def remove_note(note: Message, *, by: Member, at: datetime) -> Entry:
    """Raises TooLate."""
    queries.holding(note)
    if not noting.may_change(note, by, at=at):
        raise TooLate
    return noting.remove(note, by=by, at=at)
