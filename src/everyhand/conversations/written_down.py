"""What a customer said where no channel of ours heard it, in the words of the colleague who wrote it down."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from everyhand.conversations.models import Message


class How(StrEnum):
    """Where it was said: the channel of its conversation."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    ELSEWHERE = "elsewhere"


# Kept in English; the page tells it in the reader's language.
SAID: Final = {
    How.IN_PERSON: "They said it in person.",
    How.PHONE: "They said it on the phone.",
    How.ELSEWHERE: "They said it where we do not listen.",
}


def is_written_down(message: Message) -> bool:
    """Whether these are a colleague's words for it, wherever the message stands by now."""
    return bool(message.forwarded_by_id) and not set(SAID.values()).isdisjoint(message.remarks)
