"""Signing our mail (DKIM, RFC 6376), for installations that hand it to the world themselves.

Written here and not taken from a library because the same letter must have the same bytes on every try, and those put
the time of signing into it. RSA (RFC 8301) and Ed25519 (RFC 8463); both kinds of signature depend on the letter alone.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from everyhand.channels.email.outbound.letter import LINE

# RFC 6376 section 5.4.1, as far as we write them. Each is signed once more than it occurs, so that nobody on the way
# can add a second Subject, or a Reply-To where there was none (section 8.15).
SIGNED: Final = (
    *("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
)
_FIELD: Final = re.compile(rb"([!-9;-~]+):((?:[^\r]|\r\n[ \t])*)\r\n")
_DOMAIN_OF_FROM: Final = re.compile(rb"@([^@<>\s]+)>\s*$")


@dataclass(frozen=True)
class Seal:
    """In whose name we sign, and with what: the public key is published at `SELECTOR._domainkey.DOMAIN`."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    @property
    def name(self) -> str:
        """Where in the name system the public key stands."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record to publish there (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
        public = self.key.public_key()
        if isinstance(self.key, RSAPrivateKey):
            shown = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return f"v=DKIM1; k=rsa; p={_base64(shown)}"
        return f"v=DKIM1; k=ed25519; p={_base64(public.public_bytes(Encoding.Raw, PublicFormat.Raw))}"


def sign(raw: bytes, seal: Seal) -> bytes:
    """The letter with a signature in front; as it is when its sender's domain is not the seal's, nor below it."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = [(found[1].lower(), found[2]) for found in _FIELD.finditer(head + b"\r\n")]
    if not _is_in(_sender_domain(fields), seal.domain):
        return raw
    unsigned = _unsigned(fields, body, seal)
    said = b"".join(_last_first(fields)) + _relaxed(b"dkim-signature", unsigned.encode())
    signature = "\r\n ".join(re.findall(f".{{1,{LINE - 1}}}", _base64(_signature(said, seal.key))))
    return f"DKIM-Signature:{unsigned}\r\n {signature}\r\n".encode() + raw


def _unsigned(fields: Sequence[tuple[bytes, bytes]], body: bytes, seal: Seal) -> str:
    names = [name for name in SIGNED for _ in range(1 + sum(name.lower().encode() == one for one, _ in fields))]
    algorithm = "rsa-sha256" if isinstance(seal.key, RSAPrivateKey) else "ed25519-sha256"
    listed = ":".join(names)
    return (
        f" v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={seal.domain}; s={seal.selector};\r\n h="
        + "\r\n ".join(re.findall(rf".{{1,{LINE - 20}}}(?::|$)", listed))
        + f";\r\n bh={_base64(hashlib.sha256(_relaxed_body(body)).digest())};\r\n b="
    )


def _last_first(fields: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """The fields as they are hashed, each name from the last to the first (section 5.4.2); absent ones add nothing."""
    return [
        _relaxed(name, value) + b"\r\n"
        for wanted in SIGNED
        for name, value in reversed(fields)
        if name == wanted.lower().encode()
    ]


def _relaxed(name: bytes, value: bytes) -> bytes:
    """Section 3.4.2."""
    return name + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip()


def _relaxed_body(body: bytes) -> bytes:
    """Section 3.4.4."""
    lines = re.sub(rb"[ \t]+", b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n ")
    return lines + b"\r\n" if lines else b""


def _signature(said: bytes, key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    if isinstance(key, RSAPrivateKey):
        return key.sign(said, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(hashlib.sha256(said).digest())


def _sender_domain(fields: Sequence[tuple[bytes, bytes]]) -> str:
    found = next((_DOMAIN_OF_FROM.search(value) for name, value in fields if name == b"from"), None)
    return found[1].decode("utf-8", "replace").lower() if found else ""


def _is_in(domain: str, wider: str) -> bool:
    return domain == wider or domain.endswith(f".{wider}")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
