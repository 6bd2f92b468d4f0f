"""Two conversations become one, or two again; and one becomes two at a message.

Nothing is sent to anybody by any of it. The number and the reply address of a merged conversation lead to the kept one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from everyhand.conversations import asides, links, tags
from everyhand.conversations.models import (
    Conversation,
    Draft,
    Follower,
    Joining,
    Link,
    Message,
    Participant,
    Status,
    Tagging,
)
from everyhand.conversations.saying import look_again
from everyhand.core import journal, search
from everyhand.people.models import Member

# What joining changes about a conversation besides what belongs to it.
_STANDING: Final = ("status", "closed_at", "sleeps_until")


def join(kept: Conversation, merged: Conversation, *, by: Member, at: datetime) -> Joining:
    """Everything said in `merged` stands in `kept` now, in the order in which it was said.

    Those who took part in `merged` take part when they are the customer of `kept`; the others are proposed. Its owner
    and followers follow `kept`, and its tags and links stand there too. Both must be locked.
    """
    stood = {"kept": _standing(kept), "merged": _standing(merged), "drafts": _take_along_drafts(kept, merged)}
    moved = list(Message.objects.filter(conversation=merged).order_by("pk").values_list("pk", flat=True))
    _move(moved, to=kept)
    joining = Joining.objects.create(
        kept=kept,
        merged=merged,
        messages=moved,
        participants=_take_part(kept, merged, at),
        taggings=tags.bring_along(merged, to=kept),
        links=links.bring_along(merged, to=kept),
        asides=asides.move(Conversation.objects.filter(aside_of=merged), to=kept),
        followers=_follow(kept, merged, at),
        stood=stood,
        by=by,
        at=at,
    )
    if Status.OPEN in (kept.status, merged.status):
        kept.status, kept.closed_at, kept.sleeps_until = Status.OPEN, None, None
    merged.status, merged.closed_at, merged.sleeps_until, merged.merged_into = Status.CLOSED, at, None, kept
    merged.save(update_fields=[*_STANDING, "merged_into"])
    _look_again(kept)
    journal.note("conversation.joined", subject=kept, actor=by, at=at, merged=merged.pk, joining=joining.pk)
    journal.note("conversation.merged", subject=merged, actor=by, at=at, kept=kept.pk)
    return joining


def part(joining: Joining, *, by: Member | None, at: datetime) -> None:
    """They are two again, each with what it had. What was said since stays in the kept one. Both must be locked."""
    kept, merged = joining.kept, joining.merged
    still_there = Message.objects.filter(pk__in=joining.messages, conversation=kept)
    _move(list(still_there.values_list("pk", flat=True)), to=merged)
    # Whoever was let in or left out since was decided upon, and stays.
    came = Participant.objects.filter(pk__in=joining.participants, conversation=kept, declined_at=None)
    came.filter(approved_at=None).delete()
    came.filter(approved_at=joining.at).delete()
    Follower.objects.filter(pk__in=joining.followers).delete()
    Draft.objects.filter(pk__in=joining.stood.get("drafts", ()), conversation=kept).update(conversation=merged)
    Tagging.objects.filter(pk__in=joining.taggings, conversation=kept).delete()
    Link.objects.filter(pk__in=joining.links).delete()
    asides.move(Conversation.objects.filter(pk__in=joining.asides, aside_of=kept), to=merged)
    _restore(merged, joining.stood["merged"], at)
    merged.merged_into = None
    merged.save(update_fields=[*_STANDING, "merged_into"])
    # As it stood, unless somebody moved it on since.
    if not _moved_on(joining):
        _restore(kept, joining.stood["kept"], at)
    _look_again(kept)
    joining.undone_at = at
    joining.save(update_fields=["undone_at"])
    journal.note("conversation.parted", subject=kept, actor=by, at=at, merged=merged.pk, joining=joining.pk)
    journal.note("conversation.stands_alone", subject=merged, actor=by, at=at, kept=kept.pk)


def split(message: Message, *, by: Member, at: datetime) -> Conversation:
    """A conversation with this message and all after it, linked to the one it was part of, which must be locked.

    The same people take part in both, and the same member answers. Raises ValueError when nothing would stay behind.
    """
    before = message.conversation
    everything = Message.objects.filter(conversation=before).order_by("at", "id")
    moved = [one.pk for one in everything if (one.at, one.pk) >= (message.at, message.pk)]
    if len(moved) == everything.count():
        raise ValueError(f"message {message.pk} is the first of its conversation")
    made = Conversation.objects.create(
        subject=(message.subject or before.subject)[:500],
        customer=before.customer,
        owner=before.owner,
        team=before.team,
        owner_because=before.owner_because,
        channel=before.channel,
        address=before.address,
        status=before.status,
        opened_at=message.at,
        closed_at=before.closed_at,
        sleeps_until=None,
        last_message_at=message.at,
        linked_to=before,
        split_off=True,
    )
    _move(moved, to=made)
    Draft.objects.filter(handing_on__in=moved).update(conversation=made)
    everybody = Participant.objects.filter(conversation=before)
    Participant.objects.bulk_create(_again(one, made) for one in everybody)
    _follow(made, before, at)
    for conversation in (before, made):
        _look_again(conversation)
    journal.note("conversation.split", subject=before, actor=by, at=at, new=made.pk)
    journal.note("conversation.split_off", subject=made, actor=by, at=at, of=before.pk)
    return made


def _move(messages: list[int], *, to: Conversation) -> None:
    Message.objects.filter(pk__in=messages).update(conversation=to)
    search.move(messages, group=to.pk)


def _take_part(kept: Conversation, merged: Conversation, at: datetime) -> list[int]:
    known = Participant.objects.filter(conversation=kept).values("identity")
    theirs = Participant.objects.filter(conversation=merged, declined_at=None).exclude(identity__in=known)
    came = [
        Participant.objects.create(
            conversation=kept,
            identity=one.identity,
            proposed_at=at,
            approved_at=at if one.approved_at and one.identity.customer_id == kept.customer_id else None,
        )
        for one in theirs.select_related("identity")
    ]
    return [one.pk for one in came]


def _take_along_drafts(kept: Conversation, merged: Conversation) -> list[int]:
    """What somebody was writing goes on where the conversation does; the primary keys of those drafts."""
    drafts = Draft.objects.filter(conversation=merged)
    moved = list(drafts.order_by("pk").values_list("pk", flat=True))
    drafts.update(conversation=kept)
    return moved


def _follow(to: Conversation, of: Conversation, at: datetime) -> list[int]:
    known = {to.owner_id, *Follower.objects.filter(conversation=to).values_list("member", flat=True)}
    why = {of.owner_id: Follower.Because.FOLLOWS.value}
    why.update(Follower.objects.filter(conversation=of).values_list("member", "because"))
    new = {member: because for member, because in why.items() if member not in known}
    made = [
        Follower.objects.create(conversation=to, member_id=member, because=because, since=at)
        for member, because in new.items()
    ]
    return [one.pk for one in made]


def _again(participant: Participant, conversation: Conversation) -> Participant:
    return Participant(
        conversation=conversation,
        identity_id=participant.identity_id,
        proposed_at=participant.proposed_at,
        approved_at=participant.approved_at,
        declined_at=participant.declined_at,
    )


def _look_again(conversation: Conversation) -> None:
    look_again(conversation)
    conversation.save(update_fields=_STANDING)


def _standing(conversation: Conversation) -> dict[str, Any]:
    values = {name: getattr(conversation, name) for name in _STANDING}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _restore(conversation: Conversation, stood: dict[str, Any], at: datetime) -> None:
    closed_at, sleeps_until = (
        datetime.fromisoformat(stood[name]) if stood[name] else None for name in ("closed_at", "sleeps_until")
    )
    status = Status(stood["status"])
    if status == Status.ASLEEP and sleeps_until and sleeps_until <= at:
        status, sleeps_until = Status.OPEN, None  # it should have come back meanwhile
    conversation.status, conversation.closed_at, conversation.sleeps_until = status, closed_at, sleeps_until


_MOVES: Final = ("closed", "reopened", "fell_asleep", "waits", "taken_up", "joined", "split")


def _moved_on(joining: Joining) -> bool:
    facts: Iterable[str] = (*(f"conversation.{one}" for one in _MOVES), "message.received", "message.sent")
    since = journal.about(joining.kept).filter(action__in=facts, at__gte=joining.at)
    return since.exclude(action="conversation.joined", particulars__joining=joining.pk).exists()
