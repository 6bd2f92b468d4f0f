"""Whom the company's people sign in with by SAML, read from the metadata that it publishes about itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everyhand.config import forms

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@dataclass(frozen=True, eq=False)
class IdentityProvider:
    """One provider; `settings` are its part of those of python3-saml: entity id, where to ask, certificates."""

    settings: dict[str, Any]

    @property
    def key(self) -> str:
        """By which its people are known: another provider's NameIDs are other people's."""
        return "saml-" + hashlib.sha256(self.settings["entityId"].encode()).hexdigest()[:16]


def read(file: Path) -> IdentityProvider:
    """Needs the extra `saml`. Raises ValueError with what to do."""
    from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser  # noqa: PLC0415 (an extra)

    try:
        xml = file.read_bytes()
    except OSError as error:
        raise ValueError(f"it can't be read ({error.strerror}); save the provider's metadata there") from None
    try:
        found = OneLogin_Saml2_IdPMetadataParser.parse(xml, required_sso_binding=REDIRECT).get("idp", {})
    except Exception as error:  # noqa: BLE001 (whatever an XML parser may stumble over)
        raise ValueError(f"it is no metadata of an identity provider ({type(error).__name__})") from None
    if not found.get("entityId") or not (found.get("x509cert") or found.get("x509certMulti", {}).get("signing")):
        raise ValueError("it names no identity provider with a certificate that it signs with")
    if not forms.secure_address(found.get("singleSignOnService", {}).get("url", "").partition("?")[0]):
        raise ValueError("it names no place to sign in at by HTTP-Redirect")
    return IdentityProvider(found)
