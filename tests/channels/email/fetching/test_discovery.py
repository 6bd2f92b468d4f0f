"""Where the mailbox of an address lies, found out from the address alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from everyhand.channels.email.authentication.lookup import NoAnswer, Questions
from everyhand.channels.email.fetching import discovery
from everyhand.channels.email.fetching.discovery import PROVIDERS, Place, Security, find


class Names:
    """A name system with these records only; without any it does not answer."""

    def __init__(self, records: dict[tuple[str, str], list[str]] | None = None) -> None:
        self.records = records
        self.asked: list[str] = []

    def ask(self, name: str, kind: str, *, seconds: float) -> list[str]:
        assert seconds > 0
        self.asked.append(f"{kind} {name}")
        if self.records is None:
            raise NoAnswer("away")
        return self.records.get((kind, name), [])


def place(address: str, names: Names) -> Place:
    return find(address, Questions(names, seconds=5.0))


@pytest.mark.parametrize(
    ("address", "name", "host", "sign_in"),
    [
        ("ada@gmail.com", "Google", "imap.gmail.com", "google"),
        ("ada@Outlook.com", "Microsoft", "outlook.office365.com", "microsoft"),
        ("ada@paper.onmicrosoft.com", "Microsoft 365", "outlook.office365.com", "microsoft"),
        ("ada@icloud.com", "iCloud", "imap.mail.me.com", "password"),
        ("ada@yahoo.co.uk", "Yahoo", "imap.mail.yahoo.com", "password"),
        ("ada@fastmail.com", "Fastmail", "imap.fastmail.com", "password"),
        ("ada@gmx.de", "GMX", "imap.gmx.net", "password"),
        ("ada@gmx.com", "GMX", "imap.gmx.com", "password"),
        ("ada@web.de", "WEB.DE", "imap.web.de", "password"),
    ],
)
def test_a_provider_is_known_by_its_addresses_without_asking(address: str, name: str, host: str, sign_in: str) -> None:
    names = Names()

    found = place(address, names)

    assert found.provider is not None
    assert (found.provider.name, found.host, found.port, found.security) == (name, host, 993, Security.TLS)
    assert found.provider.sign_in == sign_in
    assert names.asked == []


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("aspmx.l.google.com.", "Google"),
        ("paper-test.mail.protection.outlook.com.", "Microsoft 365"),
        ("paper-test.a-v1.mx.microsoft.", "Microsoft 365"),
        ("in1-smtp.messagingengine.com.", "Fastmail"),
        ("mx01.mail.icloud.com.", "iCloud"),
    ],
)
def test_a_company_s_own_domain_is_known_by_who_takes_its_mail_in(server: str, name: str) -> None:
    found = place("help@paper.test", Names({("MX", "paper.test"): [server]}))

    assert found.provider is not None
    assert found.provider.name == name


def test_a_name_that_only_looks_like_a_provider_s_is_none() -> None:
    assert place("help@paper.test", Names({("MX", "paper.test"): ["mx.notgoogle.com."]})).provider is None
    assert place("ada@notgmail.com", Names({})).provider is None


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({("SRV", "_imaps._tcp.paper.test"): ["10 5 993 b.test.", "0 1 9993 a.test."]}, ("a.test", 9993, "tls", True)),
        ({("SRV", "_imaps._tcp.paper.test"): ["0 0 0 ."], ("SRV", "_imap._tcp.paper.test"): ["0 1 143 a.test."]},
         ("a.test", 143, "starttls", True)),
        ({("A", "imap.paper.test"): ["192.0.2.1"]}, ("imap.paper.test", 993, "tls", True)),
        ({("AAAA", "mail.paper.test"): ["2001:db8::1"]}, ("mail.paper.test", 993, "tls", True)),
        ({}, ("imap.paper.test", 993, "tls", False)),
        (None, ("imap.paper.test", 993, "tls", False)),
    ],
)  # fmt: skip
def test_other_domains_are_asked_for_the_service_then_for_the_usual_names(
    records: dict[tuple[str, str], list[str]] | None, expected: tuple[str, int, str, bool]
) -> None:
    found = place("help@paper.test", Names(records))

    assert (found.host, found.port, found.security, found.certain) == expected


def test_letters_outside_ascii_are_asked_for_as_the_name_system_knows_them() -> None:
    assert place("hilfe@bücher.test", Names({})).host == "imap.xn--bcher-kva.test"


def test_whoever_has_advice_has_it_in_one_sentence() -> None:
    assert all(one.advice.endswith(".") for one in PROVIDERS if one.advice)
    assert discovery.at_host("IMAP.gmail.com.") is PROVIDERS[0]


def test_it_ends_when_the_name_system_is_slow() -> None:
    clock = iter(range(0, 100, 3))
    slow: Callable[[], float] = lambda: float(next(clock))  # noqa: E731
    names = Names({})

    find("help@paper.test", Questions(names, seconds=5.0, monotonic=slow))

    assert len(names.asked) == 2
