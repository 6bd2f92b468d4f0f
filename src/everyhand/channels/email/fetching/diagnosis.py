"""What keeps a mailbox from being fetched, told so that its owner knows what to do."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from typing import Final

import httpx
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from everyhand.channels.email.fetching.oauth import GrantWrong, PermissionEnded
from everyhand.channels.email.fetching.reaching import NotEncrypted, PortClosed, PrivateAddress
from everyhand.channels.email.fetching.server import FolderMissing, HungUp
from everyhand.channels.email.fetching.taking import NoSpace, Withheld
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core.secrets import CannotOpen

# Codes of RFC 5530 and what big providers say when somebody asks too often.
_THROTTLED: Final = re.compile(
    r"throttl|too many|rate.?limit|\[LIMIT\]|\[INUSE\]|overquota|bandwidth|exceeded|try again later|backing off",
    re.IGNORECASE,
)
_UNWELL: Final = re.compile(r"\[(?:UNAVAILABLE|SERVERBUG|CONTACTADMIN)\]|internal error|temporar", re.IGNORECASE)
_CODES: Final = (
    (DatabaseError, "database"),
    (NoSpace, "space"),
    (Withheld, "withheld"),
    ((CannotOpen, GrantWrong), "secret"),
    (PermissionEnded, "permission"),
    (LoginError, "password"),
    (FolderMissing, "folder"),
    (NotEncrypted, "encryption"),
    (PrivateAddress, "private"),
    (PortClosed, "port"),
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLEOFError, "connection"),
    (ssl.SSLError, "encryption"),
    ((socket.gaierror, UnicodeError), "name"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "timeout"),
    (httpx.HTTPError, "token"),
    ((IMAPClientAbortError, OSError), "connection"),
    (IMAPClientError, "server"),
)
# Who asks too often with a wrong password is locked out.
PATIENT: Final = ("password", "permission", "throttled")


@dataclass(frozen=True)
class Trouble:
    """A code for what is wrong, and what the server or the system said about it."""

    code: str
    said: str


def diagnose(error: BaseException) -> Trouble:
    """What an error of fetching means."""
    return Trouble(_code(error), " ".join(_words(error).split())[:500])


def _code(error: BaseException) -> str:
    said = _words(error)
    if isinstance(error, IMAPClientError | FolderMissing | HungUp):
        if _THROTTLED.search(said):
            return "throttled"
        if _UNWELL.search(said):
            return "server"
    return next((code for kind, code in _CODES if isinstance(error, kind)), "program")


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    said = error.args[0] if error.args and isinstance(error.args[0], bytes) else str(error)
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    # IMAPClient shows bytes as Python does: b'[UNAVAILABLE] Try later'
    shown = re.search(r"b(['\"])(.*)\1", words)
    return (shown[2] if shown else words) or type(error).__name__


def in_words(code: str, box: ConnectedMailbox, *, first_time: bool = False) -> str:
    """What is wrong and what to do, in one or two sentences. The `first_time` it is tried nobody tries it again by
    themselves.
    """
    if code == "password" and box.sign_in != ConnectedMailbox.SignIn.PASSWORD:
        code = "account"
    sayings = _sayings() | (_first_sayings() if first_time else {})
    saying = sayings.get(code, _("Something went wrong here, and the log says what. We try again by ourselves."))
    provider = ConnectedMailbox.SignIn(box.sign_in).label if box.sign_in else ""
    return saying % {"provider": provider, "host": box.host, "port": box.port, "user": box.user, "folder": box.folder}


def _sayings() -> dict[str, str]:
    return {
        "database": _("Our own database was away for a moment."),
        "space": _("There is no space left for mail on our disk. Make room; until then it stays where it is."),
        "secret": _(
            "The stored password can't be opened: stored-secrets.key is not the file it was sealed with. Put the "
            "right one back, or connect the mailbox again."
        ),
        "permission": _(
            "%(provider)s says that our permission to read this mailbox has ended. Connect it again to renew it."
        ),
        "token": _("%(provider)s could not be asked for a token. We try again by ourselves."),
        "password": _(
            "%(host)s does not accept the user name or password of %(user)s. Check both; many providers want a "
            "password made for this program alone. Then connect the mailbox again."
        ),
        "account": _(
            "%(host)s does not let %(user)s in with the permission that %(provider)s gave. Sign in there as %(user)s, "
            "and switch IMAP on for that mailbox. Then connect the mailbox again."
        ),
        "folder": _("There is no folder “%(folder)s” that %(user)s may open. Check its name at the provider."),
        "encryption": _(
            "%(host)s does not offer the encryption that is set, so it was told nothing. Try port 993, encrypted from "
            "the start (imaps://)."
        ),
        "certificate": _(
            "The certificate of %(host)s is not valid for it, so it was not trusted with the password. Ask whoever "
            "runs the server; for an authority of your own set SSL_CERT_FILE."
        ),
        "private": _(
            "%(host)s lies in a private network, where nobody may connect from the browser. Whoever runs Everyhand "
            "can: with `everyhand mailbox connect`, or by naming the network in EVERYHAND_MAILBOX_NETWORKS."
        ),
        "port": _("Port %(port)s is no port of a mailbox. It is 993 nearly everywhere, or 143."),
        "name": _("There is no server named %(host)s. Check the name."),
        "refused": _("Nothing answers at %(host)s, port %(port)s. Check the port, or ask whoever runs the server."),
        "timeout": _(
            "%(host)s, port %(port)s, did not answer in time. Check port and firewall; we try again by ourselves."
        ),
        "throttled": _("%(host)s asks us to come less often. We do, and go on by ourselves."),
        "connection": _("The connection to %(host)s broke off. We try again by ourselves."),
        "server": _("%(host)s could not do what we asked. We try again by ourselves."),
        "withheld": _(
            "%(host)s lists a mail that it does not give out. We ask some more times, then set it aside and go on."
        ),
    }


def _first_sayings() -> dict[str, str]:
    return {
        "timeout": _("%(host)s, port %(port)s, did not answer in time. Check port and firewall, and try again."),
        "throttled": _("%(host)s asks us to come less often. Try again in some minutes."),
        "connection": _("The connection to %(host)s broke off. Try again in a moment."),
        "server": _("%(host)s could not do what we asked. Try again in a moment."),
        "token": _("%(provider)s could not be asked for a token. Try again in a moment."),
        "program": _("Something went wrong here, and the log says what. Try again in a moment."),
    }
