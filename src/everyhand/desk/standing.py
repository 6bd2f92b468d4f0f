"""What holds for the whole company while messages are received: who works here, who answers for what, who is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation
from everyhand.customers import actions as customers
from everyhand.customers.actions import normalised
from everyhand.customers.models import Identity
from everyhand.people.models import Member
from everyhand.promises import known as promises
from everyhand.routing.ownership_map import OwnershipMap


class Standing:
    """Read once, when first needed, however many messages one transaction receives. It must not outlive that
    transaction: the next one reads what holds then, so that nothing is ever stale.

    `expected` are the addresses of those whose messages will be received, `named` the conversations that these may
    belong to; they are looked up together. What happens to an object of a conversation here is seen by all messages.
    """

    def __init__(self, expected: Iterable[str] = (), named: Collection[int] = ()) -> None:
        self.map = OwnershipMap()
        self._expected, self._named = expected, named

    @cached_property
    def known(self) -> customers.Known:
        return customers.known_among(self._expected)

    @cached_property
    def promised(self) -> promises.Known:
        return promises.Known(list(self.conversations))

    @cached_property
    def conversations(self) -> dict[int, Conversation]:
        """Those of the named ones that stand where they always did, locked."""
        return queries.with_proofs(self._named)

    def proven(self, conversation: int | None) -> Conversation | None:
        """As `conversations.queries.with_proof`."""
        return self.conversations.get(conversation or 0) or queries.with_proof(conversation)

    def takes_part(self, conversation: Conversation, identity: Identity) -> bool:
        """As `conversations.queries.takes_part`."""
        if conversation.pk not in self.conversations:
            return queries.takes_part(conversation, identity)
        return (conversation.pk, identity.pk) in self._taking_part

    @cached_property
    def _taking_part(self) -> set[tuple[int, int]]:
        return queries.taking_part(list(self.conversations))

    @cached_property
    def _staff(self) -> frozenset[str]:
        return frozenset(map(normalised, Member.objects.values_list("email", flat=True)))

    def is_of_staff(self, address: str) -> bool:
        """Whether a member has this normalised address."""
        return address in self._staff
