"""Customers and their identities."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """A person we serve."""

    name = models.CharField(_("name"), max_length=300, blank=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.name or self.address or _("somebody without a name").__str__()

    @property
    def address(self) -> str:
        """Their first mail address, "" when none is known. Reads `self.identities`; prefetch it for several."""
        return next((identity.value for identity in self.identities.all() if identity.kind == Identity.EMAIL), "")


class Identity(models.Model):
    """An address by which we know a customer. `value` is normalised (see `actions.normalised`) and unique."""

    EMAIL = "email"
    UNKNOWN = "unknown"  # wrote to us without any address; `value` is random

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20, default=EMAIL)
    value = models.CharField(max_length=320)
    name = models.CharField(max_length=300, blank=True)  # as they last wrote it themselves
    verified_at = models.DateTimeField(null=True)
    undeliverable_at = models.DateTimeField(null=True)  # a permanent bounce said so

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "value"], name="one_customer_an_identity")]
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.value
