"""Customers, their identities, the organizations they work for; two of them found to be one; one forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from everyhand.core.indexes import index_where_set
from everyhand.core.instances import ReadOften
from everyhand.core.work import DueRow

# For whoever has neither a name nor an address.
NAMELESS = _("somebody without a name")


class Organization(models.Model):
    """Where customers work. Whoever writes from one of its domains works there, without anybody saying so."""

    name = models.CharField(_("name"), max_length=200, unique=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Domain(models.Model):
    """A mail domain that belongs to an organization, in lower case."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="domains")
    name = models.CharField(max_length=255, unique=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Customer(ReadOften):
    """A person we serve."""

    name = models.CharField(_("name"), max_length=300, blank=True)
    since = models.DateTimeField()
    organization = models.ForeignKey(
        Organization,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("organization"),
        db_index=False,
    )
    about = models.TextField(_("what to know about them"), max_length=2000, blank=True)  # for colleagues only
    # They turned out to be somebody we knew already, who has their identities and conversations now.
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+", db_index=False)

    class Meta:
        indexes: ClassVar = [
            index_where_set("organization", name="customer_of_organization"),
            index_where_set("merged_into", name="customer_merged"),
        ]

    def __str__(self) -> str:
        return self.name or self.address or str(NAMELESS)

    def has_only(self, *identities: Identity) -> None:
        """These are all of theirs: they need not be looked up (`prefetch_related` takes ten times as long)."""
        known: models.QuerySet[Identity] = models.QuerySet(Identity)
        known._result_cache = list(identities)  # noqa: SLF001
        self._prefetched_objects_cache = {"identities": known}

    @property
    def address(self) -> str:
        """Their first mail address, "" when none is known. Reads `self.identities`; prefetch it for several."""
        return next((identity.value for identity in self.identities.all() if identity.kind == Identity.EMAIL), "")


class Identity(ReadOften):
    """An address by which we know a customer. `value` is normalised (see `actions.normalised`) and unique."""

    EMAIL = "email"
    UNKNOWN = "unknown"  # wrote to us without any address; `value` is random

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20, default=EMAIL)
    value = models.CharField(max_length=320)
    domain = models.CharField(max_length=255, blank=True, db_index=True)  # of a mail address, to find colleagues by
    name = models.CharField(max_length=300, blank=True)  # as they last wrote it themselves
    verified_at = models.DateTimeField(null=True)
    undeliverable_at = models.DateTimeField(null=True)  # a permanent bounce said so

    class Meta:
        # The value first: what begins with some letters is found by the same index, on PostgreSQL by one of its own.
        constraints: ClassVar = [models.UniqueConstraint(fields=["value", "kind"], name="one_customer_an_identity")]
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name or self.address or str(NAMELESS)

    @property
    def address(self) -> str:
        """Where they can be written to; "" when they gave none: then `value` says nothing to anybody."""
        return self.value if self.kind == self.EMAIL else ""


class Merging(models.Model):
    """Two customers were found to be one person: what went from `merged` to `kept`, so that it can go back."""

    kept = models.ForeignKey(Customer, models.CASCADE, related_name="mergings")
    merged = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    identities = models.JSONField(default=list)  # primary keys
    conversations = models.JSONField(default=list)  # primary keys
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"


class Erasure(DueRow):
    """Somebody asked to be forgotten. It begins at `due_at`, until when it can be called off.

    When it is done the row stays, without a name: that somebody was erased, and when.
    """

    customer = models.OneToOneField(Customer, models.SET_NULL, null=True, related_name="erasure")
    asked_at = models.DateTimeField()

    pauses = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class Tombstone(models.Model):
    """An address that was erased, by a digest that only this installation can make; see `tombstones`."""

    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.digest[:12]} at {self.at:%Y-%m-%d}"
