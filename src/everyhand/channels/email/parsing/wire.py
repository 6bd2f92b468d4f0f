"""An `Inbound` as bytes between two processes: JSON, then the files' contents one after the other.

Not pickle: the side that reads must not trust the side that has just read a stranger's mail.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from everyhand.desk.inbound import Address, Bounce, File, Forwarded, Inbound


def pack(inbound: Inbound) -> tuple[bytes, list[bytes]]:
    """The JSON, and the contents of the files in their order."""
    said: dict[str, Any] = {name: getattr(inbound, name) for name in _PLAIN}
    said["sender"] = _person(inbound.sender)
    for name in _PEOPLE:
        said[name] = [_person(address) for address in getattr(inbound, name)]
    said["files"] = [(file.name, file.type, file.size, file.content_id, file.inline) for file in inbound.files]
    said["sent_at"] = _moment(inbound.sent_at)
    said["bounce"] = asdict(inbound.bounce) if inbound.bounce else None
    if (forwarded := inbound.forwarded) is not None:
        to = [_person(address) for address in forwarded.to]
        sent_at = _moment(forwarded.sent_at)
        words = {name: getattr(forwarded, name) for name in _WORDS_OF_A_FORWARD}
        said["forwarded"] = (_person(forwarded.sender), to, sent_at, words)
    return json.dumps(said).encode("ascii"), [file.content for file in inbound.files]


def unpack(said: bytes, next_bytes: Callable[[int], bytes]) -> Inbound:
    """The `Inbound` again; `next_bytes` gives so many bytes of the files' contents. Raises `ValueError`, `KeyError` or
    `TypeError` if the bytes are not what `pack` wrote.
    """
    read: dict[str, Any] = json.loads(said)
    plain = _frozen({name: read[name] for name in _PLAIN})
    people: dict[str, Any] = {name: tuple(Address(*person) for person in read[name]) for name in _PEOPLE}
    files = tuple(
        File(name, kind, next_bytes(int(size)), content_id, inline)
        for name, kind, size, content_id, inline in read["files"]
    )
    bounce = read["bounce"] and Bounce(**_frozen(read["bounce"]))
    forwarded = None
    if read.get("forwarded"):
        sender, to, sent_at, words = read["forwarded"]
        named = tuple(Address(*person) for person in to)
        forwarded = Forwarded(Address(*sender), named, sent_at=_read_moment(sent_at), **words)
    return Inbound(
        sender=Address(*read["sender"]),
        files=files,
        sent_at=_read_moment(read["sent_at"]),
        bounce=bounce,
        forwarded=forwarded,
        **plain,
        **people,
    )


_PLAIN = (
    *("source", "recipients", "subject", "text", "html", "reply", "quoted", "message_id", "in_reply_to", "references"),
    *("automatic", "remarks", "sender_doubtful"),
)
_PEOPLE = ("to", "cc", "reply_to")
_WORDS_OF_A_FORWARD = ("subject", "text", "dated", "beside")


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _person(address: Address) -> tuple[str, str]:
    return address.name, address.email


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read_moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
