"""Forgetting a person, in every channel and at every desk: messages, files, mails as they came, index, names.

A row of work: it is asked for (`customers.actions.ask_to_erase`), can be called off for an hour, and is then done one
conversation at a time, so that everybody else goes on working and what is interrupted goes on where it was.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from everyhand.channels.email import forget as email
from everyhand.channels.email.models import Mail
from everyhand.conversations.models import Conversation, Joining, Message, Participant
from everyhand.core import journal, work
from everyhand.customers import forgetting, tombstones
from everyhand.customers.models import Erasure, Identity
from everyhand.desk import erase as desk
from everyhand.desk import join as desk_join


def erase(erasure: Erasure, *, at: datetime) -> None:
    """Forget the customer this row names. Raises OSError, with nothing erased, when a tombstone can't be written."""
    customer = erasure.customer
    if customer is None:
        with transaction.atomic():
            work.complete(erasure, at=at)
        return
    _overwrite_what_is_deleted()
    identities = list(Identity.objects.filter(customer=customer))
    digests = tombstones.raise_for(identities, at=at)
    joined = Joining.objects.filter(Q(kept__customer=customer) | Q(merged__customer=customer), undone_at=None)
    for joining in joined.select_related("merged"):
        desk_join.stand_alone(joining.merged, at=at)
    for conversation in Conversation.objects.filter(customer=customer).order_by("pk").iterator(chunk_size=100):
        with transaction.atomic():
            for one in (*conversation.asides.all(), conversation):
                email.forget(Mail.objects.filter(conversation=one), at=at)
                desk.erase(one)
    spoke_in = Message.objects.filter(author_identity__in=identities).values("conversation")
    copied_into = Participant.objects.filter(identity__in=identities).values("conversation")
    for conversation in Conversation.objects.filter(Q(pk__in=spoke_in) | Q(pk__in=copied_into)):
        with transaction.atomic():
            theirs = Message.objects.filter(conversation=conversation, author_identity__in=identities)
            email.forget(Mail.objects.filter(message__in=theirs), at=at)
            desk.erase_elsewhere(conversation, identities, at=at)
    addresses = [identity.value for identity in identities if identity.kind == Identity.EMAIL]
    with transaction.atomic():
        email.forget(email.sent_by(addresses), at=at)
        email.forget_our_own(addresses)
        forgetting.forget(customer)
        tombstones.set_in_stone(digests, at=at)
        work.complete(erasure, at=at)
        journal.note("customer.erased", subject=erasure, at=at)


def _overwrite_what_is_deleted() -> None:
    """SQLite otherwise leaves deleted bytes in the file until something else needs their place."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")
