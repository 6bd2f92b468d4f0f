"""Search: whatever anybody ever wrote to us or we to them, and everybody by name."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from everyhand.people.models import Member
from everyhand.web.permissions import reader
from everyhand.web.rows import Row, rows

HITS = 30
PEOPLE = 6


@dataclass(frozen=True)
class Hit:
    """A conversation that was found; `excerpt` is escaped HTML with the words in <mark>, or ""."""

    conversation: Row
    excerpt: str


@dataclass(frozen=True)
class Person:
    name: str
    title: str
    initials: str
    href: str
    address: str = ""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    from everyhand.conversations import finding  # type: ignore[attr-defined] # noqa: PLC0415

    words = request.GET.get("q", "").replace("\0", "").strip()[:500]
    after = request.GET.get("after", "")
    found = finding.find(reader(request), words, limit=HITS, after=after) if words else finding.NOTHING
    shown = rows([one.conversation for one in found.hits], at=timezone.now())
    context = {
        "q": words,
        "hits": [Hit(row, one.excerpt) for row, one in zip(shown, found.hits, strict=True)],
        "people": _people(words) if words and not after else [],
        "next_page": f"?{urlencode({'q': words, 'after': found.next})}" if found.next else "",
    }
    return render(request, "search.html", context)


def _people(words: str) -> list[Person]:
    members = Member.objects.filter(is_active=True, name__icontains=words)[:PEOPLE]
    return [Person(one.name, one.title, one.initials, reverse("person", args=[one.pk])) for one in members]
