"""Notes for colleagues beside what customers see."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.conversations import drafts, mentions, noting, queries
from everyhand.conversations.models import Conversation, Message
from everyhand.desk import noting as desk_notes
from everyhand.desk import reply as desk
from everyhand.people.models import Member
from everyhand.web import sending, writing
from everyhand.web.permissions import kept_or_404, message_or_404, reader
from everyhand.web.sending import Sending
from everyhand.web.triage import tell


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep it, unless it calls in somebody who can't be."""
    conversation = kept_or_404(request, pk)
    ours, author = Sending(request, conversation, writing.NOTE), reader(request)
    stopped = partial(sending.stopped, request, conversation, ours, mode=writing.NOTE)
    if ours.refused:
        return stopped(error=sending.not_all(ours.refused), status=413)
    if conversation.pk != pk:
        return stopped(error=sending.merged_meanwhile(), status=409)
    try:
        with ours:
            called = mentions.read(ours.said.text, conversation, by=author)
            if nobody := _can_not_be_called(called, conversation):
                return stopped(error=nobody, status=422)
            written = _write_down(conversation, ours, author=author, seen=sending.seen(request))
    except queries.Merged as merged:
        return sending.where_it_stands_now(request, merged, ours.draft, mode=writing.NOTE)
    except desk.NothingToSend:
        return stopped(error=_("Write what colleagues should know."), status=422)
    return sending.lead_to(conversation, written)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Its author says it in other words."""
    note, by, at = _own_note_or_404(request, pk), reader(request), timezone.now()
    if not noting.may_change(note, by, at=at):
        return _too_late(request, note)
    text, wrong = note.text, ""
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "")
        wrong = _can_not_be_called(mentions.read(text, note.conversation, by=by), note.conversation)
        try:
            if not wrong:
                desk_notes.change_note(note, text=text, by=by, at=at)
                return sending.lead_to(note.conversation, note)
        except desk_notes.TooLate:
            return _too_late(request, note)
        except desk.NothingToSend:
            wrong = _("Write what colleagues should know.")
    context = {"note": note, "text": text, "wrong": wrong}
    return render(request, "note.html", context, status=422 if wrong else 200)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    note = _own_note_or_404(request, pk)
    try:
        removed = desk_notes.remove_note(note, by=reader(request), at=timezone.now())
    except desk_notes.TooLate:
        return _too_late(request, note)
    tell(request, _("Your note is gone. Whoever was told of it stays told."), removed)
    return redirect("conversation", note.conversation_id)


def _own_note_or_404(request: HttpRequest, pk: int) -> Message:
    message = message_or_404(request, pk)
    if message.kind != Message.Kind.NOTE or message.author_member_id != reader(request).pk:
        raise Http404
    return message


def _too_late(request: HttpRequest, note: Message) -> HttpResponse:
    messages.error(request, _("A note can be changed for an hour. Write another one that says what is true now."))
    return redirect("conversation", note.conversation_id)


def _can_not_be_called(read: mentions.Read, conversation: Conversation) -> str:
    """Why somebody whom a note names with @ can't be meant; "" when everybody can."""
    if read.outside and conversation.team:
        return _(
            "%(name)s can’t be called in here: this belongs to the team %(team)s, which is private. Leave the @ out, "
            "or ask somebody of the team."
        ) % {"name": read.outside[0].name, "team": conversation.team.name}
    if read.unclear:
        return _("%(words)s could be several colleagues. Write the whole name, or the address.") % {
            "words": read.unclear[0]
        }
    return ""


@transaction.atomic
def _write_down(conversation: Conversation, ours: Sending, *, author: Member, seen: int) -> Message:
    """Written once, however often the button is pressed: the same words from the same page are the same note."""
    said = ours.said
    queries.standing(conversation)
    again = sending.said_already(Message.Kind.NOTE, conversation, said, author=author, seen=seen) if seen else None
    files = drafts.files_of(ours.draft, said.html)
    written = again or desk.write_note(conversation, author=author, text=said.text, at=timezone.now(), files=files)
    drafts.forget(author, conversation, said, ours.draft)
    return written
