"""Mail by which other services confirm accounts and addresses: sign-up links, one-time codes, new passwords.

Anybody can give our address to another service. If they could then read what it sends us (as a customer whose mail it
seems to be, in an acknowledgement, in a conversation many see), they would own an account in our name there: the ticket
trick. So such mail is set aside for those who look after mail, and nobody else ever sees or answers it.
"""

from __future__ import annotations

import re
from typing import Final

from everyhand.channels.email.account_senders import ACCOUNT_DOMAINS, MACHINES, NO_REPLY, SERVICES, SIGNS
from everyhand.desk.inbound import Inbound

# A person's mail is read for signs this far; a code stands near the top.
_READ: Final = 4_000

_MACHINE: Final = re.compile(rf"(?:.*[._-])?(?:{MACHINES})(?:[._+-].*)?", re.IGNORECASE)
_NO_REPLY: Final = re.compile(rf"(?:.*[._-])?(?:{NO_REPLY})(?:[._+-].*)?", re.IGNORECASE)
_SIGN: Final = re.compile("|".join(SIGNS), re.IGNORECASE)
# A code on its own: six digits, "123-456", "G-123456", or letters and digits mixed.
_CODE: Final = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}-)?(?:\d{4,8}|\d{3}[ -]\d{3,4}|(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{6,8})(?![\w-])"
)
_LINK: Final = re.compile(r"https?://\S{12,}")


def is_account_mail(inbound: Inbound) -> bool:
    """Whether a service sent this to confirm an account or an address of ours.

    A person who writes about a code is never meant: the sender must be a machine, of a known service or with nobody to
    answer to, and a code or link must be there.
    """
    local, _at, domain = inbound.sender.email.lower().rpartition("@")
    if _is_of(domain, ACCOUNT_DOMAINS):
        return True
    text = inbound.text[:_READ]
    if _is_of(domain, SERVICES):
        return bool(_MACHINE.fullmatch(local) and _SIGN.search(f"{inbound.subject}\n{text}"))
    if not _NO_REPLY.fullmatch(local):
        return False
    # A form on a web site writes from "no-reply" too, on behalf of the customer it names as the one to answer.
    on_behalf = any(one.email.rpartition("@")[2].lower() != domain for one in inbound.reply_to if one.email)
    return not on_behalf and bool(_SIGN.search(inbound.subject)) and bool(_CODE.search(text) or _LINK.search(text))


def _is_of(domain: str, domains: frozenset[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[first:]) in domains for first in range(len(labels) - 1))
