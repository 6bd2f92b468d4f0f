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
    if kept.pk == merged.pk or kept.merged_into_id or merged.merged_into_id:
        raise ValueError(f"customers {kept.pk} and {merged.pk} can't be merged")
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


def undo_merging(merging: Merging, *, by: object, at: datetime) -> None:
    """They are two after all: each has again the identities they came with."""
    Identity.objects.filter(pk__in=merging.identities, customer=merging.kept).update(customer=merging.merged)
    merging.merged.merged_into = None
    merging.merged.save(update_fields=["merged_into"])
    merging.undone_at = at
    merging.save(update_fields=["undone_at"])
    journal.note("customer.unmerged", subject=merging.kept, actor=by, at=at, merged=merging.merged_id)
