"""Answering a customer, taking that back within seconds, and notes for colleagues."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from everyhand.channels.email import from_addresses, tokens
from everyhand.conversations import queries
from everyhand.conversations.actions import Sender, Upload
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.core import work
from everyhand.desk import reply as desk
from everyhand.people.models import Member
from everyhand.web import conversation as pages
from everyhand.web.conversation import Draft
from everyhand.web.permissions import conversation_or_404, message_or_404, reader
from everyhand.web.uploads import BYTES_AT_MOST, uploads, were_too_large


@require_POST
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it, unless somebody said something the author has not seen: then their page shows it, with the draft."""
    conversation = conversation_or_404(request, pk)
    member, text, address = reader(request), _text(request), request.POST.get("from", "")
    draft = partial(Draft, text, sender=address)
    if were_too_large(request):
        return pages.page(request, conversation, draft=draft(error=_too_large()), status=413)
    try:
        sender = from_addresses.chosen(address, from_addresses.choices(conversation, member))
        message = _send(
            conversation, author=member, text=text, sender=sender, seen=_seen(request), files=uploads(request)
        )
    except desk.Overtaken as overtaken:
        error = _("Please attach your files again.") if request.FILES else ""
        return pages.page(request, conversation, draft=draft(error=error), overtaken_by=overtaken.messages, status=409)
    except desk.NothingToSend:
        return pages.page(request, conversation, draft=draft(error=_nothing_to_send(text)), status=422)
    except from_addresses.NotTheirs:
        error = _("A reply can't come from %(address)s any more. Choose another address.") % {"address": address}
        return pages.page(request, conversation, draft=draft(error=error), status=422)
    return _to(conversation, message)


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_or_404(request, pk)
    text = _text(request)
    if were_too_large(request):
        return pages.page(request, conversation, draft=Draft(text, "note", _too_large()), status=413)
    try:
        written = desk.write_note(
            conversation, author=reader(request), text=text, at=timezone.now(), files=uploads(request)
        )
    except desk.NothingToSend:
        draft = Draft(text, "note", _("Write what colleagues should know."))
        return pages.page(request, conversation, draft=draft, status=422)
    return _to(conversation, written)


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a reply back; its words come back into the field. Only its author can."""
    message = message_or_404(request, pk)
    member = reader(request)
    if message.author_member_id == member.pk and desk.take_back(message, by=member, at=timezone.now()):
        messages.success(request, _("Taken back: nothing was sent. Your words are below."))
        return redirect(f"{reverse('conversation', args=[message.conversation_id])}?again={message.pk}#composer")
    messages.error(request, _("It is too late to take this back: it is on its way."))
    return _to(message.conversation, message)


@require_POST
def retry_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Try once more to reach somebody whom a message did not reach."""
    delivery = get_object_or_404(Delivery.objects.select_related("message"), pk=pk)
    message = message_or_404(request, delivery.message_id)
    work.retry(delivery, at=timezone.now())
    return _to(message.conversation, message)


@transaction.atomic
def _send(
    conversation: Conversation, *, author: Member, text: str, sender: Sender, seen: int, files: Sequence[Upload]
) -> Message:
    """Sent once, however often the button is pressed: the same words from the same page are the same reply."""
    queries.locked(conversation)
    sent = Message.objects.filter(conversation=conversation, author_member=author, pk__gt=seen, text=text)
    again = sent.filter(deliveries__taken_back_at=None, deliveries__isnull=False).first()
    return again or desk.reply(
        conversation,
        author=author,
        text=text,
        at=timezone.now(),
        message_id_for=partial(tokens.message_id, address=sender.address),
        sender=sender,
        seen=seen,
        files=files,
    )


def _text(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "")


def _seen(request: HttpRequest) -> int:
    """The newest message on the page from which this comes; 0, as if nothing was seen, when it does not say."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 19 else 0


def _to(conversation: Conversation, message: Message) -> HttpResponse:
    return redirect(f"{reverse('conversation', args=[conversation.pk])}#message-{message.pk}")


def _nothing_to_send(text: str) -> str:
    if text.strip():
        return _("Nobody takes part in this conversation who could get it.")
    return _("Write something first, or attach a file.")


def _too_large() -> str:
    return _(
        "Your files are more than %(megabytes)d MB together, which many mail servers refuse. Nothing was sent; "
        "attach fewer or smaller files."
    ) % {"megabytes": BYTES_AT_MOST // 1_000_000}
