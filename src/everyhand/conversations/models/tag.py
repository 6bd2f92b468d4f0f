"""Words that colleagues put on conversations to find alike ones again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models.conversation import Conversation
from everyhand.core.indexes import index_where_set


class Tone(models.TextChoices):
    """The colour of a tag's dot, by the name of its ink in `colors.css`."""

    PLAIN = "plain", _("Plain")
    PEN = "pen", _("Blue")
    MOSS = "moss", _("Green")
    HONEY = "honey", _("Yellow")
    BRICK = "brick", _("Red")


class Tag(models.Model):
    """A word for what conversations are about. One that was merged into another is only a further name of that one."""

    name = models.CharField(max_length=40)
    key = models.CharField(max_length=120)  # the name without its case, by which it is the same
    tone = models.CharField(max_length=10, choices=Tone.choices, default=Tone.PLAIN)
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="merged_from")
    gone_at = models.DateTimeField(null=True)  # nobody is to see it any more; kept, so that it can come back

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], condition=Q(gone_at=None), name="one_tag_of_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A tag on a conversation; `came_as` is what it was until that tag was merged into this one."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings", db_index=False)
    came_as = models.ForeignKey(Tag, models.SET_NULL, null=True, related_name="+", db_index=False)

    class Meta:
        indexes: ClassVar = [
            index_where_set("came_as", name="tagging_came_as"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tag", "conversation"], name="a_tag_once_on_a_conversation")
        ]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.conversation_id}"
