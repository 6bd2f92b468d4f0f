"""Writing down who came in, who was refused and what changed about how somebody signs in.

What happens inside allauth is heard by its signals, the way it tells others; our own ways in call us.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account import signals as account
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils import timezone

from everyhand.people import sessions, sign_ins
from everyhand.people.models import Member

# How allauth calls a way, and how we do.
WAYS: Final = {"socialaccount": "company"}


def place_of(request: HttpRequest) -> sign_ins.Place:
    """From where this request comes."""
    agent = sessions.device(request.META.get("HTTP_USER_AGENT", ""))
    return sign_ins.Place(str(request.META.get("REMOTE_ADDR") or "")[:45], agent)


def came_in(request: HttpRequest, member: Member, *, way: str = "") -> None:
    """`way` is given by our own ways in; what allauth let in says itself how."""
    records = get_authentication_records(request, member)
    ways = dict.fromkeys([way] if way else [_way(one) for one in records if not one.get("reauthenticated")])
    sign_ins.came_in(member, way=" ".join(ways), place=place_of(request), at=timezone.now())


def went_out(request: HttpRequest) -> None:
    if isinstance(request.user, Member):
        sign_ins.went_out(request.user, place=place_of(request), at=timezone.now())


def refused(request: HttpRequest, *, way: str, member: Member | None = None) -> None:
    sign_ins.refused(member, way=way, place=place_of(request), at=timezone.now())


def listen() -> None:
    """Called once, when the program has started."""
    account.login_code_rejected.connect(_code_refused)
    account.password_changed.connect(_password_changed)
    account.password_set.connect(_password_changed)
    account.password_reset.connect(_password_changed)
    mfa.authentication_failed.connect(_second_step_refused)
    mfa.authenticator_added.connect(_factor_added)
    mfa.authenticator_removed.connect(_factor_removed)
    mfa.authenticator_reset.connect(_factor_renewed)


def _way(record: dict[str, Any]) -> str:
    """A step of allauth's, in our words."""
    if record["method"] != "mfa":
        return WAYS.get(record["method"], str(record["method"]))
    return "passkey" if record.get("passwordless") else str(record.get("type", "mfa"))


def _code_refused(request: HttpRequest, user: Member, **_: Any) -> None:
    refused(request, way="code", member=user)


def _second_step_refused(request: HttpRequest, user: Member, authenticator: Authenticator, **_: Any) -> None:
    refused(request, way=str(authenticator.type), member=user)


def _password_changed(user: Member, **_: Any) -> None:
    sign_ins.changed(user, "password.changed", at=timezone.now())


def _factor_added(user: Member, authenticator: Authenticator, **_: Any) -> None:
    sign_ins.changed(user, "second_factor.added", at=timezone.now(), kind=str(authenticator.type))


def _factor_removed(user: Member, authenticator: Authenticator, **_: Any) -> None:
    sign_ins.changed(user, "second_factor.removed", at=timezone.now(), kind=str(authenticator.type))


def _factor_renewed(user: Member, authenticator: Authenticator, **_: Any) -> None:
    sign_ins.changed(user, "second_factor.renewed", at=timezone.now(), kind=str(authenticator.type))
