"""Finding another conversation to merge or to link: by its number, by its address, or by words written in it."""

from __future__ import annotations

import re
from typing import Final

from everyhand.conversations import finding, queries, sight
from everyhand.conversations.listed import Listed, listed
from everyhand.conversations.models import Conversation
from everyhand.people.models import Member

FOUND: Final = 20
_NUMBER: Final = re.compile(r"(?:\S*/conversations/|#)?([0-9]{1,18})(?:[/?#]\S*)?")


def found(words: str, conversation: Conversation, member: Member) -> list[Listed]:
    """Up to FOUND others that `member` may see; without words, those of the same customer."""
    visible = listed(sight.visible_to(member).exclude(pk=conversation.pk))
    if not words:
        return list(visible.filter(customer=conversation.customer_id).order_by("-last_message_at")[:FOUND])
    number = _NUMBER.fullmatch(words)
    if number and (named := visible.filter(pk=queries.kept_of(int(number[1]))).first()):
        return [named]
    hits = (hit.conversation for hit in finding.find(member, words, limit=FOUND))
    return [one for one in hits if one.pk != conversation.pk]


def number_of(typed: str) -> int:
    """The number that a form names; 0 when it names none."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else 0
