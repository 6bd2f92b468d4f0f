"""Drafts on the server: saved while somebody writes, found again on every device, thrown away by their author alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from everyhand.conversations import drafts
from everyhand.conversations.models import Conversation, Draft, DraftFile
from everyhand.web import writing
from everyhand.web.originals import shown
from everyhand.web.permissions import aside_or_404, kept_or_404, reader


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what stands in a form for a reply, a note, or something to be asked aside, with the files it brings.

    Answers {"draft", "version"} to go on from, {"files"} as HTML, {"pictures": addresses of those to be shown}, and
    {"refused"}: a sentence for each file that was.
    """
    asked = request.POST.get("kind")
    kind = asked if asked in (writing.NOTE, writing.ASIDE) else writing.REPLY
    return _keep(request, kept_or_404(request, pk), kind)


@require_POST
def keep_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for what goes on in an aside."""
    return _keep(request, aside_or_404(request, pk), writing.REPLY)


def _keep(request: HttpRequest, conversation: Conversation, kind: str) -> HttpResponse:
    before = set(DraftFile.objects.filter(draft__author=reader(request)).values_list("token", flat=True))
    draft, refused = writing.keep(request, conversation, writing.written(request, conversation, kind))
    files = list(draft.files.all()) if draft else []
    pictures = [file for file in files if file.inline]
    attached = render_to_string(
        "_draft_files.html", {"files": [file for file in files if not file.inline], "draft": draft}, request
    )
    return JsonResponse(
        {
            "draft": draft.token if draft else "",
            "version": draft.version if draft else 0,
            "files": attached,
            "pictures": [reverse("draft_file", args=[one.token]) for one in pictures if one.token not in before],
            "refused": refused,
        }
    )


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """A picture between the words."""
    return shown(_file_or_404(request, token))


@require_POST
def leave_out(request: HttpRequest, token: str) -> HttpResponse:
    """A file is not to go with it after all; what stands in the form is saved with that."""
    file = _file_or_404(request, token)
    draft = file.draft
    drafts.leave_out(file)
    if "text" in request.POST:
        kept, _refused = writing.keep(
            request, draft.conversation, writing.written(request, draft.conversation, draft.kind)
        )
        draft = kept or draft
    return redirect(_page_of(draft))


@require_POST
def throw_away(request: HttpRequest, token: str) -> HttpResponse:
    within_reach = drafts.within_reach(reader(request)).select_related("conversation")
    draft = get_object_or_404(within_reach, token=token)
    page = _page_of(draft)
    drafts.throw_away(draft)
    return redirect(page)


def _page_of(draft: Draft) -> str:
    """Where it is written."""
    if draft.handing_on_id:
        page = reverse("message_forwarding", args=[draft.handing_on_id])
    elif draft.kind == writing.ASIDE:
        page = reverse("conversation_asides", args=[draft.conversation_id])
    else:
        name = "aside" if draft.conversation.aside_of_id else "conversation"
        page = reverse(name, args=[draft.conversation_id])
    return f"{page}#composer"


def _file_or_404(request: HttpRequest, token: str) -> DraftFile:
    theirs = DraftFile.objects.filter(draft__in=drafts.within_reach(reader(request)))
    return get_object_or_404(theirs.select_related("blob", "draft__conversation"), token=token)
