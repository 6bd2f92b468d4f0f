"""Conversations, messages, attachments, deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from everyhand.core import tokens
from everyhand.core.blobs import Blob
from everyhand.core.work import DueRow
from everyhand.customers.models import Customer, Identity
from everyhand.people.models import Member, Team


class Status(models.TextChoices):
    OPEN = "open", _("Open")  # the customer waits for us
    WAITING = "waiting", _("Waiting")  # we wait for the customer
    ASLEEP = "asleep", _("Asleep")  # a member wants to see it again at a certain time
    CLOSED = "closed", _("Closed")


class Conversation(models.Model):
    """What a customer and we have to settle: one owner, from the first second to the last."""

    subject = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="conversations")
    owner = models.ForeignKey(Member, models.PROTECT, related_name="conversations")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="conversations")
    channel = models.CharField(max_length=20)
    address = models.CharField(max_length=320, blank=True)  # the address of ours it came to and is answered from
    # Why this owner: {"code": …, …} made and put into words by `routing.reasons`.
    owner_because = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    sleeps_until = models.DateTimeField(null=True)  # while it is asleep
    last_message_at = models.DateTimeField()
    snippet = models.CharField(max_length=200, blank=True)  # the first words of the last message
    # What breaks first: the due time of its open promise, kept here so that the inbox is one indexed read.
    reply_due = models.DateTimeField(null=True)
    # An earlier conversation this seems to belong to, without the proof that would have let it join.
    linked_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="linked_from")
    split_off = models.BooleanField(default=False)  # it was part of that one until a member split it
    # The conversation in which everything said here stands now; its number and its reply address lead there.
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    # Part of what signs the reply address: changing it makes every address given out so far worthless.
    secret = models.CharField(max_length=32, default=tokens.random, editable=False)

    changed: set[str] | None = None  # fields to be saved; see `actions.changing`

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["status", "reply_due", "id"], name="conversation_by_due"),
            models.Index(fields=["owner", "status", "reply_due", "id"], name="conversation_of_owner"),
            models.Index(fields=["team", "status", "reply_due", "id"], name="conversation_of_team"),
            models.Index(fields=["owner", "status", "-last_message_at", "-id"], name="conversation_owner_newest"),
            models.Index(fields=["team", "status", "-last_message_at", "-id"], name="conversation_team_newest"),
            models.Index(fields=["customer", "status", "-last_message_at", "-id"], name="conversation_of_customer"),
            models.Index(fields=["status", "-last_message_at", "-id"], name="conversation_by_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.subject or _('(no subject)')} [{self.pk}]"


class Participant(models.Model):
    """Somebody outside who takes part: the customer, or somebody copied in. Who is only proposed sees nothing."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="participants")
    identity = models.ForeignKey(Identity, models.PROTECT, related_name="participations")
    proposed_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "identity"], name="one_participation_a_conversation")
        ]
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.identity} in {self.conversation_id}"


class Follower(models.Model):
    """A member who wants to know how a conversation goes on, or whom a colleague mentioned in it: they may see it."""

    class Because(models.TextChoices):
        FOLLOWS = "follows", _("follows it")
        MENTIONED = "mentioned", _("was mentioned")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="followers")
    member = models.ForeignKey(Member, models.CASCADE, related_name="followed")
    because = models.CharField(max_length=10, choices=Because.choices, default=Because.FOLLOWS)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "conversation"], name="one_follows_a_conversation_once")
        ]
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.member} follows {self.conversation_id}"


class Message(models.Model):
    """What somebody said: a customer, one of us, or (a note) one of us to the others."""

    class Kind(models.TextChoices):
        MESSAGE = "message", _("Message")
        NOTE = "note", _("Internal note")

    class Direction(models.TextChoices):
        IN = "in", _("from the customer")
        OUT = "out", _("from us")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MESSAGE)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    author_member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="messages")
    author_identity = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="messages")
    author_name = models.CharField(max_length=300, blank=True)  # as they wrote it in this message
    # Whoever of us passed it on, when the customer wrote it to them and not to us; `dated` is when, as its header says.
    forwarded_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="forwarded")
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
    automatic = models.CharField(max_length=20, blank=True)  # why no person wrote it; see Inbound.automatic
    remarks = models.JSONField(default=list)  # what was odd about it, in sentences
    verdict = models.JSONField(default=dict)  # whether its sender is who they say; see desk.verdict
    at = models.DateTimeField()  # when we took it in or wrote it
    sent_at = models.DateTimeField(null=True)  # when the sender claims to have sent it

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["conversation", "at", "id"], name="message_in_order"),
            models.Index(fields=["message_id"], name="message_by_message_id", condition=~Q(message_id="")),
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
        return self.author_name or (self.author_identity.value if self.author_identity else "")


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


class Attachment(File):
    """A file that came or went with a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")

    class Meta(File.Meta):
        abstract = False


class Draft(models.Model):
    """What a member is writing and has not sent. It is theirs alone.

    Windows that disagree have one each, so that none overwrites the other; `version` counts the savings of one.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="drafts")
    author = models.ForeignKey(Member, models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=10, choices=Message.Kind.choices)
    token = models.CharField(max_length=32, unique=True, default=tokens.random, editable=False)
    version = models.PositiveIntegerField(default=1)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)  # as `rich_text.cleaned` leaves it; "" when it was written without an editor
    from_address = models.CharField(max_length=320, blank=True)
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


class RemotePicture(models.Model):
    """A picture that a message shows from somebody else's server, as we fetched it when a reader asked."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="remote_pictures")
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

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries")
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


class Joining(models.Model):
    """Two conversations became one: what `kept` got from `merged`, and how both stood, so that it can be undone."""

    kept = models.ForeignKey(Conversation, models.CASCADE, related_name="joinings")
    merged = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    # Primary keys of what came to `kept`.
    messages = models.JSONField(default=list)
    participants = models.JSONField(default=list)
    followers = models.JSONField(default=list)
    promises = models.JSONField(default=dict)  # see `promises.joining`
    stood = models.JSONField(default=dict)  # {"kept": {field: value}, "merged": …}; see `conversations.joining`
    by = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.merged_id} is part of {self.kept_id}"


class Sleep(DueRow):
    """A conversation comes back at `due_at`, unless it was taken up before: then this row finds nothing to do."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="sleeps")
    before = models.CharField(max_length=10, choices=Status.choices)  # how it stood when it fell asleep

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]

    def __str__(self) -> str:
        return f"{self.conversation_id} until {self.due_at:%Y-%m-%d %H:%M}"


class Renaming(DueRow):
    """A customer is known by other names or addresses now: what they wrote is to be found by these."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    done_up_to = models.BigIntegerField(default=0)  # the primary key of a conversation

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]

    def __str__(self) -> str:
        return f"new names of customer {self.customer_id}"


class SavedView(models.Model):
    """A view of the inbox kept under a name: for its maker, a team or everybody. `view` is a value of `inbox.View`,
    `narrowed_by` the query string of its filters (`desk.filters`).
    """

    name = models.CharField(_("name"), max_length=60)
    maker = models.ForeignKey(Member, models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="saved_views")
    for_everyone = models.BooleanField(default=False)
    view = models.CharField(max_length=10)
    narrowed_by = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["for_everyone"], name="saved_view_for_everyone", condition=Q(for_everyone=True)),
        ]

    def __str__(self) -> str:
        return self.name

    def may_be_removed_by(self, member: Member) -> bool:
        """Whoever made it, and administrators what is shared."""
        return self.maker_id == member.pk or (member.may_set_up and (self.for_everyone or self.team_id is not None))
