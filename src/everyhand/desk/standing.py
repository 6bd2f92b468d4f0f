"""What holds for the whole company while messages are received: who works here, who answers for what, who is known."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from everyhand.customers import actions as customers
from everyhand.customers.actions import normalised
from everyhand.people.models import Member
from everyhand.routing.ownership_map import OwnershipMap


class Standing:
    """Read once, when first needed, however many messages one transaction receives. It must not outlive that
    transaction: the next one reads what holds then, so that nothing is ever stale.

    `expected` are the addresses of those whose messages will be received; they are looked up together.
    """

    def __init__(self, expected: Iterable[str] = ()) -> None:
        self.map = OwnershipMap()
        self._expected = expected

    @cached_property
    def known(self) -> customers.Known:
        return customers.known_among(self._expected)

    @cached_property
    def _staff(self) -> frozenset[str]:
        return frozenset(map(normalised, Member.objects.values_list("email", flat=True)))

    def is_of_staff(self, address: str) -> bool:
        """Whether a member has this normalised address."""
        return address in self._staff
