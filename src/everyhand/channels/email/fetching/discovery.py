"""Where the mailbox of an address lies: at a provider we know, or where its domain says.

A provider is known by the domains of its addresses or by the servers that take mail in for a company's own domain (MX).
Other domains are asked for the service itself (SRV, RFC 6186 section 3.2), then for the usual names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import idna
from django.utils.translation import gettext_noop as _

from everyhand.channels.email.authentication.lookup import NoAnswer, Questions
from everyhand.channels.email.models import ConnectedMailbox

Security = ConnectedMailbox.Security
SignIn = ConnectedMailbox.SignIn

# However slow the name system is, a person waits for the answer.
SECONDS: Final = 5.0


@dataclass(frozen=True)
class Provider:
    """A provider of mailboxes. `advice` is what its customers have to know to let us in; `tenant` the directory that
    Microsoft looks for its private customers in.
    """

    name: str
    host: str
    domains: tuple[str, ...]
    servers: tuple[str, ...] = ()  # the ends of the names that stand in MX records
    sign_in: SignIn = SignIn.PASSWORD
    advice: str = ""
    tenant: str = ""


_APP_PASSWORD: Final = _(
    "Your usual password does not work here: make a password for this program alone in the security settings of your "
    "account, and enter that one."
)
_SWITCH_ON: Final = _("First switch IMAP on, in the settings of your mailbox on the provider's own web page.")

# From the help pages of the providers, in 2026.
PROVIDERS: Final = (
    Provider(
        "Google",
        "imap.gmail.com",
        ("gmail.com", "googlemail.com"),
        (".google.com", ".googlemail.com"),
        SignIn.GOOGLE,
        _("Sign in at Google, or make an app password in your Google account and enter that one."),
    ),
    Provider(
        "Microsoft",
        "outlook.office365.com",
        ("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de", "live.de"),
        (".olc.protection.outlook.com",),
        SignIn.MICROSOFT,
        tenant="consumers",
    ),
    Provider(
        "Microsoft 365",
        "outlook.office365.com",
        ("onmicrosoft.com",),
        (".mail.protection.outlook.com", ".mx.microsoft"),
        SignIn.MICROSOFT,
    ),
    Provider(
        "iCloud",
        "imap.mail.me.com",
        ("icloud.com", "me.com", "mac.com"),
        (".mail.icloud.com",),
        advice=_APP_PASSWORD,
    ),
    Provider(
        "Yahoo",
        "imap.mail.yahoo.com",
        ("yahoo.com", "yahoo.de", "yahoo.co.uk", "yahoo.fr", "yahoo.es", "yahoo.it", "ymail.com", "rocketmail.com"),
        (".yahoodns.net",),
        advice=_APP_PASSWORD,
    ),
    Provider(
        "Fastmail",
        "imap.fastmail.com",
        ("fastmail.com", "fastmail.fm"),
        (".messagingengine.com",),
        advice=_APP_PASSWORD,
    ),
    Provider("GMX", "imap.gmx.net", ("gmx.de", "gmx.net", "gmx.at", "gmx.ch"), (".gmx.net",), advice=_SWITCH_ON),
    Provider("GMX", "imap.gmx.com", ("gmx.com", "gmx.us", "gmx.co.uk"), (".gmx.com",), advice=_SWITCH_ON),
    Provider("WEB.DE", "imap.web.de", ("web.de",), (".web.de",), advice=_SWITCH_ON),
)


@dataclass(frozen=True)
class Place:
    """Where a mailbox lies. `provider` is None when it is none that we know; `certain` is False for a guess that
    nothing confirmed.
    """

    host: str
    port: int = 993
    security: Security = Security.TLS
    provider: Provider | None = None
    certain: bool = True


def find(address: str, questions: Questions) -> Place:
    """The place for the mailbox of `address`; a guess where the name system does not help."""
    domain = _ascii(address.rpartition("@")[2])
    for provider in PROVIDERS:
        if domain in provider.domains or domain.endswith(tuple(f".{one}" for one in provider.domains)):
            return Place(provider.host, provider=provider)
    try:
        return next(_published(domain, questions), Place(f"imap.{domain}", certain=False))
    except NoAnswer:
        return Place(f"imap.{domain}", certain=False)


def at_host(host: str) -> Provider | None:
    """The provider that this server belongs to."""
    return next((one for one in PROVIDERS if one.host == host.lower().rstrip(".")), None)


def _published(domain: str, questions: Questions) -> Iterator[Place]:
    takes_mail = [name.lower().rstrip(".") for name in questions.ask(domain, "MX")]
    for provider in PROVIDERS:
        if any(f".{name}".endswith(provider.servers) for name in takes_mail if provider.servers):
            yield Place(provider.host, provider=provider)
    for service, security in (("_imaps._tcp", Security.TLS), ("_imap._tcp", Security.STARTTLS)):
        for host, port in _services(questions.ask(f"{service}.{domain}", "SRV")):
            yield Place(host, port, security, at_host(host))
    for host in (f"imap.{domain}", f"mail.{domain}"):
        if questions.ask(host, "A") or questions.ask(host, "AAAA"):
            yield Place(host)


def _services(records: list[str]) -> list[tuple[str, int]]:
    """Hosts and ports of SRV records ("10 0 993 mail.example.com."), the preferred first; "." means there is none."""
    read = [record.split() for record in records]
    found = [(int(one[0]), -int(one[1]), one[3].rstrip("."), int(one[2])) for one in read if len(one) == 4]
    return [(host, port) for _priority, _weight, host, port in sorted(found) if host]


def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain.lower(), uts46=True).decode()
    except idna.IDNAError:
        return domain.lower()
