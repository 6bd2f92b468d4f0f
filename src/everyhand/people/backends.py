"""Django's and allauth's ways of signing in; only the question of every request, who that is, is written once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import ModelBackend

from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member


class _ByKey(ModelBackend):
    def get_user(self, user_id: int) -> Member | None:
        """None for whoever is gone or may not come in any more."""
        member = next(iter(_member()(key=user_id)), None)
        return member if member and self.user_can_authenticate(member) else None


class Passwords(_ByKey):
    """By address and password."""


class OtherWays(_ByKey, AuthenticationBackend):  # type: ignore[misc] # allauth tells no types
    """By whatever allauth asks for."""


@cache
def _member() -> Callable[..., list[Member]]:
    return prepared(Member.objects.filter(pk=Given("key")).order_by())
