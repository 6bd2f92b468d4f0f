"""Which addresses a notice for people speaks of, when there are no fields for programs."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_ADDRESSES = 500

_A = r"[^\s<>;,:\"'()\[\]|=]{1,250}@[^\s<>;,:\"'()\[\]@|]{1,250}"
_ANY = re.compile(_A)
# The address we wrote to, where the server tells it beside the one it failed at.
_ORIGINALLY = re.compile(
    rf"(?:generated from|originally addressed to|original recipient:?|expanded from:?) <?({_A})", re.IGNORECASE
)
# "anna@example.org", "<anna@example.org>:", "* anna@example.org", "Recipient: [SMTP:anna@example.org]".
_AT_LINE_START = re.compile(
    rf"^[\s*>•·-]{{0,40}}(?:\d{{3}} |rcpt[ -]to: ?|to: {{1,10}})?(?:smtp:)?[<\[\"']{{0,2}}({_A})[>\]\"']{{0,2}}(.{{0,400}})$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\s{0,20}(?:failed |original |final |intended |e-?mail )?"
    r"(?:recipients?|address|addressee|user|empfänger|destinatario|destinataire|получатель)(?: address| name)?\s{0,10}:",
    re.IGNORECASE,
)
_CUES = (
    "undeliverable to",
    "could not be delivered",
    "cannot be delivered",
    "not be delivered",
    "unable to deliver",
    "delivery failed",
    "delivery to",
    "delivering your mail to",
    "your message to",
    "failed recipient",
    "unknown user",
    "user unknown",
    "no such user",
    "did not reach",
    "userid:",
    "failed to deliver",
    "mailbox",
    "recipient",
    "rcpt to",
    "undelivered",
    "message for",
    "was rejected",
    "address",
    "account",
    "does not exist",
    "unknown",
)
_WHOM_TO_ASK = ("contact", "assistance", "for help", "more information", "send mail to", "reply to", "questions")
_KEEPER = re.compile(r"^(?:mailer-?daemon|postmaster|abuse|hostmaster)@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """An address and what the notice says below it or beside it."""

    address: str
    said: str


def failed(notice: str, *, ignore: frozenset[str] = frozenset()) -> list[Named]:
    """The addresses that `notice` says could not be reached; `ignore` (lower case) are never among them."""
    lines = [line[:1_000] for line in notice.splitlines()]
    for search in (_listed, _spoken_of):
        if found := _without_repeats(search(lines), ignore):
            return found
    return []


def all_in(words: str) -> list[str]:
    """Every mail address in `words`, as written, each once."""
    return list(dict.fromkeys(_tidy(match.group()) for match in _ANY.finditer(words[:20_000])))[:MAX_ADDRESSES]


def _listed(lines: list[str]) -> list[Named]:
    """Addresses that begin a line or stand behind a label, each with its paragraph."""
    found: list[Named] = []
    current: list[str] = []
    address = ""
    for line in lines:
        start = None if line.lstrip().startswith((">>>", "<<<")) else _AT_LINE_START.match(line)
        labelled = _ANY.search(line) if _LABEL.match(line) else None
        if (start and not _looks_like_a_sentence(start.group(2))) or labelled:
            if address:
                found.append(Named(address, "\n".join(current)))
            address = _tidy(labelled.group() if labelled else start.group(1) if start else "")
            current = [line]
        elif address:
            if original := _ORIGINALLY.search(line):
                address = _tidy(original.group(1))
            current.append(line)
    if address:
        found.append(Named(address, "\n".join(current)))
    if not found:
        found = [Named(_tidy(match.group(1)), "") for line in lines if (match := _ORIGINALLY.search(line))]
    return found


def _spoken_of(lines: list[str]) -> list[Named]:
    """Addresses inside a sentence about a failure."""
    found = []
    for line in lines:
        low = " ".join(line.lower().split())
        if any(cue in low for cue in _CUES) and not any(word in low for word in _WHOM_TO_ASK):
            found += [Named(_tidy(match.group()), "") for match in _ANY.finditer(line)]
    return found


def _looks_like_a_sentence(rest: str) -> bool:
    """Whether what follows an address at the start of a line makes it the subject of some other sentence."""
    return rest.lstrip().lower().startswith(("wrote", "for help", "if you", "for further", "for assistance"))


def _tidy(address: str) -> str:
    return address.strip("'.*!?").removeprefix("mailto:")


def _without_repeats(found: list[Named], ignore: frozenset[str]) -> list[Named]:
    kept: dict[str, Named] = {}
    for one in found:
        key = one.address.lower()
        if key not in ignore and "." in key.rpartition("@")[2]:
            kept.setdefault(key, one)
    # Notices like to name whom to ask. Only where nobody else is named can a postmaster be the one who got no mail.
    others = [one for one in kept.values() if not _KEEPER.match(one.address)]
    return (others or list(kept.values()))[:MAX_ADDRESSES]
