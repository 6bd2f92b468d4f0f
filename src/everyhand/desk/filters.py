"""Filters: what narrows a view of the inbox or a search, as an address carries it or as somebody types it.

A filter is a name and a value, such as `owner` and `me`. `read` understands one; what can't be understood is told in a
sentence that says what to write instead, and the others still hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from everyhand.conversations import following, tags
from everyhand.conversations.inbox import ANY
from everyhand.conversations.models import Attachment, Message, Status, taken_back
from everyhand.customers.models import Customer, Identity
from everyhand.desk import spans
from everyhand.people.models import Member, Membership, Team
from everyhand.promises.models import Promise

# Longer values are no names.
LONGEST: Final = 200


@dataclass(frozen=True)
class Filter:
    """What narrows: its `value` as an address carries it, the same `said` in words, and what it lets pass.

    `conversations` is a condition on conversations; `messages` one on the messages that a search finds in them.
    """

    name: str
    value: str
    said: str
    conversations: Q = Q()  # noqa: RUF009 (never changed)
    messages: Q = Q()  # noqa: RUF009


class NotUnderstood(ValueError):
    """A sentence for whoever wrote it. `instead` holds all the same, if there is one."""

    def __init__(self, why: str, *, instead: Filter | None = None) -> None:
        super().__init__(why)
        self.instead = instead


@dataclass(frozen=True)
class Filters:
    """Those that hold, at most one of each name, and what could not be understood: (name, value, why) of each."""

    chosen: tuple[Filter, ...] = ()
    problems: tuple[tuple[str, str, str], ...] = ()

    @property
    def conversations(self) -> Q:
        return Q(*(one.conversations for one in self.chosen))

    @property
    def around_messages(self) -> Q:
        """What must be true of the conversation when `messages` is asked of the message that is looked for."""
        return Q(*(one.conversations for one in self.chosen if not one.messages))

    @property
    def messages(self) -> Q:
        return Q(*(one.messages for one in self.chosen if one.messages))

    def without(self, name: str) -> Filters:
        return Filters(tuple(one for one in self.chosen if one.name != name), self.problems)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """In the order of NAMES, so that the same filters always make the same address."""
        return [(one.name, one.value) for one in sorted(self.chosen, key=lambda one: NAMES.index(one.name))]

    def value(self, name: str) -> str:
        """ "" when nothing of that name was chosen."""
        return next((one.value for one in self.chosen if one.name == name), "")


def read(pairs: Iterable[tuple[str, str]], *, member: Member, at: datetime) -> Filters:
    """Understand (name, value) pairs; of several with one name the last counts, and other names are passed over."""
    chosen: dict[str, Filter] = {}
    problems = []
    for name, written in pairs:
        value = written.replace("\0", "").strip()
        if name not in READERS or not value:
            continue
        if len(value) > LONGEST:
            problems.append((name, value, _("That is too long for a name or a date.")))
            continue
        try:
            chosen[name] = READERS[name](value, member, at)
        except NotUnderstood as problem:
            problems.append((name, value, str(problem)))
            if problem.instead:
                chosen[name] = problem.instead
    return Filters(tuple(chosen.values()), tuple(problems))


def _owner(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    if value.casefold() in ("me", _("me").casefold()):
        return Filter("owner", "me", _("me"), Q(owner=member))
    if key := _key(value):
        return Filter("owner", str(key), _name_of(Member.objects.all(), key), Q(owner=key))
    named = Q(name__icontains=value) | Q(email__istartswith=value)
    found = list(Member.objects.filter(named).order_by("-is_active", "name")[:20])
    if not found:
        raise NotUnderstood(_("Nobody here is called “%(value)s”. Write part of a name, or “me”.") % {"value": value})
    if len(found) == 1:
        return Filter("owner", str(found[0].pk), found[0].name, Q(owner=found[0]))
    return Filter("owner", value, value, Q(owner__in=[one.pk for one in found]))


def _team(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    if value == "none":
        return Filter("team", "none", _("no team"), Q(team=None))
    if key := _key(value):
        return Filter("team", str(key), _name_of(Team.objects.all(), key), Q(team=key))
    found = list(Team.objects.filter(Q(slug=value.lower()) | Q(name__icontains=value))[:20])
    if not found:
        raise NotUnderstood(_("There is no team called “%(value)s”.") % {"value": value})
    if len(found) == 1:
        return Filter("team", str(found[0].pk), found[0].name, Q(team=found[0]))
    return Filter("team", value, value, Q(team__in=[one.pk for one in found]))


def _customer(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    if key := _key(value):
        return Filter("from", str(key), _name_of(Customer.objects.all(), key), Q(customer=key))
    if "@" in value:
        known = Identity.objects.filter(kind=Identity.EMAIL, value=value.lower()).first()
        if known is not None:
            return Filter("from", value.lower(), value, Q(customer=known.customer_id))
    address = Identity.objects.filter(customer=OuterRef("customer"), value__icontains=value)
    return Filter("from", value, value, Q(customer__name__icontains=value) | Q(Exists(address)))


def _channel(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    return Filter("channel", value.lower(), value, Q(channel=value.lower()))


def _status(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    if value.casefold() in (ANY, "all", _("any").casefold(), _("all").casefold()):
        return Filter("status", ANY, _("any"))
    for code, label in Status.choices:
        if value.casefold() in (code, str(label).casefold()):
            return Filter("status", code, str(label), Q(status=code))
    known = [_("all"), *(str(label).casefold() for label in Status.labels)]
    raise NotUnderstood(_("A status is one of these: %(known)s.") % {"known": ", ".join(known)})


def _tag(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    if value.casefold() == "none":
        return Filter("tag", "none", _("no tag"), tags.without_any())
    if key := _key(value):
        return Filter("tag", str(key), _name_of(tags.known_to(member), key), tags.carrying(key))
    key_of_name = tags.key_of(value.removeprefix("#"))
    found = list(tags.known_to(member).filter(key__startswith=key_of_name).order_by("key")[:20])
    if not found:
        # Nothing has it, and everything would be taken for what was found.
        nothing = Filter("tag", value, value, tags.carrying(0))
        raise NotUnderstood(_("There is no tag called “%(value)s”.") % {"value": value}, instead=nothing)
    if found[0].key == key_of_name or len(found) == 1:
        return Filter("tag", str(found[0].pk), found[0].name, tags.carrying(found[0].pk))
    any_of_them = [tags.carrying(one.pk) for one in found]
    return Filter("tag", value, value, reduce(or_, any_of_them))


def _has(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    if value.casefold() not in ("attachment", "attachments", "file", "files", _("attachment").casefold()):
        raise NotUnderstood(_("“has:” knows one thing so far: “has:attachment”."))
    attached = Attachment.objects.filter(~taken_back("message"), message__conversation=OuterRef("pk"))
    return Filter("has", "attachment", _("an attachment"), Q(Exists(attached)))


def _waiting(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    span = spans.read(value)
    if span is None:
        raise NotUnderstood(_("Write how long as a number and h, d or w: “waiting:4h”, “waiting:2d”."))
    waits = Promise.objects.filter(conversation=OuterRef("pk"), made_at__lte=at - span, kept_at=None, withdrawn_at=None)
    return Filter("waiting", value.lower(), _("at least %(span)s") % {"span": value.lower()}, Q(Exists(waits)))


def _in(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    theirs = Membership.objects.filter(member=member).values("team")
    places = {
        "mine": (_("mine"), Q(owner=member), Q()),
        "teams": (_("my teams"), Q(team__in=theirs), Q()),
        "followed": (_("what I follow"), following.by(member), Q()),
        "messages": (_("messages"), _holds(Message.Kind.MESSAGE), Q(kind=Message.Kind.MESSAGE)),
        "notes": (_("notes"), _holds(Message.Kind.NOTE), Q(kind=Message.Kind.NOTE)),
    }
    for code, (said, conversations, messages) in places.items():
        if value.casefold() in (code, said.casefold()):
            return Filter("in", code, said, conversations, messages)
    raise NotUnderstood(_("“in:” knows these: %(known)s.") % {"known": ", ".join(places)})


def _holds(kind: str) -> Q:
    return Q(Exists(Message.objects.filter(conversation=OuterRef("pk"), kind=kind)))


def _before(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    began = _day(value, at)
    return Filter("before", value.lower(), value, Q(last_message_at__lt=began), Q(at__lt=began))


def _after(value: str, member: Member, at: datetime) -> Filter:  # noqa: ARG001
    began = _day(value, at)
    return Filter("after", value.lower(), value, Q(last_message_at__gte=began), Q(at__gte=began))


def _day(value: str, at: datetime) -> datetime:
    began = spans.day(value, at=at)
    if began is None:
        raise NotUnderstood(_("Write a day as 2026-03-31, a month as 2026-03, or “today”, “yesterday”, “7d”."))
    return began


def _name_of(those: QuerySet[Any], key: int) -> str:
    """Read when it is shown: an inbox counts many saved views and names the filters of one."""

    def name() -> str:
        row = those.filter(pk=key).first()
        return str(row) if row else _("somebody who is not here any more")

    return lazy(name, str)()


def _key(value: str) -> int:
    """The primary key that a value is, 0 when it is none."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0


READERS: Final[dict[str, Callable[[str, Member, datetime], Filter]]] = {
    "owner": _owner,
    "team": _team,
    "from": _customer,
    "status": _status,
    "channel": _channel,
    "tag": _tag,
    "has": _has,
    "waiting": _waiting,
    "in": _in,
    "before": _before,
    "after": _after,
}
NAMES: Final[Sequence[str]] = tuple(READERS)
