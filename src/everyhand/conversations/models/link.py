"""Two conversations that belong together without being one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from everyhand.conversations.models.conversation import Conversation
from everyhand.people.models import Member


class Link(models.Model):
    """A member found that two conversations belong together; `one` has the lower number. `reason` is in their words."""

    one = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    other = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    gone_at = models.DateTimeField(null=True)  # taken away; kept with its reason, so that it can come back
    by = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["one", "other"], name="two_are_linked_once")]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}"
