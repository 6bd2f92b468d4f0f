"""Small mails written by hand for the tests of the parser, and the cast they come from."""

from __future__ import annotations

from datetime import UTC, datetime

from everyhand.channels.email.parsing.mail import parse
from everyhand.desk.inbound import Inbound

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANN = b"From: Ann Meyer <ann@example.com>\r\n"


def read(raw: bytes) -> Inbound:
    return parse(raw, source="test", at=NOON)


def mail(body: str | bytes = "Hello.", **fields: str) -> bytes:
    """A mail from Ann; `content_type` becomes the field Content-Type, and so on. Line ends are made CRLF."""
    head = "".join(f"{name.replace('_', '-').title()}: {value}\n" for name, value in fields.items())
    content = body.encode() if isinstance(body, str) else body
    return ANN + head.replace("\n", "\r\n").encode() + b"\r\n" + content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def multipart(kind: str, *parts: str | bytes, boundary: str = "cut") -> bytes:
    """A mail from Ann of several parts, each written with its own fields."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    cut = f"--{boundary}".encode()
    body = b"".join(cut + b"\n" + part + b"\n" for part in encoded) + cut + b"--\n"
    return mail(body, mime_version="1.0", content_type=f'multipart/{kind}; boundary="{boundary}"')
