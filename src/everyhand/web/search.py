"""Search: whatever anybody ever wrote to us or we to them, and everybody by name."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from everyhand.conversations import finding
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
    words = request.GET.get("q", "").replace("\0", "").strip()[:500]
    after = request.GET.get("after", "")
    hits, following = _found(reader(request), words, after) if words else ([], "")
    context = {
        "q": words,
        "hits": hits,
        "people": _people(words) if words and not after else [],
        "next_page": f"?{urlencode({'q': words, 'after': following})}" if following else "",
    }
    return render(request, "search.html", context)


def _found(member: Member, words: str, after: str) -> tuple[list[Hit], str]:
    """What was found, and the cursor of the next page, or ""."""
    found = finding.find(member, words, limit=HITS, after=after)
    shown = rows([one.conversation for one in found.hits], at=timezone.now())
    return [Hit(row, one.excerpt) for row, one in zip(shown, found.hits, strict=True)], found.next


def _people(words: str) -> list[Person]:
    members = Member.objects.filter(is_active=True, name__icontains=words)[:PEOPLE]
    return [Person(one.name, one.title, one.initials, reverse("person", args=[one.pk])) for one in members]
