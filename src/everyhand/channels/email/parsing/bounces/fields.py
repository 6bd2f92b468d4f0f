"""The fields of a delivery report for programs (RFC 3464), one entry a recipient, however they were mangled."""

from __future__ import annotations

import re
from dataclasses import dataclass

from everyhand.channels.email.parsing.bounces import addresses

MAX_RECIPIENTS = 500
MAX_DIAGNOSTIC = 2_000

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{2,40})[ \t]*:[ \t]*(.*)$")
_RECIPIENT_FIELDS = ("original-recipient", "final-recipient")


@dataclass(slots=True)
class Recipient:
    """What the report says of one address. `action` is the first word of the field, lower case."""

    address: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""


def recipients(source: str) -> list[Recipient]:
    """The recipients that `source`, the text of a `message/delivery-status`, speaks of, in its order."""
    found: list[Recipient] = []
    block: dict[str, str] = {}
    last = ""
    for line in [*source.splitlines(), ""]:
        match = _FIELD.match(line)
        if match and (name := match.group(1).lower()):
            if name in block and name in _RECIPIENT_FIELDS:
                _close(block, found)
            last = name
            block[name] = f"{block[name]} {match.group(2)}"[:MAX_DIAGNOSTIC] if name in block else match.group(2)
        elif not line.strip():
            _close(block, found)
            last = ""
        elif last:
            # Folded as the RFC asks, or broken without the blank: it still belongs to the field above.
            block[last] = f"{block[last]} {line.strip()}"[:MAX_DIAGNOSTIC]
    return found


def _close(block: dict[str, str], found: list[Recipient]) -> None:
    """Adds what `block` says to `found` and empties it."""
    if any(name in block for name in _RECIPIENT_FIELDS):
        if len(found) < MAX_RECIPIENTS:
            found.append(Recipient(address=_address(block)))
    elif not found or "reporting-mta" in block:
        block.clear()
        return
    if block:
        # A stray blank line cuts a recipient in two: the rest belongs to the one above.
        one = found[-1]
        one.action = one.action or block.get("action", "").strip().lower().partition(" ")[0].strip(".;,")
        one.status = one.status or block.get("status", "").strip()[:40]
        one.diagnostic = one.diagnostic or _diagnostic(block)
    block.clear()


def _address(block: dict[str, str]) -> str:
    # The address we wrote to comes first: the final one may be an alias that we never heard of.
    return next(
        (address for name in _RECIPIENT_FIELDS for address in addresses.all_in(block.get(name, "")[:1_000])), ""
    )


def _diagnostic(block: dict[str, str]) -> str:
    said = block.get("diagnostic-code", "") or block.get("x-supplementary-info", "") or block.get("x-notes", "")
    category = block.get("x-powermta-bouncecategory", "")
    kind, separator, words = said.partition(";")
    # "smtp; 550 5.1.1 User unknown": the words before the semicolon name the dialect.
    words = words if separator and len(kind.strip()) < 20 and " " not in kind.strip() else said
    return f"{words.strip()} {category.strip()}".strip()
