"""Drafts on the server: saved while somebody writes, found again on every device, thrown away by their author alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from everyhand.conversations import drafts, queries
from everyhand.conversations.models import Draft, DraftFile
from everyhand.web import writing
from everyhand.web.originals import download
from everyhand.web.permissions import conversation_or_404, reader


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what stands in a form, with the files it brings.

    Answers {"draft", "version"} to go on from, {"files"} as HTML, {"pictures": addresses of those to be shown}, and
    {"refused"}: a sentence for each file that was.
    """
    conversation = conversation_or_404(request, pk)
    kind = writing.NOTE if request.POST.get("kind") == writing.NOTE else writing.REPLY
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
    """A picture between the words. The editor draws it anew with every key, so the browser keeps it for a while."""
    file = _file_or_404(request, token)
    response = download(bytes(file.blob.content), file.name, file.type)
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


@require_POST
def leave_out(request: HttpRequest, token: str) -> HttpResponse:
    """A file is not to go with it after all; what stands in the form is saved with that."""
    file = _file_or_404(request, token)
    conversation, kind = file.draft.conversation, file.draft.kind
    drafts.leave_out(file)
    if "text" in request.POST:
        writing.keep(request, conversation, writing.written(request, conversation, kind))
    return redirect(f"{reverse('conversation', args=[conversation.pk])}#composer")


@require_POST
def throw_away(request: HttpRequest, token: str) -> HttpResponse:
    visible = queries.visible_to(reader(request))
    draft = get_object_or_404(Draft.objects.filter(author=reader(request), conversation__in=visible), token=token)
    drafts.throw_away(draft)
    return redirect(f"{reverse('conversation', args=[draft.conversation_id])}#composer")


def _file_or_404(request: HttpRequest, token: str) -> DraftFile:
    member = reader(request)
    theirs = DraftFile.objects.filter(draft__author=member, draft__conversation__in=queries.visible_to(member))
    return get_object_or_404(theirs.select_related("blob", "draft__conversation"), token=token)
