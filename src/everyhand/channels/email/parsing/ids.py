"""Message ids: the names by which mails refer to each other (RFC 5322, section 3.6.4)."""

from __future__ import annotations

import hashlib
import re

from everyhand.channels.email.parsing import charsets
from everyhand.channels.email.parsing.limits import ID_LENGTH, REFERENCES

_BRACKETED = re.compile(r"<([^<>]*)>")
_BLANK = re.compile(r"\s+")


def read(values: list[str]) -> tuple[str, ...]:
    """Every id in the fields `values` (as sent), each without its angle brackets, in order and once.

    `<[a]@b>`, `<a b@c>` (blanks that folding left inside are taken out), ids without brackets and several in one
    field are all read. The end of an id beyond 998 characters is replaced by its SHA-256. Of too many, the first and
    the latest are kept: the first names the conversation, the last ones what was answered.
    """
    found: dict[str, None] = {}
    for sent in values:
        value = charsets.storable(sent.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        inside = _BRACKETED.findall(value) or [word for word in re.split(r"[\s,;]+", value) if "@" in word]
        for candidate in inside:
            if bare := _BLANK.sub("", candidate).strip("<>"):
                found[_bounded(bare)] = None
    ids = list(found)
    if len(ids) > REFERENCES:
        ids = [ids[0], *ids[-(REFERENCES - 1) :]]
    return tuple(ids)


def _bounded(bare: str) -> str:
    if len(bare) <= ID_LENGTH - 2:
        return bare
    # Cut alone, two long ids could become one and join strangers' conversations.
    digest = hashlib.sha256(bare.encode()).hexdigest()
    return bare[: ID_LENGTH - 2 - len(digest)] + digest
