"""The same letter in other bytes: it came by two routes, so its trace lines differ, and nothing else does."""

from __future__ import annotations

import hashlib
import re

# What the sender wrote about the letter. Trace fields (Received, Return-Path, Delivered-To, signatures, verdicts of
# scanners) are left out: each route adds its own.
_WRITTEN = frozenset(
    b"from sender reply-to to cc subject date message-id in-reply-to references mime-version content-type "
    b"content-transfer-encoding content-disposition auto-submitted".split()
)
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"^([!-9;-~]{1,76})[ \t]*:((?:[^\n]*\n[ \t])*[^\n]*)", re.MULTILINE)


def fingerprint_of(raw: bytes, kind: str = "") -> str | None:
    """64 hex digits that two deliveries of one letter share and no two letters do. `kind` tells apart what was taken
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
    return digest.hexdigest()
