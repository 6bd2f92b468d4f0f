"""Tags: put on conversations and taken off, one or several at a time; and the list of them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from everyhand.conversations import sight, tags
from everyhand.conversations.models import Conversation, Tag, Tone
from everyhand.desk import several, tagging
from everyhand.web.permissions import conversation_or_404, for_specialists, reader
from everyhand.web.triage import selected, tell, told, way_back


@require_safe
def of_conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """The form that asks which tags one conversation shall have."""
    conversation = conversation_or_404(request, pk)
    return _form(request, [conversation], back=reverse("conversation", args=[pk]))


@require_POST
def choice(request: HttpRequest) -> HttpResponse:
    """The same for what is selected in the inbox."""
    chosen = sight.visible_to(reader(request)).filter(pk__in=selected(request)).select_related("customer")
    if not chosen:
        return told(request, several.Outcome(), "")
    return _form(request, list(chosen), back=way_back(request)["Location"])


@require_POST
def taggings(request: HttpRequest) -> HttpResponse:
    """Put on what was typed in `names` and chosen in `on`, take off those of `off`."""
    member, chosen = reader(request), selected(request)
    typed = request.POST.get("names", "")
    known = {tag.pk: tag for tag in tags.known_to(member)}
    try:
        on = [known[one].name for one in _keys(request, "on") if one in known] + tags.names_in(typed)
    except ValidationError as wrong:
        conversations = sight.visible_to(member).filter(pk__in=chosen).select_related("customer")
        back = way_back(request)["Location"]
        return _form(request, list(conversations), back=back, typed=typed, error=wrong.messages[0], status=422)
    off = [known[one] for one in _keys(request, "off") if one in known]
    if not (on or off):
        messages.error(request, _("Type a tag, or choose one."))
        return way_back(request)
    outcome = several.tag_several(chosen, on=on, off=off, by=member, at=timezone.now())
    number = len(outcome.done)
    done = ngettext("%(num)d has its tags.", "%(num)d have their tags.", number)
    return told(request, outcome, done % {"num": number})


@require_safe
@for_specialists
def show_all(request: HttpRequest) -> HttpResponse:
    """Every tag, with how often it stands on something the reader may see."""
    return render(request, "tags.html", {"tags": _all(request), "tones": Tone.choices, "wrong": {}})


@require_POST
@for_specialists
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name and colour; a page with the fields as typed and what is wrong, when something is."""
    tag = _tag_or_404(request, pk)
    name, tone = request.POST.get("name", ""), request.POST.get("tone", "")
    try:
        changed = tagging.change(tag, name=name, tone=tone, by=reader(request), at=timezone.now())
    except ValidationError as wrong:
        shown = {"tags": _all(request), "tones": Tone.choices, "wrong": {pk: (name, tone, wrong.messages[0])}}
        return render(request, "tags.html", shown, status=422)
    if changed:
        tell(request, _("It is “%(name)s” now, wherever it stands.") % {"name": tag.name}, changed)
    return redirect("tags")


@require_POST
@for_specialists
def merging(request: HttpRequest, pk: int) -> HttpResponse:
    """Whatever has this tag has another, `into`, instead."""
    tag = _tag_or_404(request, pk)
    into = _tag_or_404(request, next(iter(_keys(request, "into")), 0))
    try:
        merged = tagging.merge(tag, into=into, by=reader(request), at=timezone.now())
    except ValueError:
        messages.error(request, _("Choose another tag to merge it into."))
        return redirect("tags")
    words = _("“%(name)s” is “%(into)s” now, wherever it stood, and for whoever types it.")
    tell(request, words % {"name": tag.name, "into": into.name}, merged)
    return redirect("tags")


@require_POST
@for_specialists
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    tag = _tag_or_404(request, pk)
    deleted = tagging.delete(tag, by=reader(request), at=timezone.now())
    tell(request, _("“%(name)s” stands on nothing any more.") % {"name": tag.name}, deleted)
    return redirect("tags")


def _form(
    request: HttpRequest,
    conversations: list[Conversation],
    *,
    back: str,
    typed: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    has = tags.on([one.pk for one in conversations])
    standing = {tag.pk: tag for some in has.values() for tag in some}
    on_all = {pk for pk in standing if all(any(one.pk == pk for one in has.get(c.pk, ())) for c in conversations)}
    context = {
        "selected": conversations,
        "suggested": [tag for tag in tags.suggested_to(reader(request)) if tag.pk not in on_all],
        "standing": sorted(standing.values(), key=lambda tag: tag.key),
        "typed": typed,
        "error": error,
        "back": back,
    }
    return render(request, "tagging.html", context, status=status)


def _all(request: HttpRequest) -> list[Tag]:
    carrying = sight.visible_to(reader(request)).filter(taggings__tag=OuterRef("pk")).order_by()
    uses = Subquery(carrying.values("taggings__tag").annotate(number=Count("pk")).values("number"))
    return list(tags.known_to(reader(request)).annotate(uses=uses).order_by("key"))


def _tag_or_404(request: HttpRequest, pk: int) -> Tag:
    return get_object_or_404(tags.known_to(reader(request)), pk=pk)


def _keys(request: HttpRequest, name: str) -> list[int]:
    return [int(one) for one in request.POST.getlist(name) if one.isascii() and one.isdecimal() and len(one) < 19]
