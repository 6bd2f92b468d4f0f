"""The audit trail: who did, saw and opened what, from three records that are kept anyway, newest first.

The journal has what was done, `core.looks` who saw what, `people.sign_ins` who came in and who was refused. Each is
read along an index from where the last page ended, and the three are merged by time.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from everyhand.conversations.models import Conversation
from everyhand.core.journal import Entry, reference
from everyhand.core.looks import Look
from everyhand.customers.models import Customer
from everyhand.people.models import Member, SignIn

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Act = Entry | Look | SignIn


class Kind(StrEnum):
    SEEN = "seen"
    SIGNED_IN = "signed-in"
    SERVED = "served"
    CUSTOMERS = "customers"
    SET_UP = "set-up"


# What a person does, by kind. What follows from it by itself (a promise kept, a notice rung) is on the timeline.
ACTIONS: Final[dict[Kind, tuple[str, ...]]] = {
    Kind.SEEN: (),
    Kind.SIGNED_IN: (
        *("sign_in_link.made", "sign_in_link.used", "password.changed", "device.added", "device.removed"),
        *("second_factor.added", "second_factor.removed", "second_factor.renewed"),
    ),
    Kind.SERVED: (
        *("conversation.assigned", "conversation.closed", "conversation.reopened", "conversation.fell_asleep"),
        *("conversation.waits", "conversation.taken_up", "conversation.merged", "conversation.stands_alone"),
        *("conversation.split", "conversation.followed", "conversation.unfollowed"),
        *("conversation.tagged", "conversation.linked", "conversation.unlinked", "aside.asked"),
        "conversation.written_down",
        *("escalation.acknowledged", "escalation.ended", "escalation.raised"),
        *("message.sent", "message.taken_back", "note.written", "participant.approved", "participant.declined"),
        *("note.changed", "note.removed", "note.restored"),
        *("mail.decided", "mail.tried_again"),
    ),
    Kind.CUSTOMERS: (
        "customer.address_given",
        *("customer.described", "customer.merged", "customer.unmerged", "customer.exported", "organization.kept"),
        *("customer.erasure_asked", "customer.erasure_called_off"),
    ),
    Kind.SET_UP: (
        *("member.added", "member.changed", "member.hours_set", "member.disabled", "member.enabled", "member.joined"),
        *("invitation.made", "invitation.revoked", "team.kept", "saved_view.kept", "saved_view.removed"),
        *("saved_view.restored", "canned_reply.restored", "ownership.rule_restored"),
        *("ownership.fallback_set", "ownership.rule_added", "ownership.rule_changed", "ownership.rule_removed"),
        *("ownership.rule_moved", "mailbox.added", "mailbox.connected", "mailbox.renewed", "mailbox.disconnected"),
        *("mailbox.paused", "mailbox.resumed", "from_address.kept", "from_address.removed", "notice_mail.resumed"),
        *("canned_reply.kept", "canned_reply.removed", "tag.changed", "tag.deleted", "tag.merged", "tag.restored"),
        *(
            "ladder.kept",
            "promises.set",
            "ladder.removed",
            "mailbox.receiver_chosen",
            "mailbox.removed",
            "audit_trail.handed_out",
            "demo.asked_to_come",
            "demo.asked_to_go",
        ),
    ),
}
EVERY_ACTION: Final = frozenset(action for actions in ACTIONS.values() for action in actions)


@dataclass(frozen=True)
class Question:
    """What somebody wants to know; what is None or "" narrows nothing. `since` is included, `until` is not."""

    who: Member | None = None
    kind: Kind | None = None
    conversation: int | None = None
    customer: Customer | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(question: Question, *, before: str = "", limit: int) -> tuple[list[Act], str]:
    """The acts before the cursor `before` ("" is the newest), and the cursor after them ("" when there are no more).

    A cursor that is none of ours starts at the newest.
    """
    position = _position(before)
    walks = [_walk(one, position, limit + 1) for one in _records(question)]
    found = list(islice(heapq.merge(*walks, key=_place, reverse=True), limit + 1))
    shown = found[:limit]
    return shown, _cursor(shown[-1]) if len(found) > limit else ""


def everything(question: Question, *, at_once: int = 500) -> Iterator[list[Act]]:
    """All of it, a page at a time, for a file."""
    cursor = ""
    while True:
        acts, cursor = page(question, before=cursor, limit=at_once)
        yield acts
        if not cursor:
            return


def _records(question: Question) -> Iterator[QuerySet[Any]]:
    """Each walked along an index: several of the journal for a kind, since no index has a kind's actions in order."""
    things = _things(question)
    if question.kind in (None, Kind.SEEN):
        yield _narrowed(Look.objects.all(), question, who="who", thing="thing")
    if question.kind in (None, Kind.SIGNED_IN) and not things:
        yield _within(_of(question, SignIn.objects.select_related("member")), question)
    entries = _narrowed(Entry.objects.all(), question, who="actor", thing="subject")
    if question.kind is None or question.who or things:
        # Put together, so that no database takes the index of actions, where most of the journal would be sorted.
        wanted = EVERY_ACTION if question.kind is None else ACTIONS[question.kind]
        yield entries.alias(done=Concat(F("action"), Value(""))).filter(done__in=wanted)
    else:
        for action in ACTIONS[question.kind]:
            yield entries.filter(action=action)


def _of(question: Question, sign_ins: QuerySet[SignIn]) -> QuerySet[SignIn]:
    return sign_ins.filter(member=question.who) if question.who else sign_ins


def _narrowed(rows: QuerySet[Any], question: Question, *, who: str, thing: str) -> QuerySet[Any]:
    if question.who:
        rows = rows.filter(**{who: reference(question.who)})
    if things := _things(question):
        rows = rows.filter(Q(*((f"{thing}__in", names) for names in things), _connector=Q.OR))
    return _within(rows, question)


def _things(question: Question) -> list[Any]:
    """Names of what is asked about, in lists or as queries; empty when it may be anything."""
    if question.conversation:
        return [[f"conversation:{question.conversation}"]]
    if question.customer is None:
        return []
    joined = Customer.objects.filter(merged_into=question.customer).values_list("pk", flat=True)
    theirs = Conversation.objects.filter(customer=question.customer)
    return [
        [reference(question.customer), *(f"customer:{pk}" for pk in joined)],
        theirs.values_list(Concat(Value("conversation:"), Cast("pk", CharField())), flat=True),
    ]


def _within(rows: QuerySet[Any], question: Question) -> QuerySet[Any]:
    if question.since:
        rows = rows.filter(at__gte=question.since)
    return rows.filter(at__lt=question.until) if question.until else rows


# Of what happened in the same microsecond: an order, whatever it is.
RANKS: Final = {Entry: 0, Look: 1, SignIn: 2}
Place = tuple[datetime, int, int]


def _place(act: Act) -> Place:
    return act.at, RANKS[type(act)], act.pk


def _walk(rows: QuerySet[Any], before: Place | None, limit: int) -> list[Any]:
    if before:
        moment, rank, key = before
        mine = RANKS[rows.model]
        same_moment = Q(at=moment, pk__lt=key) if mine == rank else Q(at=moment) if mine < rank else Q(pk=None)
        # The first condition says nothing new; it lets an index start where the last page ended.
        rows = rows.filter(at__lte=moment).filter(Q(at__lt=moment) | same_moment)
    return list(rows.order_by("-at", "-pk")[:limit])


def _cursor(act: Act) -> str:
    moment, rank, key = _place(act)
    return f"{(moment - EPOCH) // timedelta(microseconds=1)}.{rank}.{key}"


def _position(cursor: str) -> Place | None:
    found = re.fullmatch(r"(\d{1,16})\.([012])\.(\d{1,18})", cursor)
    return (EPOCH + timedelta(microseconds=int(found[1])), int(found[2]), int(found[3])) if found else None
