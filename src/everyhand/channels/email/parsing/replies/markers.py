"""Recognising the lines by which a program announces an older message, and what a subject or a sender says about it."""

from __future__ import annotations

import re

from everyhand.channels.email.parsing.replies.languages import markers as words
from everyhand.channels.email.parsing.replies.lines import flat, plain

ORIGINAL = "original"
FORWARDED = "forwarded"

_ORIGINAL = flat(words.ORIGINAL)
_FORWARDED = flat(words.FORWARDED)
_REPLY_ABOVE = tuple(flat(words.REPLY_ABOVE))
_INSIDE = tuple(sorted(flat(words.ANSWERS_INSIDE)))
_PREFIXES = flat(words.FORWARD_PREFIXES)

_FRAME = "-_=*~—–─ \t>:|.#"
_FRAMED = re.compile(r"[-_=*~—–─#]{2,}[ \t]?")
_RULE = re.compile(r"[ \t>]*(?:[-_=*~#+—–─](?:[ \t]?)){3,}$")
_PREFIX = re.compile(
    r"\s*(?:\[[^\]]{0,40}\]\s*)?([^\s:：\[(]{1,16}(?: [^\s:：]{1,16})?)\s{0,2}(?:\[\d{1,3}\]|\(\d{1,3}\))?[:：]"
)


def announces(line: str) -> tuple[str, str] | None:
    """What the line announces, ORIGINAL or FORWARDED, and the text behind the marker on the same line; else None."""
    low = plain(line) if len(line) <= 600 else plain(line[:300])
    if not low:
        return None
    core = low.lstrip(_FRAME)
    framed = _FRAMED.match(low.lstrip("> ")) is not None
    bare = core.rstrip(_FRAME)
    if bare in _FORWARDED and (framed or core != bare or len(bare) > 11 or not bare.isascii()):
        return FORWARDED, ""
    if framed and bare in _ORIGINAL:
        return ORIGINAL, ""
    if not framed:
        return None
    return _with_text_behind(line, core)


def _with_text_behind(line: str, core: str) -> tuple[str, str] | None:
    """ "----- Forwarded Message ----- From: ...", or the phrase in two languages, or "forwarded by Ann on 3 May"."""
    phrase, _, rest = core.partition("--")
    phrase = phrase.strip(_FRAME)
    kind = FORWARDED if phrase in _FORWARDED else ORIGINAL if phrase in _ORIGINAL else None
    if kind is None:
        by = any(phrase.startswith(known + " ") for known in ("forwarded by", "weitergeleitet von"))
        return (FORWARDED, "") if by and _ else None
    rest = rest.strip(_FRAME)
    if not rest or rest in _FORWARDED or rest in _ORIGINAL:
        return kind, ""
    behind = re.split(r"-{2,}|_{2,}|={2,}", line.lstrip(_FRAME), maxsplit=1)
    return (kind, behind[1].lstrip("-_= ").strip()) if len(behind) == 2 else (kind, "")


def asks_to_reply_above(line: str) -> bool:
    low = plain(line)
    return bool(low) and len(low) < 160 and any(map(low.__contains__, _REPLY_ABOVE))


def is_rule(line: str) -> bool:
    """A line drawn with one sign: "________", "-----", "* * *"."""
    return len(line) <= 200 and _RULE.match(line) is not None


def says_answers_are_inside(low: str) -> bool:
    """Does the sender say in this line (given `plain`) that their answers stand in the quotation ("answers in red")?"""
    return any(map(low.__contains__, _INSIDE))


def has_prefix(subject: str) -> bool:
    """Does the subject begin like an answer or a forward, in whatever language ("Re:", "AW:", "Odp:")?"""
    found = _PREFIX.match(subject[:120])
    return found is not None and len(found.group(1)) <= 5


def is_forward(subject: str) -> bool:
    """Does the subject begin as programs begin that of a forwarded mail ("Fwd:", "WG:", "TR:")?"""
    found = _PREFIX.match(subject[:120])
    if not found:
        return False
    return plain(found.group(1)).rstrip(".") in _PREFIXES
