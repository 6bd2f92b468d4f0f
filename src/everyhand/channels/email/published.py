"""What the name system says about our domains, by which everybody else decides whether our mail is ours.

MX says where mail to us goes, SPF (RFC 7208) who may send in our name, DKIM (RFC 6376) with which key we sign, and
DMARC (RFC 7489) what to do with mail that neither of them proves.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from everyhand.channels.email.authentication.lookup import NoAnswer, Questions
from everyhand.channels.email.outbound.dkim import Seal

# Names that are nobody's in public (RFC 2606, RFC 6761, RFC 6762, and .internal).
_PRIVATE: Final = frozenset({"localhost", "test", "example", "invalid", "local", "internal", "lan", "home", "arpa"})
_TAG: Final = re.compile(r"\s*([a-z]+)\s*=\s*([^;]*?)\s*(?:;|$)", re.IGNORECASE)
_ALL: Final = re.compile(r"(?:^|\s)([+?~-]?)all(?:\s|$)", re.IGNORECASE)


class Weight(StrEnum):
    """How much a finding matters."""

    WELL = "well"
    HINT = "hint"  # better otherwise, and mail flows
    WRONG = "wrong"  # it contradicts itself or us, and mail of ours will be refused or never arrive


@dataclass(frozen=True)
class Published:
    """One thing that is published or missing, in plain words, and what to publish instead."""

    what: str
    weight: Weight = Weight.WELL
    remedy: str = ""


@dataclass(frozen=True)
class House:
    """What of ours the name system should know: the host that takes our mail in, the host that sends it ("" when not
    known), and with what we sign.
    """

    receiver: str
    sender: str
    seal: Seal | None


def look(mailboxes: Sequence[str], house: House, dns: Questions) -> Iterator[Published]:
    """What is published about the domains of these addresses of ours (`*@example.com` is one) and of the seal.

    When the name system gives no answer it says so once and asks no more. Domains that are nobody's in public, such as
    localhost, are not asked about.
    """
    named = {mailbox.rpartition("@")[2].lower(): mailbox for mailbox in reversed(mailboxes)}
    domains = [
        one for one in dict.fromkeys(_ascii(mailbox.rpartition("@")[2]) for mailbox in mailboxes) if _public(one)
    ]
    try:
        for domain in domains:
            yield _mx(domain, house, dns)
            yield _spf(domain, house, dns)
            yield _dmarc(domain, named.get(domain, ""), dns)
        if house.seal:
            yield _dkim(house.seal, dns)
        elif domains:
            yield _unsigned(domains[0])
    except NoAnswer as silence:
        yield Published(
            "the name system (DNS) can be asked",
            Weight.HINT,
            f"It gave no answer ({silence}), so what is published about {', '.join(domains) or 'our domains'} was not "
            "looked at. Is this machine online?",
        )


def _mx(domain: str, house: House, dns: Questions) -> Published:
    servers = [one.rstrip(".") for one in dns.ask(domain, "MX")]
    if servers == [""]:
        remedy = f"A null MX (RFC 7505) tells everybody that it takes none. Publish: {domain}. MX 10 {house.receiver}."
        return Published(f"{domain} takes mail", Weight.WRONG, remedy)
    if not servers:
        return Published(
            f"{domain} says where its mail goes (MX)",
            Weight.HINT,
            f"Nothing is published. Unless you fetch mail from elsewhere, publish: {domain}. MX 10 {house.receiver}.",
        )
    return Published(f"mail to {domain} goes to {', '.join(servers)}")


def _spf(domain: str, house: House, dns: Questions) -> Published:
    what = f"{domain} says who may send for it (SPF)"
    records = [one for one in dns.text(domain) if re.match(r"v=spf1(?:\s|$)", one, re.IGNORECASE)]
    if not records:
        return Published(
            what,
            Weight.HINT,
            f'Nothing is published. If your mail server sends by itself: {domain}. TXT "{_spf_record(house)}"; '
            "a provider tells you an include: of its own instead.",
        )
    if len(records) > 1:
        shown = " and ".join(f"“{one}”" for one in records)
        return Published(
            what, Weight.WRONG, f"Two records count as none (RFC 7208 section 4.5): {shown}. Make them one."
        )
    everybody = _ALL.search(records[0])
    if everybody and everybody[1] in ("", "+"):
        remedy = f"“{records[0]}” lets everybody send in your name. End it with ~all."
        return Published(what, Weight.WRONG, remedy)
    return Published(f"{what}: {records[0]}")


def _spf_record(house: House) -> str:
    try:
        address = ipaddress.ip_address(house.sender)
    except ValueError:
        return f"v=spf1 mx a:{house.sender} ~all" if house.sender and "." in house.sender else "v=spf1 mx ~all"
    return f"v=spf1 mx ip{address.version}:{address} ~all" if address.is_global else "v=spf1 mx ~all"


def _dmarc(domain: str, mailbox: str, dns: Questions) -> Published:
    what = f"{domain} says what to do with forgeries (DMARC)"
    labels = domain.split(".")
    # Its own record, or that of the organisation it belongs to, found by going up.
    for start in range(len(labels) - 1):
        owner = ".".join(labels[start:])
        records = [one for one in dns.text(f"_dmarc.{owner}") if one.upper().startswith("V=DMARC1")]
        if len(records) > 1:
            shown = " and ".join(f"“{one}”" for one in records)
            return Published(what, Weight.WRONG, f"Two records at _dmarc.{owner} count as none: {shown}. Keep one.")
        if records:
            return _policy(what, owner, records[0])
    reports = f"; rua=mailto:{mailbox}" if mailbox and not mailbox.startswith("*") else ""
    return Published(
        what,
        Weight.HINT,
        f'Nothing is published, and big providers want it. Publish: _dmarc.{domain}. TXT "v=DMARC1; p=none{reports}", '
        "and p=quarantine once you know that all your mail passes.",
    )


def _policy(what: str, owner: str, record: str) -> Published:
    policy = dict(_TAG.findall(record)).get("p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        remedy = f'“{record}” at _dmarc.{owner} names no policy. Publish: _dmarc.{owner}. TXT "v=DMARC1; p=none".'
        return Published(what, Weight.WRONG, remedy)
    return Published(f"{what}: {record}")


def _dkim(seal: Seal, dns: Questions) -> Published:
    what = f"our signatures can be checked (DKIM at {seal.name})"
    publish = f'Publish: {seal.name}. TXT "{seal.record}"'
    keys = [dict(_TAG.findall(one)).get("p") for one in dns.text(seal.name)]
    published = ["".join(key.split()) for key in keys if key is not None]
    if not published:
        return Published(what, Weight.WRONG, f"We sign, and no key is published. {publish}")
    if published == [""]:
        return Published(what, Weight.WRONG, f"The key published there was withdrawn. {publish}")
    if published != [dict(_TAG.findall(seal.record))["p"]]:
        return Published(what, Weight.WRONG, f"Another key is published than the one we sign with. {publish}")
    return Published(what)


def _unsigned(domain: str) -> Published:
    return Published(
        "our mail is signed (DKIM)",
        Weight.HINT,
        "Not by us, which is well when your mail server signs. If it does not: openssl genrsa -out dkim.pem 2048, set "
        f"EVERYHAND_DKIM_DOMAIN={domain}, EVERYHAND_DKIM_SELECTOR=everyhand and EVERYHAND_DKIM_KEY=dkim.pem, and ask "
        "again here for the record to publish.",
    )


def _ascii(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode() if not domain.isascii() else domain.lower()
    except UnicodeError:
        return ""


def _public(domain: str) -> bool:
    return "." in domain and domain.rpartition(".")[2] not in _PRIVATE and not domain.startswith("[")
