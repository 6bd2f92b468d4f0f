"""Secrets we hand out and recognise again: random ones, and signed ones that need no table."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from django.conf import settings


def random() -> str:
    """A new secret of 160 bits, safe in URLs, file names and (lower case only) in mail addresses."""
    return base64.b32encode(secrets.token_bytes(20)).decode().lower()


def fingerprint(secret: str) -> str:
    """What is stored of a secret that is only ever compared."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign(purpose: str, value: str) -> str:
    """128 bits of HMAC-SHA-256 over `value` under a key of its own for `purpose`, in lower-case base 32."""
    key = hashlib.sha256(f"everyhand:{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return base64.b32encode(hmac.digest(key, value.encode(), "sha256")[:16]).decode().lower().rstrip("=")


def is_signed(purpose: str, value: str, signature: str) -> bool:
    """Whether `signature` is ours; compared in constant time, in either case, since mail relays may fold it."""
    return hmac.compare_digest(sign(purpose, value), signature.lower())
