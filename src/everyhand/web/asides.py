"""Asking a colleague or a partner by mail beside a conversation, and going on with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.channels.email import from_addresses, tokens
from everyhand.channels.email import queries as mail
from everyhand.channels.email.outbound import letter
from everyhand.conversations import drafts, queries, taking_part
from everyhand.conversations.models import Conversation, Message
from everyhand.desk import aside as desk
from everyhand.desk.reply import NothingToSend, Overtaken
from everyhand.web import looking, writing
from everyhand.web.permissions import aside_or_404, conversation_or_404, message_or_404, reader
from everyhand.web.timeline import Said, aside_shown, said_alone
from everyhand.web.uploads import uploads

ASKED_AT_MOST = 10
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass
class Asked:
    """What the form says, and a sentence beside each field that can't be."""

    to: str = ""
    subject: str = ""
    text: str = ""
    quote: bool = False
    files: bool = False  # whether those of the quoted message go along
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        found = (one.strip("<>").lower() for one in _BETWEEN.split(self.to))
        return list(dict.fromkeys(one for one in found if one))


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom, about what, and whether they see what the customer wrote last."""
    conversation = conversation_or_404(request, pk)
    return _ask(request, conversation, Asked(), queries.last_heard(conversation))


@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: HttpRequest, pk: int) -> HttpResponse:
    """The same, to hand one message on, with its files, to somebody who took no part in the conversation."""
    message = message_or_404(request, pk)
    if message.conversation.aside_of_id or message.kind == Message.Kind.NOTE:
        raise Http404
    conversation = conversation_or_404(request, message.conversation_id)
    asked = Asked(subject=f"Fwd: {conversation.subject}"[:500], quote=True, files=True)
    return _ask(request, conversation, asked, message, forwarding=True)


def _ask(
    request: HttpRequest, conversation: Conversation, asked: Asked, shown: Message | None, *, forwarding: bool = False
) -> HttpResponse:
    along = desk.files_of(shown) if shown else []
    if request.method == "POST":
        asked = _read(request)
        files, refused = uploads(request)
        quoted = shown if asked.quote else None
        _look_over(asked, conversation, refused, needs_words=not (forwarding and quoted))
        if not asked.wrong:
            sender = from_addresses.choices(conversation, reader(request))[0]
            message = desk.ask(
                conversation,
                author=reader(request),
                to=asked.addresses,
                subject=asked.subject,
                text=asked.text,
                at=timezone.now(),
                message_id_for=partial(tokens.message_id, address=sender.address),
                sender=sender,
                quoted=quoted,
                files=[*files, *(desk.handed_on(along) if asked.files else ())],
            )
            return redirect("aside", message.conversation_id)
    context = {
        "conversation": conversation,
        "asked": asked,
        "last": shown,
        "along": [file.name for file in along],
        "forwarding": forwarding,
    }
    return render(request, "asking.html", context, status=422 if asked.wrong else 200)


def _read(request: HttpRequest) -> Asked:
    return Asked(
        to=request.POST.get("to", "").replace("\0", "").strip()[:2000],
        subject=" ".join(request.POST.get("subject", "").replace("\0", "").split())[:500],
        text=request.POST.get("text", "").replace("\r\n", "\n").replace("\0", ""),
        quote="quote" in request.POST,
        files="along" in request.POST,
    )


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    aside = aside_or_404(request, pk)
    return looking.seen(request, _page(request, aside), aside.aside_of)


@require_POST
def ask_more(request: HttpRequest, pk: int) -> HttpResponse:
    """Write them again, unless they wrote meanwhile: then the page shows it, with what was typed."""
    aside, member = aside_or_404(request, pk), reader(request)
    text = request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "")
    seen = request.POST.get("seen", "")
    files, refused = uploads(request)
    page = partial(_page, request, aside, text=text)
    if refused:
        return page(error=" ".join(refused), status=413)
    try:
        with transaction.atomic():
            desk.ask_more(
                aside,
                author=member,
                text=text,
                at=timezone.now(),
                message_id_for=partial(tokens.message_id, address=aside.address),
                seen=int(seen) if seen.isdecimal() and len(seen) < 19 else 0,
                files=files,
            )
            for draft in drafts.of(member, aside):
                drafts.throw_away(draft)
    except Overtaken as overtaken:
        return page(overtaken_by=overtaken.messages, status=409)
    except NothingToSend:
        return page(error=_("Write something first, or attach a file."), status=422)
    messages.success(request, _("On its way to them."))
    return redirect("aside", pk)


def _page(
    request: HttpRequest,
    aside: Conversation,
    *,
    text: str = "",
    error: str = "",
    overtaken_by: list[Message] | None = None,
    status: int = 200,
) -> HttpResponse:
    member, at = reader(request), timezone.now()
    shown = aside_shown(aside)
    draft = writing.shown(drafts.of(member, aside), writing.REPLY)
    overtaking: list[Said] = [said_alone(message) for message in overtaken_by or ()]
    mine = [one for one in shown.messages if one.author_id == member.pk and one.deliveries]
    undo = mine[-1] if mine and all(one.state == "due" and one.due_at > at for one in mine[-1].deliveries) else None
    context: dict[str, Any] = {
        "conversation": aside.aside_of,
        "aside": shown,
        "text": text or draft.text,
        "error": error,
        "stopped": {"messages": overtaking} if overtaking else None,
        "newest_message_id": max((one.id for one in shown.messages), default=0),
        "undo": undo,
    }
    return render(request, "aside.html", context, status=status)


def _look_over(asked: Asked, conversation: Conversation, refused: list[str], *, needs_words: bool) -> None:
    """Say of each field what can't be."""
    addresses = asked.addresses
    unusable = [one for one in addresses if not letter.is_address(one)]
    inside = {address.lower() for address, _name in taking_part.addressees(conversation).everybody} & set(addresses)
    if not addresses:
        asked.wrong["to"] = _("Write the address of whoever may know.")
    elif unusable:
        asked.wrong["to"] = _("“%(address)s” is no mail address.") % {"address": unusable[0]}
    elif inside:
        words = _("%(address)s takes part in the conversation itself. Reply there, or ask somebody else.")
        asked.wrong["to"] = words % {"address": min(inside)}
    elif own := mail.ours(addresses):
        words = _("%(address)s is an address of this desk: the question would come back here as a new conversation.")
        asked.wrong["to"] = words % {"address": own[0]}
    elif len(addresses) > ASKED_AT_MOST:
        asked.wrong["to"] = _("Ask at most %(num)d people at once.") % {"num": ASKED_AT_MOST}
    if not asked.subject:
        asked.wrong["subject"] = _("Write what it is about; they see it as the subject.")
    if needs_words and not asked.text.strip():
        asked.wrong["text"] = _("Write what you want to know.")
    if refused:
        asked.wrong["files"] = " ".join(refused)
