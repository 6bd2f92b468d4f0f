"""An SPF record taken apart (RFC 7208, sections 4.6 and 12), and the macros in it written out (section 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, NetmaskValueError
from typing import Final
from urllib.parse import quote

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MACRO = r"%\{[slodiphv]\d*r?[.+,/_=-]*\}"
_STRING = rf"(?:{_MACRO}|%[%_-]|[!-$&-~])*"
_TOP_LABEL = r"(?:[a-z0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])"
_DOMAIN: Final = re.compile(rf"{_STRING}(?:\.{_TOP_LABEL}\.?|{_MACRO})", re.IGNORECASE)
_MODIFIER: Final = re.compile(rf"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>{_STRING})", re.IGNORECASE)
_MECHANISM: Final = re.compile(r"(?P<sign>[+?~-]?)(?P<name>[a-z0-9]+)(?P<rest>.*)", re.IGNORECASE)
_LENGTHS: Final = re.compile(r"(?P<domain>.*?)(?:/(?P<four>0|[1-9]\d?))?(?://(?P<six>0|[1-9]\d{0,2}))?")
_EXPANSION: Final = re.compile(
    r"%(?:\{(?P<letter>[a-z])(?P<keep>\d*)(?P<reverse>r?)(?P<cuts>[.+,/_=-]*)\}|(?P<sign>[%_-]))", re.IGNORECASE
)
_SIGNS: Final = {"%": "%", "_": " ", "-": "%20"}


class Malformed(ValueError):
    """The record is not written as it must be: "permerror", and it proves nothing."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One rule. `sign` is one of "+-~?"; `domain` "" stands for the domain itself; `network` is that of ip4 and ip6."""

    sign: str
    name: str
    domain: str = ""
    four: int = 32
    six: int = 128
    network: Network | None = None


@dataclass(frozen=True, slots=True)
class Record:
    mechanisms: tuple[Mechanism, ...]
    redirect: str = ""


def is_record(text: str) -> bool:
    return bool(re.match(r"v=spf1(?: |$)", text, re.IGNORECASE))


def read(text: str) -> Record:
    """The record in `text`, which `is_record`. Raises `Malformed` for an error anywhere in it."""
    mechanisms = []
    modifiers: dict[str, str] = {}
    for term in text.split(" ")[1:]:
        if not term:
            continue
        if modifier := _MODIFIER.fullmatch(term):
            _modify(modifiers, modifier["name"].lower(), modifier["value"])
        else:
            mechanisms.append(_mechanism(term))
    return Record(tuple(mechanisms), modifiers.get("redirect", ""))


def _modify(modifiers: dict[str, str], name: str, value: str) -> None:
    if name not in ("redirect", "exp"):
        return
    if name in modifiers or not _DOMAIN.fullmatch(value):
        raise Malformed(name)
    modifiers[name] = value


def _mechanism(term: str) -> Mechanism:
    found = _MECHANISM.fullmatch(term)
    if not found:
        raise Malformed(term)
    sign, name, rest = found["sign"] or "+", found["name"].lower(), found["rest"]
    if name == "all" and not rest:
        return Mechanism(sign, name)
    if name in ("ip4", "ip6") and rest.startswith(":"):
        return Mechanism(sign, name, network=_network(name, rest[1:]))
    if name in ("include", "exists") and rest.startswith(":") and _DOMAIN.fullmatch(rest[1:]):
        return Mechanism(sign, name, rest[1:])
    if name == "ptr" and (not rest or (rest.startswith(":") and _DOMAIN.fullmatch(rest[1:]))):
        return Mechanism(sign, name, rest[1:])
    if name in ("a", "mx") and (parts := _LENGTHS.fullmatch(rest)):
        four, six = int(parts["four"] or 32), int(parts["six"] or 128)
        domain = parts["domain"]
        named = domain.startswith(":") and _DOMAIN.fullmatch(domain[1:])
        if four <= 32 and six <= 128 and (named or not domain):
            return Mechanism(sign, name, domain[1:], int(parts["four"] or 32), six)
    raise Malformed(term)


def _network(name: str, text: str) -> Network:
    address, slash, length = text.partition("/")
    if slash and not re.fullmatch(r"0|[1-9]\d{0,2}", length):
        raise Malformed(text)
    try:
        if name == "ip4":
            return IPv4Network(f"{IPv4Address(address)}/{length or 32}", strict=False)
        return IPv6Network(f"{IPv6Address(address)}/{length or 128}", strict=False)
    except (AddressValueError, NetmaskValueError):
        raise Malformed(text) from None


def expand(template: str, value_of: Callable[[str], str]) -> str:
    """`template`, a domain, with its macros written out by what `value_of` says for each letter, and no longer than a
    name may be (section 7.3: whole labels go, from the left).
    """
    written = _EXPANSION.sub(lambda found: _expanded(found, value_of), template).rstrip(".")
    while len(written) > 253 and "." in written:
        written = written.partition(".")[2]
    return written


def _expanded(found: re.Match[str], value_of: Callable[[str], str]) -> str:
    if found["sign"]:
        return _SIGNS[found["sign"]]
    parts = re.split(f"[{re.escape(found['cuts'] or '.')}]", value_of(found["letter"].lower()))
    if found["reverse"]:
        parts.reverse()
    if found["keep"]:
        if int(found["keep"]) == 0:
            raise Malformed(found[0])
        parts = parts[-int(found["keep"]) :]
    joined = ".".join(parts)
    return quote(joined, safe="-._~") if found["letter"].isupper() else joined
