"""What a trusted forwarder found about a mail before it changed it and passed it on (ARC, RFC 8617).

A mailing list that adds a footer breaks the signature below; it seals what it had found. Such a seal proves only who
says so, so the word of those alone counts whom the operator names. The chain must be valid already (see
`SignedMail.verify_chain`): then nobody after a sealer can have changed what that sealer says.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from email.message import Message

from dkim.util import InvalidTagValueList, parse_tag_value

from everyhand.channels.email.authentication import receiver
from everyhand.channels.email.parsing import headers, structure
from everyhand.desk.verdict import Result

_INSTANCE = re.compile(r"\s*i\s*=\s*(\d{1,2})\s*;", re.IGNORECASE)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


def vouching(raw: bytes, claimed: str, *, trusted: Collection[str]) -> str:
    """The forwarder of `trusted` that says the mail passed DMARC for the domain `claimed` when it arrived there; "" if
    none does. `raw` holds a valid chain.

    From the last seal back, as long as those who sealed are trusted: behind the first who is not, anybody may have
    written what is sealed. The last of them must have signed the mail with its `From` and all of its body.
    """
    if not trusted:
        return ""
    head = structure.read(_END_OF_HEAD.split(raw, maxsplit=1)[0] + b"\r\n\r\n")
    seals, signed, results = (_by_instance(head, name) for name in _FIELDS)
    for instance in range(len(seals), 0, -1):
        sealer = _tags(seals.get(instance, "")).get("d", "").lower()
        if sealer not in trusted or not _covers_the_mail(_tags(signed.get(len(seals), ""))):
            return ""
        for method, result, named in receiver.statements(results.get(instance, "")):
            if method == "dmarc" and result is Result.PASS and named.get("header.from", "") == claimed:
                return sealer
    return ""


_FIELDS = ("arc-seal", "arc-message-signature", "arc-authentication-results")


def _by_instance(head: Message, name: str) -> dict[int, str]:
    """The fields of this name by their instance; one that two fields claim is nobody's."""
    found: dict[int, str] = {}
    for text in map(headers.unfold, headers.raw(head, name)):
        number = int(_tags(text).get("i") or 0) if not (match := _INSTANCE.match(text)) else int(match[1])
        found[number] = "" if number in found else text
    return found


def _covers_the_mail(tags: dict[str, str]) -> bool:
    fields = [one.strip().lower() for one in tags.get("h", "").split(":")]
    return "from" in fields and "l" not in tags


def _tags(field: str) -> dict[str, str]:
    try:
        tags: dict[bytes, bytes] = parse_tag_value(field.encode("ascii", "replace"))
    except (InvalidTagValueList, ValueError):
        return {}
    return {name.decode("ascii", "replace"): value.decode("ascii", "replace").strip() for name, value in tags.items()}
