"""A note is its author's for a while: they change it, remove it, bring it back. Who was told stays told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from everyhand.conversations import finding
from everyhand.conversations.mentions import Mention
from everyhand.conversations.models import Conversation, Message, RemovedNote
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.people.models import Member

# Later colleagues have read it and gone by it.
CHANGED_WITHIN: Final = timedelta(hours=1)


def may_change(note: Message, member: Member, *, at: datetime) -> bool:
    theirs = note.kind == Message.Kind.NOTE and note.author_member_id == member.pk
    return theirs and at - note.at < CHANGED_WITHIN and not RemovedNote.objects.filter(message=note).exists()


def change(note: Message, *, text: str, called: Sequence[Mention], by: Member, at: datetime) -> None:
    """Other words, which call these colleagues in."""
    note.mentions = [{"member": one.member.pk, "as": one.words} for one in called] or None
    _say(note, text)
    journal.note("note.changed", subject=note.conversation, actor=by, at=at, message=note.pk)


def remove(note: Message, *, by: Member, at: datetime) -> Entry:
    """Nobody reads a word of it or opens its files, until it is brought back."""
    RemovedNote.objects.create(message=note, text=note.text, at=at)
    _say(note, "")
    return journal.note("note.removed", subject=note.conversation, actor=by, at=at, message=note.pk)


def forget_words(*, at: datetime) -> int:
    """Of notes that nobody can bring back any more; how many there were."""
    return RemovedNote.objects.filter(at__lt=at - CHANGED_WITHIN).exclude(text="").update(text="")


def bring_back(conversation: Conversation, message: int, *, by: Member, at: datetime, undoes: int) -> bool:
    """Whether it was gone, and stands there again."""
    gone = RemovedNote.objects.select_related("message").filter(message=message).first()
    if gone is None:
        return False
    note, text = gone.message, gone.text
    gone.delete()
    _say(note, text)
    journal.note("note.restored", subject=conversation, actor=by, at=at, message=note.pk, undoes=undoes)
    return True


def _say(note: Message, text: str) -> None:
    note.text = note.reply = text
    note.save(update_fields=["text", "reply", "mentions"])
    finding.index(note)
