"""Whose conversations they are, when two customers are found to be one; and finding them by their new names."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from everyhand.conversations import finding
from everyhand.conversations.models import Conversation, Participant, Renaming
from everyhand.core import work
from everyhand.customers.models import Customer, Merging

# So many are indexed again in one transaction: others write meanwhile.
AT_ONCE = 20


def give(customer: Customer, *, to: Customer, at: datetime) -> list[int]:
    """All of them become `to`'s; their primary keys."""
    moved = list(Conversation.objects.filter(customer=customer).values_list("pk", flat=True))
    Conversation.objects.filter(customer=customer).update(customer=to)
    find_by_new_name(to, at=at)
    return moved


def give_back(merging: Merging, *, at: datetime) -> None:
    """Those that came with a merging, and those that were opened since by an identity that came with it."""
    began = Participant.objects.filter(
        identity__in=merging.identities, conversation__customer=merging.kept, approved_at=F("conversation__opened_at")
    )
    since = began.filter(conversation__opened_at__gte=merging.at).values("conversation")
    kept = Conversation.objects.filter(customer=merging.kept)
    kept.filter(pk__in=since).update(customer=merging.merged)
    kept.filter(pk__in=merging.conversations).update(customer=merging.merged)
    for customer in (merging.kept, merging.merged):
        find_by_new_name(customer, at=at)


def find_by_new_name(customer: Customer, *, at: datetime) -> None:
    """Have everything of theirs found by the names and addresses they have now; the worker does it."""
    Renaming.objects.create(customer=customer, due_at=at)


def index_again(renaming: Renaming, *, at: datetime) -> None:
    """Do it, some at a time: what is interrupted goes on where it was."""
    theirs = Conversation.objects.filter(customer=renaming.customer).order_by("pk")
    while True:
        with transaction.atomic():
            some = list(theirs.filter(pk__gt=renaming.done_up_to).select_related("customer")[:AT_ONCE])
            for conversation in some:
                finding.index_again(conversation)
            if not some:
                work.complete(renaming, at=at)
                return
            renaming.done_up_to = some[-1].pk
            renaming.save(update_fields=["done_up_to"])
