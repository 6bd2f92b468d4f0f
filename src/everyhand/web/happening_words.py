"""Facts of the journal as whole sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from everyhand.core.journal import Entry
from everyhand.web import moments


class Returned(NamedTuple):
    """A letter that did not arrive, and what the server said last."""

    address: str
    reason: str


def sentence(
    entry: Entry, names: Mapping[int, str], outside: dict[int, str], returned: dict[int, Returned], tags: dict[int, str]
) -> str:
    """What happened. `names` are everybody's who ever worked here, `outside` those of participants, `returned` the
    letters that it tells of, `tags` the names of tags; each by primary key.
    """
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
