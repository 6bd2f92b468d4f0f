"""Which addresses a notice for people speaks of, when there are no fields for programs."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_ADDRESSES = 500

MAX_LENGTH = 254

_BETWEEN = re.compile(r"[\s<>;,:\"()\[\]|]+")
# What may stand before an address that begins a line: "* anna@example.org", "  <anna@example.org>:", "550 anna@...".
_BEFORE = re.compile(
    r"^[\s*>•·-]{0,40}(?:\d{3} |rcpt[ -]to:|to:\s)?[\s<\[\"']{0,4}(?:smtp:)?[<\[\"']{0,2}", re.IGNORECASE
)
_DIALOGUE = re.compile(r"^\s{0,20}(?:<<<|>>> ?(?:rcpt|mail|data|quit|helo|ehlo|rset)\b)", re.IGNORECASE)
# The address we wrote to, where the server tells it beside the one it failed at.
_ORIGINALLY = re.compile(
    r"\b(?:generated from|originally addressed to|original recipient|expanded from)\b", re.IGNORECASE
)
_LABEL = re.compile(
    r"^\s{0,20}(?:failed |original |final |intended |e-?mail |undeliverable |invalid |bad |unknown |to: ?)?"
    r"(?:recipients?|address|addressee|user|empfänger|destinatario|destinataire|получатель)"
    r"(?: address| name)?\s{0,10}:",
    re.IGNORECASE,
)
# "anna@example.org wrote:", "postmaster@example.org if you have questions": about something else.
_ANOTHER_SENTENCE = ("wrote", "for help", "if you", "for further", "for assistance")
_CUES = (
    "undeliverable to",
    "be delivered",
    "not delivered",
    "unable to deliver",
    "delivery failed",
    "delivery to",
    "your mail to",
    "your message to",
    "message to",
    "mail to",
    "failed recipient",
    "unknown user",
    "user unknown",
    "unknown local",
    "no such user",
    "did not reach",
    "userid:",
    "failed to deliver",
    "failed to reach",
    "rcpt to",
    "undelivered",
    "message for",
    "was rejected",
    "does not exist",
    "mailbox",
    "attempts:",
    " to: ",
)
_WHOM_TO_ASK = ("contact", "assistance", "for help", "more information", "send mail to", "reply to", "questions")
_KEEPER = re.compile(r"^(?:mailer-?daemon|postmaster|abuse|hostmaster)@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """An address and what the notice says below it or beside it."""

    address: str
    lines: list[str]

    @property
    def said(self) -> str:
        return "\n".join(self.lines)


def failed(notice: str, *, ignore: frozenset[str] = frozenset()) -> list[Named]:
    """The addresses that `notice` says could not be reached; `ignore` (lower case) are never among them."""
    lines = [line[:1_000] for line in notice.splitlines()]
    for search in (_listed, _spoken_of):
        if found := _without_repeats(search(lines), ignore):
            return found
    return []


def all_in(words: str) -> list[str]:
    """Every mail address in `words`, as written, each once. Takes linear time."""
    found = (_tidy(word) for word in _BETWEEN.split(words[:20_000]) if "@" in word)
    return list(dict.fromkeys(word for word in found if _is_address(word)))[:MAX_ADDRESSES]


def _listed(lines: list[str]) -> list[Named]:
    """Addresses that begin a line or stand behind a label, each with its paragraph."""
    found: list[Named] = []
    paragraph: list[str] = []
    for line in lines:
        if address := _at_start(line) or _behind_label(line):
            paragraph = [line]
            found.append(Named(address, paragraph))
        elif found:
            paragraph.append(line)
        if (original := _ORIGINALLY.search(line)) and (others := all_in(line[original.end() :])):
            # Both names of one mailbox: the one we wrote to and where it led.
            found.append(Named(others[0], paragraph or [line]))
    return found


def _at_start(line: str) -> str:
    before = _BEFORE.match(line)
    if _DIALOGUE.match(line) or not before:
        return ""
    first, *rest = _BETWEEN.split(line[before.end() :], maxsplit=1)
    wording = rest[0].lstrip().lower() if rest else ""
    address = _tidy(first)
    return address if _is_address(address) and not wording.startswith(_ANOTHER_SENTENCE) else ""


def _behind_label(line: str) -> str:
    return next(iter(all_in(line)), "") if _LABEL.match(line) else ""


def _spoken_of(lines: list[str]) -> list[Named]:
    """Addresses inside a sentence about a failure."""
    found = []
    for line in lines:
        low = " ".join(line.lower().split())
        if any(cue in low for cue in _CUES) and not any(word in low for word in _WHOM_TO_ASK):
            found += [Named(address, []) for address in all_in(line)]
    return found


def _tidy(word: str) -> str:
    return word.strip("'.*!?`").removeprefix("mailto:")


def _is_address(word: str) -> bool:
    local, _, domain = word.rpartition("@")
    return bool(local and domain) and "@" not in local and len(word) <= MAX_LENGTH and domain[0].isalnum()


def _without_repeats(found: list[Named], ignore: frozenset[str]) -> list[Named]:
    kept: dict[str, Named] = {}
    for one in found:
        key = one.address.lower()
        if key not in ignore and "." in key.rpartition("@")[2]:
            kept.setdefault(key, one)
    # Notices like to name whom to ask. Only where nobody else is named can a postmaster be the one who got no mail.
    others = [one for one in kept.values() if not _KEEPER.match(one.address)]
    return (others or list(kept.values()))[:MAX_ADDRESSES]
