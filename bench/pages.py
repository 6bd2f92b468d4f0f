"""What the hot pages cost, for `everyhand bench pages`: through all of Django, without the network and its server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from time import perf_counter, thread_time
from typing import cast

from django.conf import settings
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.conversation import LONG_ONES
from bench.measuring import environment, median, percentile
from everyhand.conversations.models import Conversation, Message
from everyhand.people.models import Member, Role

Visit = Callable[[], object]


def main() -> None:
    times = int(sys.argv[2])
    settings.ALLOWED_HOSTS = ["testserver"]
    print(environment())
    print(f"{Conversation.objects.count():,} conversations, {Message.objects.count():,} messages; {times} visits each")
    print(f"{'':38}{'queries':>8}{'processor ms':>14}{'clock ms':>10}{'p99':>8}")
    for name, visit in _visits().items():
        _measure(name, visit, times)


def _visits() -> dict[str, Visit]:
    specialist = Member.objects.filter(role=Role.SPECIALIST).order_by("pk")[0]
    member = Member.objects.filter(role=Role.MEMBER).order_by("pk")[0]
    long, endless = Conversation.objects.get(pk=1 + LONG_ONES), Conversation.objects.get(pk=1)
    newest = Conversation.objects.filter(owner=specialist).order_by("-pk")[0]
    common, rare = _words_of(newest)
    slip = rare[:-2] + rare[-1] + rare[-2]
    return {
        "inbox, mine": _reads(specialist, "/inbox/mine"),
        "inbox, my teams": _reads(specialist, "/inbox/teams"),
        "inbox, everyone": _reads(specialist, "/inbox/everyone"),
        "inbox, everyone, closed": _reads(specialist, "/inbox/everyone?status=closed"),
        "inbox of a member who sees less": _reads(member, "/inbox/everyone"),
        "conversation of 20 messages": _reads(long.owner, f"/conversations/{long.pk}"),
        "conversation of 1,000 messages": _reads(endless.owner, f"/conversations/{endless.pk}"),
        f"search, common word ({common})": _reads(specialist, f"/search?q={common}"),
        f"search, rare word ({rare})": _reads(specialist, f"/search?q={rare}"),
        f"search, beginning ({rare[:3]})": _reads(specialist, f"/search?q={rare[:3]}"),
        f"search, slip of the pen ({slip})": _reads(specialist, f"/search?q={slip}+"),
        f"search, filtered ({common})": _reads(specialist, f"/search?q={common}+status:open"),
        f"search of a member ({common})": _reads(member, f"/search?q={common}"),
        f"search of a member, slip ({slip})": _reads(member, f"/search?q={slip}+"),
        "reply": _replies(newest),
    }


def _words_of(conversation: Conversation) -> tuple[str, str]:
    """The shortest and the longest word of its first message: the frequent words are short, as everywhere."""
    text = Message.objects.filter(conversation=conversation)[0].reply
    words = sorted(set(text.lower().replace(".", "").split()), key=lambda word: (len(word), word))
    return words[0], words[-1]


def _reads(member: Member, address: str) -> Visit:
    browser = _signed_in(member)
    return lambda: _well(cast(HttpResponseBase, browser.get(address)))


def _replies(conversation: Conversation) -> Visit:
    browser = _signed_in(conversation.owner)
    address = f"/conversations/{conversation.pk}/replies"
    newest = Message.objects.filter(conversation=conversation).order_by("pk").last()
    seen, number = str(newest.pk if newest else 0), count(1)

    def reply() -> None:
        # Other words each time: the same ones again are not sent twice.
        typed = {"text": f"It is on its way, {next(number)}.", "seen": seen}
        _well(cast(HttpResponseBase, browser.post(address, typed)))

    return reply


def _signed_in(member: Member) -> Client:
    browser = Client()
    browser.force_login(member, backend="everyhand.people.backends.Passwords")
    return browser


def _well(response: HttpResponseBase) -> None:
    if response.status_code not in (200, 302):
        raise RuntimeError(f"{response.status_code} instead of a page")


def _measure(name: str, visit: Visit, times: int) -> None:
    visit()
    with CaptureQueriesContext(connection) as captured:
        visit()
    queries = len(captured)
    clock, processor = [], []
    for _ in range(times):
        began, used = perf_counter(), thread_time()
        visit()
        processor.append((thread_time() - used) * 1000)
        clock.append((perf_counter() - began) * 1000)
    slow = percentile(clock, 99)
    print(f"{name:38}{queries:>8}{median(processor):>14.1f}{median(clock):>10.1f}{slow:>8.1f}")
