"""Conversations as lists show them: plain tuples, since an inbox needs fifty at once and never changes one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from django.db.models import QuerySet
from django.db.models.query import ValuesListIterable

from everyhand.conversations.models import Conversation
from everyhand.conversations.tags import TAGGED


class Listed(NamedTuple):
    """What a list says of a conversation. `tagged`: whether any tag stands on it."""

    pk: int
    subject: str
    status: str
    snippet: str
    last_message_at: datetime
    sleeps_until: datetime | None
    reply_due: datetime | None
    customer_id: int
    customer_name: str
    owner_id: int
    owner_name: str
    owner_picture: str
    team_name: str | None
    escalated_at: datetime | None
    tagged: bool


_READ: Final = (
    *("pk", "subject", "status", "snippet", "last_message_at", "sleeps_until", "reply_due"),
    *("customer", "customer__name", "owner", "owner__name", "owner__picture", "team__name"),
    *("escalated_at", "tagged"),
)


class _AsListed(ValuesListIterable):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Listed]:
        return map(Listed._make, super().__iter__())


def listed(conversations: QuerySet[Conversation]) -> QuerySet[Conversation, Listed]:
    """The same conversations, each as a `Listed`."""
    rows: Any = conversations.annotate(tagged=TAGGED).values_list(*_READ)
    rows._iterable_class = _AsListed  # noqa: SLF001 (as `values_list` sets one for the named tuples of its own)
    return cast("QuerySet[Conversation, Listed]", rows)
