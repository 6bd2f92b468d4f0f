"""An identity provider as companies run one: it publishes its metadata, reads questions, and signs answers (xmlsec)."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.utils import OneLogin_Saml2_Utils

PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
MAIL: Final = "urn:oid:0.9.2342.19200300.100.1.3"
_SAML: Final = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
_SAMLP: Final = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'


@dataclass
class Says:
    """What an answer says; every part can be changed, and left out with ""."""

    name_id: str = "employee-4711"
    name_format: str = PERSISTENT
    attributes: dict[str, str] = field(default_factory=lambda: {MAIL: "Ana@courier.test"})
    issuer: str = ""
    audience: str = ""
    recipient: str = ""
    in_response_to: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    valid_for: timedelta = timedelta(minutes=5)
    without: tuple[str, ...] = ()  # of "AudienceRestriction", "InResponseTo", "NotOnOrAfter", "Recipient"


class IdentityProvider:
    """Its keys are its own; `entity` is who it says it is."""

    def __init__(self, entity: str = "https://login.courier.test/saml") -> None:
        self.entity = entity
        self.sign_in_at = "https://login.courier.test/sso"
        self._key, self.certificate = _keys()

    @property
    def metadata(self) -> str:
        certificate = "".join(self.certificate.splitlines()[1:-1])
        return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity}">
          <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
            <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
              <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
            </md:KeyDescriptor>
            <md:SingleSignOnService Location="{self.sign_in_at}"
              Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"/>
          </md:IDPSSODescriptor></md:EntityDescriptor>"""

    def reads(self, address: str) -> Says:
        """What it would say to the question at this address, of somebody who signed in here."""
        assert address.startswith(self.sign_in_at)
        question = parse_qs(urlsplit(address).query)["SAMLRequest"][0]
        xml = zlib.decompress(base64.b64decode(question), -15).decode()
        asked = {name: re.search(rf'\b{name}="([^"]+)"', xml) for name in ("ID", "AssertionConsumerServiceURL")}
        issuer = re.search(r"<saml:Issuer[^>]*>([^<]+)<", xml)
        assert asked["ID"]
        assert asked["AssertionConsumerServiceURL"]
        assert issuer
        return Says(
            issuer=self.entity,
            audience=issuer[1],
            recipient=asked["AssertionConsumerServiceURL"][1],
            in_response_to=asked["ID"][1],
        )

    def answers(self, says: Says) -> str:
        """A signed answer, as its form carries it."""
        return encoded(response(says, self.signed(assertion(says))))

    def signed(self, xml: str, *, algorithm: str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256") -> str:
        made = OneLogin_Saml2_Utils.add_sign(xml, self._key, self.certificate, sign_algorithm=algorithm)
        return made.decode() if isinstance(made, bytes) else str(made)


def encoded(xml: str) -> str:
    return base64.b64encode(xml.encode()).decode()


def assertion(says: Says, *, number: str = "") -> str:
    until = _moment(says.at + says.valid_for)
    data = {"Recipient": says.recipient, "InResponseTo": says.in_response_to, "NotOnOrAfter": until}
    confirmed = " ".join(f'{name}="{value}"' for name, value in data.items() if name not in says.without)
    audience = f"<saml:AudienceRestriction><saml:Audience>{says.audience}</saml:Audience></saml:AudienceRestriction>"
    attributes = "".join(
        f'<saml:Attribute Name="{escape(name)}"><saml:AttributeValue>{escape(value)}</saml:AttributeValue>'
        "</saml:Attribute>"
        for name, value in says.attributes.items()
    )
    told = f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>" if attributes else ""
    at = _moment(says.at)
    return (
        f'<saml:Assertion {_SAML} ID="{number or _number()}" Version="2.0" IssueInstant="{at}">'
        f"<saml:Issuer>{says.issuer}</saml:Issuer>"
        f'<saml:Subject><saml:NameID Format="{says.name_format}">{escape(says.name_id)}</saml:NameID>'
        f'<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f"<saml:SubjectConfirmationData {confirmed}/></saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{_moment(says.at - timedelta(minutes=1))}" NotOnOrAfter="{until}">'
        f"{'' if 'AudienceRestriction' in says.without else audience}</saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{at}"><saml:AuthnContext><saml:AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
        f"</saml:AuthnStatement>{told}</saml:Assertion>"
    )


def response(says: Says, *assertions: str, more: str = "") -> str:
    asked = f' InResponseTo="{says.in_response_to}"' if says.in_response_to else ""
    return (
        f'<samlp:Response {_SAMLP} {_SAML} ID="{_number()}" Version="2.0" IssueInstant="{_moment(says.at)}"'
        f' Destination="{says.recipient}"{asked}><saml:Issuer>{says.issuer}</saml:Issuer>{more}'
        '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f"{''.join(assertions)}</samlp:Response>"
    )


def _number() -> str:
    return f"_{uuid4().hex}"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _keys() -> tuple[str, str]:
    """(private key, certificate), PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login.courier.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), certificate.public_bytes(pem).decode()
