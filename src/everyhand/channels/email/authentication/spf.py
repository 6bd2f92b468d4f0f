"""SPF (RFC 7208): whether the server that brought a mail may send for the domain of its envelope sender."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import ClassVar, Final

from everyhand.channels.email.authentication.lookup import NoAnswer, Questions
from everyhand.channels.email.authentication.spf_record import Address, Malformed, Mechanism, expand, is_record, read

# Section 4.6.4: how much work a record may make for those who read it.
QUESTIONS_AT_MOST: Final = 10
EMPTY_ANSWERS_AT_MOST: Final = 2
NAMES_AT_MOST: Final = 10
LEVELS_AT_MOST: Final = 20

_RESULTS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class _Stopped(Exception):
    """The check ends here with this result."""


def check(questions: Questions, *, peer: str, helo: str, mail_from: str) -> tuple[str, str]:
    """(result, domain): one of RFC 7208's results ("none", "neutral", "pass", "fail", "softfail", "temperror",
    "permerror"), and the domain it is about: that of `mail_from`, or `helo` for the null sender. Never raises.
    """
    sender = mail_from or f"postmaster@{helo}"
    local, _at, domain = sender.rpartition("@")
    domain = domain.lower().rstrip(".")
    check = _Check(questions, ip_address(peer), helo, f"{local or 'postmaster'}@{domain}")
    try:
        return check.host(domain), domain
    except _Stopped as stopped:
        return str(stopped), domain
    except Malformed:
        return "permerror", domain
    except NoAnswer:
        return "temperror", domain


class _Check:
    """One check, with all it counts."""

    def __init__(self, questions: Questions, peer: Address, helo: str, sender: str) -> None:
        mapped = peer.ipv4_mapped if isinstance(peer, IPv6Address) else None
        self.peer: Address = mapped or peer
        self.questions, self.helo, self.sender = questions, helo, sender
        self.asked = self.empty = 0

    def host(self, domain: str, level: int = 0) -> str:
        """Section 4: the record of `domain`, rule after rule."""
        labels = domain.split(".")
        if len(labels) < 2 or not all(1 <= len(label) <= 63 for label in labels) or level > LEVELS_AT_MOST:
            return "none"
        records = [text for text in self.questions.ask(domain, "TXT") if is_record(text)]
        if not records:
            return "none"
        if len(records) > 1:
            return "permerror"
        record = read(records[0])
        for mechanism in record.mechanisms:
            if self.matches(mechanism, domain, level):
                return _RESULTS[mechanism.sign]
        if not record.redirect:
            return "neutral"
        self.count()
        result = self.host(self.expanded(record.redirect, domain), level + 1)
        return "permerror" if result == "none" else result

    def matches(self, mechanism: Mechanism, domain: str, level: int) -> bool:
        if mechanism.name == "all":
            return True
        if mechanism.network is not None:
            return self.peer in mechanism.network
        self.count()
        name = self.expanded(mechanism.domain, domain) if mechanism.domain else domain
        return self.asks[mechanism.name](self, name, mechanism, level)

    def included(self, name: str, _mechanism: Mechanism, level: int) -> bool:
        """Section 5.2: only a pass counts; a record that is not there is an error."""
        result = self.host(name, level + 1)
        if result in ("none", "permerror"):
            raise _Stopped("permerror")
        return result == "pass"

    def exists(self, name: str, _mechanism: Mechanism, _level: int) -> bool:
        return bool(self.ask(name, "A"))

    def has_address(self, name: str, mechanism: Mechanism, _level: int) -> bool:
        return self.is_among(self.addresses(name), mechanism)

    def takes_mail(self, name: str, mechanism: Mechanism, _level: int) -> bool:
        servers = self.ask(name, "MX")
        if len(servers) > NAMES_AT_MOST:
            raise _Stopped("permerror")
        return any(self.is_among(self.addresses(server), mechanism) for server in servers)

    def is_called(self, name: str, _mechanism: Mechanism, _level: int) -> bool:
        return any(_lies_in(host, name) for host in self.names())

    asks: ClassVar = {"include": included, "exists": exists, "a": has_address, "mx": takes_mail, "ptr": is_called}

    def is_among(self, addresses: list[str], mechanism: Mechanism) -> bool:
        length = mechanism.four if self.peer.version == 4 else mechanism.six
        return any(self.peer in ip_network(f"{address}/{length}", strict=False) for address in addresses)

    def addresses(self, name: str) -> list[str]:
        return self.ask(name, "A" if self.peer.version == 4 else "AAAA")

    def names(self) -> list[str]:
        """Section 5.5: the names of the peer that lead back to it. Trouble with them only means that there is none."""
        try:
            found = self.questions.ask(self.peer.reverse_pointer, "PTR")[:NAMES_AT_MOST]
        except NoAnswer:
            return []
        return [name.rstrip(".").lower() for name in found if self.leads_back(name)]

    def leads_back(self, name: str) -> bool:
        try:
            found = self.questions.ask(name, "A" if self.peer.version == 4 else "AAAA")
        except NoAnswer:
            return False
        return str(self.peer) in {str(ip_address(address)) for address in found}

    def ask(self, name: str, kind: str) -> list[str]:
        found = self.questions.ask(name, kind)
        if not found:
            self.empty += 1
            if self.empty > EMPTY_ANSWERS_AT_MOST:
                raise _Stopped("permerror")
        return found

    def count(self) -> None:
        self.asked += 1
        if self.asked > QUESTIONS_AT_MOST:
            raise _Stopped("permerror")

    def expanded(self, template: str, domain: str) -> str:
        return expand(template, lambda letter: self.value(letter, domain))

    def value(self, letter: str, domain: str) -> str:
        """Section 7.2: what a macro letter stands for."""
        local, _at, sender_domain = self.sender.rpartition("@")
        if letter == "p":
            return self.nearest_name(domain)
        values = {
            "s": self.sender,
            "l": local,
            "o": sender_domain,
            "d": domain,
            "h": self.helo,
            "i": _dotted(self.peer),
            "v": "in-addr" if self.peer.version == 4 else "ip6",
        }
        if letter not in values:
            raise Malformed(letter)
        return values[letter]

    def nearest_name(self, domain: str) -> str:
        names = self.names()
        nearest = [name for name in names if name == domain] or [name for name in names if _lies_in(name, domain)]
        return (nearest or names or ["unknown"])[0]


def _dotted(address: Address) -> str:
    return str(address) if isinstance(address, IPv4Address) else ".".join(re.sub(":", "", address.exploded))


def _lies_in(name: str, domain: str) -> bool:
    return name == domain.lower() or name.endswith(f".{domain.lower()}")
