"""The sessions of browsers, in Django's table and in its way; only what every request asks is written once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from everyhand.core.prepared import Given, prepared


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        found = _valid()(key=self.session_key, at=timezone.now())
        if not found:
            self._session_key = None
        return found[0] if found else None


@cache
def _valid() -> Callable[..., list[Session]]:
    return prepared(Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("at")))
