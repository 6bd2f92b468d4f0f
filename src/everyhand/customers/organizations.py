"""Where customers work: said by a colleague, or told by the domain they write from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from everyhand.core import journal
from everyhand.customers.models import Customer, Domain, Identity, Organization

# Where anybody can have an address: nobody works there because they write from there. The largest ones worldwide.
# fmt: off
ANYBODYS = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "yahoo.co.uk",
    "ymail.com", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.de", "gmx.net", "gmx.com", "web.de",
    "t-online.de", "freenet.de", "posteo.de", "mailbox.org", "proton.me", "protonmail.com", "orange.fr", "free.fr",
    "laposte.net", "libero.it", "mail.ru", "yandex.ru", "qq.com", "163.com", "126.com", "naver.com", "fastmail.com",
    "zoho.com",
))
# fmt: on


class AnybodysDomain(ValueError):
    """Everybody can have an address there, so it says nothing about where somebody works."""


class DomainTaken(ValueError):
    """The domain belongs to another organization already, whose name this carries."""


def where(customer: Customer, addresses: Iterable[str]) -> Organization | None:
    """Where they work: what a colleague said, else whose domain one of their addresses is in; one read at most."""
    if customer.organization_id:
        return customer.organization
    domains = {address.rpartition("@")[2] for address in addresses if "@" in address}
    known = Domain.objects.filter(name__in=domains).select_related("organization").first() if domains else None
    return known.organization if known else None


def working_at(organization: Organization) -> QuerySet[Customer]:
    """Everybody of whom a colleague said so, and who writes from one of its domains while nobody said otherwise."""
    theirs = Identity.objects.filter(kind=Identity.EMAIL, domain__in=organization.domains.values("name"))
    return Customer.objects.filter(
        Q(organization=organization) | Q(organization=None, pk__in=theirs.values("customer"))
    )


def keep(organization: Organization, *, domains: Iterable[str], by: object, at: datetime) -> None:
    """Store an organization with exactly these domains. Raises `AnybodysDomain` and `DomainTaken`, changing nothing."""
    wanted = {domain.strip().lower().lstrip("@").rstrip(".") for domain in domains} - {""}
    for domain in sorted(wanted):
        if domain in ANYBODYS:
            raise AnybodysDomain(domain)
        taken = Domain.objects.filter(name=domain).exclude(organization=organization.pk).first()
        if taken:
            raise DomainTaken(taken.organization.name)
    organization.save()
    Domain.objects.filter(organization=organization).exclude(name__in=wanted).delete()
    known = set(Domain.objects.filter(organization=organization).values_list("name", flat=True))
    Domain.objects.bulk_create(Domain(organization=organization, name=name) for name in sorted(wanted - known))
    journal.note("organization.kept", subject=organization, actor=by, at=at)


def called(name: str, *, by: object, at: datetime) -> Organization | None:
    """The organization of this name, made when there is none yet; None for no name."""
    name = " ".join(name.split())[:200]
    if not name:
        return None
    known = Organization.objects.filter(name__iexact=name).first()
    if known:
        return known
    made = Organization(name=name)
    keep(made, domains=(), by=by, at=at)
    return made
