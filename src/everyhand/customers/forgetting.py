"""Forgetting a customer: asking for it, calling it off, and the last step, when their conversations are gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import ProtectedError

from everyhand.core import journal, tokens
from everyhand.customers.models import Customer, Erasure, Identity, Merging

# So long whoever asked to erase somebody can think again.
CALLED_OFF_WITHIN = timedelta(hours=1)


def ask_to_erase(customer: Customer, *, by: object, at: datetime) -> Erasure:
    """They are to be forgotten. It begins after `CALLED_OFF_WITHIN`; asking twice changes nothing."""
    erasure, asked = Erasure.objects.get_or_create(
        customer=customer, defaults={"asked_at": at, "due_at": at + CALLED_OFF_WITHIN}
    )
    if asked:
        journal.note("customer.erasure_asked", subject=customer, actor=by, at=at)
    return erasure


def call_off_erasure(customer: Customer, *, by: object, at: datetime) -> bool:
    """They are not to be forgotten after all; False when it has begun, or nobody asked."""
    waiting = Erasure.objects.filter(customer=customer, attempts=0, claimed_until=None, done_at=None, due_at__gt=at)
    called_off, _ = waiting.delete()
    if called_off:
        journal.note("customer.erasure_called_off", subject=customer, actor=by, at=at)
    return bool(called_off)


def forget(customer: Customer) -> None:
    """Remove a customer whose conversations are gone.

    Where they took part in somebody else's conversation a nameless identity stays in their place.
    """
    Customer.objects.filter(merged_into=customer).delete()
    for identity in customer.identities.all():
        try:
            with transaction.atomic():
                identity.delete()
        except ProtectedError:
            identity.kind, identity.value, identity.name, identity.domain = Identity.UNKNOWN, tokens.random(), "", ""
            identity.save(update_fields=["kind", "value", "name", "domain"])
    if customer.identities.exists():
        customer.name, customer.about, customer.organization = "", "", None
        customer.save(update_fields=["name", "about", "organization"])
        Merging.objects.filter(kept=customer).delete()
    else:
        customer.delete()
