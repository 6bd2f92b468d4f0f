"""Connecting a mailbox: look first and say what would happen, then store it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from babel import Locale
from babel.numbers import format_decimal
from django.db import transaction
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from imapclient.exceptions import IMAPClientError

from everyhand.channels.email.fetching import oauth, receivers, server
from everyhand.channels.email.fetching.credentials import Credentials
from everyhand.channels.email.fetching.reaching import Deadline
from everyhand.channels.email.models import ConnectedMailbox, Mailbox
from everyhand.core import journal, secrets
from everyhand.people.models import Member

SCHEMES: Final = {
    "imaps": (ConnectedMailbox.Security.TLS, 993),
    "imap+starttls": (ConnectedMailbox.Security.STARTTLS, 143),
    "imap": (ConnectedMailbox.Security.PLAIN, 143),
}


LONGEST_AGO: Final = 36_500  # days

# What looking into a mailbox may fail with.
REFUSALS: Final = (OSError, IMAPClientError, UnicodeError, *server.REFUSALS, *oauth.REFUSALS)


class AddressWrong(ValueError):
    """The address of a mailbox can't be right. The message says what to write instead."""


@dataclass(frozen=True)
class Found:
    """What lies in the folder: all mails, those that would be imported as history, and the place to begin."""

    mails: int
    history: int
    uidvalidity: int
    next_uid: int


def read_address(text: str) -> ConnectedMailbox:
    """A row, not stored yet, from `imaps://USER@HOST[:PORT][/FOLDER]`, typed in the shell. Raises `AddressWrong`."""
    try:
        address = urlsplit(text)
        port = address.port
    except ValueError:
        raise AddressWrong("give imaps://USER@HOST, perhaps with :PORT and /FOLDER") from None
    if address.scheme not in SCHEMES or not address.hostname or not address.username:
        raise AddressWrong("give imaps://USER@HOST, or imap+starttls://USER@HOST, perhaps with :PORT and /FOLDER")
    if address.password is not None:
        raise AddressWrong("leave the password out: everybody on this machine could read it; you will be asked for it")
    security, usual = SCHEMES[address.scheme]
    if security == ConnectedMailbox.Security.PLAIN and not _is_this_machine(address.hostname):
        raise AddressWrong("imap:// sends the password readable for everybody; give imaps:// or imap+starttls://")
    return ConnectedMailbox(
        host=address.hostname,
        port=port or usual,
        security=security,
        user=unquote(address.username),
        folder=_folder(address),
        from_shell=True,
    )


def look(box: ConnectedMailbox, *, secret: str, days: int, at: datetime, deadline: Deadline | None = None) -> Found:
    """Sign in and count. Nothing is stored, neither here nor there; `days` is how far back history goes. `box` is a
    row that is not stored, and is ready for `connect` afterwards.

    Raises one of `REFUSALS`, which `diagnosis` explains.
    """
    seal(box, secret=secret, days=days, at=at)
    folder = server.open_folder(box, Credentials(box, clock=lambda: at).sign_in, deadline=deadline)
    try:
        history = folder.uids(1, since=box.import_since, not_deleted=True) if days and folder.count else []
        return Found(folder.count, len(history), folder.uidvalidity, folder.next_uid)
    finally:
        folder.close()


def seal(box: ConnectedMailbox, *, secret: str, days: int, at: datetime) -> None:
    """Put into a row that is not stored what `connect` stores besides its address."""
    box.secret = secrets.seal(secret)
    box.import_since = (at - timedelta(days=min(days, LONGEST_AGO))).date()


def forecast(found: Found, days: int) -> str:
    """What connecting it would do, as a sentence for whoever decides."""
    mails = ngettext("%(number)s mail", "%(number)s mails", found.mails) % {"number": _number(found.mails)}
    if not days:
        return _("%(mails)s; none of them is imported, and only what arrives from now on is new.") % {"mails": mails}
    sentence = ngettext(
        "%(mails)s; the last %(days)s day (%(history)s) is imported silently; nothing will be sent or promised.",
        "%(mails)s; the last %(days)s days (%(history)s) are imported silently; nothing will be sent or promised.",
        days,
    )
    return sentence % {"mails": mails, "days": _number(days), "history": _number(found.history)}


@transaction.atomic
def connect(
    box: ConnectedMailbox, found: Found, *, address: str, days: int, at: datetime, by: Member | None = None
) -> ConnectedMailbox:
    """Store the mailbox, so that its mail is fetched from now on. One that is connected already keeps its place and
    what it has imported, and gets the new password.
    """
    ours, _made = Mailbox.objects.get_or_create(address=address.strip().lower())
    known = ConnectedMailbox.objects.filter(host=box.host, port=box.port, user=box.user, folder=box.folder).first()
    if known is None:
        known = box
        known.connected_at = at
        known.uidvalidity, known.history_until = found.uidvalidity, found.next_uid
        known.last_uid = 0 if days else found.next_uid - 1
        known.receiver = receivers.usual(box.host)
    known.security, known.sign_in, known.secret = box.security, box.sign_in, box.secret
    known.from_shell = known.from_shell or box.from_shell
    known.mailbox, known.changed_at, known.paused_at = ours, at, None
    known.failing_since, known.trouble, known.trouble_said = None, "", ""
    known.save()
    journal.note(
        "mailbox.connected", subject=ours, actor=by, at=at, connected=known.pk, import_since=str(known.import_since)
    )
    return known


def unstored(box: ConnectedMailbox) -> ConnectedMailbox:
    """The same mailbox as a row to `look` with another password."""
    return ConnectedMailbox(
        host=box.host,
        port=box.port,
        security=box.security,
        user=box.user,
        sign_in=box.sign_in,
        folder=box.folder,
        from_shell=box.from_shell,
    )


@transaction.atomic
def renew(box: ConnectedMailbox, *, secret: str, at: datetime, by: Member | None) -> None:
    """From now on sign in with this password or grant, which `look` has tried."""
    ConnectedMailbox.objects.filter(pk=box.pk).update(
        secret=secrets.seal(secret), changed_at=at, failing_since=None, trouble="", trouble_said=""
    )
    journal.note("mailbox.renewed", subject=box.mailbox, actor=by, at=at, connected=box.pk)


@transaction.atomic
def disconnect(box: ConnectedMailbox, *, at: datetime, by: Member | None = None) -> None:
    """Forget the mailbox and its password. What was fetched stays."""
    journal.note("mailbox.disconnected", subject=box.mailbox, actor=by, at=at, connected=box.pk)
    box.delete()


@transaction.atomic
def pause(box: ConnectedMailbox, *, at: datetime, by: Member | None = None) -> None:
    """Fetch nothing until `resume`."""
    ConnectedMailbox.objects.filter(pk=box.pk).update(paused_at=at)
    journal.note("mailbox.paused", subject=box.mailbox, actor=by, at=at, connected=box.pk)


@transaction.atomic
def resume(box: ConnectedMailbox, *, at: datetime, by: Member | None = None) -> None:
    """Go on from where it was: what arrived meanwhile is new mail."""
    ConnectedMailbox.objects.filter(pk=box.pk).update(paused_at=None)
    journal.note("mailbox.resumed", subject=box.mailbox, actor=by, at=at, connected=box.pk)


def try_now(box: ConnectedMailbox, *, at: datetime) -> None:
    """Connect anew within seconds, instead of after the pause that follows a failure."""
    ConnectedMailbox.objects.filter(pk=box.pk).update(changed_at=at)


def new_key() -> int:
    """Seal every stored secret with a new key and forget the old ones; how many secrets there are."""
    secrets.add_key()
    with transaction.atomic():
        boxes = list(ConnectedMailbox.objects.select_for_update())
        for box in boxes:
            ConnectedMailbox.objects.filter(pk=box.pk).update(secret=secrets.sealed_anew(box.secret))
    secrets.forget_old_keys()
    return len(boxes)


def _number(number: int) -> str:
    return str(format_decimal(number, locale=Locale.parse(get_language() or "en", sep="-")))


def _folder(address: SplitResult) -> str:
    return unquote(address.path.strip("/")) or "INBOX"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
