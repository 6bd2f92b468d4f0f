"""Promises, one row each."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models import Conversation
from everyhand.core.instances import ReadOften
from everyhand.people.models import Member


class Promise(ReadOften):
    """A personal answer by a certain time. It ends kept, or is withdrawn; broken_at is when its time passed unkept."""

    class Kind(models.TextChoices):
        FIRST_REPLY = "first_reply", _("First personal reply")
        NEXT_REPLY = "next_reply", _("Next reply")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="promises")
    owner = models.ForeignKey(Member, models.PROTECT, related_name="promises")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    kept_at = models.DateTimeField(null=True)
    broken_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(kept_at=None, withdrawn_at=None),
                name="one_open_promise_a_conversation",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=Q(kept_at=None, withdrawn_at=None, broken_at=None),
                name="promise_about_to_break",
            ),
            models.Index(
                fields=["made_at"], condition=Q(kept_at=None, withdrawn_at=None), name="promise_waiting_longest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.conversation_id} by {self.due_at:%Y-%m-%d %H:%M}"


class Terms(models.Model):
    """How soon we promise an answer, once an administrator said so: one row. See `promises.terms`."""

    first_reply = models.DurationField()
    next_reply = models.DurationField()

    def __str__(self) -> str:
        return f"within {self.first_reply}, then {self.next_reply}"
