"""How many open conversations each member owns, by which the one with the fewest is found.

To count them is to look at each in an index, which is nothing while some hundreds are open. Where many thousands are,
each batch of mails would spend more on that than on anything else, since it asks about whole teams. There a count holds
for a second, with what this process gave to them since: what others gave or closed within that second does not change
who has fewer of some hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import Final

from django.db.models import Count, Max

from everyhand.conversations.models import Conversation, Status
from everyhand.core.prepared import prepared_for_several

Load = tuple[int, int]  # how many, and the latest of them; (0, 0) of whoever owns none

THOUSANDS: Final = 5_000
A_SECOND: Final = 1.0  # seconds


@dataclass
class _Held:
    """What was counted lately, where so many are open."""

    until: float = 0.0  # monotonic seconds
    loads: dict[int, Load] = field(default_factory=dict)


_held = _Held()


def of(members: Collection[int]) -> dict[int, Load]:
    """Of each of these members, by their keys."""
    held = _still_held()
    unknown = [member for member in members if member not in held.loads]
    counted = _counted(unknown)
    if held.loads or sum(number for number, _latest in counted.values()) >= THOUSANDS:
        held.loads |= counted
    return {member: counted.get(member) or held.loads[member] for member in members}


def one_more(conversation: Conversation) -> None:
    """Its owner was given this one, if it is open."""
    load = _held.loads.get(conversation.owner_id)
    if load and conversation.status == Status.OPEN:
        _held.loads[conversation.owner_id] = (load[0] + 1, conversation.pk)


def _still_held() -> _Held:
    global _held  # noqa: PLW0603 (one a process; a thread that still has the one before counts with that)
    if _held.until <= monotonic():
        _held = _Held(until=monotonic() + A_SECOND)
    return _held


def _counted(members: Collection[int]) -> dict[int, Load]:
    if not members:
        return {}
    found = {owner: (number, latest) for owner, number, latest in _counting()(members)}
    return dict.fromkeys(members, (0, 0)) | found


@cache
def _counting() -> Callable[[Collection[int]], list[tuple[int, int, int]]]:
    open_ones = Conversation.objects.filter(status=Status.OPEN).order_by()
    return prepared_for_several(
        lambda owners: open_ones.filter(owner__in=owners).values_list("owner").annotate(Count("pk"), latest=Max("pk"))
    )
