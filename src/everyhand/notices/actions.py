"""Telling members, and what they do with what they were told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from everyhand.conversations import queries as conversations
from everyhand.conversations.models import Conversation, Message
from everyhand.core import journal
from everyhand.notices import preferences
from everyhand.notices.models import Device, Kind, MailPace, MailTelling, Notice, PushTelling, Rest
from everyhand.notices.preferences import Ways
from everyhand.notices.quiet import disturbs_from, next_digest
from everyhand.people.models import Member

# Whoever has the page open sees it there; mail and push leave a moment for that, and for what follows at once.
MAIL_WAITS: Final = timedelta(minutes=1)
PUSH_WAITS: Final = timedelta(seconds=10)
# What is older when we come to it (a worker stood still, history was brought in) is on the page, and nobody is woken.
TOLD_WITHIN: Final = timedelta(days=1)


def mentioned(message: Message, *, members: Iterable[Member], by: Member, at: datetime) -> None:
    """`by` names these members with @ in a note or a reply. Call it in the transaction that writes `message`.

    It costs one row: whoever of them may see the conversation is told afterwards.
    """
    named = sorted({member.pk for member in members})
    if named:
        conversation = f"conversation:{message.conversation_id}"
        journal.note("member.mentioned", subject=conversation, actor=by, at=at, message=message.pk, members=named)


@transaction.atomic
def tell(
    members: Iterable[Member],
    kind: Kind,
    *,
    thing: str,
    happened_at: datetime,
    at: datetime,
    conversation: Conversation | None = None,
    message: Message | None = None,
    by: Member | None = None,
    **particulars: Any,
) -> None:
    """Tell these members of `thing`, in the ways each chose; who was told of it before is not told again.

    Left out are whoever did it (`by`), who is not here any more, and who may not see the conversation.
    """
    told = [one for one in _distinct(members) if one.is_active and one != by and _may_see(one, conversation)]
    ways = preferences.ways_of(told, kind)
    told = [member for member in told if ways[member.pk].any]
    if not told:
        return
    if kind is Kind.MENTIONED:  # it says more than that there is a note
        Notice.objects.filter(member__in=told, thing=thing, kind=Kind.NOTE).update(kind=kind)
    Notice.objects.bulk_create(
        [
            Notice(
                member=member,
                kind=kind,
                thing=thing,
                conversation=conversation,
                message=message,
                by=by,
                particulars=particulars,
                at=happened_at,
                in_app=ways[member.pk].app,
            )
            for member in told
        ],
        ignore_conflicts=True,
    )
    notices = list(Notice.objects.filter(thing=thing, member__in=told, read_at=None).select_related("member"))
    if at - happened_at < TOLD_WITHIN:
        _bring(notices, ways, at)
    _ring(notices, at)


@transaction.atomic
def read(notices: QuerySet[Notice], *, by: Member, at: datetime) -> None:
    """`by` has seen these of theirs, so no mail and no push tells of them any more."""
    _read(notices.filter(member=by), at)


@transaction.atomic
def settle(*things: str, at: datetime) -> None:
    """What these were about is done with: nobody needs to look."""
    _read(Notice.objects.filter(thing__in=things), at)


def forget_old(*, at: datetime, after: timedelta, limit: int = 500) -> int:
    """Remove notices that were read longer than `after` ago; how many."""
    old = Notice.objects.filter(read_at__lt=at - after).order_by("read_at").values_list("pk", flat=True)[:limit]
    return Notice.objects.filter(pk__in=list(old)).delete()[1].get("notices.Notice", 0)


def _read(notices: QuerySet[Notice], at: datetime) -> None:
    unread = list(notices.filter(read_at=None).only("pk", "member_id"))
    Notice.objects.filter(pk__in=[notice.pk for notice in unread]).update(read_at=at)
    _ring(unread, at)


def _ring(notices: Sequence[Notice], at: datetime) -> None:
    """Open pages of whoever these are for count again."""
    if notices:
        journal.note("notices.changed", subject="", at=at, members=sorted({one.member_id for one in notices}))


def _bring(notices: Sequence[Notice], ways: dict[int, Ways], at: datetime) -> None:
    """Write what is to be told by mail and by push, due when it disturbs nobody."""
    rests = {rest.member_id: rest for rest in Rest.objects.filter(member__in=[one.member_id for one in notices])}
    devices: dict[int, list[Device]] = {}
    for device in Device.objects.filter(member__in=[one.member_id for one in notices if ways[one.member_id].push]):
        devices.setdefault(device.member_id, []).append(device)
    mails, pushes = [], []
    for notice in notices:
        rest = rests.get(notice.member_id) or Rest(member=notice.member)
        quiet, zone = preferences.quiet_of(rest), preferences.zone_of(notice.member)
        pace = ways[notice.member_id].mail
        if pace == MailPace.DIGEST:
            mails.append(MailTelling(notice=notice, digest=True, due_at=next_digest(at, rest.digest_at, quiet, zone)))
        elif pace == MailPace.AT_ONCE:
            mails.append(MailTelling(notice=notice, due_at=disturbs_from(at + MAIL_WAITS, quiet, zone)))
        pushes += [
            PushTelling(notice=notice, device=device, due_at=disturbs_from(at + PUSH_WAITS, quiet, zone))
            for device in devices.get(notice.member_id, ())
        ]
    MailTelling.objects.bulk_create(mails, ignore_conflicts=True)
    PushTelling.objects.bulk_create(pushes, ignore_conflicts=True)


def _distinct(members: Iterable[Member]) -> list[Member]:
    return list({member.pk: member for member in members}.values())


def _may_see(member: Member, conversation: Conversation | None) -> bool:
    return conversation is None or conversations.visible_to(member).filter(pk=conversation.pk).exists()
