"""What is asked once before a reply goes out: whether it was meant for colleagues, and what was to be filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from everyhand.conversations import note_like, placeholders
from everyhand.conversations.models import Conversation
from everyhand.people import colleagues
from everyhand.people.models import Member


@dataclass(frozen=True)
class Doubts:
    """`note_like` are words that colleagues use among themselves, `unfilled` places of a canned reply."""

    note_like: Sequence[str]
    unfilled: Sequence[str]


def doubts(text: str, conversation: Conversation, *, author: Member) -> Doubts | None:
    """What to ask the author of this reply; None when nothing is odd about it."""
    names = [one.name for one in colleagues.everybody() if one.is_active and one.id != author.pk]
    found = Doubts(
        note_like=note_like.signs(text, colleagues=names, customer=conversation.customer.name),
        unfilled=[f"{{{name}}}" for name in placeholders.unfilled(text)],
    )
    return found if found.note_like or found.unfilled else None
