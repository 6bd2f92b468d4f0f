"""Conversations, who takes part in them, who follows them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from everyhand.core import tokens
from everyhand.core.indexes import index_where_set
from everyhand.core.instances import ReadOften
from everyhand.customers.models import Customer, Identity
from everyhand.people.models import Member, Team


class Status(models.TextChoices):
    OPEN = "open", _("Open")  # the customer waits for us
    WAITING = "waiting", _("Waiting")  # we wait for the customer
    ASLEEP = "asleep", _("Asleep")  # a member wants to see it again at a certain time
    CLOSED = "closed", _("Closed")


class Conversation(ReadOften):
    """What a customer and we have to settle: one owner, from the first second to the last."""

    subject = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="conversations", db_index=False)
    owner = models.ForeignKey(Member, models.PROTECT, related_name="conversations", db_index=False)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="conversations", db_index=False)
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
    escalated_at = models.DateTimeField(null=True)  # while people are paged for it, since when
    # An earlier conversation this seems to belong to, without the proof that would have let it join.
    linked_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="linked_from", db_index=False)
    split_off = models.BooleanField(default=False)  # it was part of that one until a member split it
    # The conversation in which everything said here stands now; its number and its reply address lead there.
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+", db_index=False)
    # An aside: what a member asks somebody else beside that one, of which they see nothing. It is always closed, since
    # nobody waits in it and nothing is promised.
    aside_of = models.ForeignKey("self", models.CASCADE, null=True, related_name="asides", db_index=False)
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
            index_where_set("linked_to", name="conversation_linked"),
            index_where_set("merged_into", name="conversation_merged"),
            index_where_set("aside_of", name="conversation_asides"),
        ]

    def __str__(self) -> str:
        return f"{self.subject or _('(no subject)')} [{self.pk}]"


class Participant(ReadOften):
    """Somebody outside who takes part: the customer, or somebody copied in. Who is only proposed sees nothing."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="participants", db_index=False)
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
    """A member who wants to know how a conversation goes on, is mentioned or was paged in it: they may see it."""

    class Because(models.TextChoices):
        FOLLOWS = "follows", _("follows it")
        MENTIONED = "mentioned", _("was mentioned")
        PAGED = "paged", _("was paged")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="followers")
    member = models.ForeignKey(Member, models.CASCADE, related_name="followed", db_index=False)
    because = models.CharField(max_length=10, choices=Because.choices, default=Because.FOLLOWS)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "conversation"], name="one_follows_a_conversation_once")
        ]
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.member} follows {self.conversation_id}"
