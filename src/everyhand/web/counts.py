"""The numbers beside the ways through the house."""

from __future__ import annotations

from functools import cached_property

from django.db.models import Count, Q

from everyhand.channels.email.models import Mail
from everyhand.conversations import queries
from everyhand.conversations.models import Status
from everyhand.core import work
from everyhand.people.models import Member, Team


class Counts:
    """How many open conversations wait in each view, and how much lies in quarantine or is stuck; read when asked."""

    def __init__(self, member: Member) -> None:
        self._member = member

    @cached_property
    def _open(self) -> dict[str, int]:
        return (
            queries.visible_to(self._member)
            .filter(status=Status.OPEN)
            .aggregate(
                mine=Count("pk", filter=Q(owner=self._member)),
                teams=Count("pk", filter=Q(team__in=Team.objects.filter(members=self._member))),
                everyone=Count("pk"),
            )
        )

    @property
    def mine(self) -> int:
        return self._open["mine"]

    @property
    def teams(self) -> int:
        return self._open["teams"]

    @property
    def everyone(self) -> int:
        return self._open["everyone"]

    @cached_property
    def quarantine(self) -> int:
        return work.quarantined(Mail).count() if self._member.sees_every_queue else 0

    @cached_property
    def stuck(self) -> int:
        """Work set aside, but for mail, which `quarantine` counts."""
        if not self._member.sees_every_queue:
            return 0
        return sum(work.quarantined(kind).count() for kind in work.kinds() if kind is not Mail)
