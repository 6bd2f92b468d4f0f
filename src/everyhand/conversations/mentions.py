"""Colleagues whom a note calls in with @: by their whole name, `@Ben Okoro`, by a first name nobody else has, `@Ben`,
by their address or what stands before its @, and in brackets, `@[Ben Okoro]`.

Being mentioned lets somebody see the conversation and be told of it, unless it belongs to a private team: nobody can be
called into that from outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from everyhand.conversations.models import Conversation
from everyhand.people.models import Member, Membership

OFFERED: Final = 8


@dataclass(frozen=True)
class Mention:
    """A member, and the words that name them in the text."""

    member: Member
    words: str


@dataclass(frozen=True)
class Read:
    """What a text calls: colleagues who may come, members who may not, and words that name several."""

    called: Sequence[Mention] = ()
    outside: Sequence[Member] = ()
    unclear: Sequence[str] = ()


def may_be_called(conversation: Conversation) -> QuerySet[Member]:
    """Who can be mentioned here: everybody, or of a private team its members and the owner."""
    active = Member.objects.filter(is_active=True)
    if conversation.team is None or not conversation.team.private:
        return active
    members = Membership.objects.filter(team=conversation.team).values("member")
    return active.filter(Q(pk__in=members) | Q(pk=conversation.owner_id))


def find(conversation: Conversation, words: str, *, by: Member) -> list[tuple[Member, str]]:
    """Colleagues of `by` whose name or address has a word that begins so, and how each is mentioned."""
    everybody = list(may_be_called(conversation).exclude(pk=by.pk))
    wanted = words.casefold().split()
    spoken = [one.name.casefold() for one in everybody]
    return [
        (one, f"@{one.name}" if spoken.count(one.name.casefold()) == 1 else f"@{one.email}")
        for one in everybody
        if all(any(part.startswith(word) for part in _parts(one)) for word in wanted)
    ][:OFFERED]


def read(text: str, conversation: Conversation, *, by: Member) -> Read:
    """Whom the text calls. Nobody calls themselves; an @ before a word that is nobody's name is just that."""
    if "@" not in text:
        return Read()
    everybody = list(Member.objects.filter(is_active=True).exclude(pk=by.pk))
    names = _names(everybody)
    found = {match[0]: names[_bare(match[0])] for match in _called(names).finditer(text)} if names else {}
    welcome = set(may_be_called(conversation).values_list("pk", flat=True)) if found else set()
    called: dict[int, Mention] = {}
    outside: dict[int, Member] = {}
    for words, members in found.items():
        if len(members) > 1:
            continue
        (member,) = members
        if member.pk in welcome:
            called.setdefault(member.pk, Mention(member, words))
        else:
            outside[member.pk] = member
    return Read(
        list(called.values()), list(outside.values()), [words for words, members in found.items() if len(members) > 1]
    )


def _names(members: Iterable[Member]) -> dict[str, list[Member]]:
    """By what each may be called. A whole name or address counts before the part of another's."""
    whole: dict[str, list[Member]] = {}
    parts: dict[str, list[Member]] = {}
    for member in members:
        for name in {member.name.casefold(), member.email.casefold()}:
            whole.setdefault(name, []).append(member)
        for name in {member.name.split()[0].casefold(), member.email.partition("@")[0].casefold()}:
            parts.setdefault(name, []).append(member)
    return parts | whole


def _called(names: Iterable[str]) -> re.Pattern[str]:
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w.+/-])@(?:\[(?:{words})\]|(?:{words})(?![\w@]))", re.IGNORECASE)


def _bare(words: str) -> str:
    return words.strip("@[]").casefold()


def _parts(member: Member) -> list[str]:
    return [*member.name.casefold().split(), member.name.casefold(), member.email.casefold()]
