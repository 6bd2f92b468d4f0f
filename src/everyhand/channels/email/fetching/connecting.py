"""Connecting a mailbox: look first and say what would happen, then store it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from django.db import transaction

from everyhand.channels.email.fetching import server
from everyhand.channels.email.fetching.credentials import Credentials
from everyhand.channels.email.models import ConnectedMailbox, Mailbox
from everyhand.core import journal, secrets

SCHEMES: Final = {
    "imaps": (ConnectedMailbox.Security.TLS, 993),
    "imap+starttls": (ConnectedMailbox.Security.STARTTLS, 143),
    "imap": (ConnectedMailbox.Security.PLAIN, 143),
}


LONGEST_AGO: Final = 36_500  # days


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
    """A row, not stored yet, from `imaps://USER@HOST[:PORT][/FOLDER]`. Raises `AddressWrong`."""
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
    )


def look(box: ConnectedMailbox, *, secret: str, days: int, at: datetime) -> Found:
    """Sign in and count. Nothing is stored, neither here nor there; `days` is how far back history goes.

    Raises what `diagnosis` explains.
    """
    box.secret = secrets.seal(secret)
    box.import_since = (at - timedelta(days=min(days, LONGEST_AGO))).date()
    folder = server.open_folder(box, Credentials(box, clock=lambda: at).sign_in)
    try:
        history = folder.uids(1, since=box.import_since, not_deleted=True) if days and folder.count else []
        return Found(folder.count, len(history), folder.uidvalidity, folder.next_uid)
    finally:
        folder.close()


@transaction.atomic
def connect(box: ConnectedMailbox, found: Found, *, address: str, days: int, at: datetime) -> ConnectedMailbox:
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
    known.security, known.sign_in, known.secret = box.security, box.sign_in, box.secret
    known.mailbox, known.changed_at, known.paused_at = ours, at, None
    known.failing_since, known.trouble, known.trouble_said = None, "", ""
    known.save()
    journal.note("mailbox.connected", subject=ours, at=at, connected=known.pk, import_since=str(known.import_since))
    return known


@transaction.atomic
def disconnect(box: ConnectedMailbox, *, at: datetime) -> None:
    """Forget the mailbox and its password. What was fetched stays."""
    journal.note("mailbox.disconnected", subject=box.mailbox, at=at, connected=box.pk)
    box.delete()


@transaction.atomic
def pause(box: ConnectedMailbox, *, at: datetime) -> None:
    """Fetch nothing until `resume`."""
    ConnectedMailbox.objects.filter(pk=box.pk).update(paused_at=at)
    journal.note("mailbox.paused", subject=box.mailbox, at=at, connected=box.pk)


@transaction.atomic
def resume(box: ConnectedMailbox, *, at: datetime) -> None:
    """Go on from where it was: what arrived meanwhile is new mail."""
    ConnectedMailbox.objects.filter(pk=box.pk).update(paused_at=None)
    journal.note("mailbox.resumed", subject=box.mailbox, at=at, connected=box.pk)


def new_key() -> int:
    """Seal every stored secret with a new key and forget the old ones; how many secrets there are."""
    secrets.add_key()
    with transaction.atomic():
        boxes = list(ConnectedMailbox.objects.select_for_update())
        for box in boxes:
            ConnectedMailbox.objects.filter(pk=box.pk).update(secret=secrets.sealed_anew(box.secret))
    secrets.forget_old_keys()
    return len(boxes)


def _folder(address: SplitResult) -> str:
    return unquote(address.path.strip("/")) or "INBOX"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
