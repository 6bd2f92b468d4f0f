"""Two customers turn out to be one person, or two after all."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.conversations import sight, whose
from everyhand.customers import one_person
from everyhand.customers.models import Customer, Merging
from everyhand.people.models import Member


class NotYours(Exception):
    """Not everything these customers wrote is for this member to see, so they can't judge, nor may they join it."""


@transaction.atomic
def merge(kept: Customer, merged: Customer, *, by: Member, at: datetime) -> Merging:
    """Everything `merged` ever wrote is from `kept`. Raises `NotYours`, and ValueError as `one_person.merge` does."""
    _check(kept, merged, by=by)
    merging = one_person.merge(kept, merged, by=by, at=at)
    merging.conversations = whose.give(merged, to=kept, at=at)
    merging.save(update_fields=["conversations"])
    return merging


@transaction.atomic
def undo(merging: Merging, *, by: Member, at: datetime) -> None:
    """Each has again what they came with, and what was opened since by an address that goes back goes with it.

    Undoing twice changes nothing. Raises `NotYours`.
    """
    merging = Merging.objects.select_related("kept", "merged").get(pk=merging.pk)
    if merging.undone_at:
        return
    _check(merging.kept, merging.merged, by=by)
    if one_person.undo_merging(merging, by=by, at=at):
        whose.give_back(merging, at=at)


def _check(*both: Customer, by: Member) -> None:
    if not all(sight.sees_everything_of(customer, by) for customer in both):
        raise NotYours
