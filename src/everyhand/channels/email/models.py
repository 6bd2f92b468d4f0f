"""Mailboxes, the mail we accepted, and what we send that no conversation holds."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from everyhand.channels.email.fingerprint import alone
from everyhand.conversations.models import Conversation, Message
from everyhand.core.indexes import index_where_set
from everyhand.core.work import DueRow
from everyhand.people.models import SIGNATURE_LENGTH, Team


class Mailbox(models.Model):
    """An address of ours. `*@example.com` takes every address of a domain."""

    address = models.CharField(_("address"), max_length=320, unique=True)
    name = models.CharField(_("name customers see"), max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        verbose_name_plural = "mailboxes"

    def __str__(self) -> str:
        return self.address


class FromAddress(models.Model):
    """An address that replies may come from. Mail to it reaches us: it is a mailbox of ours, or in one's domain.

    One that belongs to a team is for its members, and the team's conversations are answered from it.
    """

    address = models.EmailField(_("address"), max_length=320, unique=True)
    name = models.CharField(_("name customers see"), max_length=200, blank=True)
    signature = models.TextField(_("what stands under replies from it"), max_length=SIGNATURE_LENGTH, blank=True)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="from_addresses", verbose_name=_("team")
    )

    class Meta:
        ordering: ClassVar = ["address"]
        verbose_name_plural = "from-addresses"

    def __str__(self) -> str:
        return self.address


class ConnectedMailbox(models.Model):
    """A folder on a mail server elsewhere whose mail we fetch by IMAP (RFC 9051) into a mailbox of ours.

    The cursor is (`uidvalidity`, `last_uid`): everything up to that UID has been seen to. UIDs below `history_until`
    were there when the cursor was set.
    """

    class Security(models.TextChoices):
        TLS = "tls", _("encrypted")
        STARTTLS = "starttls", _("encrypted after STARTTLS")
        PLAIN = "plain", _("not encrypted")  # on this machine only

    class SignIn(models.TextChoices):
        PASSWORD = "password", _("Password")
        GOOGLE = "google", "Google"
        MICROSOFT = "microsoft", "Microsoft"

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="connected")
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField()
    security = models.CharField(max_length=10, choices=Security.choices)
    user = models.CharField(max_length=320)
    sign_in = models.CharField(max_length=10, choices=SignIn.choices, default=SignIn.PASSWORD)
    secret = models.TextField()  # sealed by core.secrets: a password, or the JSON of an oauth.Grant
    folder = models.CharField(max_length=500, default="INBOX")
    # Whose Authentication-Results are believed in its mail (see `fetching.receivers`); "" for nobody's.
    receiver = models.CharField(max_length=255, blank=True, default="")
    connected_at = models.DateTimeField()
    import_since = models.DateField()  # what is older stays where it is
    changed_at = models.DateTimeField()  # when somebody last changed something, or said to try again
    # Whoever may use the shell may connect any server; in the browser only those that `reaching` allows.
    from_shell = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True)

    uidvalidity = models.PositiveBigIntegerField(default=0)
    last_uid = models.PositiveBigIntegerField(default=0)
    history_until = models.PositiveBigIntegerField(default=0)
    renumbered_at = models.DateTimeField(null=True)  # the server gave its mails new UIDs since we connected

    last_ok_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=20, blank=True)  # a code; fetching.diagnosis puts it into words
    trouble_said = models.CharField(max_length=500, blank=True)  # in the words of the server or system
    alarmed_at = models.DateTimeField(null=True)  # when the administrators were told that it can't be fetched

    class Meta:
        ordering: ClassVar = ["pk"]
        verbose_name_plural = "connected mailboxes"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["host", "port", "user", "folder"], name="a_folder_is_connected_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}@{self.host}/{self.folder}"


class RawMail(models.Model):
    """The bytes of a mail exactly as they came. Written once, in the transaction that accepts it; never changed."""

    digest = models.CharField(max_length=74, unique=True)  # see `fingerprint.digest_of`
    size = models.PositiveBigIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{alone(self.digest)[:12]} ({self.size} bytes)"


class Mail(DueRow):
    """A mail we accepted, and what became of it. As a row of work it is done when it has been filed or suppressed."""

    class Outcome(models.TextChoices):
        PENDING = "pending", _("Pending")
        FILED = "filed", _("Filed")
        SUPPRESSED = "suppressed", _("Suppressed")
        QUARANTINED = "quarantined", _("Quarantined")
        DUPLICATE = "duplicate", _("Duplicate")

    raw = models.OneToOneField(RawMail, models.PROTECT, related_name="mail")
    source = models.CharField(max_length=1000)  # "smtp 192.0.2.7", or the file it came from
    envelope_from = models.CharField(max_length=320, blank=True)
    envelope_to = models.JSONField(default=list)
    helo = models.CharField(max_length=255, blank=True)  # what the server that brought it called itself
    accepted_at = models.DateTimeField()
    # For what was fetched from a mailbox elsewhere: into which of ours, and when the server there had got it.
    fetched_into = models.ForeignKey(Mailbox, models.SET_NULL, null=True, related_name="+", db_index=False)
    arrived_at = models.DateTimeField(null=True)
    # It is from before we were asked to look after that mailbox: filed as history, answered and promised by nobody.
    silent = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.PENDING)
    why = models.CharField(max_length=500, blank=True)  # a code for what was suppressed, a sentence for quarantine
    # The same letter in other bytes (another route, other Received lines) has the same fingerprint; unknown until read.
    fingerprint = models.CharField(max_length=74, unique=True, null=True)  # noqa: DJ001 (NULLs don't collide, "" would)
    duplicate_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+", db_index=False)
    # Whose it is while no conversation holds it (see `whose`); None for everybody who looks after mail.
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", db_index=False)
    sender = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    conversation = models.ForeignKey(Conversation, models.SET_NULL, null=True, related_name="mails", db_index=False)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="mails", db_index=False)
    # In quarantine because a person has to decide about it, not because it could not be read: why (see `holding`), what
    # it would join, and what was decided; an empty `held` is any other quarantine.
    held = models.CharField(max_length=20, blank=True)
    would_join = models.ForeignKey(Conversation, models.SET_NULL, null=True, related_name="+", db_index=False)
    decision = models.CharField(max_length=10, blank=True)

    class Meta(DueRow.Meta):
        abstract = False
        verbose_name_plural = "mails to file"
        indexes: ClassVar = [
            *DueRow.Meta.indexes,
            models.Index(fields=["outcome", "-id"], name="mail_by_outcome"),
            models.Index(fields=["fetched_into", "-id"], name="mail_by_mailbox"),
            index_where_set("duplicate_of", name="mail_duplicates"),
            index_where_set("conversation", name="mail_of_conversation"),
            index_where_set("message", name="mail_of_message"),
            index_where_set("would_join", name="mail_would_join"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk} from {self.source}"


class Redelivery(models.Model):
    """A mail we already had came again, byte for byte. Counted, so that the sender's story and ours agree."""

    mail = models.ForeignKey(Mail, models.CASCADE, related_name="redeliveries")
    source = models.CharField(max_length=1000)
    envelope_to = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "redeliveries"

    def __str__(self) -> str:
        return f"{self.mail_id} again at {self.at:%Y-%m-%d %H:%M}"


class DomainPace(models.Model):
    """How many letters left for a recipients' domain in the minute that began at `began_at`."""

    domain = models.CharField(max_length=255, unique=True)
    began_at = models.DateTimeField(db_index=True)
    letters = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.letters} to {self.domain} since {self.began_at:%H:%M:%S}"


class SystemMail(DueRow):
    """A mail from the program itself to one person: a sign-in code, an acknowledgement. Emptied once it is sent."""

    pauses = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30, 60, 120))

    class Kind(models.TextChoices):
        SIGN_IN = "sign-in", _("Sign-in code")
        ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")
        NOTICE = "notice", _("Notice")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    address = models.CharField(max_length=320)
    envelope_from = models.CharField(max_length=320, blank=True)  # "" is the null sender of RFC 3834
    content = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta(DueRow.Meta):
        abstract = False
        verbose_name_plural = "mails of our own"
        indexes: ClassVar = [
            *DueRow.Meta.indexes,
            models.Index(fields=["address", "kind", "made_at"], name="systemmail_to_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"
