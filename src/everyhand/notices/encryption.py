"""What is pushed, so that only the device can read it: RFC 8291, in the content coding aes128gcm of RFC 8188."""

from __future__ import annotations

import os
import struct
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# One record holds it all. Push services take 4,096 bytes at least, of which the coding needs 103 (RFC 8291 section 4).
RECORD: Final = 4096
LARGEST: Final = RECORD - 103
_LAST_RECORD: Final = b"\x02"


def encrypted(content: bytes, *, public_key: bytes, secret: bytes) -> bytes:
    """`content` of at most `LARGEST` bytes for the device with this `public_key` (65 bytes) and authentication `secret`
    (16 bytes). Raises ValueError.
    """
    return _encrypted(content, public_key, secret, ec.generate_private_key(ec.SECP256R1()), os.urandom(16))


def _encrypted(
    content: bytes, public_key: bytes, secret: bytes, ours: ec.EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    if len(content) > LARGEST:
        raise ValueError(f"{len(content)} bytes are too many for a push; {LARGEST} are possible.")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    our_point = ours.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    shared = ours.exchange(ec.ECDH(), theirs)
    material = _derived(shared, salt=secret, info=b"WebPush: info\x00" + public_key + our_point, length=32)
    key = _derived(material, salt=salt, info=b"Content-Encoding: aes128gcm\x00", length=16)
    nonce = _derived(material, salt=salt, info=b"Content-Encoding: nonce\x00", length=12)
    head = salt + struct.pack("!IB", RECORD, len(our_point)) + our_point
    return head + AESGCM(key).encrypt(nonce, content + _LAST_RECORD, None)


def _derived(material: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(material)
