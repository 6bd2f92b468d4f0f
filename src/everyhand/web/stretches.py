"""A long conversation is read a stretch at a time: its newest messages, and on demand those before them.

Where a stretch ends is said by a message, in the order of the timeline, which is (at, id): a merge brings old messages
with any number, and a split takes some away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When

from everyhand.channels.email.models import Mail
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message, Participant
from everyhand.core.prepared import Given, prepared, prepared_for_several
from everyhand.people.colleagues import Colleague
from everyhand.people.models import Member
from everyhand.web.happenings import happenings
from everyhand.web.timeline import Entry, Said, Sending, asides_of, in_order, said, sending

# Messages and notes. What costs is to show them, and nobody reads thirty at a glance.
LENGTH: Final = 30
# What is said of a message before its files and deliveries.
SHOWN: Final = (
    *("kind", "direction", "author_name", "forwarded_by", "dated", "text", "reply", "quoted", "recipients"),
    *("from_address", "automatic", "mentions", "remarks", "verdict", "at", "sent_at", "author_member", "conversation"),
)


@dataclass(frozen=True)
class Stretch:
    """Some entries, oldest first, and how many messages and notes come before them."""

    entries: list[Entry]
    before: int

    @property
    def messages(self) -> list[Said]:
        return [one for one in self.entries if isinstance(one, Said)]

    @property
    def first_id(self) -> int:
        return next((one.id for one in self.messages), 0)


def newest(
    conversation: Conversation,
    participants: Iterable[Participant],
    everybody: Sequence[Colleague],
    *,
    reader: Member,
    since: int = 0,
) -> Stretch:
    """The last LENGTH messages and notes; as many more as it takes to begin with the one whose id is `since`, if it is
    one of this conversation.
    """
    rows = _newest()(conversation=conversation.pk)
    whole = len(rows) <= LENGTH
    if not whole:
        rows = rows[:LENGTH]
        at = _at(conversation, since) if since and all(row.pk != since for row in rows) else None
        if at:
            rows = list(_rows(conversation).exclude(_before(at, since)))
    return _stretch(conversation, participants, everybody, rows, reader=reader, whole=whole)


def before(
    conversation: Conversation,
    participants: Iterable[Participant],
    everybody: Sequence[Colleague],
    *,
    reader: Member,
    message: int,
) -> Stretch:
    """LENGTH messages and notes before this one; none when it is none of this conversation."""
    at = _at(conversation, message)
    rows = list(_rows(conversation).filter(_before(at, message))[:LENGTH]) if at else []
    return _stretch(conversation, participants, everybody, rows, reader=reader, until=at)


def beginning_before(conversation: Conversation, message: int) -> int:
    """The id of the message that a stretch before this one begins with; its own where there is none."""
    at = _at(conversation, message)
    earlier = Message.objects.filter(_before(at, message), conversation=conversation) if at else Message.objects.none()
    return [message, *earlier.order_by("-at", "-id").values_list("pk", flat=True)[:LENGTH]][-1]


def first_of_all(conversation: Conversation) -> int:
    """The id of the message that a conversation begins with, 0 when there is none."""
    ids = Message.objects.filter(conversation=conversation).order_by("at", "id").values_list("pk", flat=True)
    return ids.first() or 0


def _stretch(
    conversation: Conversation,
    participants: Iterable[Participant],
    everybody: Sequence[Colleague],
    newest_first: list[Message],
    *,
    reader: Member,
    whole: bool = False,
    until: datetime | None = None,
) -> Stretch:
    messages = newest_first[::-1]
    number = 0
    if messages and not whole:
        number = Message.objects.filter(_before(messages[0].at, messages[0].pk), conversation=conversation).count()
    names = {one.id: one.name for one in everybody}
    pictures = {one.id: one.picture for one in everybody if one.picture}
    files, deliveries = _files(messages), _sendings(messages)
    entries: list[Entry] = [
        said(
            one,
            names=names,
            pictures=pictures,
            files=files.get(one.pk, []),
            deliveries=deliveries.get(one.pk, []),
            has_html=one.has_html,  # type: ignore[attr-defined] # annotated below, like the other two
            has_original=one.has_original,  # type: ignore[attr-defined]
            written=one.written,  # type: ignore[attr-defined]
        )
        for one in messages
    ]
    entries += happenings(
        conversation,
        participants,
        names,
        reader=reader,
        since=messages[0].at if number else None,
        until=until,
    )
    if getattr(conversation, "asking", True):
        since = messages[0].at if number else None
        entries += [
            one
            for one in asides_of(conversation)
            if (since is None or one.at >= since) and (until is None or one.at < until)
        ]
    return Stretch(in_order(entries), number)


@cache
def _newest() -> Callable[..., list[Message]]:
    return prepared(_rows(Given("conversation"))[: LENGTH + 1])


def _rows(conversation: Any) -> QuerySet[Message]:
    """Newest first, with what a page shows; foreign HTML stays in the database until somebody opens it."""
    return (
        Message.objects.filter(conversation=conversation)
        .select_related("author_identity")
        .only(*SHOWN, "author_identity__kind", "author_identity__value")
        .annotate(
            has_html=Case(When(html="", then=Value(value=False)), default=Value(value=True)),
            written=Case(
                When(direction=Message.Direction.OUT, then=F("html")), default=Value(""), output_field=TextField()
            ),
            has_original=Exists(Mail.objects.filter(message=OuterRef("pk"))),
        )
        .order_by("-at", "-id")
    )


def _at(conversation: Conversation, message: int) -> datetime | None:
    """Where this message stands; nowhere when it is none of this conversation."""
    return Message.objects.filter(pk=message, conversation=conversation).values_list("at", flat=True).first()


def _before(at: datetime, message: int) -> Q:
    # The first condition says nothing new; it lets an index start there.
    return Q(at__lte=at) & (Q(at__lt=at) | Q(at=at, id__lt=message))


def _files(messages: Sequence[Message]) -> dict[int, list[Attachment]]:
    """Those of each message, by its id."""
    found: dict[int, list[Attachment]] = {}
    for one in _attachments_of()([message.pk for message in messages]):
        found.setdefault(one.message_id, []).append(one)
    return found


def _sendings(messages: Sequence[Message]) -> dict[int, list[Sending]]:
    """Those of each message, by its id."""
    found: dict[int, list[Sending]] = {}
    for one in _deliveries_of()([message.pk for message in messages]):
        found.setdefault(one.message_id, []).append(sending(one))
    return found


@cache
def _attachments_of() -> Callable[[Sequence[int]], list[Attachment]]:
    return prepared_for_several(
        lambda messages: Attachment.objects.filter(message__in=messages, message__removed=None).order_by("pk")
    )


@cache
def _deliveries_of() -> Callable[[Sequence[int]], list[Delivery]]:
    return prepared_for_several(lambda messages: Delivery.objects.filter(message__in=messages).order_by("pk"))
