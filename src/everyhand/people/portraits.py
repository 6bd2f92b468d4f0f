"""Pictures of the people who work here. Who has none is shown by their initials."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.core import blobs, journal, tokens
from everyhand.people.models import Member


@transaction.atomic
def keep(member: Member, content: bytes, *, at: datetime) -> None:
    """From now on they are seen by this picture, at an address that no other picture had."""
    _change(member, blobs.keep(content), tokens.random(), at)


@transaction.atomic
def remove(member: Member, *, at: datetime) -> None:
    if member.picture:
        _change(member, None, "", at)


def _change(member: Member, portrait: blobs.Blob | None, picture: str, at: datetime) -> None:
    before = member.portrait_id
    member.portrait, member.picture = portrait, picture
    member.save(update_fields=["portrait", "picture"])
    journal.note("member.changed", subject=member, actor=member, at=at, fields=["picture"])
    if before and before != member.portrait_id:
        blobs.let_go([before])
