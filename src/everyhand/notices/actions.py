"""Telling members, and what they do with what they were told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from everyhand.conversations import sight
from everyhand.conversations.models import Message
from everyhand.core import journal, rows
from everyhand.notices import preferences
from everyhand.notices.models import Device, Kind, MailPace, MailTelling, Notice, PushTelling, Rest
from everyhand.notices.news import Follows, News, Settled
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


@dataclass(frozen=True)
class Told:
    """News for one member, and how they wish to be told."""

    news: News
    member: Member
    ways: Ways

    def notice(self) -> Notice:
        """Unsaved."""
        return Notice(
            member=self.member,
            kind=self.news.kind,
            thing=self.news.thing,
            conversation=self.news.conversation,
            message=self.news.message,
            by=self.news.by,
            particulars=dict(self.news.particulars),
            at=self.news.happened_at,
            in_app=self.ways.app,
        )


@transaction.atomic
def announce(what_follows: Follows, *, at: datetime) -> None:
    """Tell these news and settle what is done with, as if one came after the other; in as many statements for all as
    for one.

    Each member is told in the ways they chose; who was told of a thing before is not told again. Left out are whoever
    did it, who is not here any more, and who may not see the conversation.
    """
    for news, settled in _stretches(what_follows):
        if told := _who_is_told(news):
            _tell(told, at)
        if settled:
            _read(Notice.objects.filter(thing__in=settled), at)


def _stretches(what_follows: Follows) -> Iterator[tuple[list[News], set[str]]]:
    """News, and what is settled after them. What is settled and then news again begins another stretch."""
    news: list[News] = []
    settled: set[str] = set()
    for one in what_follows:
        if isinstance(one, Settled):
            settled.update(one.things)
            continue
        if one.thing in settled:
            yield news, settled
            news, settled = [], set()
        news.append(one)
    yield news, settled


@transaction.atomic
def read(notices: QuerySet[Notice], *, by: Member, at: datetime) -> None:
    """`by` has seen these of theirs, so no mail and no push tells of them any more."""
    _read(notices.filter(member=by), at)


def forget_old(*, at: datetime, after: timedelta, limit: int = 500) -> int:
    """Remove notices that were read longer than `after` ago; how many."""
    old = Notice.objects.filter(read_at__lt=at - after).order_by("read_at").values_list("pk", flat=True)[:limit]
    return Notice.objects.filter(pk__in=list(old)).delete()[1].get("notices.Notice", 0)


def _who_is_told(news: Sequence[News]) -> list[Told]:
    """One for each member and thing, those left out who need not or may not hear of it."""
    seen = _seen(news)
    heard = [
        (one, member)
        for one in news
        for member in one.members
        if member.is_active
        and member != one.by
        and (one.conversation is None or (member.pk, one.conversation.pk) in seen)
    ]
    ways = preferences.ways_of((member.pk, one.kind) for one, member in heard)
    told: dict[tuple[int, str], Told] = {}
    for one, member in heard:
        key, way = (member.pk, one.thing), ways[member.pk, one.kind]
        # That they are mentioned says more than that there is a note.
        if way.any and (key not in told or one.kind is Kind.MENTIONED):
            told[key] = Told(one, member, way)
    return list(told.values())


def _seen(news: Sequence[News]) -> set[tuple[int, int]]:
    """Who may see which conversation, as primary keys. Owners always may; the others cost one query each."""
    seen: set[tuple[int, int]] = set()
    asked: dict[Member, set[int]] = {}
    for conversation, member in [(one.conversation, member) for one in news for member in one.members]:
        if conversation is None:
            continue
        hidden = conversation.merged_into_id or conversation.aside_of_id
        if conversation.owner_id == member.pk and not hidden:
            seen.add((member.pk, conversation.pk))
        else:
            asked.setdefault(member, set()).add(conversation.pk)
    for member, keys in asked.items():
        visible = sight.visible_to(member).filter(pk__in=keys)
        seen |= {(member.pk, pk) for pk in visible.values_list("pk", flat=True)}
    return seen


def _tell(told: Sequence[Told], at: datetime) -> None:
    for one in told:
        if one.news.kind is Kind.MENTIONED:
            noted = Notice.objects.filter(member=one.member, thing=one.news.thing, kind=Kind.NOTE)
            noted.update(kind=Kind.MENTIONED)
    rows.create_missing([one.notice() for one in told])
    by_key = {(one.member.pk, one.news.thing): one for one in told}
    unread = Notice.objects.filter(thing__in={one.news.thing for one in told}, read_at=None).only("member", "thing")
    found = {one: by_key[key] for one in unread if (key := (one.member_id, one.thing)) in by_key}
    _bring({one: told for one, told in found.items() if at - told.news.happened_at < TOLD_WITHIN}, at)
    _ring(found, at)


def _bring(told: Mapping[Notice, Told], at: datetime) -> None:
    """Write what is to be told by mail and by push, due when it disturbs nobody; a page is due now, at any hour."""
    if not told:
        return
    members = {one.member.pk for one in told.values()}
    rests = {rest.member_id: rest for rest in Rest.objects.filter(member__in=members)}
    devices: dict[int, list[Device]] = {}
    for device in Device.objects.filter(member__in=members):
        devices.setdefault(device.member_id, []).append(device)
    mails, pushes = [], []
    for notice, one in told.items():
        way, member = one.ways, one.member
        rest = rests.get(member.pk) or Rest(member=member)
        quiet, zone = preferences.quiet_of(rest), preferences.zone_of(member)
        if one.news.kind is Kind.PAGED:
            mails.append(MailTelling(notice=notice, due_at=at))
            pushes += [PushTelling(notice=notice, device=device, due_at=at) for device in devices.get(member.pk, ())]
            continue
        if way.mail == MailPace.DIGEST:
            mails.append(MailTelling(notice=notice, digest=True, due_at=next_digest(at, rest.digest_at, quiet, zone)))
        elif way.mail == MailPace.AT_ONCE:
            mails.append(MailTelling(notice=notice, due_at=disturbs_from(at + MAIL_WAITS, quiet, zone)))
        pushes += [
            PushTelling(notice=notice, device=device, due_at=disturbs_from(at + PUSH_WAITS, quiet, zone))
            for device in (devices.get(member.pk, ()) if way.push else ())
        ]
    rows.create_missing(mails)
    rows.create_missing(pushes)


def _read(notices: QuerySet[Notice], at: datetime) -> None:
    unread = list(notices.filter(read_at=None).only("pk", "member_id"))
    Notice.objects.filter(pk__in=[notice.pk for notice in unread]).update(read_at=at)
    _ring(unread, at)


def _ring(notices: Collection[Notice], at: datetime) -> None:
    """Open pages of whoever these are for count again."""
    if notices:
        journal.note("notices.changed", subject="", at=at, members=sorted({one.member_id for one in notices}))
