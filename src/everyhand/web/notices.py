"""What I was told: by conversation, the newest first; opening one is having read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from everyhand.notices import actions, queries, words
from everyhand.notices.models import Notice
from everyhand.web.permissions import kept_or_404, reader
from everyhand.web.rows import Face

A_PAGE = 60


@dataclass(frozen=True)
class Line:
    """One notice in words."""

    kind: str
    what: str
    at: datetime
    said: str
    advice: str
    unread: bool


@dataclass(frozen=True)
class Group:
    """What was told about one conversation, or of one thing that is none; `id` is the newest notice's."""

    id: int
    subject: str
    customer: Face | None
    lines: Sequence[Line]

    @property
    def unread(self) -> bool:
        return any(line.unread for line in self.lines)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    rows = queries.with_all_that_is_said(queries.notices_of(reader(request)))
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    found = list(rows[: A_PAGE + 1])
    context = {
        "groups": _grouped(found[:A_PAGE]),
        "any_unread": any(notice.read_at is None for notice in found),
        "next_page": f"?{urlencode({'after': found[A_PAGE - 1].pk})}" if len(found) > A_PAGE else "",
    }
    return render(request, "notices.html", context)


@require_POST
def opening(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to where something can be done about it; all that was told about the same conversation is read with it."""
    member = reader(request)
    notice = get_object_or_404(queries.notices_of(member), pk=pk)
    same = Notice.objects.filter(pk=pk)
    if notice.conversation_id:
        same = Notice.objects.filter(conversation=notice.conversation_id)
    actions.read(same, by=member, at=timezone.now())
    return redirect(notice.page)


@require_POST
def reading(request: HttpRequest) -> HttpResponse:
    """Everything up to the newest that was on the page is read."""
    member, last = reader(request), request.POST.get("last", "")
    rows = Notice.objects.filter(member=member, in_app=True)
    if last.isdecimal() and len(last) < 19:
        actions.read(rows.filter(pk__lte=int(last)), by=member, at=timezone.now())
    return redirect("notices")


@require_POST
def seen_in(request: HttpRequest, pk: int) -> HttpResponse:
    """A page shows this conversation to somebody: what they were told of it is read."""
    kept_or_404(request, pk)
    actions.read(Notice.objects.filter(conversation=pk), by=reader(request), at=timezone.now())
    return redirect("conversation", pk)


def _grouped(notices: Iterable[Notice]) -> list[Group]:
    together: dict[str, list[Notice]] = {}
    for notice in notices:
        together.setdefault(f"{notice.conversation_id or notice.thing}", []).append(notice)
    return [
        Group(
            id=some[0].pk,
            subject=words.subject(some[0]),
            customer=_face(some[0]),
            lines=[_line(notice) for notice in some],
        )
        for some in together.values()
    ]


def _face(notice: Notice) -> Face | None:
    return Face(notice.conversation.customer_id, words.customer(notice), "") if notice.conversation else None


def _line(notice: Notice) -> Line:
    return Line(
        kind=notice.kind,
        what=words.what_happened(notice),
        at=notice.at,
        said=words.said(notice),
        advice=words.what_to_do(notice) if notice.read_at is None else "",
        unread=notice.read_at is None,
    )
