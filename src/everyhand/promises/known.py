"""What is promised in several conversations, read together."""

from __future__ import annotations

from collections.abc import Collection

from everyhand.conversations.models import Message
from everyhand.promises.models import Promise


class Known:
    """The open promises of these conversations, and in which of them we answered before; to be handed to
    `promises.customer_waiting` within the same transaction, which remembers here what it promises.
    """

    def __init__(self, conversations: Collection[int]) -> None:
        running = Promise.objects.filter(conversation__in=conversations, kept_at=None, withdrawn_at=None)
        self.open: dict[int, Promise | None] = dict.fromkeys(conversations)
        self.open |= {promise.conversation_id: promise for promise in running}
        unpromised = [conversation for conversation, promise in self.open.items() if promise is None]
        ours = Message.objects.filter(
            conversation__in=unpromised, direction=Message.Direction.OUT, kind=Message.Kind.MESSAGE
        )
        self.answered = set(ours.order_by().values_list("conversation", flat=True).distinct()) if unpromised else set()
