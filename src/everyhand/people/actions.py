"""Letting people in: sign-in links."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from everyhand.core import journal, tokens
from everyhand.people.models import Member, SignInLink


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
        if link is None or not _usable(token, at).update(used_at=at):
            return None
        journal.note("sign_in_link.used", subject=link.member, actor=link.member, at=at)
    return link.member


def _usable(token: str, at: datetime):  # type: ignore[no-untyped-def]
    return SignInLink.objects.filter(
        fingerprint=tokens.fingerprint(token), used_at=None, expires_at__gt=at, member__is_active=True
    )
