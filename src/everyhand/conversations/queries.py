"""Reading conversations: what was said, what threads together, what changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from everyhand.conversations import subjects
from everyhand.conversations.models import (
    Conversation,
    Message,
    Participant,
    Status,
    taken_back,
)
from everyhand.core.prepared import Given, prepared, prepared_for_several
from everyhand.customers.models import Identity
from everyhand.people.models import Member

# As many ancestors as mail programs look at; longer References headers are cut by some relays.
REFERENCES_KEPT = 20
# As many of somebody's conversations as are looked through for the one that a message may continue.
CANDIDATES = 20
# As many of somebody's messages as are looked through for one that refers to an older letter.
RELATIVES = 200


class Merged(Exception):
    """What was to be done to a conversation can't be: everything said in it stands in `kept` (a primary key) now."""

    def __init__(self, kept: int) -> None:
        super().__init__(f"merged into conversation {kept}")
        self.kept = kept


def timeline(conversation: Conversation) -> QuerySet[Message]:
    """Messages and notes in order, with all that a page shows of them."""
    return timeline_of([conversation])


def timeline_of(conversations: Sequence[Conversation]) -> QuerySet[Message]:
    """The same of several."""
    return (
        Message.objects.filter(conversation__in=conversations)
        .select_related("author_member", "author_identity", "forwarded_by")
        .prefetch_related("attachments", "deliveries")
        .order_by("at", "id")
    )


def first_heard(conversation: Conversation) -> Message | None:
    """What somebody outside wrote first in it."""
    heard = Message.objects.filter(conversation=conversation, direction=Message.Direction.IN)
    return heard.select_related("author_identity").order_by("at", "id").first()


def last_heard(conversation: Conversation) -> Message | None:
    """What somebody outside wrote last in it."""
    return next(iter(_newest_heard()(conversation=conversation.pk)), None)


@cache
def _newest_heard() -> Callable[..., list[Message]]:
    heard = Message.objects.filter(conversation=Given("conversation"), direction=Message.Direction.IN)
    return prepared(heard.select_related("author_identity").order_by("-at", "-id")[:1])


def locked(conversation: Conversation) -> Conversation:
    """The conversation as it is now, and nobody else changes it until the transaction ends."""
    if found := _locked_as_it_is(conversation.pk):
        return found
    raise Conversation.DoesNotExist


def standing(conversation: Conversation) -> Conversation:
    """The same, for whoever wants to do something to it. Raises `Merged` when it stands in another one by now."""
    found = locked(conversation)
    if found.merged_into_id:
        raise Merged(kept_of(found.pk))
    return found


def holding(message: Message) -> Conversation:
    """The conversation this message stands in now, locked; by now that may be another one than it says."""
    while True:
        found = locked(message.conversation)
        now = Message.objects.values_list("conversation", flat=True).get(pk=message.pk)
        if now == found.pk:
            message.conversation = found
            return found
        message.conversation_id = now


def with_proof(conversation_id: int | None) -> Conversation | None:
    """The conversation a message proved to know, or the one that was merged into, if it still exists; locked."""
    while conversation_id:
        found = _locked_as_it_is(conversation_id)
        if found is None or found.merged_into_id is None:
            return found
        conversation_id = found.merged_into_id
    return None


def with_proofs(conversation_ids: Collection[int]) -> dict[int, Conversation]:
    """The same for several, by the id that was proved, each row locked; those that were merged are left out."""
    found = {one.pk: one for one in _locked_together()(conversation_ids)}
    if len(found) < len(conversation_ids) or not all(one.team or not one.team_id for one in found.values()):
        found = {one.pk: one for one in _locked_together()(conversation_ids)}  # as in `_locked_as_it_is`
    return found


def taking_part(conversation_ids: Collection[int]) -> set[tuple[int, int]]:
    """Who takes part in these conversations as `takes_part` says: pairs of conversation and identity."""
    return set(_approved()(conversation_ids))


def kept_of(conversation_id: int) -> int:
    """The id of the conversation in which what was said in this one stands now: most often its own."""
    while into := Conversation.objects.filter(pk=conversation_id).values_list("merged_into", flat=True).first():
        conversation_id = into
    return conversation_id


def _locked_as_it_is(conversation_id: int) -> Conversation | None:
    """Locked; None when it is not there.

    On PostgreSQL whoever waited for the lock gets the row as it is now, beside the owner, customer and team it had
    before: where these are others by now, it seems to be gone or without a team. Once locked, asking again tells.
    """
    for _waited in (True, False):
        for found in _locked()(conversation=conversation_id):
            if found.team or not found.team_id:
                return found
        if not connection.features.has_select_for_update:
            break
    return None


@cache
def _locked() -> Callable[..., list[Conversation]]:
    return prepared(_locking(pk=Given("conversation")))


@cache
def _locked_together() -> Callable[[Collection[int]], list[Conversation]]:
    return prepared_for_several(lambda several: _locking(pk__in=several, merged_into=None).order_by("pk"))


@cache
def _approved() -> Callable[[Collection[int]], list[tuple[int, int]]]:
    approved = Participant.objects.filter(approved_at__isnull=False, declined_at=None).order_by()
    pairs = approved.values_list("conversation", "identity")
    return prepared_for_several(lambda several: pairs.filter(conversation__in=several))


def _locking(**which: Any) -> QuerySet[Conversation]:
    rows = Conversation.objects.select_related("customer", "owner", "team").filter(**which)
    return rows.select_for_update(of=("self",)) if connection.features.has_select_for_update else rows


def takes_part(conversation: Conversation, identity: Identity) -> bool:
    """Whether a message from this identity may join without anybody's approval."""
    return Participant.objects.filter(
        conversation=conversation, identity=identity, approved_at__isnull=False, declined_at=None
    ).exists()


def takes_part_as(conversation_id: int, address: str) -> bool:
    """The same for a mail address, of somebody we may never have heard of."""
    return Participant.objects.filter(
        conversation=conversation_id,
        identity__kind=Identity.EMAIL,
        identity__value=address,
        approved_at__isnull=False,
        declined_at=None,
    ).exists()


def seems_to_continue(identity_value: str, *, message_ids: Sequence[str], subject: str) -> Conversation | None:
    """The conversation that a message without proof may be about: a guess for people to see, which joins nothing.

    Only one that is not closed and that its sender takes part in, and only when the message says that it answers
    something: the one that holds a message it names, else the one with its subject, else the latest.
    """
    if not message_ids and not subjects.is_answer(subject):
        return None
    theirs = Conversation.objects.filter(
        participants__identity__kind=Identity.EMAIL,
        participants__identity__value=identity_value,
        participants__approved_at__isnull=False,
        participants__declined_at=None,
    ).exclude(status=Status.CLOSED)
    latest = list(theirs.order_by("-last_message_at", "-pk")[:CANDIDATES])
    if not latest:
        return None
    named = Message.objects.filter(conversation__in=latest, message_id__in=list(message_ids)[-REFERENCES_KEPT:])
    holding = set(named.values_list("conversation_id", flat=True)) if message_ids else set()
    about = subjects.bare(subject).strip().casefold()
    return min(latest, key=lambda one: (one.pk not in holding, subjects.bare(one.subject).strip().casefold() != about))


def holding_thread(identities: Sequence[Identity], *, message_id: str, named: Sequence[str]) -> Conversation | None:
    """The conversation of the thread to which an old letter belongs; only one that one of `identities` takes part in.

    `named` are the Message-IDs it refers to, the nearest last (RFC 5322 section 3.6.4). What it answers counts first;
    then, since an archive comes in any order, what refers to it or to the same letters, among the newest of theirs.
    """
    theirs = Conversation.objects.filter(
        participants__identity__in=identities, participants__approved_at__isnull=False, participants__declined_at=None
    )
    messages = Message.objects.filter(conversation__in=theirs, kind=Message.Kind.MESSAGE).select_related("conversation")
    ancestors = [one for one in dict.fromkeys([*named[:1], *named[-REFERENCES_KEPT:]]) if one]
    found = {one.message_id: one for one in messages.filter(message_id__in=ancestors).exclude(message_id="")}
    if nearest := next((found[one] for one in reversed(ancestors) if one in found), None):
        return nearest.conversation
    thread = {message_id, *ancestors} - {""}
    newest = messages.only("in_reply_to", "references", "conversation").order_by("-pk")[:RELATIVES] if thread else ()
    return next((one.conversation for one in newest if thread & {one.in_reply_to, *one.references}), None)


def said(conversation: Any) -> QuerySet[Message]:
    """Messages (no notes) that were not taken back."""
    # Asked of each row that is looked at, which may be the last one alone; a list would be of the whole conversation.
    return Message.objects.filter(~taken_back(), conversation=conversation, kind=Message.Kind.MESSAGE)


def said_since(conversation: Conversation, seen: int, *, but_by: Member) -> list[Message]:
    """Messages (no notes) after the one with id `seen`, except those of `but_by` and those taken back."""
    return _said_since()(conversation=conversation.pk, seen=seen, but_by=but_by.pk)


@cache
def _said_since() -> Callable[..., list[Message]]:
    by_others = Q(author_member=None) | ~Q(author_member=Given("but_by"))
    newer = said(Given("conversation")).filter(by_others, pk__gt=Given("seen"))
    return prepared(newer.select_related("author_member", "author_identity").order_by("at", "id"))


def thread_of(conversation: Conversation) -> tuple[str, Sequence[str]]:
    """(In-Reply-To, References) for the next reply: the customer's last message and everything before it that has an
    id, oldest first, which is what Gmail, Outlook and Apple Mail thread by (RFC 5322 section 3.6.4).
    """
    known = _letters()(conversation=conversation.pk)[::-1]
    if len(known) == REFERENCES_KEPT:
        known = _first_letter()(conversation=conversation.pk) + known
    heard = [message_id for direction, message_id in known if direction == Message.Direction.IN]
    if not heard and len(known) > REFERENCES_KEPT:
        heard = _last_heard()(conversation=conversation.pk)
    every = list(dict.fromkeys(message_id for _, message_id in known))
    in_reply_to = heard[-1] if heard else (known[-1][1] if known else "")
    kept = every if len(every) <= REFERENCES_KEPT else [every[0], *every[-(REFERENCES_KEPT - 1) :]]
    return in_reply_to, [one for one in kept if one != in_reply_to] + ([in_reply_to] if in_reply_to else [])


@cache
def _letters() -> Callable[..., list[tuple[str, str]]]:
    """The newest, newest first: a conversation may have a thousand."""
    return prepared(_with_ids().order_by("-at", "-id").values_list("direction", "message_id")[:REFERENCES_KEPT])


@cache
def _first_letter() -> Callable[..., list[tuple[str, str]]]:
    return prepared(_with_ids().order_by("at", "id").values_list("direction", "message_id")[:1])


@cache
def _last_heard() -> Callable[..., list[str]]:
    heard = _with_ids().filter(direction=Message.Direction.IN).order_by("-at", "-id")
    return prepared(heard.values_list("message_id", flat=True)[:1])


def _with_ids() -> QuerySet[Message]:
    return said(Given("conversation")).exclude(message_id="")


def customer_spoke_last(conversation: Conversation) -> bool:
    """Whether it is the customer who waits; what was taken back was never said."""
    last = said(conversation).order_by("-at", "-id").first()
    return last is not None and last.direction == Message.Direction.IN


def by_urgency(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """What breaks first on top; what nothing is promised for comes last."""
    return conversations.order_by(F("reply_due").asc(nulls_last=True), "id")
