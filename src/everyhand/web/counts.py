"""The numbers beside the ways through the house."""

from __future__ import annotations

from functools import cached_property

from everyhand.channels.email.models import Mail
from everyhand.conversations import inbox
from everyhand.core import work
from everyhand.people.models import Member


class Counts:
    """How many open conversations wait in each view, and how much lies in quarantine or is stuck; read when asked."""

    def __init__(self, member: Member) -> None:
        self._member = member

    @cached_property
    def _waiting(self) -> dict[inbox.View, int]:
        return inbox.waiting(self._member)

    @property
    def mine(self) -> int:
        return self._waiting[inbox.View.MINE]

    @property
    def teams(self) -> int:
        return self._waiting[inbox.View.TEAMS]

    @property
    def everyone(self) -> int:
        return self._waiting[inbox.View.EVERYONE]

    @cached_property
    def quarantine(self) -> int:
        return work.quarantined(Mail).count() if self._member.sees_every_queue else 0

    @cached_property
    def stuck(self) -> int:
        """Work set aside, but for mail, which `quarantine` counts."""
        if not self._member.sees_every_queue:
            return 0
        return sum(work.quarantined(kind).count() for kind in work.kinds() if kind is not Mail)
