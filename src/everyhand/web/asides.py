"""Something that was asked beside a conversation: what was said in it, and going on with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everyhand.channels.email import tokens
from everyhand.conversations import drafts, queries, taking_part
from everyhand.conversations.models import Conversation, Message
from everyhand.desk import aside as desk
from everyhand.desk.reply import NothingToSend, Overtaken
from everyhand.web import conversation as pages
from everyhand.web import looking, recipients, sending, writing
from everyhand.web.permissions import aside_or_404, reader
from everyhand.web.sending import Sending
from everyhand.web.timeline import aside_shown, said_alone


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    aside = aside_or_404(request, pk)
    return looking.seen(request, _page(request, aside), aside.aside_of)


@require_POST
def ask_more(request: HttpRequest, pk: int) -> HttpResponse:
    """Write them again, unless they wrote meanwhile: then the page shows it, with the draft."""
    aside = aside_or_404(request, pk)
    ours = Sending(request, aside, writing.REPLY)
    if ours.refused:
        return _page(request, aside, token=ours.kept_as, error=sending.not_all(ours.refused), status=413)
    why: dict[str, Any]
    try:
        with ours:
            _send(request, aside, ours)
    except recipients.NotUnderstood as not_understood:
        why = {"wrong_recipients": not_understood.wrong}
    except Overtaken as overtaken:
        why = {"overtaken_by": overtaken.messages, "status": 409}
    except NothingToSend:
        why = {"error": _("Write something first, or attach a file.")}
    else:
        messages.success(request, _("On its way to them."))
        return redirect("aside", pk)
    return _page(request, aside, token=ours.kept_as, **{"status": 422, **why})


@transaction.atomic
def _send(request: HttpRequest, aside: Conversation, ours: Sending) -> None:
    """Sent once, however often the button is pressed, to whom the form says."""
    queries.locked(aside)
    said, author, seen = ours.said, reader(request), sending.seen(request)
    if not sending.sent_already(aside, said, author=author, seen=seen):
        to = recipients.asked_again(said.recipients, aside)
        desk.ask_more(
            aside,
            author=author,
            text=said.text,
            html=said.html,
            at=timezone.now(),
            message_id_for=partial(tokens.message_id, address=aside.address),
            seen=seen,
            files=drafts.files_of(ours.draft, said.html),
            recipients=to,
            leave_out=recipients.left_out(to, aside, and_later=bool(request.POST.get("and_later"))),
        )
    drafts.forget(author, aside, said, ours.draft)


def _page(
    request: HttpRequest,
    aside: Conversation,
    *,
    token: str = "",
    error: str = "",
    wrong_recipients: Mapping[str, str] | None = None,
    overtaken_by: list[Message] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The aside with the reader's draft. When that could not be sent, `token` is its name, `error` says why,
    `wrong_recipients` what is wrong with whom it is for, or `overtaken_by` what was said meanwhile.
    """
    member, at = reader(request), timezone.now()
    shown = aside_shown(aside)
    draft = writing.shown(drafts.of(member, aside), writing.REPLY, token=token or request.GET.get("draft", ""))
    overtaking = [said_alone(message) for message in overtaken_by or ()]
    usual = taking_part.addressees(aside)
    context: dict[str, Any] = {
        "conversation": aside.aside_of,
        "aside": shown,
        "draft": draft,
        "recipients": recipients.shown(draft.recipients, usual, wrong=wrong_recipients or {}),
        "signature": member.signs(aside.team.signature if aside.team else ""),
        "error": error,
        "stopped": {"messages": overtaking} if overtaking else None,
        "newest_message_id": max((one.id for one in shown.messages), default=0),
        "undo": pages.undo(shown.messages, member, at),
    }
    return render(request, "aside.html", context, status=status)
