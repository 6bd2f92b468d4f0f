"""The rules of the ownership map."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from everyhand.core.removal import AlsoRemoved, NotRemoved
from everyhand.core.work import DueRow
from everyhand.people.models import Member, Team


class Rule(models.Model):
    """ "What matches this belongs to them." Rules are tried in order of `position`; the first match decides."""

    class Looks(models.TextChoices):
        RECIPIENT = "recipient", _("the address it was sent to")
        SUBJECT = "subject", _("the subject")
        WORDS = "words", _("the subject or the text")
        SENDER = "sender", _("the sender's address")
        PAGE = "page", _("a page it mentions")

    position = models.PositiveIntegerField()
    looks_at = models.CharField(_("looks at"), max_length=20, choices=Looks.choices, default=Looks.WORDS)
    pattern = models.CharField(_("finds"), max_length=300)
    thing = models.CharField(_("which is about"), max_length=200, blank=True)
    member = models.ForeignKey(Member, models.CASCADE, null=True, blank=True, related_name="rules")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="rules")
    gone_at = models.DateTimeField(null=True, blank=True)  # removed; kept at its place, so that it can come back

    objects = NotRemoved()
    kept = AlsoRemoved()

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(member__isnull=False, team=None) | models.Q(member=None, team__isnull=False),
                name="a_rule_names_a_member_or_a_team",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_looks_at_display()}: {self.pattern}"

    @property
    def answers(self) -> Member | Team:
        """Who this belongs to."""
        answers = self.member or self.team
        if answers is None:
            raise ValueError("a rule names a member or a team")
        return answers

    def clean(self) -> None:
        if bool(self.member) == bool(self.team):
            raise ValidationError(_("Choose either a person or a team who answers for this."))


class Fallback(models.Model):
    """The one row that says who owns what no rule names, so that nothing is ever without an owner."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"everything else: {self.member}"


class Departure(DueRow):
    """Somebody was let go: what they owned and is not closed is given to others. `placed` are those conversations."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="departures")
    by = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="+")
    heir = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="+")  # who gets all they may see
    placed = models.JSONField(default=list)

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]

    def __str__(self) -> str:
        return _("What %(name)s answered for goes to others") % {"name": self.member}
