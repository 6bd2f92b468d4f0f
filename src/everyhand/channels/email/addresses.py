"""Our own addresses: which there are, and taking in mail at one more."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from everyhand.channels.email.models import Mailbox
from everyhand.core import journal
from everyhand.people.models import Member


def read(text: str, *, whole_domain: bool = True) -> str:
    """An address of ours as it was typed, in its usual form; `*@example.com` where a whole domain may be meant.

    Raises `ValidationError`, which says what to write instead.
    """
    address = text.strip().lower()
    local, _at, domain = address.rpartition("@")
    checked = f"any@{domain}" if whole_domain and local == "*" else address
    try:
        validate_email(f"{local}@example.com" if domain == "localhost" and local != "*" else checked)
    except ValidationError:
        saying = (
            _("“%(address)s” is no mail address. Give one like help@example.com, or *@example.com for all of a domain.")
            if whole_domain
            else _("“%(address)s” is no mail address. Give one like help@example.com.")
        )
        raise ValidationError(saying % {"address": address}) from None
    return address


@transaction.atomic
def add(address: str, *, name: str = "", at: datetime, by: Member | None = None) -> bool:
    """Take mail in at `address`, which `read` gave; False when it was taken in already."""
    box, made = Mailbox.objects.get_or_create(address=address, defaults={"name": name})
    if made:
        journal.note("mailbox.added", subject=box, actor=by, at=at)
    return made
