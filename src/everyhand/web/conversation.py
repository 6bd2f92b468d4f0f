"""One conversation: what was said and done, who answers for it, and what can be done next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from everyhand.channels.email import from_addresses
from everyhand.conversations import drafts, following, links, queries, sight, tags, taking_part
from everyhand.conversations.links import Linked
from everyhand.conversations.models import Conversation, Draft, Message, Participant, Tag
from everyhand.conversations.noting import CHANGED_WITHIN
from everyhand.conversations.sight import Asker
from everyhand.core.prepared import Given, prepared
from everyhand.people import colleagues
from everyhand.people.colleagues import Colleague
from everyhand.people.models import Member, Team
from everyhand.promises import actions as promises
from everyhand.routing import reasons
from everyhand.web import escalating, looking, merging_conversations, recipients, stretches, writing
from everyhand.web.permissions import conversation_or_404, reader
from everyhand.web.rows import Face, PromiseShown, face, promise_shown
from everyhand.web.second_look import Doubts
from everyhand.web.sleeping_times import Typed, offers
from everyhand.web.timeline import Said, folded, said

# How many other conversations of the customer stand beside this one.
OTHERS = 6
# Instead of the id of a message, for all of them.
FROM_THE_START = "start"


@dataclass(frozen=True)
class ConversationShown:
    id: int
    subject: str
    status: str
    customer: Face
    owner: Member
    owner_reason: str
    team: Team | None
    opened_at: datetime
    last_message_at: datetime
    sleeps_until: datetime | None
    promise: PromiseShown | None
    linked: Sequence[Linked]
    proposed: list[Participant]
    tags: Sequence[Tag]


@dataclass(frozen=True)
class NoAddress:
    """Nobody in it can be written to. An address that was `typed` and why it could not be kept."""

    typed: str = ""
    error: str = ""


@dataclass(frozen=True)
class Undo:
    """A reply that can still be taken back until `due_at`."""

    message_id: int
    due_at: datetime
    address: str


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        conversation = conversation_or_404(request, pk)
    except queries.Merged as merged:
        return merging_conversations.lead_on(request, pk, merged.kept)
    except Http404:
        if sight.asides_visible_to(reader(request)).filter(pk=pk).exists():
            return redirect("aside", pk)
        raise
    asked = _number(request.GET.get("before", ""))
    if asked and request.headers.get("HX-Request"):
        return looking.seen(request, _earlier(request, conversation, asked), conversation)
    # The mark comes with the conversation, so that a page without a draft costs no read for one.
    shown = page(request, conversation, drafting=getattr(conversation, "drafting", True))
    return looking.seen(request, shown, conversation, looking.part_seen(request))


def _earlier(request: HttpRequest, conversation: Conversation, before: int) -> HttpResponse:
    """The stretch before a message, to be put in its place."""
    participants = _participants()(conversation=conversation.pk)
    stretch = stretches.before(
        conversation, participants, colleagues.everybody(), reader=reader(request), message=before
    )
    context = {
        "conversation": conversation,
        "before": stretch.before,
        "first_loaded": stretch.first_id,
        "first_id": 0 if stretch.before else stretch.first_id,
        "notes_changeable_since": timezone.now() - CHANGED_WITHIN,
        "stretch": stretch.entries,
    }
    return render(request, "_earlier.html", context)


def page(
    request: HttpRequest,
    conversation: Conversation,
    *,
    drafting: bool = True,
    mode: str = writing.REPLY,
    token: str = "",
    error: str = "",
    overtaken_by: list[Message] | None = None,
    doubts: Doubts | None = None,
    sure: bool = False,
    wrong_recipients: Mapping[str, str] | None = None,
    sleep: Typed | None = None,
    no_address: NoAddress | None = None,
    status: int = 200,
) -> HttpResponse:
    """The conversation's page with the reader's drafts. When something of `mode` could not be sent, `token` is its
    draft, `error` says why, `overtaken_by` is what was said meanwhile, or `doubts` what is to be asked before it goes;
    its author is `sure` when they were asked. Without `drafting` there are no drafts. `sleep` is a time until which it
    can't sleep, `wrong_recipients` is what is wrong with whom it is to go to, by field, `no_address` an address that
    could not be kept.
    """
    member, at = reader(request), timezone.now()
    found = list(drafts.of(member, conversation)) if drafting else []
    token = token or request.GET.get("draft", "")
    draft, note_draft = (writing.shown(found, kind, token=token) for kind in (writing.REPLY, writing.NOTE))
    participants = _participants()(conversation=conversation.pk)
    everybody = colleagues.everybody()
    shown_from = _shown_from(request, conversation)
    stretch = stretches.newest(conversation, participants, everybody, reader=member, since=shown_from)
    entries, messages = stretch.entries, stretch.messages
    beginning = folded(entries, shown_from=shown_from)
    usual = taking_part.among(participants, conversation)
    if not usual.everybody and not draft.text and not draft.recipients and not _has_address(participants, conversation):
        no_address = no_address or NoAddress()
    senders = from_addresses.choices(conversation, member)
    writing_from = next((one for one in senders if one.address == draft.sender), senders[0])
    names = {one.id: one.name for one in everybody}
    overtaking = [said(message, names=names) for message in overtaken_by or ()]
    newest = max((one.id for one in messages if one.kind == Message.Kind.MESSAGE), default=0)
    context: dict[str, Any] = {
        "conversation": _shown(conversation, participants, member, at),
        "earlier": entries[:beginning],
        "timeline": entries[beginning:],
        "before": stretch.before,
        "first_loaded": stretch.first_id,
        "first_id": 0 if stretch.before else stretch.first_id,
        "notes_changeable_since": at - CHANGED_WITHIN,
        "recipients": recipients.shown(draft.recipients, usual, wrong=wrong_recipients or {}),
        "no_address": no_address,
        "senders": senders,
        "sender": writing_from,
        "newest_message_id": newest or (_newest_message(conversation) if stretch.before else 0),
        "newest_id": max((one.id for one in messages), default=0),
        "signature": member.signs(writing_from.signature or (conversation.team.signature if conversation.team else "")),
        "draft": draft,
        "note_draft": note_draft,
        "asking_drafts": [one for one in found if one.kind == writing.ASIDE],
        "mode": mode if error or overtaken_by or doubts or wrong_recipients or not _only_note(found) else writing.NOTE,
        "error": error,
        "stopped": {"messages": overtaking} if overtaking else None,
        "doubts": doubts,
        "sure": sure,
        "undo": undo(messages, member, at),
        "escalation": escalating.shown(conversation, reader=member),
        "sleep": sleep,
        "sleep_offers": offers(at),
        "followers": _followers(conversation, everybody),
        "members": tuple(one for one in everybody if one.is_active),
        "teams": _teams()(),
        "other_conversations": _others(conversation, member),
        "writes_first": not stretch.before and sum(_came_in(one) for one in messages) == 1,
    }
    return render(request, "conversation.html", context, status=status)


def _shown(
    conversation: Conversation, participants: list[Participant], member: Member, at: datetime
) -> ConversationShown:
    promise = promises.open_of(conversation)
    addresses = [one.identity.address for one in participants if one.identity.customer_id == conversation.customer_id]
    is_linked = conversation.linked_to_id or getattr(conversation, "linked", True)
    return ConversationShown(
        id=conversation.pk,
        subject=conversation.subject,
        status=conversation.status,
        customer=face(conversation.customer, next(filter(None, addresses), "")),
        owner=conversation.owner,
        owner_reason=_("because %(reason)s")
        % {"reason": reasons.in_words(conversation.owner_because, conversation.owner.name)},
        team=conversation.team,
        opened_at=conversation.opened_at,
        last_message_at=conversation.last_message_at,
        sleeps_until=conversation.sleeps_until,
        promise=promise_shown(promise, at=at),
        linked=links.of(conversation, member=member) if is_linked else [],
        tags=tags.on([conversation.pk]).get(conversation.pk, []) if getattr(conversation, "tagged", True) else [],
        proposed=[one for one in participants if not one.approved_at and not one.declined_at],
    )


def _has_address(participants: Sequence[Participant], conversation: Conversation) -> bool:
    return any(one.identity.address for one in participants if one.identity.customer_id == conversation.customer_id)


def _followers(conversation: Conversation, everybody: Sequence[Colleague]) -> list[Colleague]:
    """Those who follow it, among `everybody` who ever worked here."""
    keys = following.of(conversation) if getattr(conversation, "followed", True) else []
    return [one for one in everybody if one.id in keys]


def undo(messages: Sequence[Said], member: Member, at: datetime) -> Undo | None:
    """The last of these that `member` wrote, if it can still be taken back; not once it waits for a mail server, which
    is no question of seconds.
    """
    mine = [one for one in messages if one.author_id == member.pk and one.deliveries]
    last = mine[-1] if mine else None
    if last is None or any(
        one.state != "due" or one.attempts or one.last_error or one.due_at <= at for one in last.deliveries
    ):
        return None
    return Undo(last.id, last.deliveries[0].due_at, last.deliveries[0].address)


def _came_in(one: Said) -> bool:
    return one.kind == Message.Kind.MESSAGE and one.direction == Message.Direction.IN


def _others(conversation: Conversation, member: Member) -> list[Conversation]:
    ask = _conversations_of(member.sees_every_queue)
    found = ask(asker=member.pk, customer=conversation.customer_id)
    return [one for one in found if one.pk != conversation.pk][:OTHERS]


def _newest_message(conversation: Conversation) -> int:
    """Where the newest stretch holds notes alone."""
    said_in_it = Message.objects.filter(conversation=conversation, kind=Message.Kind.MESSAGE)
    return said_in_it.order_by("-pk").values_list("pk", flat=True).first() or 0


def _shown_from(request: HttpRequest, conversation: Conversation) -> int:
    """The id of the message that the page is asked to begin with, 0 when it is asked for none."""
    asked = request.GET.get("from", "")
    if asked == FROM_THE_START:
        return stretches.first_of_all(conversation)
    if before := _number(request.GET.get("before", "")):
        return stretches.beginning_before(conversation, before)
    return _number(asked)


@cache
def _participants() -> Callable[..., list[Participant]]:
    rows = Participant.objects.filter(conversation=Given("conversation"))
    return prepared(rows.select_related("identity__customer").order_by("pk"))


@cache
def _teams() -> Callable[..., list[Team]]:
    return prepared(Team.objects.only("slug", "name"))


@cache
def _conversations_of(sees_every_queue: bool) -> Callable[..., list[Conversation]]:
    """The newest of a customer that whoever asks may see; one more than is shown, since one is open already."""
    rows = sight.visible_to(Asker(sees_every_queue=sees_every_queue)).filter(customer=Given("customer"))
    shown = rows.select_related("owner").only("subject", "status", "last_message_at", "owner__name")
    return prepared(shown.order_by("-last_message_at")[: OTHERS + 1])


def _only_note(found: list[Draft]) -> bool:
    kinds = {one.kind for one in found}
    return writing.NOTE in kinds and writing.REPLY not in kinds


def _number(words: str) -> int:
    """The id that an address names; 0 when it names none."""
    return int(words) if words.isdecimal() and len(words) < 19 else 0
