"""Search: whatever anybody ever wrote to us or we to them, and everybody by name; narrowed by what is typed with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from everyhand.conversations import finding, inbox, sight
from everyhand.conversations.listed import listed
from everyhand.core.prepared import Given, prepared
from everyhand.desk import filters
from everyhand.desk.filters import Filters
from everyhand.people.models import Member, initials
from everyhand.web import asked
from everyhand.web.asked import Asked
from everyhand.web.jinja import url
from everyhand.web.narrowing import Chip, label
from everyhand.web.permissions import reader
from everyhand.web.rows import Row, rows

HITS = 30
PEOPLE = 6
# As many customers and tags of the results are offered to narrow them by.
FACETS = 3


@dataclass(frozen=True)
class Hit:
    """A conversation that was found; `excerpt` and `subject` are escaped HTML with the words in <mark>, or ""."""

    conversation: Row
    excerpt: str
    subject: str


@dataclass(frozen=True)
class Person:
    name: str
    title: str
    initials: str
    href: str
    address: str = ""
    picture: str = ""


@dataclass(frozen=True)
class Answer:
    """What was found, the cursor of what comes after ("" when nothing does), and for which words instead, if so."""

    hits: list[Hit]
    next: str = ""
    instead: str = ""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    typed = request.GET.get("q", "").replace("\0", "").strip()[:500]
    after = request.GET.get("page", "")
    member, at = reader(request), timezone.now()
    wanted = asked.read(typed)
    chosen = filters.read(wanted.pairs, member=member, at=at)
    answer = _found(member, wanted, chosen, after, at) if typed else Answer([])
    context = {
        "q": typed,
        "chips": [Chip(label(one), one.said, _address(wanted.without(one.name))) for one in chosen.chosen],
        "problems": [*chosen.problems, *((name, "", _strange(name)) for name in dict.fromkeys(wanted.strange))],
        "offers": [
            (said, _address(f"{piece} {typed}".strip()))
            for piece, said in _offers(answer.hits)
            if not chosen.value(piece.partition(":")[0])
        ],
        "hits": answer.hits,
        "instead": answer.instead,
        "people": _people(wanted.words) if wanted.words and not wanted.pairs and not after else [],
        "next_page": f"?{urlencode({'q': typed, 'page': answer.next})}" if answer.next else "",
    }
    return render(request, "search.html", context)


def _found(member: Member, wanted: Asked, chosen: Filters, after: str, at: datetime) -> Answer:
    numbered = (
        []
        if after or wanted.number is None
        else list(listed(sight.visible_to(member).filter(chosen.conversations, pk=wanted.number)))
    )
    if wanted.words:
        found = finding.find(
            member,
            wanted.words,
            limit=HITS,
            after=after,
            conversations=chosen.around_messages,
            messages=chosen.messages,
        )
        others = [
            (one.conversation, str(one.excerpt), str(one.subject)) for one in found if one.conversation not in numbered
        ]
        every = [*((one, "", "") for one in numbered), *others]
        following, instead = found.next, "" if numbered else found.instead
    elif not chosen.chosen:  # nothing was understood, and all there is would be taken for what was found
        every, following, instead = [(one, "", "") for one in numbered], "", ""
    else:  # filters alone: a list of the newest
        page = inbox.page(
            inbox.View.EVERYONE, member, inbox.ANY, narrowed_by=chosen.conversations, after=after, limit=HITS
        )
        every, following, instead = [(one, "", "") for one in page.conversations], page.next, ""
    shown = rows([conversation for conversation, _excerpt, _subject in every], at=at)
    hits = [Hit(row, excerpt, subject) for row, (_conversation, excerpt, subject) in zip(shown, every, strict=True)]
    return Answer(hits, following, instead)


def _offers(hits: Sequence[Hit]) -> list[tuple[str, str]]:
    """Filters to be had by a click; among them whom and what some of the results have in common."""
    customers = dict.fromkeys(hit.conversation.customer.name for hit in hits)
    tags = dict.fromkeys(tag.name for hit in hits for tag in hit.conversation.tags)
    from_them = [(_piece("from", name), _("From %(name)s") % {"name": name}) for name in list(customers)[:FACETS]]
    return [
        *(from_them if len(customers) > 1 else []),
        *((_piece("tag", name), name) for name in list(tags)[:FACETS]),
        ("owner:me", _("Owner: me")),
        ("status:open", _("Open")),
        ("has:attachment", _("With an attachment")),
        ("after:30d", _("In the last 30 days")),
        ("before:30d", _("Older than 30 days")),
        ("in:notes", _("In notes")),
    ]


def _strange(name: str) -> str:
    """What to write instead of something that looks like a filter."""
    if meant := get_close_matches(name, filters.NAMES, n=1):
        words = _("“%(name)s:” narrows nothing, so it was searched as words. Did you mean “%(meant)s:”?")
        return words % {"name": name, "meant": meant[0]}
    words = _("“%(name)s:” narrows nothing, so it was searched as words. These narrow: %(known)s.")
    return words % {"name": name, "known": ", ".join(f"{one}:" for one in filters.NAMES)}


def _piece(name: str, value: str) -> str:
    """A filter as somebody types it."""
    value = value.replace('"', "")
    return f'{name}:"{value}"' if " " in value else f"{name}:{value}"


def _address(typed: str) -> str:
    return url("search") + (f"?{urlencode({'q': typed})}" if typed else "")


def _people(words: str) -> list[Person]:
    return [
        Person(name, title, initials(name), url("person", pk), picture=picture)
        for pk, name, title, picture in _members_called()(words=words)
    ]


@cache
def _members_called() -> Callable[..., list[tuple[int, str, str, str]]]:
    called = Member.objects.filter(is_active=True, name__icontains=Given("words"))
    return prepared(called.values_list("pk", "name", "title", "picture")[:PEOPLE])
