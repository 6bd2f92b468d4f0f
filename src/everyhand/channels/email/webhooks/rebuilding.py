"""A mail made again from what a provider made of it, by django-anymail."""

from __future__ import annotations

import hashlib
from email.encoders import encode_base64
from email.message import Message
from email.policy import SMTP
from typing import Any

from everyhand.channels.email.webhooks.brought import Brought


def rebuilt(view: Any, brought: Brought) -> bytes:
    """The one mail of a request. When the provider comes again the bytes are the same, so that it is known.

    Raises LookupError, TypeError or ValueError when the request is not as documented.
    """
    (event,) = view.parse_events(brought)
    message: Message = event.message
    _pack_files(message)
    _settle_boundaries(message)
    return message.as_bytes(policy=SMTP)


def _pack_files(message: Message) -> None:
    """Put what is no text into base64: uploaded files stand there as they are, and their line ends would be changed."""
    for part in message.walk():
        if part.get_content_maintype() not in ("text", "multipart", "message"):
            content = part.get_payload(decode=True)
            del part["Content-Transfer-Encoding"]
            part.set_payload(content)
            encode_base64(part)


def _settle_boundaries(message: Message) -> None:
    """Give each multipart a boundary that depends on the content alone; Python would choose one by chance."""
    leaves = [part for part in message.walk() if not part.is_multipart()]
    content = repr([message.items(), *((part.items(), part.get_payload()) for part in leaves)])
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:40]
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{number}_{digest}")
