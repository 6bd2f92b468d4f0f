"""Recognising what stands under a message and is not part of it: signatures, footers of programs, disclaimers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from everyhand.channels.email.parsing.replies.languages import signatures as words
from everyhand.channels.email.parsing.replies.lines import Kind, Line, flat, plain
from everyhand.channels.email.parsing.replies.markers import is_rule

# What follows "-- " (RFC 3676, section 4.3) is a signature up to this many lines that are not empty.
LONGEST_SIGNATURE = 40
# Blanks at the end of a line get lost: "--" alone is a delimiter above less, for people also draw lines with it.
LONGEST_DOUBTFUL_SIGNATURE = 15
# Under "_____" or "*****" stands a signature only if it is this short and holds a way to reach somebody.
LONGEST_RULED_SIGNATURE = 10

_CONTACT = re.compile(r"[^\s@]@[^\s@]+\.\w|(?:https?://|www\.)[^\s/]+/?(?=\s|$)|(?<!\w)\+?\d(?:[ ()/-]{0,2}\d){7,}")
_TIME = re.compile(r"\d{1,2}:\d{2}")
_DEVICE = re.compile(r"[\w.@&'’*®+-]+")
_LINK = re.compile(r"<[^<>]{0,400}>|\(https?://[^()\s]{0,400}\)|\[https?://[^\]\s]{0,400}\]|https?://\S{1,400}")
_DISCLAIMERS = tuple(tuple(plain(stem) for stem in stems) for stems in words.DISCLAIMER.values())
_DEVICES = frozenset(plain(device) for device in words.DEVICES)
# Many languages inflect the name or write no blank around it ("iPhonu", "iPhoneから").
_STEMS = ("iphon", "ipad", "android", "outlook", "yahoo", "samsung", "huawei", "xiaomi")
_STEMS_ANYWHERE = tuple(device for device in _DEVICES if not device.isascii()) + _STEMS
_FOOTERS = tuple(plain(footer) for footer in words.FOOTERS)
_JUNK = frozenset("ᐧ")

_STARTS: list[tuple[str, str]] = []  # what stands before the device and what after it
_WHOLE: set[str] = set()
for _phrase in flat(words.SENT_FROM):
    _before, _found, _after = _phrase.partition("{device}")
    if _found:
        _STARTS.append((_before.rstrip() if _before.isascii() else _before.strip(), _after.strip()))
    else:
        _WHOLE.add(_phrase)
_BY_FIRST: dict[str, list[tuple[str, str]]] = {}
for _before, _after in _STARTS:
    _BY_FIRST.setdefault(_before[:2], []).append((_before, _after))


def is_footer(low: str) -> bool:
    """Did a program write this line (given `plain`) under the message ("Sent from my iPhone", "Virus-free. www...")?"""
    if not low or len(low) > 500:
        return False
    if low in _JUNK or low.startswith(_FOOTERS):
        return True
    low = _LINK.sub(" ", low).strip(" .!*_-–—\"'•|[]()~")
    if not low or len(low) > 90:
        return False
    return low in _WHOLE or _is_sent_from(low)


def _is_sent_from(low: str) -> bool:
    for before, after in _BY_FIRST.get(low[:2], ()):
        fits = before and low.startswith(before) and low.endswith(after) and len(low) > len(before) + len(after)
        if fits and _is_device(low[len(before) : len(low) - len(after)], low):
            return True
    return any(low.endswith(after) and _is_device(low[: -len(after)], low) for _, after in _BY_FIRST.get("", ()))


def _is_device(name: str, line: str) -> bool:
    parts = _DEVICE.findall(name)
    if not 1 <= len(parts) <= 8:
        return False
    if any(part.startswith(_STEMS) or re.split("['’.-]", part)[0] in _DEVICES or part in _DEVICES for part in parts):
        return True
    return not line.isascii() and any(device in name for device in _STEMS_ANYWHERE)


def mark(lines: Sequence[Line], kinds: list[Kind]) -> None:
    """Mark as SIGNATURE, in place, the lines of `kinds` that are still TEXT and belong to a signature or footer."""
    for index, line in enumerate(lines):
        if kinds[index] is Kind.TEXT and is_footer(line.low):
            kinds[index] = Kind.SIGNATURE
    _mark_pgp(lines, kinds)
    _mark_disclaimers(lines, kinds)  # before the signature, which is shorter without it, and again above it
    index = 0
    while index < len(lines):
        most = _allowed_below(lines[index].raw) if kinds[index] is Kind.TEXT else 0
        if most:
            index = _mark_below(lines, kinds, index, most)
        else:
            index += 1
    _mark_disclaimers(lines, kinds)


def _allowed_below(line: str) -> int:
    """How many lines a signature may have below this delimiter; 0 if the line is none."""
    if line.rstrip("\u00a0") in ("-- ", "- -- "):
        return LONGEST_SIGNATURE
    if line.strip() in ("--", "–-", "—", "– –", "- --"):
        return LONGEST_DOUBTFUL_SIGNATURE
    return LONGEST_RULED_SIGNATURE if is_rule(line) else 0


def _mark_below(lines: Sequence[Line], kinds: list[Kind], start: int, most: int) -> int:
    """Mark the signature under the delimiter at `start` if it is one; return where to go on."""
    end, count = start + 1, 0
    while end < len(lines) and kinds[end] in (Kind.TEXT, Kind.EMPTY, Kind.SIGNATURE):
        if kinds[end] is Kind.TEXT:
            if _allowed_below(lines[end].raw) and count and not is_rule(lines[end].raw):
                break
            count += 1
            if count > most:
                return start + 1
        end += 1
    if most == LONGEST_RULED_SIGNATURE and count and not _reads_as_contact(lines[start + 1 : end]):
        return start + 1
    if most < LONGEST_SIGNATURE and any(
        len(line.raw) > 400 or line.low.endswith("?") for line in lines[start + 1 : end]
    ):
        return start + 1
    if most == LONGEST_RULED_SIGNATURE and not count and end < len(lines):
        return start + 1
    for at in range(start, end):
        if kinds[at] is Kind.TEXT:
            kinds[at] = Kind.SIGNATURE
    return end


def _reads_as_contact(lines: Sequence[Line]) -> bool:
    filled = [line.raw for line in lines if not line.blank]
    short = all(len(line) <= 90 and not _TIME.search(line) for line in filled)
    return short and any(_CONTACT.search(line) for line in filled)


def _mark_pgp(lines: Sequence[Line], kinds: list[Kind]) -> None:
    inside = False
    for index, line in enumerate(lines):
        bare = line.raw.strip()
        if bare == "-----BEGIN PGP SIGNATURE-----":
            inside = True
        if inside and (" " not in bare or bare.startswith(("-----", "Version:", "Comment:"))):
            if kinds[index] not in (Kind.EMPTY, Kind.QUOTE):
                kinds[index] = Kind.SIGNATURE
        else:
            inside = False
        if bare == "-----END PGP SIGNATURE-----":
            inside = False
        if bare == "-----BEGIN PGP SIGNED MESSAGE-----" and kinds[index] is not Kind.QUOTE:
            kinds[index] = Kind.SIGNATURE
            if index + 1 < len(lines) and lines[index + 1].raw.startswith("Hash: "):
                kinds[index + 1] = Kind.SIGNATURE


def _mark_disclaimers(lines: Sequence[Line], kinds: list[Kind]) -> None:
    """Paragraphs at the end of the sender's text that are legal notices, from the end of each stretch up."""
    index = len(lines) - 1
    while index >= 0:
        if kinds[index] is not Kind.TEXT:
            index -= 1
            continue
        start = index
        while start > 0 and kinds[start - 1] is Kind.TEXT:
            start -= 1
        if not _is_last(kinds, index):
            break
        if not _is_disclaimer(lines[start : index + 1]):
            break
        for at in range(start, index + 1):
            kinds[at] = Kind.SIGNATURE
        index = start - 1


def _is_last(kinds: Sequence[Kind], index: int) -> bool:
    """Is this the end of a stretch of the sender's text? (A history may follow.)"""
    return not any(kind is Kind.TEXT for kind in kinds[index + 1 : index + 4])


def _is_disclaimer(lines: Sequence[Line]) -> bool:
    text = " ".join(" ".join(line.raw for line in lines)[:6000].casefold().split())
    if len(text) < 90 or "?" in text:
        return False
    return any(sum(map(text.__contains__, stems)) >= 2 for stems in _DISCLAIMERS)
