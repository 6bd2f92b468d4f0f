"""Passkeys, the authenticator app and recovery codes (allauth's), and who must have one."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from everyhand.core import secrets
from everyhand.people import sessions
from everyhand.people.models import Member
from everyhand.web.permissions import reader

FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
HAS_ONE: Final = "has_second_factor"  # in the session, so that the table is asked once
# Where somebody who must have a second factor may go before they have one.
OPEN_TO_ALL: Final = ("/second-factor", "/passkeys", "/sign-", "/password", "/static/", "/healthz", "/appearance")


class Adapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth tells no types
    """Secrets are sealed; a passkey belongs to the address we are set to."""

    def encrypt(self, text: str) -> str:
        return secrets.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whoever must have a second factor keeps the last one."""
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return not must_have_one(authenticator.user) or others.exists()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = settings.EVERYHAND.url.hostname if settings.EVERYHAND.url else None
        return {
            "id": host or super().get_public_key_credential_rp_entity()["id"],
            "name": settings.EVERYHAND.company,
        }


def must_have_one(member: Member) -> bool:
    """Whether the company asks a second factor of them."""
    whom = settings.EVERYHAND.second_factor
    return whom == "everybody" or (whom == "admins" and member.may_set_up)


class SecondFactorRequired:
    """Whoever must have a second factor and has none sets one up before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        member = request.user
        if (
            isinstance(member, Member)
            and must_have_one(member)
            and not request.session.get(HAS_ONE)
            and not request.path.startswith(OPEN_TO_ALL)
        ):
            if not Authenticator.objects.filter(user=member, type__in=FACTORS).exists():
                messages.warning(request, gettext("Before you go on, add a passkey or an authenticator app."))
                return redirect("mfa_index")
            request.session[HAS_ONE] = True
        return self.get_response(request)


class Ways(IndexView):  # type: ignore[misc] # allauth tells no types
    """How I sign in, and where I am signed in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        member = reader(self.request)
        more = {
            "has_password": member.has_usable_password(),
            "sessions": sessions.of(member, current=self.request.session.session_key or ""),
            "must_have_one": must_have_one(member),
        }
        return {**super().get_context_data(**kwargs), **more}


class NewPasskey(AddWebAuthnView):  # type: ignore[misc] # allauth tells no types
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name, port = split_domain_port(self.request.get_host())
        more = {"is_at_a_number": _is_a_number(name), "by_name": _by_name(name, port)}
        return {**super().get_context_data(**kwargs), **more}

    def get_success_url(self) -> str:
        """Back to the ways in, where the recovery codes stand too; to see those, allauth asks again who it is."""
        return reverse("mfa_index")


def _by_name(name: str, port: str) -> str:
    """The address of this house with a name instead of a number, as browsers want it for a passkey; "" for none."""
    if _is_a_number(name) and ipaddress.ip_address(name.strip("[]")).is_loopback:
        return f"http://localhost:{port}" if port else "http://localhost"
    house = settings.EVERYHAND.url
    return settings.BASE_URL if house and not _is_a_number(house.hostname or "") else ""


def _is_a_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@require_safe
def to_the_list(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The passkeys stand among the other ways."""
    return redirect(reverse("mfa_index"))
