"""Conversations that belong together: a member says so, a message only seems to continue one, or one was split off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from everyhand.conversations import sight
from everyhand.conversations.models import Conversation, Link, Participant
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.people.models import Member

LONGEST_REASON: Final = 200
# Marks a conversation that is linked to any, so that a page without links costs no read for them.
LINKED: Final = Exists(Link.objects.filter(Q(one=OuterRef("pk")) | Q(other=OuterRef("pk")), gone_at=None)) | Exists(
    Conversation.objects.filter(linked_to=OuterRef("pk"))
)


@dataclass(frozen=True)
class Linked:
    """The other side of a link, and how they belong: "by hand" (`by` gave the `reason`), "guess" or "split"."""

    conversation: Conversation
    how: str
    reason: str = ""
    by: Member | None = None
    earlier: bool = False  # of a guess and a split: this is the one that came first
    same_customer: bool = False  # of a guess: whoever wrote the later one takes part in the earlier one


def of(conversation: Conversation, *, member: Member) -> list[Linked]:
    """Those that `member` may see, the newest first; two reads."""
    links = _links_of(conversation).select_related("by")
    by_hand = {one.other_id if one.one_id == conversation.pk else one.one_id: one for one in links}
    reach = Q(pk__in=by_hand) | Q(linked_to=conversation) | Q(pk=conversation.linked_to_id or 0)
    found = sight.visible_to(member).filter(reach).select_related("customer", "owner").order_by("-last_message_at")
    found = found.annotate(
        joined_here=_takes_part(OuterRef("customer"), conversation), joined_there=_takes_part(conversation.customer_id)
    )
    return [_linked(conversation, one, by_hand.get(one.pk)) for one in found]


def link(
    one: Conversation, other: Conversation, *, reason: str, by: Member, at: datetime, **more: object
) -> Entry | None:
    """They belong together. The fact of it; None when they were linked before. `more` goes into the fact.

    Raises ValueError when both are the same.
    """
    if one.pk == other.pk:
        raise ValueError("a conversation can't be linked to itself")
    wanted = {"reason": reason[:LONGEST_REASON], "by": by, "gone_at": None}
    made, is_new = Link.objects.get_or_create(**_pair(one, other), defaults=wanted)
    again = not is_new and Link.objects.filter(pk=made.pk, gone_at__isnull=False).update(**wanted)
    return _told("conversation.linked", one, other, by, at, **more) if is_new or again else None


def unlink(one: Conversation, other: Conversation, *, by: Member, at: datetime, **more: object) -> Entry | None:
    """They have nothing to do with each other, whoever or whatever said so. The fact of it, None when nothing did."""
    by_hand = Link.objects.filter(**_pair(one, other), gone_at=None).update(gone_at=at)
    guess = next((pk for pk, to in ((one.pk, other.pk), (other.pk, one.pk)) if _guessed(pk, to)), 0)
    if not (by_hand or guess):
        return None
    if guess:
        more |= {"guess": guess}
        Conversation.objects.filter(pk=guess).update(linked_to=None)
    return _told("conversation.unlinked", one, other, by, at, **more)


def link_again(one: Conversation, other: Conversation, *, unlinked: Entry, by: Member, at: datetime) -> bool:
    """As it was before the fact `unlinked`; False when it is so already."""
    again = Link.objects.filter(**_pair(one, other), gone_at=unlinked.at).update(gone_at=None)
    if guess := unlinked.particulars.get("guess"):
        guessed = one if guess == other.pk else other
        again += Conversation.objects.filter(pk=guess, linked_to=None).update(linked_to=guessed)
    if again:
        _told("conversation.linked", one, other, by, at, undoes=unlinked.pk)
    return bool(again)


def bring_along(merged: Conversation, *, to: Conversation) -> list[int]:
    """Whatever `merged` is linked to is linked to `to` as well; the primary keys of the new links."""
    made = []
    for link in _links_of(merged).select_related("one", "other", "by"):
        partner = link.other if link.one_id == merged.pk else link.one
        if partner.pk != to.pk and not Link.objects.filter(**_pair(partner, to)).exists():
            made.append(Link.objects.create(**_pair(partner, to), reason=link.reason, by=link.by).pk)
    return made


def _links_of(conversation: Conversation) -> QuerySet[Link]:
    return Link.objects.filter(Q(one=conversation) | Q(other=conversation), gone_at=None)


def _pair(one: Conversation, other: Conversation) -> dict[str, int]:
    first, second = sorted((one.pk, other.pk))
    return {"one_id": first, "other_id": second}


def _linked(conversation: Conversation, other: Conversation, link: Link | None) -> Linked:
    if link:
        return Linked(other, "by hand", link.reason, link.by)
    earlier = conversation.linked_to_id == other.pk
    split = conversation.split_off if earlier else other.split_off
    same = other.joined_there if earlier else other.joined_here  # type: ignore[attr-defined] # annotated above
    return Linked(other, "split" if split else "guess", earlier=earlier, same_customer=same)


def _takes_part(customer: Any, conversation: Any = None) -> Exists:
    """Whether this customer was let take part in the conversation; in each that is found, when none is given."""
    theirs = Participant.objects.filter(identity__customer=customer, approved_at__isnull=False, declined_at=None)
    within: Any = conversation or OuterRef("pk")
    return Exists(theirs.filter(conversation=within))


def _guessed(pk: int, to: int) -> bool:
    return Conversation.objects.filter(pk=pk, linked_to=to, split_off=False).exists()


def _told(action: str, one: Conversation, other: Conversation, by: Member, at: datetime, **more: object) -> Entry:
    """A fact about each, so that both histories tell it; the one about `one`."""
    journal.note(action, subject=other, actor=by, at=at, other=one.pk, **more)
    return journal.note(action, subject=one, actor=by, at=at, other=other.pk, **more)
