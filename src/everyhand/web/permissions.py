"""Who is asking, and what is for whom. Rows are checked where they are fetched: what one may not see is not found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from everyhand.channels.email import whose
from everyhand.conversations import queries, sight
from everyhand.conversations.asides import HAS_ASIDES
from everyhand.conversations.following import FOLLOWED
from everyhand.conversations.links import LINKED
from everyhand.conversations.models import Attachment, Conversation, Draft, Message
from everyhand.conversations.tags import TAGGED
from everyhand.core.prepared import Given, prepared
from everyhand.customers.models import Customer
from everyhand.people.models import Member

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def reader(request: HttpRequest) -> Member:
    """The signed-in member; every page but those of `signing_in` has one."""
    if not isinstance(request.user, Member):
        raise PermissionDenied
    return request.user


def for_specialists(view: View[Rest]) -> View[Rest]:
    """Mail and work are looked after by those who see every queue."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not reader(request).sees_every_queue:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def for_who_looks_after_mail(view: View[Rest]) -> View[Rest]:
    """What waits in quarantine is for specialists, and what came for a private team for its members."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not whose.may_look_after_mail(reader(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def for_admins(view: View[Rest]) -> View[Rest]:
    """Who works here and who answers for what is set up by administrators."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not reader(request).may_set_up:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def for_leads(view: View[Rest]) -> View[Rest]:
    """A team is set up by whoever leads it, and by administrators. Which team it is, the view asks."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if not reader(request).may_set_up_a_team:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def conversation_or_404(request: HttpRequest, pk: int) -> Conversation:
    """With marks: `drafting`, whether the reader has a draft in it, `tagged`, whether any tag stands on it, `linked`,
    whether it belongs together with another, `asking`, whether anything was asked beside it, and `followed`, whether
    anybody follows it.

    Raises `Merged` when it stands in another one that the reader may see: their page is older than that.
    """
    member = reader(request)
    ask = _conversation(member.sees_every_queue)
    for found in ask(asker=member.pk, conversation=pk):
        return found
    kept = queries.kept_of(pk)
    if kept != pk and ask(asker=member.pk, conversation=kept):
        raise queries.Merged(kept)
    raise Http404


def kept_or_404(request: HttpRequest, pk: int) -> Conversation:
    """The same, or the one it was merged into: for what somebody is writing, which goes on there."""
    try:
        return conversation_or_404(request, pk)
    except queries.Merged as merged:
        return conversation_or_404(request, merged.kept)


@cache
def _conversation(sees_every_queue: bool) -> Callable[..., list[Conversation]]:
    asker = sight.Asker(sees_every_queue=sees_every_queue)
    drafts: Any = Draft.objects.filter(conversation=OuterRef("pk"), author=asker)
    rows = sight.visible_to(asker).select_related("customer", "owner", "team").filter(pk=Given("conversation"))
    marks = {"tagged": TAGGED, "linked": LINKED, "asking": HAS_ASIDES, "followed": FOLLOWED}
    return prepared(rows.annotate(drafting=Exists(drafts), **marks))


def aside_or_404(request: HttpRequest, pk: int) -> Conversation:
    rows = sight.asides_visible_to(reader(request)).select_related("aside_of__customer", "owner", "team", "customer")
    return get_object_or_404(rows, pk=pk)


def customer_or_404(request: HttpRequest, pk: int) -> Customer:
    rows = sight.customers_visible_to(reader(request)).select_related("organization")
    return get_object_or_404(rows, pk=pk)


def message_or_404(request: HttpRequest, pk: int) -> Message:
    rows = sight.messages_visible_to(reader(request)).select_related("conversation")
    return get_object_or_404(rows, pk=pk)


def attachment_or_404(request: HttpRequest, token: str) -> Attachment:
    rows = sight.attachments_visible_to(reader(request)).select_related("blob", "message")
    return get_object_or_404(rows, token=token)
