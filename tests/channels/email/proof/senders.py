"""Domains in the world, what they publish, and mail signed by them."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from dkim.canonicalization import CanonicalizationPolicy
from dkim.crypto import parse_pem_private_key

from everyhand.channels.email.authentication import Arrival
from everyhand.channels.email.authentication.lookup import NoAnswer

EXAMPLE_SERVER = "192.0.2.25"  # sends for example.org
EVIL_SERVER = "198.51.100.66"


class World:
    """The DNS as far as these tests go. `down` are names whose servers don't answer; `asked` is what was asked for."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.down: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    def publish(self, name: str, kind: str, *values: str) -> None:
        self.records.setdefault((name, kind), []).extend(values)

    def ask(self, name: str, kind: str, *, seconds: float) -> list[str]:  # noqa: ARG002
        self.asked.append((name, kind))
        if name in self.down:
            raise NoAnswer(name)
        return self.records.get((name, kind), [])


def world() -> World:
    """example.org and evil.test do all that can be done; quiet.test publishes nothing; lax.test asks for nothing."""
    made = World()
    made.publish("example.org", "TXT", f"v=spf1 ip4:{EXAMPLE_SERVER} -all")
    made.publish("_dmarc.example.org", "TXT", "v=DMARC1; p=reject")
    made.publish("lax.test", "TXT", f"v=spf1 ip4:{EXAMPLE_SERVER} -all")
    made.publish("_dmarc.lax.test", "TXT", "v=DMARC1; p=none")
    made.publish("evil.test", "TXT", f"v=spf1 ip4:{EVIL_SERVER} -all")
    made.publish("_dmarc.evil.test", "TXT", "v=DMARC1; p=reject")
    made.publish("courier.test", "TXT", f"v=spf1 ip4:{EXAMPLE_SERVER} -all")
    made.publish("_dmarc.courier.test", "TXT", "v=DMARC1; p=quarantine")
    for domain in ("example.org", "mail.example.org", "evil.test", "quiet.test", "lax.test", "courier.test"):
        made.publish(f"post._domainkey.{domain}", "TXT", f"v=DKIM1; k=rsa; p={_public_key(domain)}")
    return made


def written(sender: str, text: str = "No paper today.", **fields: str) -> bytes:
    """A mail with a From, further header fields (underscores for hyphens) and a text."""
    fields = {"Subject": "Paper", **fields}
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"From: {sender}\r\nTo: help@courier.test\r\n{more}\r\n{text}\r\n".encode()


def signed(raw: bytes, domain: str, **options: object) -> bytes:
    """The mail with a signature of `domain` on top."""
    field = dkim.sign(
        raw, b"post", domain.encode(), _private_key(domain), include_headers=[b"from", b"subject", b"to"], **options
    )
    return bytes(field) + raw


def sealed(raw: bytes, domain: str, found: str = "arc=none") -> bytes:
    """The mail with the first seal of a forwarder on top, which says what it `found` (RFC 8617 section 5.1)."""
    signer, key = dkim.ARC(raw), parse_pem_private_key(_private_key(domain))
    signer.hasher, relaxed = (
        dkim.HASH_ALGORITHMS[b"rsa-sha256"],
        CanonicalizationPolicy.from_c_value(b"relaxed/relaxed"),
    )
    body = base64.b64encode(hashlib.sha256(relaxed.canonicalize_body(signer.body)).digest())
    common = [(b"i", b"1"), (b"a", b"rsa-sha256"), (b"d", domain.encode()), (b"s", b"post"), (b"b", b"0" * 60)]
    about_the_mail = [*common[:2], (b"c", b"relaxed/relaxed"), *common[2:4], (b"h", b"from : subject"), (b"bh", body)]
    results = (b"ARC-Authentication-Results", f" i=1; {domain}; {found}\r\n".encode())
    message = signer.gen_header(
        [*about_the_mail, common[4]], [b"from", b"subject"], relaxed, b"ARC-Message-Signature", key
    )
    fields = [(b"ARC-Message-Signature", b" " + message), results]
    signer.headers = relaxed.canonicalize_headers(fields) + signer.headers
    seal = signer.gen_header(
        [common[0], (b"cv", b"none"), *common[1:]],
        [name.lower() for name, _ in reversed(fields)],
        relaxed,
        b"ARC-Seal",
        key,
    )
    return b"".join(name + b":" + value for name, value in [(b"ARC-Seal", b" " + seal), *fields]) + raw


def brought(raw: bytes, sender: str, *, peer: str = EXAMPLE_SERVER, envelope_from: str | None = None) -> Arrival:
    """The mail straight at our door."""
    return Arrival(raw, f"smtp {peer}", sender, sender if envelope_from is None else envelope_from, "mail.test")


@cache
def _key(domain: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (quick to make)


def _private_key(domain: str) -> bytes:
    return _key(domain).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _public_key(domain: str) -> str:
    spki = _key(domain).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(spki).decode()
