"""Asking the name system."""

from __future__ import annotations

from typing import Final, Protocol

import dns.exception
import dns.name
import dns.resolver

SECONDS_A_QUESTION: Final = 4.0


class NoAnswer(Exception):
    """The name system could not say just now: a timeout, a broken zone, no network. Not the same as "nothing there"."""


class Resolver(Protocol):
    """Where answers come from. `kind` is "TXT" or "MX"."""

    def ask(self, name: str, kind: str) -> list[str]:
        """The records, [] when there are none; MX in order of preference, as names. Raises `NoAnswer`."""


class Dns:
    """The resolver of this machine."""

    def ask(self, name: str, kind: str) -> list[str]:
        try:
            answer = dns.resolver.resolve(
                name, kind, lifetime=SECONDS_A_QUESTION, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, UnicodeError):
            return []  # no name, so nothing is there
        except (dns.exception.DNSException, OSError) as trouble:
            raise NoAnswer(f"{type(trouble).__name__} for {kind} of {name}") from trouble
        records = list(answer) if answer.rrset is not None else []
        if kind == "MX":
            return [str(one.exchange) for one in sorted(records, key=lambda one: (one.preference, str(one.exchange)))]
        return [b"".join(one.strings).decode("utf-8", "replace") for one in records]
