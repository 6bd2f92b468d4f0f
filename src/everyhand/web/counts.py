"""The numbers beside the ways through the house."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from django.db.models import Model
from django.http import QueryDict
from django.utils import timezone

from everyhand.channels.email import whose
from everyhand.channels.email.fetching import alarms
from everyhand.channels.email.models import ConnectedMailbox, Mail
from everyhand.conversations import inbox, saved_views
from everyhand.conversations.models import SavedView, Status
from everyhand.conversations.sight import Asker
from everyhand.core import work
from everyhand.core.counting import Count, whole
from everyhand.people.models import Member, Membership
from everyhand.web.narrowing import address, asked_for


@dataclass(frozen=True)
class SavedPlace:
    """A saved view as a way through the house."""

    view: SavedView
    address: str
    number: int


class WaysShown(NamedTuple):
    """What is drawn of the ways through the house, all of it: those that are equal look the same."""

    may_set_up: bool
    sees_every_queue: bool
    looks_after_mail: bool
    mine: int
    teams: int
    everyone: int
    quarantine: int
    stuck: int
    troubled: int
    saved: tuple[tuple[int, str, str, int, bool], ...]  # primary key, name, address, number, whether it is shared


class Counts:
    """How many open conversations wait in each view, and how much lies in quarantine or is stuck; read when asked.

    Those of conversations stop at `inbox.COUNTED`.
    """

    def __init__(self, member: Member) -> None:
        self._member = member

    @cached_property
    def _waiting(self) -> tuple[dict[inbox.View, int], list[SavedPlace], list[int]]:
        """Of each view, of each saved one, and of what is beside them; one read."""
        at = timezone.now()
        saved = saved_views.within_reach(self._member)
        narrowed = [asked_for(QueryDict(one.narrowed_by), member=self._member, at=at) for one in saved]
        counted = {
            one.pk: (inbox.View(one.view), filters.without("status").conversations)
            for one, filters in zip(saved, narrowed, strict=True)
            if filters.value("status") in ("", Status.OPEN)
        }
        beside = _set_aside(may_set_up=self._member.may_set_up) if self._member.sees_every_queue else _held()
        numbers, also = inbox.waiting(self._member, also=list(counted.values()), beside=beside)
        number_of = dict(zip(counted, also, strict=False))
        places = [
            SavedPlace(one, address(one.view, filters.pairs), number_of.get(one.pk, 0))
            for one, filters in zip(saved, narrowed, strict=True)
        ]
        return numbers, places, also[len(counted) :]

    @property
    def mine(self) -> int:
        return self._waiting[0][inbox.View.MINE]

    @property
    def teams(self) -> int:
        return self._waiting[0][inbox.View.TEAMS]

    @property
    def everyone(self) -> int:
        return self._waiting[0][inbox.View.EVERYONE]

    @property
    def saved(self) -> list[SavedPlace]:
        """The views kept under a name; of those that show open conversations, with how many."""
        return self._waiting[1]

    @property
    def shown(self) -> WaysShown:
        saved = [
            (one.view.pk, one.view.name, one.address, one.number, bool(one.view.team_id or one.view.for_everyone))
            for one in self.saved
        ]
        member = self._member
        return WaysShown(
            may_set_up=member.may_set_up,
            sees_every_queue=member.sees_every_queue,
            looks_after_mail=self.looks_after_mail,
            mine=self.mine,
            teams=self.teams,
            everyone=self.everyone,
            quarantine=self.quarantine,
            stuck=self.stuck,
            troubled=self.troubled,
            saved=tuple(saved),
        )

    @property
    def looks_after_mail(self) -> bool:
        """Whether quarantine is open to them; as `whose.may_look_after_mail` says."""
        return self._member.sees_every_queue or bool(self._waiting[2][0])

    @property
    def quarantine(self) -> int:
        return self._set_aside[Mail] if self._member.sees_every_queue else self._waiting[2][1]

    @property
    def stuck(self) -> int:
        """Work set aside, but for mail, which `quarantine` counts."""
        return sum(number for kind, number in self._set_aside.items() if kind not in (Mail, ConnectedMailbox))

    @property
    def troubled(self) -> int:
        """Mailboxes that can't be fetched, for those who can do something about it."""
        return self._set_aside[ConnectedMailbox] if self._member.may_set_up else 0

    @cached_property
    def _set_aside(self) -> dict[type[Model], int]:
        """How many rows of each kind of work are quarantined, and how many mailboxes are in trouble, for those who look
        after it.
        """
        numbers = self._waiting[2] if self._member.sees_every_queue else [0] * len(_kinds())
        return dict(zip(_kinds(), numbers, strict=True))


@cache
def _held() -> list[Count]:
    """For whoever does not see every queue: how many private teams they are in, and how much mail of these waits."""
    asker: Any = Asker(sees_every_queue=False)
    private = Membership.objects.filter(member=asker, team__private=True)
    mail = work.quarantined(Mail).filter(whose.open_to(asker))
    return [whole(private), whole(mail.order_by())]


def _kinds() -> list[type[Model]]:
    return [*work.kinds(), ConnectedMailbox]


@cache
def _set_aside(*, may_set_up: bool) -> list[Count]:
    """Of each of `_kinds`; of mail, what the asker may look after."""
    theirs = whose.open_to(Asker(sees_every_queue=True, may_set_up=may_set_up))
    rows = {kind: work.quarantined(kind) for kind in work.kinds()} | {Mail: work.quarantined(Mail).filter(theirs)}
    return [whole(one.order_by()) for one in (*rows.values(), alarms.told_of())]
