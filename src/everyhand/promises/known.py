"""What is promised in several conversations, read together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache, cached_property

from everyhand.conversations.models import Message
from everyhand.core.prepared import prepared_for_several
from everyhand.promises import terms
from everyhand.promises.models import Promise
from everyhand.promises.terms import HowSoon


class Known:
    """The open promises of these conversations, and in which of them we answered before; to be handed to
    `promises.customer_waiting` within the same transaction, which remembers here what it promises.
    """

    def __init__(self, conversations: Collection[int]) -> None:
        self.open: dict[int, Promise | None] = dict.fromkeys(conversations)
        self.open |= {promise.conversation_id: promise for promise in _running()(conversations)}
        unpromised = [conversation for conversation, promise in self.open.items() if promise is None]
        self.answered = set(_answered()(unpromised))

    @cached_property
    def how_soon(self) -> HowSoon:
        """What is promised in this transaction."""
        return terms.current()


@cache
def _running() -> Callable[[Collection[int]], list[Promise]]:
    return prepared_for_several(
        lambda conversations: Promise.objects.filter(conversation__in=conversations, kept_at=None, withdrawn_at=None)
    )


@cache
def _answered() -> Callable[[Collection[int]], list[int]]:
    ours = Message.objects.filter(direction=Message.Direction.OUT, kind=Message.Kind.MESSAGE).order_by()
    answered = ours.values_list("conversation", flat=True).distinct()
    return prepared_for_several(lambda conversations: answered.filter(conversation__in=conversations))
