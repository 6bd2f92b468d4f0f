"""What a channel hands to the desk: one message from outside, understood, and the same shape for every channel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from everyhand.desk.verdict import NOBODY_LOOKED, Verdict


@dataclass(frozen=True, slots=True)
class Address:
    """A person as a message names them. `email` is lower-cased in its domain only; both may be empty."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """Something attached. `name` is for display and download headers only and never reaches a file system."""

    name: str
    type: str
    content: bytes
    content_id: str = ""
    inline: bool = False

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that a mail could not be delivered.

    `status` is the enhanced status code of RFC 3463 ("5.1.1"), or "" where the report gives none. `permanent` is
    False for a delay or a condition that may pass (a full mailbox). Of a report on several addresses, `status`,
    `permanent` and `reason` tell about the first; `dead` are all those of `addresses` that failed for good.
    `original_message_id` is the Message-ID of the mail that failed, as far as the report quotes it.
    """

    addresses: tuple[str, ...] = ()
    status: str = ""
    permanent: bool = True
    reason: str = ""
    original_message_id: str = ""
    dead: tuple[str, ...] = ()

    def gives_up(self, address: str) -> bool:
        """Whether writing to `address` again is pointless. Where the report names others in its place (those behind
        an alias, say), only if each of them is dead: nobody is given up on the strength of a neighbour.
        """
        named, dead = ({one.lower() for one in some} for some in (self.addresses, self.dead))
        return address.lower() in dead if address.lower() in named else self.permanent and dead == named


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The original inside a forwarded mail: who wrote it, when, and their words.

    `dated` is when in the words of its header, `sent_at` the moment (UTC), known only where the header names an offset.
    `beside` is what whoever forwarded it wrote themselves, above and below.
    """

    sender: Address = Address()
    to: tuple[Address, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    text: str = ""
    dated: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from outside.

    `text` is everything it says, `reply` what the sender newly wrote, `quoted` the rest: when in doubt, words are
    in `reply`. `html` is the foreign HTML, unsanitised: it goes to a page only through `web.foreign_html`.
    `automatic` is None for a person's message, else why it is not one: "bounce", "delay", "auto-reply",
    "out-of-office", "feedback-report", "receipt", "list", "loop". `sent_at` is what the sender claims, in UTC and
    clamped to sane years; the time that counts is when we accepted it. `recipients` are the addresses it was sent to,
    from its envelope where there is one. Message-IDs (its own, `in_reply_to`, `references`) have no angle brackets.
    """

    source: str
    sender: Address
    recipients: tuple[str, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    reply: str = ""
    quoted: str = ""
    files: tuple[File, ...] = ()
    sent_at: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    automatic: str | None = None
    bounce: Bounce | None = None
    forwarded: Forwarded | None = None
    # Whether it names several senders, or none that can be read: then it is nobody's in particular.
    sender_doubtful: bool = False
    verdict: Verdict = field(default=NOBODY_LOOKED)
    # What was odd about it, in plain sentences, for the person who wonders why it looks the way it does.
    remarks: tuple[str, ...] = field(default=())
