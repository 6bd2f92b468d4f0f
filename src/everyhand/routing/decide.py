"""Which rule of the ownership map fits: a pure function over the rules and what a message shows."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from everyhand.routing.models import Rule

# Enough of a long mail to say what it is about, little enough to try a few hundred rules on it in no time.
LOOKED_AT = 100_000


@dataclass(frozen=True)
class Hints:
    """What the map looks at."""

    recipients: Sequence[str] = ()
    sender: str = ""
    subject: str = ""
    text: str = ""
    pages: Sequence[str] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """The same for the same hints."""
        return tuple(self.recipients), self.sender, self.subject, self.text, tuple(self.pages)


@dataclass(frozen=True)
class Match:
    """The rule that decided, and what it found (an address, words, a page) as the message has it."""

    rule: Rule
    found: str


def decide(rules: Iterable[Rule], hints: Hints) -> Match | None:
    """The first rule that fits, or None."""
    for rule in rules:
        found = _find(rule, hints)
        if found:
            return Match(rule, found)
    return None


def _find(rule: Rule, hints: Hints) -> str:
    match rule.looks_at:
        case Rule.Looks.RECIPIENT:
            return _address(rule.pattern, hints.recipients)
        case Rule.Looks.SENDER:
            return _address(rule.pattern, [hints.sender])
        case Rule.Looks.SUBJECT:
            return _phrase(rule.pattern, hints.subject[:LOOKED_AT])
        case Rule.Looks.PAGE:
            return _page(rule.pattern, [*hints.pages, *_addresses_of_pages(hints.text[:LOOKED_AT])])
        case _:
            return _phrase(rule.pattern, f"{hints.subject}\n{hints.text}"[:LOOKED_AT])


def _address(pattern: str, addresses: Iterable[str]) -> str:
    """`*@example.com, boss@example.org`: any of them, case does not matter; the +tag of an address is ignored."""
    for address in addresses:
        local, _, domain = address.lower().partition("@")
        for form in (f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"):
            if any(fnmatch.fnmatchcase(form, one.lower()) for one in _alternatives(pattern)):
                return address
    return ""


def _phrase(pattern: str, text: str) -> str:
    """`route 4, Riverside`: any of the phrases as whole words, in any case, however they are spaced."""
    for phrase in _alternatives(pattern):
        words = r"\s+".join(re.escape(word) for word in phrase.split())
        found = re.search(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE)
        if found:
            return " ".join(found[0].split())
    return ""


def _page(pattern: str, pages: Iterable[str]) -> str:
    """`/sport/*` or `courier.test/weather`: any part of the address of a page, with * for anything."""
    for page in pages:
        parts = urlsplit(page if "://" in page else f"https://{page}")
        address = f"{parts.hostname or ''}{parts.path}".lower()
        for one in _alternatives(pattern):
            wanted = one.lower().removeprefix("https://").removeprefix("http://")
            if wanted.startswith("/"):
                wanted = "*" + wanted
            if fnmatch.fnmatchcase(address.rstrip("/"), wanted.rstrip("/")) or fnmatch.fnmatchcase(
                address, wanted + "/*"
            ):
                return page
    return ""


def _addresses_of_pages(text: str) -> list[str]:
    return [page.rstrip(".,;:!?)]>\"'") for page in re.findall(r"https?://[^\s<>\"]{1,2000}", text)[:100]]


def _alternatives(pattern: str) -> list[str]:
    return [one.strip() for one in pattern.split(",") if one.strip()]
