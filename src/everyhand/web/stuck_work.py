"""Stuck work: what should have been done for somebody and was not, in words, with a button to try again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everyhand.channels.email import whose
from everyhand.channels.email.models import Mail, SystemMail
from everyhand.channels.email.try_again import try_again
from everyhand.conversations.models import Delivery, Renaming, Sleep, VirusCheck
from everyhand.conversations.sight import visible_to
from everyhand.core import work
from everyhand.core.bookmarks import Setback
from everyhand.core.work import DueRow
from everyhand.customers.models import Erasure
from everyhand.escalation.models import Climb
from everyhand.notices.models import MailTelling, PushTelling
from everyhand.people.models import Member
from everyhand.web.permissions import for_specialists, reader

# Work this much late says that no worker runs, or too few.
LATE = timedelta(minutes=2)
A_KIND = 50


@dataclass(frozen=True)
class Stuck:
    """`state` is "quarantined", "struggling" or "late"."""

    id: int
    kind: str
    state: str
    sentence: str
    conversation_id: int | None
    attempts: int
    last_error: str
    due_at: datetime


@require_safe
@for_specialists
def show(request: HttpRequest) -> HttpResponse:
    at, member = timezone.now(), reader(request)
    works = [one for kind in work.kinds() for one in _stuck(kind, member, at)]
    return render(request, "stuck_work.html", {"works": works})


@require_POST
@for_specialists
def retry(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    model = next((one for one in work.kinds() if one._meta.model_name == kind), None)
    if model is None:
        raise Http404
    at, rows = timezone.now(), model._default_manager.filter(done_at=None)
    row = get_object_or_404(rows.filter(whose.open_to(reader(request))) if model is Mail else rows, pk=pk)
    if not (isinstance(row, Mail) and try_again(row, by=reader(request), at=at)):
        work.retry(row, at=at)
    return redirect("stuck_work")


def _stuck(kind: type[DueRow], member: Member, at: datetime) -> list[Stuck]:
    # Mail that was set aside stands in quarantine, with all that can be done about it.
    quarantined = kind._default_manager.none() if kind is Mail else work.quarantined(kind)
    struggling = work.struggling(kind)
    late = work.late(kind, at=at, by=LATE).filter(last_error="")
    found = [
        (state, row)
        for state, rows in (("quarantined", quarantined), ("struggling", struggling), ("late", late))
        for row in _with_names(kind, rows.filter(whose.open_to(member)) if kind is Mail else rows)
    ]
    theirs = _visible(member, (_conversation_of(row) for _state, row in found))
    return [_in_words(row, state, theirs) for state, row in found]


def _with_names(kind: type[DueRow], rows: Iterable[DueRow]) -> list[DueRow]:
    if kind is Delivery:
        return list(rows.select_related("message__conversation")[:A_KIND])  # type: ignore[attr-defined]
    if kind in (MailTelling, PushTelling):
        return list(rows.select_related("notice__member")[:A_KIND])  # type: ignore[attr-defined]
    if kind is Setback:
        return list(rows.select_related("entry")[:A_KIND])  # type: ignore[attr-defined]
    return list(rows[:A_KIND])  # type: ignore[index]


def _conversation_of(row: DueRow) -> int | None:
    if isinstance(row, Delivery):
        return row.message.conversation_id
    return row.conversation_id if isinstance(row, Mail | Sleep) else None


def _visible(member: Member, conversations: Iterable[int | None]) -> set[int]:
    wanted = {one for one in conversations if one}
    return set(visible_to(member).filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()


def _in_words(row: DueRow, state: str, visible: set[int]) -> Stuck:
    conversation = _conversation_of(row)
    match row:
        case Delivery() if conversation in visible:
            sentence = _("A reply to %(address)s") % {"address": row.address}
        case Delivery():
            sentence = _("A reply in a team of others")
        case Mail():
            sentence = _("A mail from %(sender)s that is to be filed") % {
                "sender": row.sender or row.envelope_from or _("an unknown sender")
            }
        case SystemMail():
            sentence = _("%(kind)s for %(address)s") % {"kind": row.get_kind_display(), "address": row.address}
        case Erasure():
            sentence = _("A customer who asked to be forgotten")
        case Climb():
            sentence = _("Somebody who is to be paged")
        case Sleep():
            sentence = _("A conversation that is to come back")
        case Renaming():
            sentence = _("Finding a customer by their new name")
        case VirusCheck():
            sentence = _("Files that a virus scanner is to look at")
        case MailTelling() | PushTelling():
            sentence = _("A notice for %(name)s") % {"name": row.notice.member.name}
        case Setback():
            sentence = _("Something that follows from what happened (%(what)s)") % {"what": row.entry.action}
        case _:
            sentence = str(row)
    return Stuck(
        id=row.pk,
        kind=str(row._meta.model_name),
        state=state,
        sentence=sentence,
        conversation_id=conversation if conversation in visible else None,
        attempts=row.attempts,
        last_error=row.last_error,
        due_at=row.due_at,
    )
