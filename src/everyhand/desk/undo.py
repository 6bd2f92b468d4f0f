"""What a member did to a conversation, or removed from the house, is undone: as it stood before, unless it moved on
meanwhile.

The journal knows how it stood. Undoing is a fact of its own; nothing is erased.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from everyhand.conversations import actions as conversations
from everyhand.conversations import links, noting, queries, sight, tags, turns
from everyhand.conversations.models import Conversation, Status, Tag
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.desk import bringing_back, tagging
from everyhand.escalation import actions as escalation
from everyhand.escalation.models import Escalation
from everyhand.people.models import Member, Team
from everyhand.promises import actions as promises

# Later it is a new decision, and made on the conversation's page.
UNDONE_WITHIN: Final = timedelta(hours=1)

_SPOKEN: Final = ("message.received", "message.sent")
_TURNS: Final = ("conversation.fell_asleep", "conversation.waits", "conversation.taken_up")
_SETTLED: Final = ("conversation.closed", "conversation.reopened", *_TURNS, *_SPOKEN)


class MovedOn(Exception):
    """It can't be undone any more; says why, in a sentence."""


def mine(keys: list[int], *, by: Member, at: datetime) -> list[Entry]:
    """Those of these facts that `by` did lately and that can be undone, newest first."""
    return list(
        Entry.objects.filter(
            pk__in=keys, actor=journal.reference(by), action__in=[*UNDOING, *_OF_THE_HOUSE], at__gte=at - UNDONE_WITHIN
        ).order_by("-pk")
    )


def is_about_a_conversation(entry: Entry) -> bool:
    return entry.action in UNDOING


@transaction.atomic
def undo(entry: Entry, *, by: Member, at: datetime) -> None:
    """Restore what `entry`, one of `mine`, changed. Raises MovedOn."""
    if undo_it := _OF_THE_HOUSE.get(entry.action):
        try:
            undo_it(entry, by=by, at=at)
        except ValueError as why:
            raise MovedOn(_("Something has happened to it since.")) from why
        return
    conversation = Conversation.objects.filter(pk=int(entry.subject.partition(":")[2])).first()
    if conversation is None:
        raise MovedOn(_("It is not there any more."))
    try:
        conversation = queries.standing(conversation)
    except queries.Merged as why:
        raise MovedOn(_("Something has happened to it since.")) from why
    watched, restore = UNDOING[entry.action]
    if journal.about(conversation).filter(pk__gt=entry.pk, action__in=watched).exists():
        raise MovedOn(_("Something has happened to it since."))
    restore(conversation, entry, by, at)


def _open_again(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    before = entry.particulars.get("before", Status.OPEN)
    if before == Status.ASLEEP:
        until = datetime.fromisoformat(entry.particulars["slept_until"])
        conversation.sleeps_until = until if until > at else None
        before = Status.ASLEEP if conversation.sleeps_until else Status.OPEN
        conversation.save(update_fields=["sleeps_until"])
    conversations.reopen(conversation, by=by, at=at, status=before, undoes=entry.pk)
    promises.stands_again(conversation, withdrawn_at=entry.at, by=by, at=at)
    escalation.stands_again(conversation, ended_at=entry.at, by=by, at=at)


def _close_again(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    closed_at = entry.particulars.get("closed_at", "")
    since = datetime.fromisoformat(closed_at) if closed_at else None
    conversations.close(conversation, by=by, at=at, since=since, undoes=entry.pk)
    promises.withdraw(conversation, by=by, at=at)
    if conversation.escalated_at:
        escalation.end(conversation, because=Escalation.Ended.CLOSED, by=by, at=at)


def _take_up(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    before = Status(entry.particulars["before"])
    turns.take_up(conversation, at=at, because=turns.Because.MEMBER, by=by, status=before, undoes=entry.pk)


def _give_back(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    before = entry.particulars
    owner = Member.objects.filter(pk=before.get("before"), is_active=True).first()
    if owner is None:
        raise MovedOn(_("Whoever had it before does not work here any more."))
    team = Team.objects.filter(pk=before["team_before"]).first() if before.get("team_before") else None
    because = before.get("because_before") or {"code": "assigned", "by": by.name}
    conversations.assign(conversation, owner=owner, team=team, because=because, by=by, at=at, undoes=entry.pk)
    promises.hand_over(conversation, owner=owner)


def _tag_back(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    on, off = (Tag.objects.filter(tags.LIVE, pk__in=entry.particulars[one]) for one in ("removed", "added"))
    tags.retag(conversation, on=on, off=off, by=by, at=at, undoes=entry.pk)


def _note_back(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    if not noting.bring_back(conversation, entry.particulars["message"], by=by, at=at, undoes=entry.pk):
        raise MovedOn(_("Something has happened to it since."))


def _other(entry: Entry, by: Member) -> Conversation:
    other = sight.visible_to(by).filter(pk=entry.particulars["other"]).first()
    if other is None:
        raise MovedOn(_("It is not there any more."))
    return other


def _unlink(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    if not links.unlink(conversation, _other(entry, by), by=by, at=at, undoes=entry.pk):
        raise MovedOn(_("Something has happened to it since."))


def _link_again(conversation: Conversation, entry: Entry, by: Member, at: datetime) -> None:
    if not links.link_again(conversation, _other(entry, by), unlinked=entry, by=by, at=at):
        raise MovedOn(_("Something has happened to it since."))


Restore = Callable[[Conversation, Entry, Member, datetime], None]

# What can be undone: which later facts mean that it moved on, and what restores it.
UNDOING: Final[dict[str, tuple[tuple[str, ...], Restore]]] = {
    "conversation.closed": (_SETTLED, _open_again),
    "conversation.reopened": (_SETTLED, _close_again),
    "conversation.fell_asleep": (_SETTLED, _take_up),
    "conversation.waits": (_SETTLED, _take_up),
    "conversation.linked": ((), _unlink),
    "conversation.unlinked": ((), _link_again),
    "conversation.tagged": (("conversation.tagged",), _tag_back),
    "conversation.assigned": (("conversation.assigned",), _give_back),
    "note.removed": ((), _note_back),
}

_OF_THE_HOUSE: Final[dict[str, Callable[..., None]]] = {
    **dict.fromkeys(tagging.FACTS, tagging.undo),
    **dict.fromkeys(bringing_back.FACTS, bringing_back.undo),
}
