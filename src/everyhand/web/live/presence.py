"""Who is at which conversation right now, reading or writing: kept in memory, since it is true for seconds only.

A page that shows a conversation says so when it begins to listen, and is gone when its stream ends. Who writes says so
every few seconds. Pages served by another web process are not seen here.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from everyhand.people.models import Member, initials
from everyhand.web.jinja import tint

WRITES_FOR: Final = 8.0  # seconds since the last word; pages say it every four


@dataclass(frozen=True)
class Who:
    """Whose face is shown. `picture` is its token, "" without one."""

    member: int
    name: str
    picture: str = ""

    @classmethod
    def of(cls, member: Member) -> Who:
        return cls(member.pk, member.name, member.picture)


@dataclass
class Somebody:
    who: Who
    pages: int = 0
    writes_until: float = 0.0


class Presence:
    """Safe to use from the event loop and from Django's threads."""

    def __init__(self) -> None:
        self._here: dict[int, dict[int, Somebody]] = {}  # by conversation and member
        self._changed: set[int] = set()
        self._lock = threading.Lock()

    def enters(self, who: Who, conversation: int) -> None:
        with self._lock:
            self._somebody(who, conversation).pages += 1
            self._changed.add(conversation)

    def leaves(self, member: int, conversation: int) -> None:
        with self._lock:
            somebody = self._here.get(conversation, {}).get(member)
            if somebody:
                somebody.pages -= 1
                if somebody.pages <= 0:
                    self._forget(member, conversation)

    def writes(self, who: Who, conversation: int) -> None:
        with self._lock:
            somebody = self._somebody(who, conversation)
            if not somebody.writes_until:
                self._changed.add(conversation)
            somebody.writes_until = time.monotonic() + WRITES_FOR

    def conversations(self) -> set[int]:
        with self._lock:
            return set(self._here)

    def changed(self) -> set[int]:
        """The conversations where somebody came, left, began or ceased to write since this was last asked."""
        with self._lock:
            now = time.monotonic()
            for conversation, people in list(self._here.items()):
                for member, somebody in list(people.items()):
                    if somebody.writes_until and somebody.writes_until < now:
                        somebody.writes_until = 0.0
                        self._changed.add(conversation)
                        if not somebody.pages:
                            self._forget(member, conversation)
            changed, self._changed = self._changed, set()
            return changed

    def told(self, conversation: int) -> bytes:
        """Everybody who is there, as a server-sent event without an id: it moves no cursor."""
        with self._lock:
            people = [
                {
                    "member": member,
                    "name": one.who.name,
                    "initials": initials(one.who.name),
                    "tint": tint(one.who.name),
                    "picture": one.who.picture and reverse("face", args=[one.who.picture]),
                    "writes": one.writes_until > 0,
                }
                for member, one in self._here.get(conversation, {}).items()
            ]
        return f"event: presence\ndata: {json.dumps({'conversation': conversation, 'people': people})}\n\n".encode()

    def _somebody(self, who: Who, conversation: int) -> Somebody:
        return self._here.setdefault(conversation, {}).setdefault(who.member, Somebody(who))

    def _forget(self, member: int, conversation: int) -> None:
        people = self._here[conversation]
        del people[member]
        if not people:
            del self._here[conversation]
        self._changed.add(conversation)
