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
from everyhand.conversations.drafts import Written
from everyhand.conversations.models import Conversation, Draft, Message
from everyhand.desk import aside as desk
from everyhand.desk.reply import NothingToSend, Overtaken
from everyhand.web import conversation as pages
from everyhand.web import looking, recipients, replies, writing
from everyhand.web.permissions import aside_or_404, reader
from everyhand.web.timeline import aside_shown, said_alone


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    aside = aside_or_404(request, pk)
    return looking.seen(request, _page(request, aside), aside.aside_of)


@require_POST
def ask_more(request: HttpRequest, pk: int) -> HttpResponse:
    """Write them again, unless they wrote meanwhile: then the page shows it, with the draft.

    What was typed and attached is a draft on the server before anything else is tried.
    """
    aside = aside_or_404(request, pk)
    said = writing.written(request, aside, writing.REPLY)
    draft, refused = writing.keep(request, aside, said)
    page = partial(_page, request, aside, token=draft.token if draft else "")
    if refused:
        return page(error=replies.not_all(refused), status=413)
    try:
        _send(request, aside, said, draft)
    except recipients.NotUnderstood as not_understood:
        return page(wrong_recipients=not_understood.wrong, status=422)
    except Overtaken as overtaken:
        return page(overtaken_by=overtaken.messages, status=409)
    except NothingToSend:
        return page(error=_("Write something first, or attach a file."), status=422)
    messages.success(request, _("On its way to them."))
    return redirect("aside", pk)


@transaction.atomic
def _send(request: HttpRequest, aside: Conversation, said: Written, draft: Draft | None) -> None:
    """Sent once, however often the button is pressed, to whom the form says."""
    queries.locked(aside)
    author, seen = reader(request), replies.seen(request)
    if not replies.sent_already(aside, said, author=author, seen=seen):
        to = recipients.asked_again(said.recipients, aside)
        desk.ask_more(
            aside,
            author=author,
            text=said.text,
            html=said.html,
            at=timezone.now(),
            message_id_for=partial(tokens.message_id, address=aside.address),
            seen=seen,
            files=drafts.files_of(draft, said.html),
            recipients=to,
            leave_out=recipients.left_out(to, aside, and_later=bool(request.POST.get("and_later"))),
        )
    drafts.forget(author, aside, said, draft)


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
