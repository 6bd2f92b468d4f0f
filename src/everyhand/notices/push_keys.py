"""The key pair by which push services know us (VAPID, RFC 8292), made once and sealed where it is stored."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from django.conf import settings

from everyhand.core import secrets
from everyhand.notices.models import PushKey

# At most a day, says RFC 8292 section 2; half of that leaves room for clocks that go wrong.
VALID_FOR: Final = timedelta(hours=12)
_THE_ONE: Final = 1


def public(*, at: datetime) -> str:
    """The public key, as browsers want it: a point on P-256, uncompressed, in base64url. Made when there is none."""
    return _pair(at).public


def authorization(audience: str, *, at: datetime) -> str:
    """The Authorization field for a push service; `audience` is its origin. Raises `secrets.CannotOpen`."""
    pair = _pair(at)
    signer = serialization.load_pem_private_key(secrets.unseal(pair.private).encode(), password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the stored key is of another kind")
    claims = {"aud": audience, "exp": int((at + VALID_FOR).timestamp()), "sub": _contact()}
    signed = f"{_encoded({'typ': 'JWT', 'alg': 'ES256'})}.{_encoded(claims)}"
    # ES256 is the two numbers of the signature, 32 bytes each (RFC 7518 section 3.4).
    numbers = utils.decode_dss_signature(signer.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = b"".join(number.to_bytes(32, "big") for number in numbers)
    return f"vapid t={signed}.{base64url(signature)}, k={pair.public}"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _pair(at: datetime) -> PushKey:
    known = PushKey.objects.filter(pk=_THE_ONE).first()
    return known or PushKey.objects.get_or_create(pk=_THE_ONE, defaults=_made(at))[0]


def _made(at: datetime) -> dict[str, object]:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return {"private": secrets.seal(pem), "public": base64url(point), "made_at": at}


def _encoded(part: dict[str, object]) -> str:
    return base64url(json.dumps(part, separators=(",", ":")).encode())


def _contact() -> str:
    """Where the operator of a push service finds whoever sends through it: our page, or an address."""
    https = settings.BASE_URL.startswith("https://")
    return settings.BASE_URL if https else f"mailto:{settings.DEFAULT_FROM_EMAIL}"
