"""The original inside a forwarded mail: who wrote it, to whom, when, and their words.

A member who forwards a customer's mail hands over the customer: the conversation belongs to who wrote the original. The
method and its limits are described in docs/reply-splitting.md. Nothing is taken out of the mail: `Forwarded` is read
beside the text, and whoever doubts it still has all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from everyhand.channels.email.parsing import addresses, dates, forwarded_dates, headers, limits, parts, structure
from everyhand.channels.email.parsing.replies import attributions, header_blocks, markers, splitting
from everyhand.channels.email.parsing.replies.lines import Kind, Line, is_blank, is_quoted, read, split_lines, unquoted
from everyhand.desk.inbound import Address, Forwarded

# A forward announces itself early: markers are looked for in this many lines.
LINES_SEARCHED = 2000

_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@«»„“”]{1,80}@[^\s<>()\[\]\"',;:@«»„“”]{1,200}")
_LINK = re.compile(r"<https?:[^<>]{0,500}>|[<\[]mailto:([^<>\]\s]{1,300})[>\]]", re.IGNORECASE)
_MARKED_NAME = re.compile(r"[\"«„“]([^\"«»„“”]{1,120})[\"»“”] ?[<(\[]? ?$")
# Words that stand between the time and the name.
_NO_NAMES = frozenset(
    {"heeft", "schrieb", "skrev", "użytkownik", "пользователь", "schreef", "от", *forwarded_dates.ZONES}
)
_ON_BEHALF = re.compile(
    r"\s(?:on behalf of|im auftrag von|de la part de|en nombre de|per conto di|namens)\s", re.IGNORECASE
)
_NAME_EDGES = " \t\"'«»„“”‘’<>()[],;:*\u00a0\ufeff\u200e\u200f"
_NUMBERED = re.compile(
    r"^.*(?:\d|(?<!\w)[ap]\.?m\.?(?!\w)|(?<!\w)(?:uhr|kl|klo|год|г|р)\.?(?!\w)|[日日시分])", re.IGNORECASE | re.DOTALL
)


def find(text: str, subject: str, attached: tuple[bytes, ...] = ()) -> Forwarded | None:
    """The original inside a forwarded mail; None if the mail forwards nothing.

    `text` and `subject` are the mail's; `attached` the bytes of its message/rfc822 attachments. An original in the
    text comes first, then the first attached one that has a sender. `sent_at` is given only where the mail states an
    offset from UTC. Never raises on any input.
    """
    if found := _in_text(text, subject):
        return found
    original = next(filter(None, map(_in_attachment, attached)), None)
    return replace(original, beside=_own_words(text)) if original else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the original stands: its header or attribution from line `start` on, its words in `begin` to `end`."""

    start: int
    begin: int
    end: int
    values: dict[str, str]
    sender: Address


def _in_text(text: str, subject: str) -> Forwarded | None:
    texts = split_lines(text)
    place = _place(texts, subject)
    if place is None:
        return None
    dated = " ".join(place.values.get("date", "").split())
    return Forwarded(
        sender=place.sender,
        to=tuple(_people(place.values.get("to", ""))),
        subject=place.values.get("subject", ""),
        sent_at=forwarded_dates.parse(dated),
        text=_original_text(texts[place.begin : place.end]),
        dated="" if "@" in dated else dated[: forwarded_dates.LONGEST],
        beside=_own_words("\n".join([*texts[: place.start], *texts[place.end :]])),
    )


def _place(texts: Sequence[str], subject: str) -> _Place | None:
    lines = read(texts[: LINES_SEARCHED + header_blocks.MOST_LINES])
    said_forward = markers.is_forward(subject)
    bare = True  # nothing of the sender's own so far
    passed = 0  # header lines that turned out to be none are not read again
    for index, line in enumerate(lines[:LINES_SEARCHED]):
        if line.blank or index < passed:
            continue
        announced = markers.announces(unquoted(line.raw))
        if announced is not None:
            kind, behind = announced
            found = _below_marker(texts, lines, index, behind) if kind == markers.FORWARDED or said_forward else None
            if found or kind == markers.ORIGINAL:
                return found
            continue
        ruled = index > 0 and markers.is_rule(texts[index - 1])
        block = header_blocks.at(lines, index, in_any_language=said_forward and ruled)
        if block is not None and block.is_enough(announced=ruled):
            is_forward = said_forward or (bare and not markers.has_prefix(subject))
            return _from_block(texts, block, index) if is_forward else None
        passed = block.end if block is not None else passed
        bare = bare and markers.is_rule(line.raw)
        if said_forward and line.low.startswith("--") and "@" in line.low:
            return _collapsed(texts, line.raw, index, index)
        attribution = None if line.quoted else attributions.find(lines, index)
        if attribution is not None and attribution[1] is Kind.ATTRIBUTION:
            return _from_attribution(texts, attribution[0], index, attribution[0]) if said_forward else None
    return None


def _below_marker(texts: Sequence[str], lines: Sequence[Line], marker: int, behind: str) -> _Place | None:
    """The header and text below "---------- Forwarded message ---------", in whatever way the program writes them."""
    if behind:
        return _collapsed(texts, behind, marker, marker)
    for index in range(marker + 1, min(len(lines), marker + 8)):
        if is_blank(unquoted(texts[index])) or markers.announces(unquoted(texts[index])):
            continue
        block = header_blocks.at(lines, index, in_any_language=True)
        if block is not None and block.is_enough(announced=True):
            return _from_block(texts, block, marker)
        if header_blocks.collapsed(unquoted(texts[index])):
            return _collapsed(texts, unquoted(texts[index]), index, marker)
        for end in range(index, min(len(lines), index + attributions.MOST_LINES)):
            attribution = attributions.find(lines, end)
            if attribution is not None and attribution[0] >= index:
                return _from_attribution(texts, attribution[0], end, marker)
        return None
    return None


def _collapsed(texts: Sequence[str], header: str, at: int, start: int) -> _Place | None:
    """A header that stands in one line, the line `at`."""
    found = header_blocks.collapsed(header)
    return _named(found[0], start, at + 1, len(texts)) if found else None


def _from_block(texts: Sequence[str], block: header_blocks.Block, start: int) -> _Place | None:
    end = block.end + _quoted_run(texts[block.end :]) if is_quoted(texts[block.start]) else len(texts)
    return _named(block.values, start, block.end, end)


def _quoted_run(lines: Sequence[str]) -> int:
    """How many lines at the top are quoted; one that lost its sign between two others is among them."""
    last = 0
    for index, line in enumerate(lines):
        if is_quoted(line):
            last = index + 1
        elif index - last > 1:
            break
    return last


def _from_attribution(texts: Sequence[str], first: int, last: int, start: int) -> _Place | None:
    """'On 28/10/2021 12:46, "Ann Lee" <ann@example.org> wrote:' above the original, as Outlook for Mac forwards."""
    joined = " ".join(line.strip() for line in texts[first : last + 1])
    body = texts[last + 1 :]
    opening = next((line for line in body if not is_blank(line)), "")
    end = last + 1 + _quoted_run(body) if is_quoted(opening) else len(texts)
    return _named({"from": joined, "date": joined}, start, last + 1, end, in_sentence=True)


def _named(values: dict[str, str], start: int, begin: int, end: int, *, in_sentence: bool = False) -> _Place | None:
    """The place, if its header says who wrote the original."""
    sender = _person(values.get("from", ""), in_sentence)
    return _Place(start, begin, end, values, sender) if sender.email or sender.name else None


def _own_words(text: str) -> str:
    """What whoever forwarded wrote themselves, without their signature and the lines their program drew."""
    words = splitting.split(text)[0].strip().strip("\ufeff").strip()
    lines = words.splitlines()
    while lines and (is_blank(lines[-1]) or markers.is_rule(lines[-1])):
        lines.pop()
    return "\n".join(lines)


def _person(value: str, in_sentence: bool = False) -> Address:
    """Who is named in a header's value or, `in_sentence`, in an attribution line.

    "Ann Lee <ann@example.org<mailto:ann@example.org>> on behalf of desk@example.org" is Ann Lee: she wrote it.
    """
    value = _LINK.sub(lambda link: f" {link.group(1)} " if link.group(1) else " ", value[:2000])
    value = _ON_BEHALF.split(value, maxsplit=1)[0]
    found = _ADDRESS.search(value)
    if found is None:
        return Address(name=" ".join(value.split()).strip(_NAME_EDGES)) if not in_sentence else Address()
    local, _, domain = found.group().rstrip(".").rpartition("@")
    name = value[: found.start()]
    if in_sentence:
        name = _name_in_sentence(name)
    name = " ".join(name.split()).strip(_NAME_EDGES)
    return Address(name="" if "@" in name else name, email=f"{local}@{domain.lower()}")


def _name_in_sentence(before: str) -> str:
    """The name that stands between the time and the address; quotation marks around it decide, if there are any."""
    before = " ".join(before[-400:].split())
    marked = _MARKED_NAME.search(before)
    if marked:
        return marked.group(1).strip()
    name = _NUMBERED.sub("", before).strip(_NAME_EDGES)
    return " ".join(word for word in name.split() if word.casefold().strip(",") not in _NO_NAMES)


def _people(value: str) -> list[Address]:
    """The addresses of a To line. Parted at semicolons and commas that follow an address."""
    value = _LINK.sub(lambda link: f" {link.group(1)} " if link.group(1) else " ", value[:20000])
    people, seen = [], set[str]()
    last = 0
    for found in _ADDRESS.finditer(value):
        person = _person(value[last : found.end()].lstrip(" ,;>"))
        last = found.end()
        if person.email and person.email not in seen:
            seen.add(person.email)
            people.append(person)
    return people


def _original_text(lines: Sequence[str]) -> str:
    """The original's own words: unquoted, dedented, and without the older messages it quotes itself."""
    filled = [line for line in lines if not is_blank(line)]
    if filled and is_quoted(filled[0]) and sum(map(is_quoted, filled)) * 2 > len(filled):
        lines = [unquoted(line) for line in lines]
    lines = _dedented(lines)
    return splitting.own_words(read(lines)).strip().strip("\ufeff").strip()


def _dedented(lines: Sequence[str]) -> list[str]:
    margins = [len(line) - len(line.lstrip(" ")) for line in lines if not is_blank(line)]
    margin = min(margins, default=0)
    return [line[margin:] for line in lines] if margin else list(lines)


def _in_attachment(raw: bytes) -> Forwarded | None:
    """The original of a mail forwarded as an attachment (message/rfc822)."""
    try:
        mail = structure.read(raw)
        sender = next((address for address in addresses.of(mail, "from") if address.email), None)
        if sender is None:
            return None
        return Forwarded(
            sender=sender,
            to=addresses.of(mail, "to"),
            subject=headers.text(mail, "subject"),
            sent_at=dates.read(date := next(iter(headers.raw(mail, "date")), "")),
            dated=" ".join(date.split())[: forwarded_dates.LONGEST],
            text=_original_text(split_lines(parts.read(mail).text)),
        )
    except limits.TooHostile:
        return None  # the file itself is kept; only nobody is read out of it
