"""What several facts of the journal name, read together: one query for each kind of thing, not for each fact.

What an entry names may be gone by now; then it is None here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef

from everyhand.conversations.models import Conversation, Delivery, Follower, Message
from everyhand.core.journal import Entry
from everyhand.notices import queries
from everyhand.people.models import Member, Role
from everyhand.promises.models import Promise


class Known:
    """Read when first asked for, and not again."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._looking_after: dict[int | None, list[Member]] = {}

    def message(self, entry: Entry) -> Message | None:
        """With its conversation."""
        found: Message | None = self._messages.get(entry.particulars["message"])
        conversation = self._conversations.get(found.conversation_id) if found else None
        if found is None or conversation is None:
            return None
        found.conversation = conversation
        return found

    def is_first(self, message: Message) -> bool:
        """Whether nothing was said in its conversation before."""
        return bool(self._messages[message.pk].is_first)

    def conversation(self, entry: Entry) -> Conversation | None:
        """The conversation that is its subject."""
        return self._conversations.get(_key(entry.subject, "conversation") or 0)

    def promise(self, entry: Entry) -> Promise | None:
        return self._promises.get(entry.particulars["promise"])

    def delivery(self, entry: Entry) -> Delivery | None:
        return self._deliveries.get(entry.particulars["delivery"])

    def actor(self, entry: Entry) -> Member | None:
        return self.member(entry.actor)

    def member(self, reference: str) -> Member | None:
        """Whom "member:7" names."""
        return self._members.get(_key(reference, "member") or 0)

    def mentioned(self, entry: Entry) -> list[Member]:
        return [self._members[key] for key in entry.particulars["members"] if key in self._members]

    def followers(self, conversation: Conversation) -> list[Member]:
        return self._followers.get(conversation.pk, [])

    def looking_after_mail_of(self, team: int | None) -> list[Member]:
        if team not in self._looking_after:
            self._looking_after[team] = queries.looking_after_mail_of(team)
        return self._looking_after[team]

    @cached_property
    def admins(self) -> list[Member]:
        return list(Member.objects.filter(is_active=True, role=Role.ADMIN))

    @cached_property
    def _messages(self) -> dict[int, Any]:
        earlier = Message.objects.filter(conversation=OuterRef("conversation"), pk__lt=OuterRef("pk"))
        return Message.objects.annotate(is_first=~Exists(earlier)).only("conversation").in_bulk(self._named("message"))

    @cached_property
    def _conversations(self) -> dict[int, Conversation]:
        """Those that are subjects, and those of all messages."""
        keys = {_key(entry.subject, "conversation") for entry in self._entries}
        keys |= {message.conversation_id for message in self._messages.values()}
        rows = Conversation.objects.only("owner", "merged_into", "aside_of").select_related("aside_of__owner")
        found = rows.in_bulk([key for key in keys if key])
        owners = Member.objects.in_bulk({one.owner_id for one in found.values()})
        for one in found.values():
            one.owner = owners[one.owner_id]
        return found

    @cached_property
    def _promises(self) -> dict[int, Promise]:
        return Promise.objects.select_related("conversation", "owner").in_bulk(self._named("promise"))

    @cached_property
    def _deliveries(self) -> dict[int, Delivery]:
        together = ("message__conversation__owner", "message__conversation__aside_of__owner", "message__author_member")
        return Delivery.objects.select_related(*together).in_bulk(self._named("delivery"))

    @cached_property
    def _members(self) -> dict[int, Member]:
        keys = {_key(reference, "member") for entry in self._entries for reference in (entry.actor, entry.subject)}
        keys |= {key for entry in self._entries for key in entry.particulars.get("members", ())}
        return Member.objects.in_bulk([key for key in keys if key])

    @cached_property
    def _followers(self) -> dict[int, list[Member]]:
        """Of the conversations of all messages, by conversation."""
        asked = {message.conversation_id for message in self._messages.values()}
        found: dict[int, list[Member]] = {}
        for one in Follower.objects.filter(conversation__in=asked).select_related("member"):
            found.setdefault(one.conversation_id, []).append(one.member)
        return found

    def _named(self, particular: str) -> set[int]:
        return {entry.particulars[particular] for entry in self._entries if particular in entry.particulars}


def _key(reference: str, kind: str) -> int | None:
    """The primary key in "member:7", None when it names something else."""
    what, _colon, key = reference.partition(":")
    return int(key) if what == kind and key.isdecimal() else None
