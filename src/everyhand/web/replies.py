"""Answering a customer, and taking that back within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from everyhand.channels.email import from_addresses, tokens
from everyhand.conversations import drafts, queries
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.conversations.saying import Sender
from everyhand.conversations.taking_part import Addressees
from everyhand.core import work
from everyhand.desk import reply as desk
from everyhand.people.models import Member
from everyhand.web import recipients, second_look, sending, writing
from everyhand.web.permissions import kept_or_404, message_or_404, reader
from everyhand.web.sending import Sending


@require_POST
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it, unless somebody said something the author has not seen: then their page shows it, with the draft.

    What looks like a note, or still has places to fill in, is asked about once before (`sure` says that it was).
    """
    conversation = kept_or_404(request, pk)
    ours = Sending(request, conversation, writing.REPLY)
    if ours.refused:
        return sending.stopped(request, conversation, ours, error=sending.not_all(ours.refused), status=413)
    if conversation.pk != pk:
        return sending.stopped(request, conversation, ours, error=sending.merged_meanwhile(), status=409)
    sure = bool(request.POST.get("sure"))
    why: dict[str, Any]
    try:
        with ours:
            return _reply(request, conversation, ours, sure=sure)
    except _Doubtful as doubtful:
        why = {"doubts": doubtful.doubts}
    except recipients.NotUnderstood as not_understood:
        why = {"wrong_recipients": not_understood.wrong, "sure": sure}
    except queries.Merged as merged:
        return sending.where_it_stands_now(request, merged, ours.draft, mode=writing.REPLY)
    except desk.Overtaken as overtaken:
        why = {"overtaken_by": overtaken.messages, "sure": sure, "status": 409}
    except desk.NothingToSend:
        why = {"error": _nothing_to_send(ours.said.text)}
    except from_addresses.NotTheirs:
        sender = {"address": ours.said.sender}
        why = {"error": _("A reply can't come from %(address)s any more. Choose another address.") % sender}
    return sending.stopped(request, conversation, ours, **{"status": 422, **why})


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a reply back; its words come back into the field. Only its author can."""
    message = message_or_404(request, pk)
    member = reader(request)
    mine = message.author_member_id == member.pk
    if mine and (_take_back(message, by=member, at=timezone.now()) or _is_taken_back(message)):
        messages.success(request, _("Taken back: nothing was sent. Your words are below."))
        return redirect(f"{reverse('conversation', args=[message.conversation_id])}#composer")
    messages.error(request, _("It is too late to take this back: it is on its way."))
    return sending.lead_to(message.conversation, message)


@require_POST
def retry_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Try once more to reach somebody whom a message did not reach."""
    delivery = get_object_or_404(Delivery.objects.select_related("message"), pk=pk)
    message = message_or_404(request, delivery.message_id)
    work.retry(delivery, at=timezone.now())
    return sending.lead_to(message.conversation, message)


@dataclass(frozen=True)
class _Doubtful(Exception):
    """What is to be asked before it goes."""

    doubts: second_look.Doubts


def _reply(request: HttpRequest, conversation: Conversation, ours: Sending, *, sure: bool) -> HttpResponse:
    said, member = ours.said, reader(request)
    if doubts := None if sure else second_look.doubts(said.text, conversation, author=member):
        raise _Doubtful(doubts)
    to = recipients.understood(said.recipients, conversation) if said.recipients else None
    message = _send(
        conversation,
        ours,
        author=member,
        sender=from_addresses.chosen(said.sender, from_addresses.choices(conversation, member)),
        to=to,
        leave_out=recipients.left_out(to, conversation, and_later=bool(request.POST.get("and_later"))),
        seen=sending.seen(request),
    )
    return sending.lead_to(conversation, message)


@transaction.atomic
def _send(
    conversation: Conversation,
    ours: Sending,
    *,
    author: Member,
    sender: Sender,
    to: Addressees | None,
    leave_out: Sequence[str],
    seen: int,
) -> Message:
    """Sent once, however often the button is pressed: the same words from the same page are the same reply. `to` None
    is everybody who takes part, but for those to `leave_out` from now on.
    """
    said = ours.said
    queries.standing(conversation)
    message = sending.sent_already(conversation, said, author=author, seen=seen) or desk.reply(
        conversation,
        author=author,
        text=said.text,
        html=said.html,
        at=timezone.now(),
        message_id_for=partial(tokens.message_id, address=sender.address),
        sender=sender,
        seen=seen,
        files=drafts.files_of(ours.draft, said.html),
        recipients=to,
        leave_out=leave_out,
    )
    drafts.forget(author, conversation, said, ours.draft)
    return message


@transaction.atomic
def _take_back(message: Message, *, by: Member, at: datetime) -> bool:
    taken_back = desk.take_back(message, by=by, at=at)
    if taken_back:
        drafts.again(message, author=by, at=at)
    return taken_back


def _is_taken_back(message: Message) -> bool:
    """Whether that has been done: the button was pressed twice."""
    return Delivery.objects.filter(message=message, taken_back_at__isnull=False).exists()


def _nothing_to_send(text: str) -> str:
    if text.strip():
        return _("Nobody takes part in this conversation who could get it.")
    return _("Write something first, or attach a file.")
