"""What is sent with a form, a reply, a note or a question to a partner: once, and what can't be sent is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from everyhand.conversations import drafts, queries
from everyhand.conversations.drafts import Written
from everyhand.conversations.models import Conversation, Draft, Message
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member
from everyhand.web import conversation as pages
from everyhand.web import writing
from everyhand.web.permissions import conversation_or_404, reader
from everyhand.web.uploads import too_large


class Sending:
    """What is to be sent with a form. Where it brings files or shows pictures it is a draft on the server before
    anything is tried, and else as soon as it can't be sent: what goes out at once is kept as a message.

    `handing_on` is the message that a new aside hands on.
    """

    def __init__(
        self, request: HttpRequest, conversation: Conversation, kind: str, *, handing_on: int | None = None
    ) -> None:
        self._request, self._conversation = request, conversation
        self._kept = False
        self.said = replace(writing.written(request, conversation, kind), handing_on=handing_on)
        self.draft = drafts.begun(conversation, self.said, author=reader(request))
        self.refused: list[str] = []  # a sentence for each file
        if too_large(request) or request.FILES or "cid:" in self.said.html:
            self.keep()

    def keep(self) -> Draft | None:
        """Have it on the server; None when there is nothing to keep."""
        if not self._kept:
            self.draft, self.refused = writing.keep(self._request, self._conversation, self.said)
            self._kept = True
        return self.draft

    @property
    def kept_as(self) -> str:
        """The name of the draft that it is kept as; "" when there is nothing to keep."""
        draft = self.keep()
        return draft.token if draft else ""

    def __enter__(self) -> None:
        """Send it in this block: when that raises anything, it is kept."""

    def __exit__(self, kind: type[BaseException] | None, _error: object, _traceback: object) -> None:
        if kind and issubclass(kind, Exception):
            self.keep()


def seen(request: HttpRequest) -> int:
    """The newest message on the page from which this comes; 0, as if nothing was seen, when it does not say."""
    newest = request.POST.get("seen", "")
    return int(newest) if newest.isdecimal() and len(newest) < 19 else 0


def sent_already(conversation: Conversation, said: Written, *, author: Member, seen: int) -> Message | None:
    """The same words from the same page, unless they were taken back."""
    return said_already(Message.Kind.MESSAGE, conversation, said, author=author, seen=seen)


def said_already(kind: str, conversation: Conversation, said: Written, *, author: Member, seen: int) -> Message | None:
    """The same for notes, too, which can't be taken back."""
    alike = _after(kind)(conversation=conversation.pk, seen=seen, text=said.text)
    return next((one for one in alike if one.author_member_id == author.pk), None)


@cache
def _after(kind: str) -> Callable[..., list[Message]]:
    # Without its author, by whom a database would look through all that they wrote meanwhile, anywhere.
    written = Message.objects.filter(kind=kind, conversation=Given("conversation"), pk__gt=Given("seen"))
    if kind == Message.Kind.MESSAGE:
        written = written.filter(deliveries__taken_back_at=None, deliveries__isnull=False)
    return prepared(written.filter(text=Given("text")).order_by("pk"))


def lead_to(conversation: Conversation, message: Message) -> HttpResponse:
    """To what was said, on the page of its conversation."""
    return redirect(f"{reverse('conversation', args=[conversation.pk])}#message-{message.pk}")


def stopped(request: HttpRequest, conversation: Conversation, sending: Sending, **why: Any) -> HttpResponse:
    """The page with what could not be sent, kept as a draft."""
    return pages.page(request, conversation, token=sending.kept_as, **why)


def where_it_stands_now(
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


def not_all(refused: Sequence[str]) -> str:
    """What is said when files were refused."""
    return " ".join([*refused, _("Nothing was sent; everything else is kept below.")])
