"""What is said again and again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models.message import File
from everyhand.core.removal import AlsoRemoved, NotRemoved
from everyhand.people.models import Member, Team


class CannedReply(models.Model):
    """Words that are said again and again: their maker's own, a team's, or everybody's (see `canned_replies`)."""

    name = models.CharField(_("name"), max_length=80)
    maker = models.ForeignKey(Member, models.CASCADE, related_name="canned_replies")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="canned_replies")
    for_everyone = models.BooleanField(default=False)
    text = models.TextField(_("what it says"), blank=True, max_length=20_000)
    html = models.TextField(blank=True, max_length=100_000)  # as `rich_text.cleaned` leaves it; "" without an editor
    times_used = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)  # removed; kept with its files, so that it can come back

    objects = NotRemoved()
    kept = AlsoRemoved()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["for_everyone"], name="canned_reply_for_everyone", condition=Q(for_everyone=True)),
        ]
        verbose_name_plural = "canned replies"

    def __str__(self) -> str:
        return self.name


class CannedFile(File):
    """A file that goes with a canned reply, or a picture that somebody put into one they have not saved yet."""

    canned_reply = models.ForeignKey(CannedReply, models.CASCADE, null=True, related_name="files")
    held_by = models.ForeignKey(Member, models.CASCADE, null=True, related_name="+")
    held_since = models.DateTimeField(null=True)

    class Meta(File.Meta):
        abstract = False
