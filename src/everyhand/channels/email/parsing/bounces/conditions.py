"""The few reasons why mail fails, and what each means for the address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """Why a mail failed.

    `sentence` is what a person reads. `status` is the enhanced code of RFC 3463 that stands for the condition where
    the report itself gives none. `permanent` tells whether writing to the address again is pointless: it is about
    the address, not about the one mail, so a mail refused as spam is not a dead address.
    """

    sentence: str
    status: str
    permanent: bool = False


UNKNOWN_USER = Condition("The address does not exist", "5.1.1", permanent=True)
UNKNOWN_HOST = Condition("The domain of the address does not exist", "5.1.2", permanent=True)
MOVED = Condition("The person has moved to another address", "5.1.6", permanent=True)
TAKES_NO_MAIL = Condition("The domain of the address takes no mail", "5.1.10", permanent=True)
MAILBOX_FULL = Condition("The mailbox is full", "5.2.2")
# For a full mailbox RFC 5321 (4.2.3) has 452 and 552; a server that says 550 calls it unavailable, and means it.
MAILBOX_GIVEN_UP = Condition("The mailbox is full and takes no more mail", "5.2.2", permanent=True)
SUSPENDED = Condition("The mailbox is switched off", "5.2.1")
TOO_LARGE = Condition("The mail is too large", "5.3.4")
SENDER_REFUSED = Condition("The server does not accept the sender's address", "5.1.8")
UNPROVEN_SENDER = Condition("The server could not verify who sent the mail", "5.7.26")
REFUSED = Condition("The server refused the mail", "5.7.1")
TOO_MUCH_MAIL = Condition("The server takes no more mail from us for now", "4.7.28")
UNREACHABLE = Condition("The server of the address could not be reached", "4.4.1")
EXPIRED = Condition("The server of the address did not take the mail in time", "4.4.7")
LOOP = Condition("The mail went round in a circle", "5.4.6")
TRY_LATER = Condition("The server of the address asks to try again later", "4.2.0")
BROKEN_SERVER = Condition("The server of the address has a fault", "4.3.0")
NOT_SAID = Condition("The mail could not be delivered", "5.0.0", permanent=True)

# RFC 3463 subjects and details (the two last numbers) that speak for themselves when no saying is recognised.
BY_STATUS: dict[str, Condition] = {
    "1.0": UNKNOWN_USER,
    "1.1": UNKNOWN_USER,
    "1.2": UNKNOWN_HOST,
    "1.3": UNKNOWN_USER,
    "1.4": UNKNOWN_USER,
    "1.6": MOVED,
    "1.7": SENDER_REFUSED,
    "1.8": SENDER_REFUSED,
    "1.9": SENDER_REFUSED,
    "1.10": TAKES_NO_MAIL,
    "2.1": SUSPENDED,
    "2.2": MAILBOX_FULL,
    "2.3": TOO_LARGE,
    "3.2": TAKES_NO_MAIL,
    "3.3": BROKEN_SERVER,
    "3.4": TOO_LARGE,
    "4.1": UNREACHABLE,
    "4.2": UNREACHABLE,
    "4.3": UNREACHABLE,
    "4.4": UNKNOWN_HOST,
    "4.5": TRY_LATER,
    "4.6": LOOP,
    "4.7": EXPIRED,
    "7.0": REFUSED,
    "7.1": REFUSED,
}
BY_STATUS_SUBJECT: dict[str, Condition] = {
    "1": UNKNOWN_USER,
    "2": REFUSED,
    "3": BROKEN_SERVER,
    "4": UNREACHABLE,
    "6": REFUSED,
    "7": REFUSED,
}
