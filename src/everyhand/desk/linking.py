"""Two conversations belong together, or have nothing to do with each other."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import links, sight
from everyhand.conversations.models import Conversation
from everyhand.core.journal import Entry
from everyhand.people.models import Member


class NotYours(Exception):
    """Not both of them are for this member to see."""


@transaction.atomic
def link(one: Conversation, other: Conversation, *, reason: str, by: Member, at: datetime) -> Entry | None:
    """Both pages show the other, to whoever may see it. The fact of it; None when they were linked before.

    Raises `NotYours`, and ValueError when both are the same.
    """
    _check(one, other, by=by)
    return links.link(one, other, reason=reason, by=by, at=at)


@transaction.atomic
def unlink(one: Conversation, other: Conversation, *, by: Member, at: datetime) -> Entry | None:
    """Also what only seemed to belong together. The fact of it; None when nothing links them. Raises `NotYours`."""
    _check(one, other, by=by)
    return links.unlink(one, other, by=by, at=at)


def _check(*both: Conversation, by: Member) -> None:
    keys = {one.pk for one in both}
    if sight.visible_to(by).filter(pk__in=keys).count() != len(keys):
        raise NotYours
