"""Where a member is signed in, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from everyhand.people.models import Member


@dataclass(frozen=True)
class SignedIn:
    """One browser that is signed in. `device` is what it says it is, such as "Firefox on Linux"."""

    id: int
    device: str
    ip: str
    since: datetime
    is_current: bool


def of(member: Member, *, current: str) -> list[SignedIn]:
    """The browsers this member is signed in with, the newest first; `current` is the session key of who asks."""
    kept = UserSession.objects.filter(user=member).order_by("-created_at", "-pk")
    alive = set(
        Session.objects.filter(session_key__in=kept.values("session_key")).values_list("session_key", flat=True)
    )
    return [
        SignedIn(one.pk, device(one.user_agent), one.ip, one.created_at, one.session_key == current)
        for one in kept
        if one.session_key in alive
    ]


def end(member: Member, *, but: str = "", only: int | None = None) -> int:
    """Sign them out: everywhere, everywhere except in the session with the key `but`, or in the one with id `only`.

    Their open pages stop listening at once too. How many sessions ended.
    """
    ending = UserSession.objects.filter(user=member).exclude(session_key=but)
    if only is not None:
        ending = ending.filter(pk=only)
    keys = list(ending.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    ending.delete()
    return len(keys)


def device(user_agent: str) -> str:
    """The browser and the system that a User-Agent names; its beginning when it names none that we know."""
    browsers = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
    systems = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS"}
    browser = next((name for sign, name in browsers.items() if sign in user_agent), "")
    system = next((name for sign, name in {**systems, "Linux": "Linux"}.items() if sign in user_agent), "")
    return " · ".join(part for part in (browser, system) if part) or user_agent[:60]
