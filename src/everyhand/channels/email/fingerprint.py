"""By what a mail is known again: the same bytes by their digest, the same letter in other bytes by its fingerprint. It
came by two routes then, so its trace lines differ, and nothing else does.

Both are unique, so each has an index, and a digest alone falls anywhere among millions of others: each mail would
change a page of either index that nobody has in memory, and that is written to the disk for its sake alone. So the
second that its sender wrote stands in front: what comes in now stands together, and an old mail that comes again is
found.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

# What the sender wrote about the letter. Trace fields (Received, Return-Path, Delivered-To, signatures, verdicts of
# scanners) are left out: each route adds its own.
_WRITTEN = frozenset(
    b"from sender reply-to to cc subject date message-id in-reply-to references mime-version content-type "
    b"content-transfer-encoding content-disposition auto-submitted".split()
)
# Of a mail at the door so many bytes are looked at: it may be nothing but Date fields.
_BEGINNING = 100_000
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_DATE = re.compile(
    rb"\n[Dd][Aa][Tt][Ee][ \t]*:(?:[^\n]|\n[ \t])*?(\d{1,2})\s+"
    rb"(?i:(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\s+([12]\d{3})\b(?:\s+(\d\d):(\d\d)(?::(\d\d))?)?"
)
_MONTHS = b"jan feb mar apr may jun jul aug sep oct nov dec".split()
_FIELD = re.compile(rb"^([!-9;-~]{1,76})[ \t]*:((?:[^\n]*\n[ \t])*[^\n]*)", re.MULTILINE)


def digest_of(raw: bytes) -> str:
    """74 hex digits that belong to exactly these bytes."""
    beginning = raw[:_BEGINNING]
    end = _END_OF_HEADER.search(beginning)
    return _at_its_second(beginning[: end.start()] if end else beginning, hashlib.sha256(raw).hexdigest())


def fingerprint_of(raw: bytes, kind: str = "") -> str | None:
    """74 hex digits that two deliveries of one letter share and no two letters do. `kind` tells apart what was taken
    for automatic from what was not: a report that wraps a letter must never hide the letter.

    A Message-ID alone never decides, because some senders use one twice: it counts together with all that the sender
    wrote. None for a mail without Message-ID and Date, which nothing distinguishes from an equal one sent later.
    """
    end = _END_OF_HEADER.search(raw)
    header, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    fields = sorted(
        (name.lower(), b" ".join(value.split())) for name, value in _FIELD.findall(header) if name.lower() in _WRITTEN
    )
    if not {b"message-id", b"date"} & {name for name, value in fields if value}:
        return None
    digest = hashlib.sha256()
    for part in (kind.encode(), *(b"%s:%s" % field for field in fields), body.replace(b"\r\n", b"\n").rstrip()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return _at_its_second(header, digest.hexdigest())


def either(keys: Iterable[str]) -> list[str]:
    """By what they may be stored: before seconds stood in front, digests stood alone."""
    return [spelling for key in keys for spelling in (key, alone(key))]


def alone(key: str) -> str:
    """The digest of a key, without its second."""
    return key[-64:]


def _at_its_second(header: bytes, digest: str) -> str:
    """The second that this header names (RFC 5322, 3.3), in ten hex digits, and the digest. Seconds are numbered in
    their order, 31 days a month and as their sender's clock showed them; a header without a date has 0. The first of
    several is taken, since by another route their fields may stand in another order.
    """
    seconds = [_number(written) for written in _DATE.findall(b"\n" + header)]
    return f"{min(seconds, default=0):010x}{digest}"


def _number(written: tuple[bytes, ...]) -> int:
    day, month, year, *clock = written
    hour, minute, second = (int(part or 0) for part in clock)
    days = (int(year) - 1000) * 372 + _MONTHS.index(month.lower()) * 31 + int(day)
    return days * 86_400 + hour * 3_600 + minute * 60 + second
