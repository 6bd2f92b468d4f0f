"""Answering a customer, taking that back within seconds, and notes for colleagues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
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
from everyhand.conversations import drafts, mentions, queries
from everyhand.conversations.drafts import Written
from everyhand.conversations.models import Conversation, Delivery, Draft, Message
from everyhand.conversations.saying import Sender
from everyhand.conversations.taking_part import Addressees
from everyhand.core import work
from everyhand.core.prepared import Given, prepared
from everyhand.desk import reply as desk
from everyhand.people.models import Member
from everyhand.web import conversation as pages
from everyhand.web import recipients, second_look, writing
from everyhand.web.permissions import conversation_or_404, kept_or_404, message_or_404, reader


@require_POST
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it, unless somebody said something the author has not seen: then their page shows it, with the draft.

    What looks like a note, or still has places to fill in, is asked about once before (`sure` says that it was).
    """
    conversation = kept_or_404(request, pk)
    sending = writing.Sending(request, conversation, writing.REPLY)
    if sending.refused:
        return _stopped(request, conversation, sending, error=not_all(sending.refused), status=413)
    if conversation.pk != pk:
        return _stopped(request, conversation, sending, error=merged_meanwhile(), status=409)
    said, sure = sending.said, bool(request.POST.get("sure"))
    stopped: dict[str, Any]
    try:
        with sending:
            return _reply(request, conversation, sending, sure=sure)
    except _Doubtful as doubtful:
        stopped = {"doubts": doubtful.doubts}
    except recipients.NotUnderstood as not_understood:
        stopped = {"wrong_recipients": not_understood.wrong, "sure": sure}
    except queries.Merged as merged:
        return _where_it_stands_now(request, merged, sending.draft, mode=writing.REPLY)
    except desk.Overtaken as overtaken:
        stopped = {"overtaken_by": overtaken.messages, "sure": sure, "status": 409}
    except desk.NothingToSend:
        stopped = {"error": _nothing_to_send(said.text)}
    except from_addresses.NotTheirs:
        error = _("A reply can't come from %(address)s any more. Choose another address.") % {"address": said.sender}
        stopped = {"error": error}
    return _stopped(request, conversation, sending, **{"status": 422, **stopped})


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = kept_or_404(request, pk)
    sending = writing.Sending(request, conversation, writing.NOTE)
    stopped = partial(_stopped, request, conversation, sending, mode=writing.NOTE)
    if sending.refused:
        return stopped(error=not_all(sending.refused), status=413)
    if conversation.pk != pk:
        return stopped(error=merged_meanwhile(), status=409)
    try:
        with sending:
            if nobody := _can_not_be_called(
                mentions.read(sending.said.text, conversation, by=reader(request)), conversation
            ):
                return stopped(error=nobody, status=422)
            written = _write_down(conversation, sending, author=reader(request), seen=seen(request))
    except queries.Merged as merged:
        return _where_it_stands_now(request, merged, sending.draft, mode=writing.NOTE)
    except desk.NothingToSend:
        return stopped(error=_("Write what colleagues should know."), status=422)
    return _to(conversation, written)


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
    return _to(message.conversation, message)


@require_POST
def retry_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Try once more to reach somebody whom a message did not reach."""
    delivery = get_object_or_404(Delivery.objects.select_related("message"), pk=pk)
    message = message_or_404(request, delivery.message_id)
    work.retry(delivery, at=timezone.now())
    return _to(message.conversation, message)


@dataclass(frozen=True)
class _Doubtful(Exception):
    """What is to be asked before it goes."""

    doubts: second_look.Doubts


def _stopped(request: HttpRequest, conversation: Conversation, sending: writing.Sending, **why: Any) -> HttpResponse:
    """The page with what could not be sent, kept as a draft."""
    draft = sending.keep()
    return pages.page(request, conversation, token=draft.token if draft else "", **why)


def _reply(request: HttpRequest, conversation: Conversation, sending: writing.Sending, *, sure: bool) -> HttpResponse:
    said, member = sending.said, reader(request)
    if doubts := None if sure else second_look.doubts(said.text, conversation, author=member):
        raise _Doubtful(doubts)
    to = recipients.understood(said.recipients, conversation) if said.recipients else None
    message = _send(
        conversation,
        sending,
        author=member,
        sender=from_addresses.chosen(said.sender, from_addresses.choices(conversation, member)),
        to=to,
        leave_out=recipients.left_out(to, conversation, and_later=bool(request.POST.get("and_later"))),
        seen=seen(request),
    )
    return _to(conversation, message)


@transaction.atomic
def _send(
    conversation: Conversation,
    sending: writing.Sending,
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
    said = sending.said
    queries.standing(conversation)
    message = sent_already(conversation, said, author=author, seen=seen) or desk.reply(
        conversation,
        author=author,
        text=said.text,
        html=said.html,
        at=timezone.now(),
        message_id_for=partial(tokens.message_id, address=sender.address),
        sender=sender,
        seen=seen,
        files=drafts.files_of(sending.draft, said.html),
        recipients=to,
        leave_out=leave_out,
    )
    drafts.forget(author, conversation, said, sending.draft)
    return message


@transaction.atomic
def _write_down(conversation: Conversation, sending: writing.Sending, *, author: Member, seen: int) -> Message:
    """The same for a note."""
    said = sending.said
    queries.standing(conversation)
    again = _said_already(Message.Kind.NOTE, conversation, said, author=author, seen=seen) if seen else None
    files = drafts.files_of(sending.draft, said.html)
    written = again or desk.write_note(conversation, author=author, text=said.text, at=timezone.now(), files=files)
    drafts.forget(author, conversation, said, sending.draft)
    return written


def sent_already(conversation: Conversation, said: Written, *, author: Member, seen: int) -> Message | None:
    """The same words from the same page, unless they were taken back."""
    return _said_already(Message.Kind.MESSAGE, conversation, said, author=author, seen=seen)


def _said_already(kind: str, conversation: Conversation, said: Written, *, author: Member, seen: int) -> Message | None:
    ask = _after(kind)
    return next(iter(ask(conversation=conversation.pk, author=author.pk, seen=seen, text=said.text)), None)


@cache
def _after(kind: str) -> Callable[..., list[Message]]:
    written = Message.objects.filter(
        kind=kind, conversation=Given("conversation"), author_member=Given("author"), pk__gt=Given("seen")
    )
    if kind == Message.Kind.MESSAGE:
        written = written.filter(deliveries__taken_back_at=None, deliveries__isnull=False)
    return prepared(written.filter(text=Given("text")).order_by("pk")[:1])


@transaction.atomic
def _take_back(message: Message, *, by: Member, at: datetime) -> bool:
    taken_back = desk.take_back(message, by=by, at=at)
    if taken_back:
        drafts.again(message, author=by, at=at)
    return taken_back


def _is_taken_back(message: Message) -> bool:
    """Whether that has been done: the button was pressed twice."""
    return Delivery.objects.filter(message=message, taken_back_at__isnull=False).exists()


def _where_it_stands_now(
    request: HttpRequest, merged: queries.Merged, draft: Draft | None, *, mode: str
) -> HttpResponse:
    """The page of the conversation that this one was merged into meanwhile, with what was typed."""
    conversation = conversation_or_404(request, merged.kept)
    if draft:
        drafts.take_over(draft, conversation)
    token = draft.token if draft else ""
    return pages.page(request, conversation, mode=mode, token=token, error=merged_meanwhile(), status=409)


def merged_meanwhile() -> str:
    """What is said to whoever wrote in a conversation that stands in another one by now."""
    return _("Meanwhile it was merged into this conversation. Look at it, and send it once more if it still fits.")


def seen(request: HttpRequest) -> int:
    """The newest message on the page from which this comes; 0, as if nothing was seen, when it does not say."""
    newest = request.POST.get("seen", "")
    return int(newest) if newest.isdecimal() and len(newest) < 19 else 0


def _to(conversation: Conversation, message: Message) -> HttpResponse:
    return redirect(f"{reverse('conversation', args=[conversation.pk])}#message-{message.pk}")


def _nothing_to_send(text: str) -> str:
    if text.strip():
        return _("Nobody takes part in this conversation who could get it.")
    return _("Write something first, or attach a file.")


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


def not_all(refused: Sequence[str]) -> str:
    """What is said when files were refused."""
    return " ".join([*refused, _("Nothing was sent; everything else is kept below.")])
