"""Facts of the journal that the timeline of a conversation shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db.models import Q

from everyhand.conversations import sight
from everyhand.conversations.models import Conversation, Delivery, Participant, Tag
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member
from everyhand.web.happening_words import Returned, sentence
from everyhand.web.told import told

# What a reader of the conversation wants to know besides the messages themselves.
SHOWN = (
    "conversation.assigned",
    "conversation.closed",
    "conversation.fell_asleep",
    "conversation.joined",
    "conversation.linked",
    "conversation.parted",
    "conversation.reopened",
    "conversation.split",
    "conversation.split_off",
    "conversation.tagged",
    "conversation.unlinked",
    "conversation.taken_up",
    "conversation.waits",
    "delivery.bounced",
    "escalation.acknowledged",
    "escalation.begun",
    "escalation.climbed",
    "escalation.ended",
    "escalation.raised",
    "escalation.stands_again",
    "escalation.went_on",
    "message.taken_back",
    "note.changed",
    "note.removed",
    "note.restored",
    "participant.approved",
    "participant.declined",
    "promise.broken",
    "promise.kept",
)
_LINKING = ("conversation.linked", "conversation.unlinked")
# Not shown: it says that a promise which was kept, was not.
_RUNS_AGAIN = "promise.stands_again"
_READ = (*SHOWN, _RUNS_AGAIN)


@dataclass(frozen=True)
class Happening:
    action: str
    text: str
    at: datetime
    kind: str = "event"
    joining: int = 0  # the id of a joining it tells of, which can still be undone
    leads_to: int = 0  # the id of a conversation it tells of


def happenings(
    conversation: Conversation,
    participants: Iterable[Participant],
    names: Mapping[int, str],
    *,
    reader: Member,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Happening]:
    """From `since` to before `until`, oldest first; `names` are everybody's who ever worked here, by primary key. One
    read, and one more where a letter came back, where there are tags, and where there are links: of those `reader`
    learns only what they may see.
    """
    entries = _for(reader, _standing(_entries(conversation, since, until)))
    outside = {one.pk: str(one.identity) for one in participants}
    returned = _returned(entries)
    tagged = [pk for entry in entries if entry.action == "conversation.tagged" for pk in _tags(entry)]
    tags = dict(Tag.objects.filter(pk__in=tagged).values_list("pk", "name")) if tagged else {}
    parted = {entry.particulars["joining"] for entry in entries if entry.action == "conversation.parted"}
    return [
        Happening(
            entry.action,
            sentence(entry, names, outside, returned, tags),
            entry.at,
            joining=_joining(entry, parted),
            leads_to=next((entry.particulars[one] for one in ("new", "of", "other") if one in entry.particulars), 0),
        )
        for entry in entries
    ]


def _entries(conversation: Conversation, since: datetime | None, until: datetime | None) -> list[Entry]:
    if since is None and until is None:
        return _all()(conversation=journal.reference(conversation))
    rows = journal.about(conversation).filter(action__in=_READ)
    rows = rows.filter(at__gte=since) if since else rows
    return list(rows.filter(Q(at__lt=until) | Q(action=_RUNS_AGAIN)) if until else rows)


@cache
def _all() -> Callable[..., list[Entry]]:
    return prepared(Entry.objects.filter(subject=Given("conversation"), action__in=_READ).order_by("id"))


def _standing(entries: list[Entry]) -> list[Entry]:
    """Without the promises that were kept by an answer which nobody got, and run again."""
    runs_again: dict[int, int] = {}
    for entry in entries:
        if entry.action == _RUNS_AGAIN:
            runs_again[entry.particulars["promise"]] = entry.pk
    return [
        entry
        for entry in entries
        if entry.action != _RUNS_AGAIN
        and not (entry.action == "promise.kept" and runs_again.get(entry.particulars["promise"], 0) > entry.pk)
    ]


def returned_from(asides: Sequence[Conversation]) -> dict[int, list[str]]:
    """What of these asides came back, in sentences by their primary keys; one read, two where something did."""
    entries = list(journal.about(*asides).filter(action="delivery.bounced")) if asides else []
    returned = _returned(entries)
    sentences: dict[int, list[str]] = {}
    for entry in entries:
        sentences.setdefault(int(entry.subject.partition(":")[2]), []).append(sentence(entry, {}, {}, returned, {}))
    return sentences


def _returned(entries: Iterable[Entry]) -> dict[int, Returned]:
    """What these facts tell of, by the primary key of the delivery; one read where there is any."""
    keys = [entry.particulars["delivery"] for entry in entries if "delivery" in entry.particulars]
    found = Delivery.objects.filter(pk__in=keys).values_list("pk", "address", "answer") if keys else ()
    return {pk: Returned(address, told(answer.rpartition("\n")[2])) for pk, address, answer in found}


def _for(reader: Member, entries: list[Entry]) -> list[Entry]:
    others = {entry.particulars["other"] for entry in entries if entry.action in _LINKING}
    seen = set(sight.visible_to(reader).filter(pk__in=others).values_list("pk", flat=True)) if others else set()
    return [entry for entry in entries if entry.action not in _LINKING or entry.particulars["other"] in seen]


def _joining(entry: Entry, parted: set[int]) -> int:
    joined = entry.particulars["joining"] if entry.action == "conversation.joined" else 0
    return 0 if joined in parted else joined


def _tags(entry: Entry) -> list[int]:
    return [*entry.particulars["added"], *entry.particulars["removed"]]
