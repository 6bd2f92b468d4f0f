"""What the live hub asks the database: what is new, who may know of it, and who still may listen.

Everything here blocks, so the hub calls it in threads of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest

from everyhand.conversations import sight
from everyhand.conversations.models import Conversation
from everyhand.core import journal
from everyhand.notices import queries as notices
from everyhand.people.models import Member, Membership
from everyhand.web.live.presence import Who

# A page that missed more than this is told to fetch everything again, which is cheaper for everybody.
REPLAYED: Final = 200
AT_ONCE: Final = 500  # facts


@dataclass(frozen=True, slots=True)
class Event:
    """One fact of the journal about a conversation, without a word of it."""

    entry: int
    conversation: int
    action: str
    message: int | None
    cursor: str

    def __bytes__(self) -> bytes:
        """As a server-sent event (WHATWG HTML, section 9.2.6)."""
        data: dict[str, int | str] = {"conversation": self.conversation, "action": self.action}
        if self.message is not None:
            data["message"] = self.message
        return f"id: {self.cursor}\nevent: conversation\ndata: {json.dumps(data)}\n\n".encode()


@dataclass(frozen=True)
class Standing:
    """What a member's sight rests on. When it changes, their streams end and their pages come back with the new one."""

    role: str
    password: str
    teams: frozenset[int]


@dataclass(frozen=True)
class Listener:
    """Who is behind a stream: a member, by the session they signed in with."""

    member: int
    session: str
    standing: Standing
    who: Who = field(compare=False)


@dataclass(frozen=True)
class News:
    """What happened up to `cursor`, for each member who listens and may know of it; `more` waits to be read.

    `unread` says for whom the number of unread notices may have changed, and what it is now; `somebody_left`, whether
    somebody who listens may have been let go.
    """

    cursor: str
    events: Mapping[int, list[Event]]
    more: bool
    unread: Mapping[int, int]
    somebody_left: bool = False


def listener(session_key: str) -> Listener | None:
    """The member this session belongs to, by the same checks as on any page; None when there is nobody."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not isinstance(user, Member):
        return None
    standing = standings([user.pk]).get(user.pk)
    return Listener(user.pk, session_key, standing, Who.of(user)) if standing else None


def standings(members: Collection[int]) -> dict[int, Standing]:
    """How each of these members stands now; who was disabled or removed is missing."""
    active = Member.objects.filter(pk__in=members, is_active=True)
    teams: dict[int, set[int]] = {member.pk: set() for member in active}
    for member, team in Membership.objects.filter(member__in=teams).values_list("member", "team"):
        teams[member].add(team)
    return {
        member.pk: Standing(member.role, member.get_session_auth_hash(), frozenset(teams[member.pk]))
        for member in active
    }


def still_here(listeners: Collection[Listener], *, at: datetime) -> set[Listener]:
    """Those whose session lasts and who stand as they did when they came: three queries for any number of them."""
    now = standings({one.member for one in listeners})
    sessions = Session.objects.filter(session_key__in={one.session for one in listeners}, expire_date__gt=at)
    signed_in = set(sessions.values_list("session_key", flat=True))
    return {one for one in listeners if one.session in signed_in and now.get(one.member) == one.standing}


def newest() -> str:
    return journal.newest()


def news(since: str, members: Collection[int]) -> News:
    """The next facts after `since`, and which of `members` may know of them: one query for each of them."""
    entries, cursor = journal.since(since, limit=AT_ONCE)
    more = len(entries) == AT_ONCE
    unread = _unread(entries, members)
    left = any(entry.action == "member.disabled" for entry in entries)
    happened = _events(entries)
    if not happened:
        return News(cursor, {}, more, unread, left)
    before = _responsible_before(entries)
    theirs = standings(members)
    events = {}
    for member in Member.objects.filter(pk__in=theirs):
        seen = _visible(member, happened)
        # Whoever can't see it any more since it was handed over is told that much, so that their page lets go of it.
        events[member.pk] = [
            event
            for event in happened
            if event.conversation in seen or _lost(event, before, member.pk, theirs[member.pk])
        ]
    return News(cursor, events, more, unread, left)


def seen_by(members: Collection[int], conversations: Collection[int]) -> dict[int, set[int]]:
    """Which of these conversations each of these members may see: one query for each of them."""
    if not conversations:
        return {member: set() for member in members}
    return {
        member.pk: set(sight.visible_to(member).filter(pk__in=conversations).values_list("pk", flat=True))
        for member in Member.objects.filter(pk__in=members, is_active=True)
    }


def missed(member: int, since: str) -> list[Event] | None:
    """What this member's page missed after `since`; None when it is too much, or no cursor of this journal."""
    newest_before = journal.newest()
    entries, _ = journal.since(since, limit=REPLAYED + 1)
    if len(entries) > REPLAYED or (not entries and since != newest_before):
        return None
    happened = _events(entries)
    seen = _visible(Member.objects.get(pk=member), happened)
    return [event for event in happened if event.conversation in seen]


def unread(member: int) -> int:
    """How many notices this member has not read."""
    return notices.unread_of([member]).get(member, 0)


def _unread(entries: Iterable[journal.Entry], members: Collection[int]) -> dict[int, int]:
    changed = {member for one in entries if one.action == "notices.changed" for member in one.particulars["members"]}
    listening = changed.intersection(members)
    return notices.unread_of(listening) if listening else {}


def _events(entries: Iterable[journal.Entry]) -> list[Event]:
    events = []
    for entry in entries:
        kind, _, number = entry.subject.partition(":")
        if kind == "conversation" and number.isdecimal():
            message = entry.particulars.get("message")
            events.append(Event(entry.pk, int(number), entry.action, message, entry.cursor))
    return events


def _visible(member: Member, events: Sequence[Event]) -> set[int]:
    """Which of these conversations they may see; of one that was merged into another, they are told that it was."""
    seen = _among(sight.visible_to(member), events)
    merged = [event for event in events if event.action == "conversation.merged"]
    return seen | _among(sight.merged_from_sight(member), merged) if merged else seen


def _among(conversations: QuerySet[Conversation], events: Iterable[Event]) -> set[int]:
    found = conversations.filter(pk__in={event.conversation for event in events})
    return set(found.values_list("pk", flat=True))


def _responsible_before(entries: Iterable[journal.Entry]) -> dict[int, tuple[int | None, int | None]]:
    return {
        entry.pk: (entry.particulars.get("before"), entry.particulars.get("team_before"))
        for entry in entries
        if entry.action == "conversation.assigned"
    }


def _lost(event: Event, before: Mapping[int, tuple[int | None, int | None]], member: int, standing: Standing) -> bool:
    owner, team = before.get(event.entry, (None, None))
    return owner == member or team in standing.teams
