"""What Microsoft 365 found about a mail that we fetched from a mailbox there.

Its servers write `Authentication-Results` without the name of their author (against RFC 8601 section 2.5), so no name
tells theirs from a sender's. The way of the mail does: it is fetched by us from Microsoft's own server, and each
`Received` field from the top down is Microsoft's, until the one by which `NAME.mail.protection.outlook.com` took the
mail in. Above that field nobody outside can write; whatever stands below may be anybody's.

Mail from one mailbox of a company to another never passes that door, so nothing is said about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Final

from everyhand.channels.email.parsing import headers

# What stands in the place of a name (see `fetching.receivers`).
NAME: Final = "protection.outlook.com"

_DOOR = ".mail.protection.outlook.com"
_OWN = (".outlook.com", ".outlook.office365.com", ".office365.com")
_HOST = r"(?:outlook\.office365\.com|[a-z0-9-]+\.outlook\.com)"
_MAILBOXES = re.compile(rf"@{_HOST}/")
_FROM = re.compile(r"^\s*from\s+([^\s;()]+)", re.IGNORECASE)
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)


def is_its_host(host: str) -> bool:
    """Whether this IMAP server, in lower case, is Microsoft's."""
    return re.fullmatch(_HOST, host) is not None


def is_fetched_there(source: str) -> bool:
    """Whether we took a mail with this `Mail.source` out of a mailbox at Microsoft."""
    return source.startswith("imap ") and _MAILBOXES.search(source.lower()) is not None


def findings(head: Message) -> Iterator[str]:
    """The fields in which it says what it found, each with the name that it leaves out in front."""
    above = []
    for name, value in head.raw_items():
        text = headers.unfold(str(value))
        if name.lower() == "authentication-results" and _is_nameless(text):
            above.append(f"{NAME}; {text}")
        if name.lower() == "received":
            if _host(_BY, text).endswith(_DOOR):
                yield from above
                return
            if not (_host(_BY, text).endswith(_OWN) and _host(_FROM, text).endswith(_OWN)):
                return


def _host(place: re.Pattern[str], received: str) -> str:
    found = place.search(received)
    return found[1].lower().rstrip(".") if found else ""


def asks_for_nothing(statement: str) -> bool:
    """Whether a failure it states is one that the sender's domain asks to overlook (`p=none`)."""
    return re.search(r"\baction=none\b", statement, re.IGNORECASE) is not None


def _is_nameless(field: str) -> bool:
    return "=" in field.partition(";")[0]
