"""How members arrange conversations: two made one, put off until later, kept as a view."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models.conversation import Conversation, Status
from everyhand.core.removal import AlsoRemoved, NotRemoved
from everyhand.core.work import DueRow
from everyhand.customers.models import Customer
from everyhand.people.models import Member, Team


class Joining(models.Model):
    """Two conversations became one: what `kept` got from `merged`, and how both stood, so that it can be undone."""

    kept = models.ForeignKey(Conversation, models.CASCADE, related_name="joinings")
    merged = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    # Primary keys of what came to `kept`.
    messages = models.JSONField(default=list)
    participants = models.JSONField(default=list)
    followers = models.JSONField(default=list)
    taggings = models.JSONField(default=list)
    links = models.JSONField(default=list)
    asides = models.JSONField(default=list)
    promises = models.JSONField(default=dict)  # see `promises.joining`
    escalations = models.JSONField(default=dict)  # see `escalation.joining`
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
    """A customer is known by other names or addresses now, or what they wrote moved: it is to be found so."""

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
    gone_at = models.DateTimeField(null=True, blank=True)  # removed; kept, so that it can come back

    objects = NotRemoved()
    kept = AlsoRemoved()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["for_everyone"], name="saved_view_for_everyone", condition=Q(for_everyone=True)),
        ]

    def __str__(self) -> str:
        return self.name

    def may_be_removed_by(self, member: Member) -> bool:
        """Whoever made it, and administrators what is shared."""
        return self.maker_id == member.pk or (member.may_set_up and (self.for_everyone or self.team_id is not None))
