"""What was said, its files, and how it reaches those it is for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models.conversation import Conversation
from everyhand.core import tokens
from everyhand.core.blobs import Blob
from everyhand.core.indexes import index_where_set
from everyhand.core.instances import ReadOften
from everyhand.core.work import DueRow
from everyhand.customers.models import Identity
from everyhand.people.models import Member


class Message(ReadOften):
    """What somebody said: a customer, one of us, or (a note) one of us to the others."""

    class Kind(models.TextChoices):
        MESSAGE = "message", _("Message")
        NOTE = "note", _("Internal note")

    class Direction(models.TextChoices):
        IN = "in", _("from the customer")
        OUT = "out", _("from us")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MESSAGE)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    author_member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="messages", db_index=False)
    author_identity = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="messages", db_index=False)
    author_name = models.CharField(max_length=300, blank=True)  # as they wrote it in this message
    # Whoever of us passed it on, when the customer wrote it to them and not to us; `dated` is when, as its header says.
    forwarded_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="forwarded", db_index=False)
    dated = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    # What somebody wrote us is all in `text`; `reply` is what is new in it, `quoted` what is not. Of what we wrote,
    # `text` and `reply` are the author's words; `signature` and `quoted` go below them, settled when it was written.
    text = models.TextField(blank=True)
    reply = models.TextField(blank=True)
    quoted = models.TextField(blank=True)
    signature = models.TextField(blank=True)
    # Of what came in, foreign: shown only sanitised and in a sandboxed frame. Of what we wrote, as `rich_text.cleaned`
    # leaves it; "" when it was written without an editor.
    html = models.TextField(blank=True)
    message_id = models.CharField(max_length=1000, blank=True)  # without angle brackets
    in_reply_to = models.CharField(max_length=1000, blank=True)
    references = models.JSONField(default=list)
    recipients = models.JSONField(default=list)  # [{"name", "email", "as": "to"|"cc"}], as the message names them
    # The address of ours that a reply comes from and the house it is written for, settled when it was written; "" is
    # the conversation's own address and that mailbox's name.
    from_address = models.CharField(max_length=320, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    # Whom a note calls in: [{"member": primary key, "as": the words that name them}]; None for nobody, so that this
    # column came without writing every message anew.
    mentions = models.JSONField(null=True)
    automatic = models.CharField(max_length=20, blank=True)  # why no person wrote it; see Inbound.automatic
    remarks = models.JSONField(default=list)  # what was odd about it, in sentences
    verdict = models.JSONField(default=dict)  # whether its sender is who they say; see desk.verdict
    at = models.DateTimeField()  # when we took it in or wrote it
    sent_at = models.DateTimeField(null=True)  # when the sender claims to have sent it

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["conversation", "at", "id"], name="message_in_order"),
            models.Index(fields=["message_id"], name="message_by_message_id", condition=~Q(message_id="")),
            index_where_set("author_member", name="message_of_member"),
            index_where_set("author_identity", name="message_of_identity"),
            index_where_set("forwarded_by", name="message_forwarded_by"),
        ]
        ordering: ClassVar = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} in {self.conversation_id}"

    @property
    def sent_from(self) -> str:
        """The address of ours that this reply comes from."""
        return self.from_address or self.conversation.address

    @property
    def author(self) -> str:
        if self.author_member:
            return self.author_member.name
        return self.author_name or (self.author_identity.address if self.author_identity else "")


class RemovedNote(models.Model):
    """A note that its author removed: its words, so that they can come back, and since when they are gone."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="removed")
    text = models.TextField(blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"the words of {self.message_id}"


class File(models.Model):
    """A file that belongs to something. `token` is its only address; `name` is for display."""

    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")
    token = models.CharField(max_length=32, unique=True, default=tokens.random, editable=False)
    name = models.CharField(max_length=300)
    type = models.CharField(max_length=150, default="application/octet-stream")
    size = models.PositiveBigIntegerField()
    content_id = models.CharField(max_length=300, blank=True)
    inline = models.BooleanField(default=False)

    class Meta:
        abstract = True
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def fields(self) -> dict[str, Any]:
        """As another file with the same bytes has them."""
        names = ("blob_id", "name", "type", "size", "content_id", "inline")
        return {name: getattr(self, name) for name in names}


class Attachment(File):
    """A file that came or went with a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    # What a scanner found in it, "" for nothing; None when none looked. Nullable, so that this column came at once.
    virus = models.CharField(max_length=200, null=True)  # noqa: DJ001

    class Meta(File.Meta):
        abstract = False


class VirusCheck(DueRow):
    """The files of a message that came in, to be looked at by a virus scanner. One that is away comes back."""

    pauses = (
        *(timedelta(minutes=minutes) for minutes in (1, 1, 2, 5, 10, 30)),
        *(timedelta(hours=hours) for hours in (1, 2, 4, 8, 8, 8, 8, 8)),
    )

    message = models.OneToOneField(Message, models.CASCADE, related_name="virus_check")

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]

    def __str__(self) -> str:
        return f"files of message {self.message_id}"


class RemotePicture(models.Model):
    """A picture that a message shows from somebody else's server, as we fetched it when a reader asked."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="remote_pictures", db_index=False)
    digest = models.CharField(max_length=64)  # SHA-256 of its address
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")
    type = models.CharField(max_length=20)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "digest"], name="a_picture_is_fetched_once")
        ]

    def __str__(self) -> str:
        return f"{self.type} in {self.message_id}"


class Delivery(DueRow):
    """One message on its way to one recipient. It is tried for two days; the same Message-ID on every try."""

    pauses = (
        *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40)),
        *(timedelta(hours=hours) for hours in (1, 2, 4, 6, 8, 8, 8, 9)),
    )

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries", db_index=False)
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=300, blank=True)
    taken_back_at = models.DateTimeField(null=True)  # undone within the first seconds
    # What the receiving server said when it took or refused the mail: proof either way. In a further line what a report
    # said, if the mail came back after all.
    answer = models.TextField(blank=True)

    class Meta(DueRow.Meta):
        abstract = False
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [*DueRow.Meta.indexes]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "address"], name="one_delivery_a_recipient")
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.address}"

    @property
    def state(self) -> str:
        """due, sent, failed or undone."""
        if self.taken_back_at:
            return "undone"
        if self.done_at:
            return "sent"
        return "failed" if self.quarantined_at else "due"


def taken_back(message: str = "pk") -> Exists:
    """Whether a message was taken back before it was sent, so that it was never said. `message` is the field of the row
    that is asked about which holds the key of the message.
    """
    return Exists(Delivery.objects.filter(message=OuterRef(message), taken_back_at__isnull=False))
