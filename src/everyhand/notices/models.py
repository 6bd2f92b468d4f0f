"""Notices, how each member wishes to be told, and what is still to be told."""

from __future__ import annotations

from datetime import time, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models import Conversation, Message
from everyhand.core.indexes import index_where_set
from everyhand.core.instances import ReadOften
from everyhand.core.work import DueRow
from everyhand.people.models import Member


class Kind(models.TextChoices):
    """What somebody may be told about. In the order in which they are chosen."""

    MENTIONED = "mentioned", _("A colleague mentions me")
    MINE = "mine", _("A conversation becomes mine")
    ANSWERED = "answered", _("A customer writes in one I own or follow")
    NOTE = "note", _("A colleague writes a note in one of them")
    PROMISE = "promise", _("A promise of mine is about to break, or broke")
    CAME_BACK = "came-back", _("A reply of mine could not be delivered")
    HELD = "held", _("A mail waits for a decision or can't be read")
    PAGED = "paged", _("Somebody must act now, and I am paged")
    TROUBLE = "trouble", _("A mailbox is in trouble, mail to a colleague comes back, or the disk fills up")


class MailPace(models.TextChoices):
    AT_ONCE = "at-once", _("at once")
    DIGEST = "digest", _("in the daily digest")
    NEVER = "never", _("never")


class Preference(models.Model):
    """How a member wishes to be told of one kind. Who chose nothing has `preferences.DEFAULTS`."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="notice_preferences")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    app = models.BooleanField(default=True)
    mail = models.CharField(max_length=10, choices=MailPace.choices)
    push = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["member", "kind"], name="one_preference_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.member_id}"


def eight_o_clock() -> time:
    return time(8)


class Rest(models.Model):
    """When a member wants no mail and no push, when their digest comes, and whether mail reaches them at all."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="rest")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("until"), null=True, blank=True)
    quiet_weekends = models.BooleanField(_("and all day on Saturday and Sunday"), default=False)
    digest_at = models.TimeField(_("the daily digest comes at"), default=eight_o_clock)
    mail_paused_at = models.DateTimeField(null=True, editable=False)  # what we sent there came back
    mail_paused_because = models.CharField(max_length=500, blank=True, editable=False)

    def __str__(self) -> str:
        return f"of {self.member_id}"


class Notice(ReadOften):
    """Something a member has to know of. `thing` is what it is about: of the same thing nobody is told twice."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    thing = models.CharField(max_length=60)  # "message:31", "promise:9", "journal:512"
    conversation = models.ForeignKey(Conversation, models.CASCADE, null=True, related_name="notices", db_index=False)
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="+", db_index=False)
    by = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="+", db_index=False)
    particulars = models.JSONField(default=dict)  # what `words` needs besides
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    in_app = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["member", "thing"], name="told_once_of_a_thing")]
        indexes: ClassVar = [
            models.Index(fields=["member", "-id"], condition=Q(in_app=True), name="notice_newest"),
            models.Index(fields=["member"], condition=Q(read_at=None, in_app=True), name="notice_unread"),
            models.Index(fields=["thing"], name="notice_of_thing"),
            models.Index(fields=["read_at"], condition=Q(read_at__isnull=False), name="notice_to_forget"),
            index_where_set("conversation", name="notice_of_conversation"),
            index_where_set("message", name="notice_of_message"),
            index_where_set("by", name="notice_by"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.thing} for {self.member_id}"

    @property
    def page(self) -> str:
        """The path of the page where something can be done about it."""
        if self.conversation_id:
            return f"/conversations/{self.conversation_id}"
        what, key = self.thing.split(":")[:2]
        return {"mail": f"/quarantine/{key}", "member": f"/people/{key}"}.get(what, "/notices")


class Device(models.Model):
    """A browser that asked to be told by push (RFC 8030), and the keys that only it can read with (RFC 8291)."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="devices")
    name = models.CharField(max_length=100, blank=True)  # "Firefox on Android"
    endpoint = models.CharField(max_length=2000)
    fingerprint = models.CharField(max_length=64, unique=True)  # of the endpoint
    public_key = models.CharField(max_length=100)  # base64url: a point on P-256
    secret = models.CharField(max_length=40)  # base64url: 16 bytes
    added_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-added_at", "-pk"]

    def __str__(self) -> str:
        return self.name or f"device {self.pk}"


class PushKey(models.Model):
    """The key pair by which push services know us (VAPID, RFC 8292). Made once: a new one would silence each device."""

    private = models.TextField()  # sealed by core.secrets
    public = models.CharField(max_length=100)  # base64url, as browsers ask for it
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.public[:12]


class MailTelling(DueRow):
    """A notice that is to go by mail, with others of its conversation, or in the digest."""

    pauses = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30))

    notice = models.OneToOneField(Notice, models.CASCADE, related_name="mail_telling")
    digest = models.BooleanField(default=False)

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]

    def __str__(self) -> str:
        return f"mail of {self.notice_id}"


class PushTelling(DueRow):
    """A notice that is to be shown on a device."""

    pauses = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="push_tellings", db_index=False)
    device = models.ForeignKey(Device, models.CASCADE, related_name="tellings")

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]
        constraints: ClassVar = [models.UniqueConstraint(fields=["notice", "device"], name="one_push_a_device")]

    def __str__(self) -> str:
        return f"push of {self.notice_id}"
