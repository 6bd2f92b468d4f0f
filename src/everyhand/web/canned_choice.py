"""Whoever writes a reply finds a canned one and puts it into their draft: while they type, or on a page of its own."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from everyhand.conversations import canned_replies, drafts
from everyhand.conversations.models import CannedReply, Conversation, Draft
from everyhand.conversations.placeholders import Filled
from everyhand.web import writing
from everyhand.web.permissions import kept_or_404, reader

# As many as are offered while somebody types.
OFFERED = 8


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Looking (GET with `q`) offers them as JSON to the field, or as a page. What is typed in the form that comes here
    is kept as a draft first; with `canned`, the primary key of one, that is put into it.
    """
    conversation = kept_or_404(request, pk)
    if request.method != "POST":
        words = request.GET.get("q", "")[:100]
        if request.headers.get("Accept") == "application/json":
            return _offered(request, words)
        return _page(request, conversation, words=words, token=request.GET.get("draft", ""))
    if "canned" not in request.POST:
        draft, refused = writing.keep(request, conversation, writing.written(request, conversation, writing.REPLY))
        for sentence in refused:
            messages.error(request, sentence)
        return redirect(_address(conversation, draft))
    return _put_in(request, conversation)


def _offered(request: HttpRequest, words: str) -> HttpResponse:
    found = canned_replies.find(reader(request), words)[:OFFERED]
    return JsonResponse({"found": [{"id": one.pk, "name": one.name, "about": _about(one)} for one in found]})


def _page(request: HttpRequest, conversation: Conversation, *, words: str, token: str) -> HttpResponse:
    context = {
        "conversation": conversation,
        "draft": token[:32],
        "words": words,
        "found": canned_replies.find(reader(request), words),
    }
    return render(request, "canned_choice.html", context)


def _put_in(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """With JSON the field puts in the words itself, where its writer is; the files come with the draft."""
    member, at = reader(request), timezone.now()
    chosen = request.POST["canned"]
    one = get_object_or_404(
        canned_replies.within_reach(member), pk=int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0
    )
    text, html = canned_replies.in_place(one, conversation, author=member)
    if request.headers.get("Accept") == "application/json":
        said = writing.written(request, conversation, writing.REPLY)
        draft, _refused = writing.keep(request, conversation, said)
        if one.files.exists():
            draft = drafts.take_files(draft or drafts.begin(conversation, author=member, at=at), one.files.all())
        canned_replies.used(one)
        return _as_json(request, text, html, draft)
    with transaction.atomic():
        known = drafts.of(member, conversation).filter(token=request.POST.get("draft", "")).first()
        draft = drafts.put_in(
            known or drafts.begin(conversation, author=member, at=at), text=text.words, html=html.words, at=at
        )
        drafts.take_files(draft, one.files.all())
        canned_replies.used(one)
    messages.success(request, _("“%(name)s” stands in your reply.") % {"name": one.name})
    if text.missing:
        messages.error(request, _not_known(text))
    return redirect(f"{reverse('conversation', args=[conversation.pk])}?draft={draft.token}#composer")


def _as_json(request: HttpRequest, text: Filled, html: Filled, draft: Draft | None) -> HttpResponse:
    files = [file for file in draft.files.all() if not file.inline] if draft else []
    return JsonResponse(
        {
            "text": text.words,
            "html": writing.with_pictures(html.words, draft.files.all()) if draft else html.words,
            "missing": [f"{{{name}}}" for name in text.missing],
            "said": _not_known(text) if text.missing else "",
            "draft": draft.token if draft else "",
            "version": draft.version if draft else 0,
            "files": render_to_string("_draft_files.html", {"files": files, "draft": draft}, request),
        }
    )


def _not_known(filled: Filled) -> str:
    places = ", ".join(f"{{{name}}}" for name in filled.missing)
    return ngettext(
        "%(places)s is not known here. Write what belongs there before you send it.",
        "%(places)s are not known here. Write what belongs there before you send it.",
        len(filled.missing),
    ) % {"places": places}


def _about(one: CannedReply) -> str:
    """Whose it is and how it begins, in one line."""
    return " ".join(one.text.split())[:120]


def _address(conversation: Conversation, draft: Draft | None) -> str:
    path = reverse("conversation_canned_replies", args=[conversation.pk])
    return f"{path}?draft={draft.token}" if draft else path
