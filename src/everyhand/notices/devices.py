"""Devices that asked to be told by push."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.utils.translation import gettext as _

from everyhand.core import journal, tokens
from everyhand.notices.models import Device
from everyhand.people.models import Member

# Who has more of them forgot some; the oldest makes room.
A_MEMBER: Final = 20


class NotUsable(ValueError):
    """What a browser gave us can't be used to reach it; the message says so to whoever sits there."""


@transaction.atomic
def add(member: Member, *, endpoint: str, public_key: str, secret: str, name: str, at: datetime) -> Device:
    """From now on `member` is told on this device. `endpoint`, `public_key` (p256dh) and `secret` (auth) are those of a
    PushSubscription (W3C Push API), the latter two in base64url. A browser that comes again, perhaps with somebody else
    in front of it, is known by its endpoint. Raises `NotUsable`.
    """
    _check(endpoint, public_key, secret)
    device, _new = Device.objects.update_or_create(
        fingerprint=tokens.fingerprint(endpoint),
        defaults={
            "member": member,
            "endpoint": endpoint,
            "public_key": public_key,
            "secret": secret,
            "name": name.strip()[:100],
            "added_at": at,
        },
    )
    device.tellings.filter(done_at=None).exclude(notice__member=member).delete()
    kept = Device.objects.filter(member=member).values_list("pk", flat=True)[:A_MEMBER]
    Device.objects.filter(member=member).exclude(pk__in=list(kept)).delete()
    journal.note("device.added", subject=member, actor=member, at=at, device=device.pk)
    return device


@transaction.atomic
def remove(device: Device, *, by: Member | None, at: datetime) -> None:
    """A member wants it no more (`by`), or its push service says that it is gone."""
    journal.note("device.removed", subject=device.member, actor=by, at=at, device=device.pk)
    device.delete()


def from_base64url(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _check(endpoint: str, public_key: str, secret: str) -> None:
    try:
        address = httpx.URL(endpoint)
        usable = address.scheme == "https" and bool(address.host) and len(endpoint) <= 2000
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(public_key))
        usable = usable and len(from_base64url(secret)) == 16
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise NotUsable(_("This browser gave no address where it can be told. Please try again, or try another one."))
