"""Asking the DNS, with a limit on the time all questions about one mail may take together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

SECONDS_A_QUESTION: Final = 2.0
SECONDS_AWAY: Final = 30.0
# Longer than any key or record that means something; a key of a million bits would keep us busy for minutes.
LONGEST_TEXT: Final = 4_096


class NoAnswer(Exception):
    """The DNS could not say just now: a timeout, a broken zone, no server. Not the same as "there is nothing"."""


class Resolver(Protocol):
    """Where answers come from. `kind` is "TXT", "A", "AAAA", "MX", "SRV" or "PTR"."""

    def ask(self, name: str, kind: str, *, seconds: float) -> list[str]:
        """The records, [] when there are none. MX in order of preference, as names. Raises `NoAnswer`."""


class Dns:
    """The resolver of this machine, with a cache; for any number of threads.

    When it does not answer at all, it is left alone for a while, so that mail does not wait for it one by one.
    """

    def __init__(
        self, resolver: dns.resolver.Resolver | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver
        self._monotonic = monotonic
        self._away_until = float("-inf")

    def ask(self, name: str, kind: str, *, seconds: float) -> list[str]:
        if self._monotonic() < self._away_until:
            raise NoAnswer("the resolver does not answer")
        try:
            answer = self._system().resolve(name, kind, lifetime=seconds, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.BadEscape, UnicodeError):
            return []  # no name, so nothing is there
        except (dns.exception.DNSException, OSError) as trouble:
            self._notice(trouble)
            raise NoAnswer(f"{type(trouble).__name__} for {kind} of {name}") from trouble
        records = list(answer) if answer.rrset is not None else []
        if kind == "MX":
            return [str(one.exchange) for one in sorted(records, key=lambda one: (one.preference, str(one.exchange)))]
        if kind == "TXT":
            return [b"".join(one.strings).decode("utf-8", "replace") for one in records]
        return [str(one) for one in records]

    def _notice(self, trouble: Exception) -> None:
        """Whose trouble is it? A resolver that is there knows the root of all names; nobody else's servers can make it
        seem away.
        """
        if not isinstance(trouble, dns.exception.Timeout | OSError):
            return
        try:
            self._system().resolve(".", "NS", lifetime=SECONDS_A_QUESTION, search=False)
        except (dns.exception.Timeout, OSError):
            self._away_until = self._monotonic() + SECONDS_AWAY
        except dns.exception.DNSException:
            return

    def _system(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            try:
                self._resolver = dns.resolver.Resolver()
            except dns.resolver.NoResolverConfiguration as trouble:
                raise NoAnswer("this machine has no resolver") from trouble
            self._resolver.cache = dns.resolver.LRUCache(10_000)
        return self._resolver


class Questions:
    """The questions that one mail, or a look at our own domains, gives rise to. After waiting `seconds` for answers,
    every further one is `NoAnswer`.

    Only waiting counts: a big mail, which takes a while to hash, must not run out of time to ask.
    """

    def __init__(self, resolver: Resolver, *, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._resolver, self._left, self._monotonic = resolver, seconds, monotonic

    def ask(self, name: str, kind: str) -> list[str]:
        """See `Resolver.ask`. Names are compared without regard to case and a final dot."""
        if self._left <= 0:
            raise NoAnswer("the questions took too long together")
        bare = name.lower().rstrip(".")
        labels = bare.split(".")
        if len(bare) > 253 or not all(1 <= len(label) <= 63 for label in labels):
            return []
        began = self._monotonic()
        try:
            return self._resolver.ask(bare, kind, seconds=min(self._left, SECONDS_A_QUESTION))
        finally:
            self._left -= self._monotonic() - began

    def text(self, name: str) -> list[str]:
        """The TXT records, but for those no honest domain publishes."""
        return [record for record in self.ask(name, "TXT") if len(record) <= LONGEST_TEXT]
