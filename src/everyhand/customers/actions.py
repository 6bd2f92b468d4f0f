"""Getting to know customers."""

from __future__ import annotations

from datetime import datetime

from everyhand.core import tokens
from everyhand.customers.models import Customer, Identity


def identify(*, email: str, name: str, at: datetime) -> Identity:
    """The identity behind a mail address, with its customer; both are made when we never heard of it.

    Somebody who gave no address at all is a new customer each time: nothing says that they were here before.

    Knowing an address proves nothing: anybody can write any sender. What needs proof is decided elsewhere.
    """
    value = normalised(email)
    if not value:
        nobody = Customer.objects.create(name=name[:300], since=at)
        return Identity.objects.create(customer=nobody, kind=Identity.UNKNOWN, value=tokens.random(), name=name[:300])
    identity = Identity.objects.select_related("customer").filter(kind=Identity.EMAIL, value=value).first()
    if identity is None:
        customer = Customer.objects.create(name=name[:300], since=at)
        identity, made = Identity.objects.get_or_create(
            kind=Identity.EMAIL, value=value, defaults={"customer": customer, "name": name[:300]}
        )
        if not made:  # somebody was faster; their customer stays, ours never served anybody
            customer.delete()
    elif name and not identity.customer.name:
        identity.customer.name = name[:300]
        identity.customer.save(update_fields=["name"])
    return identity


def mark_undeliverable(*, email: str, at: datetime) -> Identity | None:
    """A permanent bounce said that this address takes no mail. None when we do not know the address."""
    identity = Identity.objects.filter(kind=Identity.EMAIL, value=normalised(email)).first()
    if identity and not identity.undeliverable_at:
        identity.undeliverable_at = at
        identity.save(update_fields=["undeliverable_at"])
    return identity


def normalised(email: str) -> str:
    """The form in which an address is compared: lower case, as every provider that matters treats it."""
    return email.strip().lower()[:320]
