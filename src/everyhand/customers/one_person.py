"""Two customers were found to be one person, or to be two after all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from everyhand.core import journal
from everyhand.customers.models import Customer, Identity, Merging


def merge(kept: Customer, merged: Customer, *, conversations: Sequence[int] = (), by: object, at: datetime) -> Merging:
    """`merged` is `kept` by another address: their identities become one person's. What is empty is filled in.

    `conversations` are the primary keys of those that go along.
    Raises ValueError when both are the same, or one of them has been merged already.
    """
    both = {one.pk: one for one in _locked(kept.pk, merged.pk)}
    if len(both) < 2 or any(one.merged_into_id for one in both.values()):
        raise ValueError(f"customers {kept.pk} and {merged.pk} can't be merged")
    kept, merged = both[kept.pk], both[merged.pk]
    moved: Sequence[int] = list(merged.identities.values_list("pk", flat=True))
    Identity.objects.filter(pk__in=moved).update(customer=kept)
    merged.merged_into = kept
    merged.save(update_fields=["merged_into"])
    for field in ("name", "organization", "about"):
        if not getattr(kept, field):
            setattr(kept, field, getattr(merged, field))
    kept.save(update_fields=["name", "organization", "about"])
    merging = Merging.objects.create(
        kept=kept, merged=merged, identities=moved, conversations=list(conversations), at=at
    )
    journal.note("customer.merged", subject=kept, actor=by, at=at, merged=merged.pk, merging=merging.pk)
    return merging


def undo_merging(merging: Merging, *, by: object, at: datetime) -> bool:
    """They are two after all: each has again the identities they came with. False when they are two already."""
    _locked(merging.kept_id, merging.merged_id)
    if not Merging.objects.filter(pk=merging.pk, undone_at=None).update(undone_at=at):
        return False
    Identity.objects.filter(pk__in=merging.identities, customer=merging.kept).update(customer=merging.merged)
    merging.merged.merged_into = None
    merging.merged.save(update_fields=["merged_into"])
    merging.undone_at = at
    journal.note("customer.unmerged", subject=merging.kept, actor=by, at=at, merged=merging.merged_id)
    return True


def _locked(*keys: int) -> list[Customer]:
    """As they are now, and nobody else merges or parts them until the transaction ends; always in one order."""
    return list(Customer.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
