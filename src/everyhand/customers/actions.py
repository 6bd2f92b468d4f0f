"""Getting to know customers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import cache

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from everyhand.core import journal, rows, tokens
from everyhand.core.prepared import prepared_for_several
from everyhand.customers.models import Customer, Identity, Organization

Known = dict[str, Identity | None]  # by normalised address; None when nobody has it


def known_among(emails: Iterable[str]) -> Known:
    """Who is behind these addresses, read together; to be handed to `identify` within the same transaction."""
    wanted: Known = dict.fromkeys(filter(None, map(normalised, emails)))
    found = _by_address()(wanted)
    theirs: dict[int, list[Identity]] = defaultdict(list)
    for identity in _of_customers()({one.customer_id for one in found}):
        theirs[identity.customer_id].append(identity)
    for one in found:
        one.customer.has_only(*theirs[one.customer_id])
    return wanted | {one.value: one for one in found}


def identify(*, email: str, name: str, at: datetime, known: Known | None = None) -> Identity:
    """The identity behind a mail address, with its customer; both are made when we never heard of it.

    Somebody who gave no address at all is a new customer each time: nothing says that they were here before.
    What is `known` is not looked up, and whoever is new is added to it.

    Knowing an address proves nothing: anybody can write any sender. What needs proof is decided elsewhere.
    """
    value = normalised(email)
    if not value:
        nobody = Customer.objects.create(name=name[:300], since=at)
        return Identity.objects.create(customer=nobody, kind=Identity.UNKNOWN, value=tokens.random(), name=name[:300])
    known = {} if known is None else known
    identity = known[value] if value in known else _identities().filter(value=value).first()
    if identity is None:
        identity = _make(value, name[:300], at)
    elif name and not identity.customer.name:
        identity.customer.name = name[:300]
        identity.customer.save(update_fields=["name"])
    known[value] = identity
    return identity


def give_address(customer: Customer, *, email: str, by: object, at: datetime) -> Identity | None:
    """`customer` can be written to at `email`, too. None when somebody else is known by that address."""
    value = normalised(email)
    theirs = {"customer": customer, "name": customer.name[:300], "domain": value.rpartition("@")[2][:255]}
    identity, made = Identity.objects.get_or_create(kind=Identity.EMAIL, value=value, defaults=theirs)
    if identity.customer_id != customer.pk:
        return None
    if made:
        journal.note("customer.address_given", subject=customer, actor=by, at=at)
    return identity


def mark_undeliverable(*, email: str, at: datetime) -> Identity | None:
    """A permanent bounce said that this address takes no mail. None when we do not know the address."""
    identity = Identity.objects.filter(kind=Identity.EMAIL, value=normalised(email)).first()
    if identity and not identity.undeliverable_at:
        identity.undeliverable_at = at
        identity.save(update_fields=["undeliverable_at"])
    return identity


def describe(
    customer: Customer, *, name: str, organization: Organization | None, about: str, by: object, at: datetime
) -> list[str]:
    """What colleagues know about them; which of the three changed."""
    known = {"name": name.strip()[:300], "organization": organization, "about": about.strip()}
    changed = [field for field, value in known.items() if getattr(customer, field) != value]
    for field in changed:
        setattr(customer, field, known[field])
    if changed:
        customer.save(update_fields=changed)
        journal.note("customer.described", subject=customer, actor=by, at=at, fields=changed)
    return changed


@cache
def _by_address() -> Callable[[Collection[str]], list[Identity]]:
    return prepared_for_several(lambda values: _identities().filter(value__in=values))


@cache
def _of_customers() -> Callable[[Collection[int]], list[Identity]]:
    return prepared_for_several(lambda keys: Identity.objects.filter(customer__in=keys).order_by("pk"))


def _identities() -> QuerySet[Identity]:
    return Identity.objects.select_related("customer").filter(kind=Identity.EMAIL)


def _make(value: str, name: str, at: datetime) -> Identity:
    if rows.are_gathered():
        return _made(value, name, at)  # who is faster is told at the end, and everything is done again
    try:
        with transaction.atomic():
            return _made(value, name, at)
    except IntegrityError:
        return _identities().get(value=value)  # on PostgreSQL somebody may be faster; then theirs is the customer


def _made(value: str, name: str, at: datetime) -> Identity:
    customer = rows.create(Customer, name=name, since=at)
    domain = value.rpartition("@")[2][:255]
    identity = rows.create(Identity, customer=customer, kind=Identity.EMAIL, value=value, name=name, domain=domain)
    customer.has_only(identity)
    return identity


def normalised(email: str) -> str:
    """The form in which an address is compared: lower case, as every provider that matters treats it."""
    return email.strip().lower()[:320]
