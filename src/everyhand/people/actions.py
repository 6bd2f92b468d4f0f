"""Letting people in, saying who they are and where they work, and letting them go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from everyhand.core import journal, tokens
from everyhand.people import sessions
from everyhand.people.hours import Span
from everyhand.people.models import Member, Membership, Role, SignInLink, Team, WorkingHours, known_time_zone


class Gone(Exception):
    """They were let go, and are nobody to hand anything to."""


def make_sign_in_link(member: Member, *, at: datetime, valid_for: timedelta) -> str:
    """A new secret with which `member` signs in once until `at + valid_for`. Only its fingerprint is kept."""
    token = tokens.random()
    with transaction.atomic():
        SignInLink.objects.create(member=member, fingerprint=tokens.fingerprint(token), expires_at=at + valid_for)
        journal.note("sign_in_link.made", subject=member, at=at)
    return token


def whose_sign_in_link(token: str, *, at: datetime) -> Member | None:
    """Whom this link would sign in at `at`; it is not used up by asking."""
    link = _usable(token, at).select_related("member").first()
    return link.member if link else None


def use_sign_in_link(token: str, *, at: datetime) -> Member | None:
    """Use the link up: the member it signs in, or None when it was used before, has run out or never was."""
    with transaction.atomic():
        link = _usable(token, at).select_related("member").first()
        # Conditional, because two may try at the same moment.
        if link is None or not SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=at):
            return None
        journal.note("sign_in_link.used", subject=link.member, actor=link.member, at=at)
    return link.member


def add_member(*, email: str, name: str, by: Member, at: datetime, **more: Any) -> Member:
    """Somebody new, who signs in by a code or a link. Raises ValidationError, with a message for each wrong field."""
    with transaction.atomic():
        member = Member.objects.create_member(email, name, **more)
        journal.note("member.added", subject=member, actor=by, at=at)
    return member


def change_member(member: Member, *, by: Member, at: datetime, **fields: Any) -> None:
    """Raises ValidationError; also when nobody would be left who may set up."""
    before = Member.objects.get(pk=member.pk)
    changed = sorted(name for name, value in fields.items() if getattr(before, name) != value)
    for name, value in fields.items():
        setattr(member, name, value)
    member.full_clean()
    if not changed:
        return
    role = {"role": [before.role, member.role]} if before.role != member.role else {}
    with transaction.atomic():
        if not member.may_set_up:
            _someone_else_may_set_up(member)
        member.save(update_fields=changed)
        journal.note("member.changed", subject=member, actor=by, at=at, fields=changed, **role)


def take_time_zone(member: Member, zone: str, *, at: datetime) -> bool:
    """The zone their browser is in, as long as they never chose one; whether it was taken. Raises ValidationError."""
    known_time_zone(zone)
    if member.time_zone or zone == settings.EVERYHAND.time_zone:
        return False
    changes = journal.about(member).filter(action="member.changed")
    if any("time_zone" in change.particulars["fields"] for change in changes):
        return False  # they took it away again
    change_member(member, by=member, at=at, time_zone=zone)
    return True


def set_hours(member: Member, spans: Iterable[Span], *, by: Member, at: datetime) -> None:
    """When they are there for customers; no span means always."""
    wanted = list(spans)
    with transaction.atomic():
        _locked(pk=member.pk)
        standing = {(one.weekday, one.start, one.end) for one in WorkingHours.objects.filter(member=member)}
        if standing == {(span.weekday, span.start, span.end) for span in wanted}:
            return
        WorkingHours.objects.filter(member=member).delete()
        WorkingHours.objects.bulk_create(
            WorkingHours(member=member, weekday=span.weekday, start=span.start, end=span.end) for span in wanted
        )
        journal.note("member.hours_set", subject=member, actor=by, at=at)


def disable(member: Member, *, by: Member, at: datetime) -> bool:
    """They can't sign in any more and are signed out everywhere; False when that was so. Raises ValidationError for the
    last administrator.
    """
    with transaction.atomic():
        _someone_else_may_set_up(member)
        if not any(one.is_active for one in _locked(pk=member.pk)):
            return False
        member.is_active = False
        member.save(update_fields=["is_active"])
        sessions.end(member)
        journal.note("member.disabled", subject=member, actor=by, at=at)
    return True


def stays(member: Member) -> None:
    """Whatever is given to them in this transaction is theirs before anybody can let them go. Raises `Gone`."""
    if not any(one.is_active for one in _locked(pk=member.pk)):
        raise Gone


def enable(member: Member, *, by: Member, at: datetime) -> None:
    with transaction.atomic():
        member.is_active = True
        member.save(update_fields=["is_active"])
        journal.note("member.enabled", subject=member, actor=by, at=at)


def keep_team(team: Team, *, members: Iterable[Member], leads: Iterable[Member], by: Member, at: datetime) -> None:
    """A new team, or one that changed, with exactly these members and its leads. Raises ValidationError."""
    leading = {member.pk for member in leads}
    belonging = {member.pk for member in members} | leading
    team.full_clean()
    if team.private and not belonging:
        raise ValidationError({"members": _("Choose at least one person: nobody else may read what comes to it.")})
    with transaction.atomic():
        _save_once(team)
        before = set(Membership.objects.filter(team=team).values_list("member", flat=True))
        Membership.objects.filter(team=team).delete()
        Membership.objects.bulk_create(
            Membership(team=team, member_id=pk, lead=pk in leading) for pk in sorted(belonging)
        )
        came, gone = sorted(belonging - before), sorted(before - belonging)
        journal.note("team.kept", subject=team, actor=by, at=at, came=came, gone=gone, leads=sorted(leading))


def _save_once(team: Team) -> None:
    """Raises ValidationError when somebody else made a team of this short name at this very moment."""
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError:
        team.full_clean()
        raise


def _usable(token: str, at: datetime) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(
        fingerprint=tokens.fingerprint(token), used_at=None, expires_at__gt=at, member__is_active=True
    )


def _someone_else_may_set_up(member: Member) -> None:
    """Raises ValidationError. Nobody else changes who may until the transaction ends: two could end each other's."""
    if [one.pk for one in _locked(role=Role.ADMIN, is_active=True)] == [member.pk]:
        raise ValidationError(
            _("%(name)s is the only administrator. Make somebody else one first.") % {"name": member.name}
        )


def _locked(**which: Any) -> list[Member]:
    """These members as they are now, and nobody else changes them until the transaction ends; always in one order."""
    return list(Member.objects.select_for_update().filter(**which).order_by("pk"))
