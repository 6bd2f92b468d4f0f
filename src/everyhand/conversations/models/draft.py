"""What is being written."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models.conversation import Conversation
from everyhand.conversations.models.message import File, Message
from everyhand.core import tokens
from everyhand.people.models import Member


class Draft(models.Model):
    """What a member is writing and has not sent. It is theirs alone.

    Windows that disagree have one each, so that none overwrites the other; `version` counts the savings of one.
    """

    class Kind(models.TextChoices):
        MESSAGE = "message", _("Message")
        NOTE = "note", _("Note")
        ASIDE = "aside", _("Aside")  # what is to be asked aside, beside `conversation`

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="drafts")
    author = models.ForeignKey(Member, models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    token = models.CharField(max_length=32, unique=True, default=tokens.random, editable=False)
    version = models.PositiveIntegerField(default=1)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)  # as `rich_text.cleaned` leaves it; "" when it was written without an editor
    from_address = models.CharField(max_length=320, blank=True)
    # Whom it is to go to, as typed: {"to", "cc"}; {} for everybody who takes part.
    recipients = models.JSONField(default=dict, blank=True)
    # Of what is to be asked aside, as typed: {"subject", "quote", "files"}, the last two whether those go; and
    # the message that is handed on with it, if that is what it is for.
    asking = models.JSONField(default=dict, blank=True)
    handing_on = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["author", "conversation", "-saved_at"], name="draft_of_author")]
        ordering: ClassVar = ["-saved_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} by {self.author_id} in {self.conversation_id}"


class DraftFile(File):
    """A file that will go with a draft."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")

    class Meta(File.Meta):
        abstract = False
