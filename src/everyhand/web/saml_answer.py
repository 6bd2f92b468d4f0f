"""What an identity provider is asked, and what its answers prove (SAML 2.0 core, and its Web Browser SSO profile).

The library checks signatures, algorithms, times, issuer and recipient. It lets pass what an answer leaves out; here
everything the profile asks for must be there (section 4.1.4.2): an assertion that is signed itself, for us, of a
bearer, in answer to a question of ours, for a short time. Imported where SAML is set alone: the library is an extra.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

# A NameID of these formats means the same person the next time.
LASTING: Final = (
    OneLogin_Saml2_Constants.NAMEID_PERSISTENT,
    OneLogin_Saml2_Constants.NAMEID_EMAIL_ADDRESS,
    OneLogin_Saml2_Constants.NAMEID_UNSPECIFIED,
    OneLogin_Saml2_Constants.NAMEID_WINDOWS_DOMAIN_QUALIFIED_NAME,
)
# Under which names directories tell the address of somebody.
ADDRESSES: Final = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "mail",
    "email",
)
LONGEST_NAME: Final = 190


class ProvesNothing(Exception):
    """This answer signs nobody in; says why, for the log."""


@dataclass(frozen=True)
class Told:
    """What a checked answer says: who it is to the provider, their address or "", and which question it answers."""

    name_id: str
    address: str
    asked: str


def question() -> tuple[str, str]:
    """Where to send a browser, and the id of what it asks there."""
    auth = OneLogin_Saml2_Auth(_here("saml_login"), old_settings=_settings())
    return str(auth.login(return_to="")), str(auth.get_last_request_id())


def checked(answer: str, *, longest: int) -> Told:
    """What this answer (base64, as the provider's form brings it) proves. Raises `ProvesNothing`."""
    if not answer or len(answer) > longest:
        raise ProvesNothing("It is empty, or longer than any answer.")
    try:
        response = OneLogin_Saml2_Response(_settings(), answer)
        response.is_valid(_here("saml_answer"), raise_exceptions=True)
        return _whole(response)
    # No XML is a SyntaxError.
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, SyntaxError, binascii.Error, ValueError) as why:
        raise ProvesNothing(f"{type(why).__name__} {getattr(why, 'code', '')}".strip()) from why


def who_we_are() -> bytes:
    """Our own metadata, XML."""
    made: Any = _settings().get_sp_metadata()
    return made if isinstance(made, bytes) else str(made).encode()


def _whole(response: OneLogin_Saml2_Response) -> Told:
    """Raises ValueError where something is missing that the profile asks for."""
    asked = str(response.get_in_response_to() or "")
    confirmations = response._query_assertion(  # noqa: SLF001 (the signed part alone, which has no other way to it)
        "/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
    )
    here = _address("saml_answer")
    of_ours = all(
        one.get("InResponseTo") == asked and one.get("Recipient") == here and one.get("NotOnOrAfter")
        for one in confirmations
    )
    if not (asked and confirmations and of_ours):
        raise ValueError("It does not answer a question of ours.")
    if _address("saml_metadata") not in response.get_audiences():
        raise ValueError("It is not for us.")
    if response.get_nameid_format() not in (None, *LASTING):
        raise ValueError("Its NameID means somebody else the next time.")
    name_id = str(response.get_nameid() or "").strip()
    if not name_id or len(name_id) > LONGEST_NAME:
        raise ValueError("Its NameID is empty, or too long.")
    return Told(name_id, _mail_address(response, name_id), asked)


def _mail_address(response: OneLogin_Saml2_Response, name_id: str) -> str:
    attributes: dict[str, list[Any]] = response.get_attributes()
    wanted = [settings.EVERYHAND.saml_address] if settings.EVERYHAND.saml_address else ADDRESSES
    for name in wanted:
        values = [str(one).strip().lower() for one in attributes.get(name, ()) if one]
        if len(values) == 1:
            return values[0]
    is_address = response.get_nameid_format() == OneLogin_Saml2_Constants.NAMEID_EMAIL_ADDRESS
    return name_id.lower() if is_address and not settings.EVERYHAND.saml_address else ""


def _settings() -> OneLogin_Saml2_Settings:
    return _settled(settings.BASE_URL, settings.EVERYHAND.saml_metadata)


@cache
def _settled(_base: str, provider: Any) -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": _address("saml_metadata"),
                "assertionConsumerService": {
                    "url": _address("saml_answer"),
                    "binding": OneLogin_Saml2_Constants.BINDING_HTTP_POST,
                },
                "NameIDFormat": OneLogin_Saml2_Constants.NAMEID_UNSPECIFIED,
            },
            "idp": provider.settings,
            "security": {
                "wantAssertionsSigned": True,
                "rejectDeprecatedAlgorithm": True,
                "allowRepeatAttributeName": True,
                "wantAttributeStatement": False,
                "requestedAuthnContext": False,
            },
        }
    )


def _address(name: str) -> str:
    """By the address we are set to, never by the one a request was sent to."""
    return f"{settings.BASE_URL}{reverse(name)}"


def _here(name: str) -> dict[str, Any]:
    """A request to us, as the library wants to have it described."""
    base = urlsplit(settings.BASE_URL)
    return {
        "https": "on" if base.scheme == "https" else "off",
        "http_host": base.netloc,
        "script_name": reverse(name),
        "get_data": {},
        "post_data": {},
    }
