"""Facts of the journal as whole sentences, for the timeline of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from everyhand.conversations import sight
from everyhand.conversations.models import Conversation, Delivery, Participant, Tag
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member
from everyhand.web import moments
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


class Returned(NamedTuple):
    """A letter that did not arrive, and what the server said last."""

    address: str
    reason: str


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
            _sentence(entry, names, outside, returned, tags),
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
        sentences.setdefault(int(entry.subject.partition(":")[2]), []).append(_sentence(entry, {}, {}, returned, {}))
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


def _sentence(
    entry: Entry, names: Mapping[int, str], outside: dict[int, str], returned: dict[int, Returned], tags: dict[int, str]
) -> str:
    of = entry.particulars.get
    letter = returned.get(of("delivery", 0))
    words = _WhenNeeded(
        who=lambda: names.get(_actor(entry)) or _("Everyhand"),
        owner=lambda: names.get(of("owner", 0)) or _("somebody"),
        gone=lambda: names.get(of("before", 0)) or _("somebody"),
        person=lambda: outside.get(of("participant", 0)) or _("somebody"),
        number=lambda: of("merged", ""),
        until=lambda: _moment(of("until", "")),
        added=lambda: _named(tags, of("added", ())),
        removed=lambda: _named(tags, of("removed", ())),
        member=lambda: names.get(of("member", 0)) or _("somebody"),
        members=lambda: ", ".join(names.get(one) or _("somebody") for one in of("members", ())) or _("nobody"),
        address=lambda: letter.address if letter else _("somebody"),
        reason=lambda: letter.reason if letter else "",
    )
    return _(_saying(entry)) % words


class _WhenNeeded(dict[str, Callable[[], Any]]):
    """Words of which a sentence names two or three."""

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name)()


def _named(tags: dict[int, str], keys: Iterable[int]) -> str:
    return ", ".join(tags.get(key, _("a tag that is gone")) for key in keys)


def _saying(entry: Entry) -> str:
    """Not translated yet: of some thirty sentences one is."""
    actor = _actor(entry)
    if entry.particulars.get("undoes"):
        return {
            "conversation.assigned": gettext_noop("%(who)s took the hand-over back: %(owner)s has it again"),
            "conversation.closed": gettext_noop("%(who)s took the opening back: it is closed as before"),
            "conversation.reopened": gettext_noop("%(who)s took the closing back"),
            "conversation.taken_up": gettext_noop("%(who)s took it up again"),
            "conversation.tagged": gettext_noop("%(who)s took the tagging back"),
            "conversation.linked": gettext_noop("%(who)s linked it again"),
            "conversation.unlinked": gettext_noop("%(who)s took the link back"),
            "note.restored": gettext_noop("%(who)s brought the note back"),
        }[entry.action]
    taken = actor == entry.particulars.get("owner")
    because = entry.particulars.get("because", {})
    if because.get("left"):
        return gettext_noop("It went to %(owner)s, since %(gone)s is not here any more")
    return {
        "conversation.assigned": (
            gettext_noop("It came back to %(owner)s")
            if because.get("code") == "back"
            else gettext_noop("%(who)s took it")
            if taken
            else gettext_noop("%(who)s handed it over to %(owner)s")
        ),
        "conversation.closed": (
            gettext_noop("%(who)s put it away: not for us")
            if entry.particulars.get("why")
            else gettext_noop("%(who)s closed it")
        ),
        "conversation.fell_asleep": gettext_noop("%(who)s put it off until %(until)s"),
        "conversation.joined": gettext_noop("%(who)s merged conversation %(number)s into this one"),
        "conversation.parted": gettext_noop("%(who)s took conversation %(number)s out again"),
        "conversation.linked": gettext_noop("%(who)s linked it with another conversation"),
        "conversation.unlinked": gettext_noop("%(who)s took a link away"),
        "conversation.split": gettext_noop("%(who)s made what followed a conversation of its own"),
        "conversation.split_off": gettext_noop("%(who)s made this a conversation of its own"),
        "conversation.reopened": (
            gettext_noop("%(who)s opened it again")
            if actor
            else gettext_noop("It opened again, since the customer wrote")
        ),
        "conversation.taken_up": {
            "customer": gettext_noop("It came back, since the customer wrote"),
            "promise": gettext_noop("It came back, since the promised time passed"),
            "time": gettext_noop("It came back at the time it was put off to"),
            "not-reached": gettext_noop("It came back, since the customer did not get our answer: %(reason)s"),
        }.get(entry.particulars.get("why", ""), gettext_noop("%(who)s took it up again")),
        "conversation.tagged": (
            gettext_noop("%(who)s tagged it %(added)s, and took off %(removed)s")
            if entry.particulars.get("added") and entry.particulars.get("removed")
            else gettext_noop("%(who)s tagged it %(added)s")
            if entry.particulars.get("added")
            else gettext_noop("%(who)s took off the tag %(removed)s")
        ),
        "conversation.waits": gettext_noop("%(who)s waits for the customer"),
        "delivery.bounced": (
            gettext_noop("What we wrote to %(address)s came back: nobody can be reached there any more")
            if entry.particulars.get("gone", True)
            else gettext_noop("What we wrote to %(address)s came back, so they have not read it")
        ),
        "escalation.acknowledged": gettext_noop("%(who)s acts"),
        "escalation.begun": gettext_noop("The promised answer is missing, so people are paged"),
        "escalation.climbed": gettext_noop("Paged: %(members)s"),
        "escalation.ended": {
            "answered": gettext_noop("%(who)s answered, so nobody else is paged"),
            "called-off": gettext_noop("%(who)s called it off: nobody else is paged"),
        }.get(entry.particulars.get("ended", ""), gettext_noop("Nobody else is paged")),
        "escalation.raised": gettext_noop("%(who)s escalated it"),
        "escalation.stands_again": (
            gettext_noop("The answer was taken back, so it is escalated again")
            if actor
            else gettext_noop("The customer did not get the answer, so it is escalated again")
        ),
        "escalation.went_on": gettext_noop("%(member)s did not answer in time, so others are paged"),
        "message.taken_back": gettext_noop("%(who)s took a reply back before it was sent"),
        "note.changed": gettext_noop("%(who)s changed a note"),
        "note.removed": gettext_noop("%(who)s removed a note"),
        "participant.approved": gettext_noop("%(who)s let %(person)s take part"),
        "participant.declined": gettext_noop("%(who)s left %(person)s out"),
        "promise.broken": gettext_noop("The time we promised passed without an answer"),
        "promise.kept": (
            gettext_noop("%(who)s answered, later than promised")
            if entry.particulars.get("late")
            else gettext_noop("%(who)s kept the promise")
        ),
    }[entry.action]


def _moment(words: str) -> str:
    return moments.day(datetime.fromisoformat(words)) if words else ""


def _actor(entry: Entry) -> int:
    """The primary key of the member who did it, 0 when it was nobody of us."""
    kind, _colon, key = entry.actor.partition(":")
    return int(key) if kind == "member" and key.isdigit() else 0
