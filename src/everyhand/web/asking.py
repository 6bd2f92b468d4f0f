"""Asking a colleague or a partner by mail beside a conversation, and handing a message on to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from everyhand.channels.email import from_addresses, tokens
from everyhand.conversations import asides, drafts, queries
from everyhand.conversations.drafts import Written
from everyhand.conversations.models import Attachment, Conversation, Draft, Message
from everyhand.conversations.taking_part import Addressees
from everyhand.desk import aside as desk
from everyhand.people.models import Member
from everyhand.web import recipients, sending, writing
from everyhand.web.permissions import conversation_or_404, kept_or_404, message_or_404, reader
from everyhand.web.sending import Sending


@dataclass(frozen=True)
class Occasion:
    """Where it is asked, what of that can be shown, with its files, and whether handing this on is what it is for."""

    conversation: Conversation
    message: Message | None
    handing_on: bool = False

    @property
    def handed_on(self) -> int | None:
        return self.message.pk if self.message and self.handing_on else None

    @property
    def files(self) -> list[Attachment]:
        return desk.files_of(self.message) if self.message else []

    @property
    def usual(self) -> dict[str, Any]:
        """What an untouched form says."""
        if not self.handing_on:
            return {"subject": "", "quote": False, "files": False}
        return {"subject": f"Fwd: {self.conversation.subject}"[:500], "quote": True, "files": True}


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom, about what, and whether they see what the customer wrote last."""
    conversation = kept_or_404(request, pk)
    return _ask(request, Occasion(conversation, queries.last_heard(conversation)))


@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: HttpRequest, pk: int) -> HttpResponse:
    """The same, to hand one message on, with its files, to somebody who took no part in the conversation."""
    message = message_or_404(request, pk)
    if message.conversation.aside_of_id or message.kind == Message.Kind.NOTE:
        raise Http404
    conversation = conversation_or_404(request, message.conversation_id)
    return _ask(request, Occasion(conversation, message, handing_on=True))


def _ask(request: HttpRequest, occasion: Occasion) -> HttpResponse:
    conversation = occasion.conversation
    if request.method != "POST":
        return _page(request, occasion, token=request.GET.get("draft", ""))
    ours = Sending(request, conversation, writing.ASIDE, handing_on=occasion.handed_on)
    said, to = ours.said, None
    wrong = _wrong(said, occasion, ours.refused)
    try:
        to = recipients.asked(said.recipients, conversation)
    except recipients.NotUnderstood as not_understood:
        wrong |= not_understood.wrong
    if wrong or to is None:
        return _page(request, occasion, token=ours.kept_as, said=said, wrong=wrong)
    try:
        with ours:
            message = _send(request, occasion, ours, to)
    except queries.Merged as merged:
        return _where_it_stands_now(request, occasion, merged, ours.draft)
    return redirect("aside", message.conversation_id)


def _where_it_stands_now(
    request: HttpRequest, occasion: Occasion, merged: queries.Merged, draft: Draft | None
) -> HttpResponse:
    """The same form beside the conversation that this one was merged into meanwhile, with what was typed."""
    conversation = conversation_or_404(request, merged.kept)
    if draft:
        drafts.take_over(draft, conversation)
    messages.error(request, sending.merged_meanwhile())
    if occasion.handed_on:
        return redirect("message_forwarding", occasion.handed_on)
    return redirect("conversation_asides", conversation.pk)


def _wrong(said: Written, occasion: Occasion, refused: Sequence[str]) -> dict[str, str]:
    """A sentence for each field that can't be."""
    wrong = {}
    if not said.asking["subject"]:
        wrong["subject"] = _("Write what it is about; they see it as the subject.")
    if not said.text.strip() and not (occasion.handing_on and said.asking["quote"]):
        wrong["text"] = _("Write what you want to know.")
    if refused:
        wrong["files"] = sending.not_all(refused)
    return wrong


@transaction.atomic
def _send(request: HttpRequest, occasion: Occasion, ours: Sending, to: Addressees) -> Message:
    """Asked once, however often the button is pressed."""
    conversation, author, said = queries.standing(occasion.conversation), reader(request), ours.said
    message = _asked_already(conversation, said, author=author, seen=sending.seen(request))
    if message is None:
        sender = from_addresses.choices(conversation, author)[0]
        along = desk.handed_on(occasion.files) if said.asking["files"] else []
        message = desk.ask(
            conversation,
            author=author,
            to=to,
            subject=said.asking["subject"],
            text=said.text,
            html=said.html,
            at=timezone.now(),
            message_id_for=partial(tokens.message_id, address=sender.address),
            sender=sender,
            quoted=occasion.message if said.asking["quote"] else None,
            files=[*drafts.files_of(ours.draft, said.html), *along],
        )
    drafts.forget(author, conversation, said, ours.draft)
    return message


def _asked_already(conversation: Conversation, said: Written, *, author: Member, seen: int) -> Message | None:
    """The same question from the same page, if it was not taken back."""
    if not seen:
        return None
    theirs = Message.objects.filter(conversation__aside_of=conversation, author_member=author, pk__gt=seen)
    same = theirs.filter(text=said.text, subject=said.asking["subject"])
    return same.filter(deliveries__taken_back_at=None, deliveries__isnull=False).first()


def _page(
    request: HttpRequest,
    occasion: Occasion,
    *,
    token: str,
    said: Written | None = None,
    wrong: dict[str, str] | None = None,
) -> HttpResponse:
    """The form with the draft called `token`, or else their newest; what was `said` in it, and what is `wrong`."""
    conversation, member = occasion.conversation, reader(request)
    found = drafts.of(member, conversation).filter(kind=writing.ASIDE, handing_on=occasion.handed_on)
    draft = writing.shown(found, writing.ASIDE, token=token)
    asking, to = (said.asking, said.recipients) if said else (draft.asking, draft.recipients)
    here = [conversation.pk, *asides.of(conversation).values_list("pk", flat=True)]
    context = {
        "conversation": conversation,
        "to": to.get("to", ""),
        "asking": asking or occasion.usual,
        "draft": draft,
        "problems": wrong or {},
        "last": occasion.message,
        "along": [file.name for file in occasion.files],
        "forwarding": occasion.handing_on,
        "newest_id": Message.objects.filter(conversation__in=here).aggregate(newest=Max("pk"))["newest"] or 0,
        "signature": _signature(conversation, member),
    }
    return render(request, "asking.html", context, status=422 if wrong else 200)


def _signature(conversation: Conversation, member: Member) -> str:
    sender = from_addresses.choices(conversation, member)[0]
    return member.signs(sender.signature or (conversation.team.signature if conversation.team else ""))
