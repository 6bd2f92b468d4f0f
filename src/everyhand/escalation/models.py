"""Ladders and their rungs; escalations that climb them; pages, each of which reached for one member."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from everyhand.conversations.models import Conversation, Message
from everyhand.core.indexes import index_where_set
from everyhand.core.instances import ReadOften
from everyhand.core.work import DueRow
from everyhand.people.models import Member, Team
from everyhand.promises.models import Promise

A_DAY: int = 24 * 60  # minutes


class Ladder(models.Model):
    """Whom to page for the conversations of a team, in which order. Without a team it is the house's, which holds for
    all teams that have none of their own. All times are minutes around the clock.
    """

    team = models.OneToOneField(Team, models.CASCADE, null=True, related_name="ladder")
    watches_promises = models.BooleanField(_("page people when a promised answer is missing"), default=False)
    begins_before = models.PositiveSmallIntegerField(
        _("so many minutes before the promised time"), default=15, validators=[MaxValueValidator(A_DAY)]
    )
    acts_within = models.PositiveSmallIntegerField(
        _("minutes that whoever says “I act” has to answer the customer"),
        default=30,
        validators=[MaxValueValidator(A_DAY)],
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Coalesce("team", 0), name="one_ladder_a_team")]

    def __str__(self) -> str:
        return str(self.team or _("The house’s ladder"))


class Whom(models.TextChoices):
    """Whom a rung pages."""

    OWNER = "owner", _("Whoever answers for the conversation")
    ON_DUTY = "on-duty", _("Everybody of its team who is there now")
    LEADS = "leads", _("Whoever leads its team")
    ADMINS = "admins", _("The administrators")
    MEMBER = "member", _("Somebody by name")


class Rung(models.Model):
    """A step of a ladder: these are paged, and when nobody acts within so many `minutes` the next one is climbed."""

    ladder = models.ForeignKey(Ladder, models.CASCADE, related_name="rungs", db_index=False)
    place = models.PositiveSmallIntegerField()  # from 0, without gaps
    whom = models.CharField(max_length=10, choices=Whom.choices)
    member = models.ForeignKey(Member, models.CASCADE, null=True, related_name="+")
    minutes = models.PositiveSmallIntegerField(default=10)

    class Meta:
        ordering: ClassVar = ["ladder", "place"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["ladder", "place"], name="one_rung_a_place")]

    def __str__(self) -> str:
        return f"{self.place}: {self.whom}"


class Escalation(ReadOften):
    """People are paged for a conversation until one of them acts. It ends when the customer was answered, when the
    conversation was closed or merged, and when whoever raised it or acts calls it off; one runs at a time.
    """

    class Ended(models.TextChoices):
        ANSWERED = "answered"
        CLOSED = "closed"
        MERGED = "merged"
        CALLED_OFF = "called-off"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="escalations")
    promise = models.ForeignKey(Promise, models.CASCADE, null=True, related_name="escalations", db_index=False)
    raised_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_index=False)
    note = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+", db_index=False)  # why, in words
    begun_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_index=False)
    acknowledged_at = models.DateTimeField(null=True)
    acts_until = models.DateTimeField(null=True)  # when nobody was answered by then, climbing goes on
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=10, choices=Ended.choices, blank=True)

    class Meta:
        indexes: ClassVar = [
            index_where_set("promise", name="escalation_of_promise"),
            index_where_set("note", name="escalation_of_note"),
            index_where_set("raised_by", name="escalation_raised_by"),
            index_where_set("acknowledged_by", name="escalation_acknowledged_by"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(ended_at=None), name="one_open_escalation_a_conversation"
            )
        ]

    def __str__(self) -> str:
        return f"of {self.conversation_id} since {self.begun_at:%Y-%m-%d %H:%M}"


class Climb(DueRow):
    """A rung that is to be climbed. After the last one the ladder is climbed from its foot again, more slowly."""

    # A page must not wait for anything; what fails is tried at once, and then for an hour.
    pauses = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 20, 60, 300, 1200, 2400))

    escalation = models.ForeignKey(Escalation, models.CASCADE, related_name="climbs", db_index=False)
    round = models.PositiveSmallIntegerField(default=1)
    place = models.PositiveSmallIntegerField(default=0)  # of the rung

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escalation", "round", "place"], name="one_climb_a_rung_and_round")
        ]

    def __str__(self) -> str:
        return f"{self.round}.{self.place} of {self.escalation_id}"


class Page(models.Model):
    """One try to reach one member. Nobody is paged twice in a round."""

    escalation = models.ForeignKey(Escalation, models.CASCADE, related_name="pages", db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="pages")
    round = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["escalation", "round", "member"], name="paged_once_a_round")
        ]
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.member_id} for {self.escalation_id}"
