"""Who wrote a mail, as it claims, and whether all who read that claim read the same."""

from __future__ import annotations

import re

from everyhand.channels.email.parsing import addresses, headers
from everyhand.channels.email.parsing.structure import Part
from everyhand.desk.inbound import Address

SEVERAL = "The mail names more than one sender. The first is shown; nothing proves who wrote it."
AMBIGUOUS = "Programs may read different senders in the From field of this mail; nothing proves who wrote it."

# Longer than any name and address a person has.
_LONGEST_CLEAR = 2_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# A quoted name, a comment (the innermost of nested ones), an encoded word: no address, whatever stands in them.
_SET_ASIDE = re.compile(r'"(?:[^"\\]|\\.)*"(?!@)|\((?:[^()\\]|\\.)*\)|=\?[^?\s]*\?[bBqQ]\?[^?]*\?=')
# `A name <ann@example.com>`, or the address alone; a comment, which is a blank by then, may follow.
_FAULTLESS = re.compile(r"[^<>@\"\\()\[\],;:]*<[^<>\s\"\\(),;:]+>\s*|\s*[^<>\s\"\\(),;:]+\s*")
_ADDRESS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s<>,;:()\[\]\\"@]+)@(?:\[[^\]\s]*\]|[^\s<>,;:()\[\]\\"@]+)')


def claimed(mail: Part, remarks: dict[str, None]) -> tuple[Address, bool]:
    """The first address of the first From field, or the next best field; and whether it is in doubt, since programs
    disagree on whom such a mail names. What is odd is added to `remarks`.
    """
    fields = headers.raw(mail, "from")
    named = addresses.of(mail, "from")
    for address in named:
        if address.email:
            if "@" in address.name and address.email.lower() not in address.name.lower():
                remarks["The sender's name looks like another address than the one the mail came from."] = None
            doubt = _doubt(fields, named, address)
            if doubt:
                remarks[doubt] = None
            return address, bool(doubt)
    for name in ("sender", "reply-to", "return-path"):
        for address in addresses.of(mail, name):
            if address.email:
                remarks[f"The mail has no usable From field; the sender is taken from {name.title()}."] = None
                return Address(address.name or next((a.name for a in named), ""), address.email), True
    remarks["The mail does not say who sent it."] = None
    return next(iter(named), Address()), True


def _doubt(fields: list[str], named: tuple[Address, ...], sender: Address) -> str:
    if len(fields) > 1 or len({address.email for address in named if address.email}) > 1:
        return SEVERAL
    return "" if names_only(fields[0], sender.email) else AMBIGUOUS


def names_only(field: str, email: str) -> bool:
    """Whether `email` is the one address that any reading of a From field as sent comes to.

    Mail programs, and the servers that check DMARC, forgive different mistakes: some take what stands in brackets, some
    what stands in front, and whoever is free to choose the mistake chooses what each of them sees. So beside that
    address no other may stand in the open; where one stands in a name or a comment, the field must be without fault.
    """
    if len(field) > _LONGEST_CLEAR or _CONTROL.search(field):
        return False
    hidden: list[str] = []
    open_, more = headers.unfold(field), 1
    while more:
        open_, more = _SET_ASIDE.subn(lambda found: _set_aside(found, hidden), open_)
    named = {addresses.normal(one.strip("'")).lower() for one in _ADDRESS.findall(open_)}
    if named != ({email.lower()} if "@" in email else set()) or "@" in _ADDRESS.sub("", open_):
        return False
    others = [one for one in hidden if addresses.normal(one.strip("\"'() ")).lower() != email.lower()]
    return not others or _FAULTLESS.fullmatch(open_) is not None


def _set_aside(found: re.Match[str], hidden: list[str]) -> str:
    """What stands in its place; if it says an address, that is added to `hidden`."""
    if "@" in headers.decode(found[0]):
        hidden.append(headers.decode(found[0]))
    if found[0].startswith("("):
        return "" if found.string.startswith("@", found.end()) else " "
    return "_"
