"""How members wish to be told: of what, in which way, and when not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from everyhand.core import journal
from everyhand.notices.models import Kind, MailPace, Preference, Rest
from everyhand.notices.quiet import Quiet
from everyhand.people.models import Member


@dataclass(frozen=True)
class Ways:
    """The ways in which one kind is told."""

    app: bool = True
    mail: str = MailPace.AT_ONCE
    push: bool = True

    @property
    def any(self) -> bool:
        return self.app or self.push or self.mail != MailPace.NEVER


# Whoever opens the desk twice a week must not miss a customer; what can wait until tomorrow comes in the digest.
DEFAULTS: Final[Mapping[str, Ways]] = {
    Kind.MENTIONED: Ways(),
    Kind.MINE: Ways(),
    Kind.ANSWERED: Ways(),
    Kind.NOTE: Ways(mail=MailPace.DIGEST, push=False),
    Kind.PROMISE: Ways(),
    Kind.CAME_BACK: Ways(),
    Kind.HELD: Ways(mail=MailPace.DIGEST, push=False),
    Kind.TROUBLE: Ways(),
    Kind.PAGED: Ways(),
}


def kinds_for(member: Member) -> list[Kind]:
    """What this member may be told about at all, and chooses how: a page comes in every way, at any hour."""
    looked_after = {Kind.HELD: member.sees_every_queue, Kind.TROUBLE: member.may_set_up, Kind.PAGED: False}
    return [kind for kind in Kind if looked_after.get(kind, True)]


def ways_of(asked: Iterable[tuple[int, Kind]]) -> dict[tuple[int, Kind], Ways]:
    """How members, by their primary keys, wish to be told of a kind each; one query."""
    asked = set(asked)
    chosen = Preference.objects.filter(
        member__in={member for member, _kind in asked}, kind__in={kind for _member, kind in asked}
    )
    ways = {(one.member_id, one.kind): Ways(one.app, one.mail, one.push) for one in chosen}
    return {one: ways.get(one, DEFAULTS[one[1]]) for one in asked}


def chosen_by(member: Member) -> dict[Kind, Ways]:
    """By kind, how this member wishes to be told."""
    chosen = {one.kind: Ways(one.app, one.mail, one.push) for one in Preference.objects.filter(member=member)}
    return {kind: chosen.get(kind, DEFAULTS[kind]) for kind in kinds_for(member)}


@transaction.atomic
def choose(member: Member, ways: Mapping[Kind, Ways], *, rest: Rest, at: datetime) -> None:
    """Keep what they chose: the ways of each kind, and their quiet hours and digest as `rest` has them."""
    for kind, one in ways.items():
        fields = {"app": one.app, "mail": one.mail, "push": one.push}
        Preference.objects.update_or_create(member=member, kind=kind, defaults=fields)
    hours = {name: getattr(rest, name) for name in ("quiet_from", "quiet_until", "quiet_weekends", "digest_at")}
    Rest.objects.update_or_create(member=member, defaults=hours)
    journal.note("notices.chosen", subject=member, actor=member, at=at)


def rest_of(member: Member) -> Rest:
    """Their quiet hours, unsaved where they never said anything."""
    return Rest.objects.filter(member=member).first() or Rest(member=member)


def quiet_of(rest: Rest) -> Quiet:
    return Quiet(rest.quiet_from, rest.quiet_until, rest.quiet_weekends)


def zone_of(member: Member) -> ZoneInfo:
    return ZoneInfo(member.time_zone or settings.EVERYHAND.time_zone)


@transaction.atomic
def pause_mail(member: Member, because: str, *, at: datetime) -> None:
    """What we mailed them came back: send no more until they or an administrator say so. Twice changes nothing."""
    rest, _ = Rest.objects.get_or_create(member=member)
    if Rest.objects.filter(pk=rest.pk, mail_paused_at=None).update(
        mail_paused_at=at, mail_paused_because=because[:500]
    ):
        journal.note("notice_mail.paused", subject=member, at=at)


@transaction.atomic
def resume_mail(member: Member, *, by: Member, at: datetime) -> None:
    """Try again to reach them by mail."""
    Rest.objects.filter(member=member).update(mail_paused_at=None, mail_paused_because="")
    journal.note("notice_mail.resumed", subject=member, actor=by, at=at)
