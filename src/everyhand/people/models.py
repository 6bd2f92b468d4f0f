"""Members, teams and working hours."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from everyhand.core.blobs import Blob
from everyhand.core.instances import ReadOften
from everyhand.core.work import DueRow


def known_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(
            _("There is no time zone called “%(value)s”. Try one like Europe/Berlin."), params={"value": value}
        )


# As many characters as a signature may have; the custom of four lines (RFC 3676 section 4.3) is the writer's to keep.
SIGNATURE_LENGTH = 1000


class MemberManager(BaseUserManager["Member"]):
    def create_member(self, email: str, name: str, *, password: str | None = None, **more: Any) -> Member:
        """A new member; without a password they sign in by code or link. Raises ValidationError."""
        member = self.model(email=email.strip().lower(), name=name.strip(), **more)
        member.set_password(password) if password else member.set_unusable_password()
        member.full_clean()
        try:
            with transaction.atomic():
                member.save(using=self._db)
        except IntegrityError:
            member.full_clean()  # somebody else added them at this very moment
            raise
        return member

    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(email=(username or "").strip().lower())


class Role(models.TextChoices):
    """What somebody may see and set up. Everybody may serve customers."""

    MEMBER = "member", _("Member")  # sees what they own, take part in, or what belongs to their teams
    SPECIALIST = "specialist", _("Specialist")  # sees every conversation but those of private teams
    ADMIN = "admin", _("Administrator")  # also sets up people, the ownership map and mail


class Member(ReadOften, AbstractBaseUser):
    """Somebody who works here: everyone, not only support."""

    email = models.EmailField(_("address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("what you do here"), max_length=200, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.MEMBER)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True, validators=[known_time_zone])
    signature = models.TextField(_("what stands under your replies"), max_length=SIGNATURE_LENGTH, blank=True)
    away_until = models.DateTimeField(_("away until"), null=True, blank=True)
    is_active = models.BooleanField(default=True)
    portrait = models.ForeignKey(Blob, models.PROTECT, null=True, editable=False, related_name="+", db_index=False)
    picture = models.CharField(max_length=40, blank=True, editable=False)  # by what its portrait is asked for
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        return initials(self.name)

    @cached_property
    def team_keys(self) -> list[int]:
        """The primary keys of their teams, read once for this object."""
        return list(Membership.objects.filter(member=self).order_by("team").values_list("team", flat=True))

    @cached_property
    def led_teams(self) -> list[int]:
        """The primary keys of the teams they lead, read once for this object."""
        return list(Membership.objects.filter(member=self, lead=True).values_list("team", flat=True))

    @property
    def sees_every_queue(self) -> bool:
        return self.role in (Role.SPECIALIST, Role.ADMIN)

    @property
    def may_set_up(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def may_set_up_a_team(self) -> bool:
        """Whoever leads a team sets that one up: its people, who is invited into it, what it answers from."""
        return self.may_set_up or bool(self.led_teams)

    def signs(self, house: str) -> str:
        """What stands under their replies: their own lines, then those of the `house` they write for; often ""."""
        written = (self.signature, house)
        return "\n".join(line.rstrip() for one in written for line in one.strip().splitlines())


class WorkingHours(models.Model):
    """A span of one weekday, in the member's own time zone. Night shifts are two spans."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()  # 0 is Monday, as in datetime.weekday()
    start = models.TimeField()
    end = models.TimeField()  # exclusive; 00:00 means midnight at the end of the day

    class Meta:
        ordering: ClassVar = ["weekday", "start"]

    def __str__(self) -> str:
        return f"{self.weekday} {self.start:%H:%M}-{self.end:%H:%M}"


class Team(models.Model):
    """A group of members that answers for something together; for each conversation one of them does."""

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=200)
    about = models.CharField(_("what it answers for"), max_length=300, blank=True)
    signature = models.TextField(_("what stands under its members' replies"), max_length=SIGNATURE_LENGTH, blank=True)
    private = models.BooleanField(_("only its members see its conversations"), default=False)
    members: models.ManyToManyField[Member, Membership] = models.ManyToManyField(
        Member, through="Membership", related_name="teams"
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def may_be_changed_by(self, member: Member) -> bool:
        """Whoever leads it may, and administrators; but while somebody leads a private team, its leads alone, or
        whoever sets people up could let themselves into it.
        """
        leads = set(self.memberships.filter(lead=True, member__is_active=True).values_list("member", flat=True))
        return member.pk in leads or (member.may_set_up and not (self.private and leads))


class Membership(models.Model):
    """A member in a team. The lead answers when nobody of the team is on duty."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    member = models.ForeignKey(Member, models.CASCADE, related_name="memberships")
    lead = models.BooleanField(_("leads the team"), default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "member"], name="one_membership_a_team")]

    def __str__(self) -> str:
        return f"{self.member} in {self.team}"


class SignInLink(models.Model):
    """A one-time link made in the shell. Only its fingerprint is stored."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"for {self.member} until {self.expires_at:%Y-%m-%d %H:%M}"


class SignIn(models.Model):
    """Somebody came in, was refused, or went out: which way and from where. Forgotten after a while.

    What was typed is not kept: of a sign-in that names nobody who works here, `member` is None.
    """

    class Outcome(models.TextChoices):
        CAME_IN = "in"
        REFUSED = "refused"
        WENT_OUT = "out"
        ENDED = "ended"

    member = models.ForeignKey(Member, models.CASCADE, null=True, related_name="+", db_index=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    way = models.CharField(max_length=60, blank=True)  # such as "password totp"; see `people.sign_ins`
    ip = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=80, blank=True)
    times = models.PositiveIntegerField(default=1)  # as often within the hour, or sessions that ended
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["at"], name="sign_in_by_time"),
            models.Index(fields=["member", "at"], name="sign_in_by_member"),
        ]

    def __str__(self) -> str:
        return f"{self.member or 'somebody'} {self.get_outcome_display()}"


class Invitation(models.Model):
    """A secret with which people who work here let themselves in: one of them by mail, or several by link or QR code.

    Only its fingerprint is stored. Each who comes in takes one of `places`.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    email = models.EmailField(_("address"), blank=True)  # whom it was mailed to; "" for a link
    name = models.CharField(_("name"), max_length=200, blank=True)
    title = models.CharField(_("what they do here"), max_length=200, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.MEMBER)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, verbose_name=_("team"), related_name="+")
    places = models.PositiveIntegerField(_("how many people"), default=1)
    by = models.ForeignKey(Member, models.CASCADE, related_name="invitations")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="invitation_by_expiry")]

    def __str__(self) -> str:
        return f"for {self.email or self.places} until {self.expires_at:%Y-%m-%d %H:%M}"


class DemoWish(DueRow):
    """An administrator wants the demo company to come, or to go. The worker does it; see `people.looking_around`."""

    class Wanted(models.TextChoices):
        COME = "come"
        GO = "go"

    wanted = models.CharField(max_length=4, choices=Wanted.choices)

    class Meta(DueRow.Meta):
        abstract = False
        indexes: ClassVar = [*DueRow.Meta.indexes]

    def __str__(self) -> str:
        return f"the demo is to {self.wanted}"


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name: "Ana Maria Silva" gives "AS"."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0].upper() for word in (words[:1] + words[-1:] if len(words) > 1 else words)) or "?"
