"""What was said in a conversation as its page shows it, and where that page opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from django.conf import settings
from markupsafe import Markup

from everyhand.channels.email import tokens
from everyhand.conversations import asides, queries
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message, Participant
from everyhand.core import pictures
from everyhand.desk import reasons
from everyhand.desk.verdict import Verdict
from everyhand.people.models import Member, initials
from everyhand.web.happenings import Happening, returned_from
from everyhand.web.told import told
from everyhand.web.writing import for_page

# How many messages stay open when nobody waits for an answer, and how many there must be before them for a fold.
LAST = 2
WORTH_FOLDING = 2
# Bytes of a picture that is seen between the words; who scrolls past a larger one would wait for it.
SEEN_AT_MOST = 5 * 2**20


@dataclass(frozen=True)
class Author:
    """Whoever wrote a message: a member of ours, or somebody outside as they signed it."""

    name: str
    picture: str = ""

    @property
    def initials(self) -> str:
        return initials(self.name)


class File(NamedTuple):
    """Something attached; `virus` is its name, "" for none, None before a scanner looked."""

    name: str
    size: int  # bytes
    type: str
    token: str
    virus: str | None

    @property
    def is_seen(self) -> bool:
        """Whether it is a picture, as far as its sender says, that a page shows; `originals.picture` looks."""
        return self.type.lower() in pictures.TYPES and self.size <= SEEN_AT_MOST and not self.virus


class Sending(NamedTuple):
    """How a message reaches one of those it is for, or did not."""

    id: int
    address: str
    state: str
    attempts: int
    last_error: str
    due_at: datetime


@dataclass(frozen=True)
class Said:
    """A message or a note as a page shows it, all that is drawn of it: those that are equal look the same."""

    id: int
    kind: str
    direction: str
    author: Author
    author_id: int | None  # of us, the primary key
    to: tuple[str, ...]
    sent_from: str  # the address of ours that a reply comes from; "" for what others said
    reply: str
    mentions: tuple[str, ...]  # the words of `reply` that call colleagues in
    written: Markup | None  # `reply` as one of us formed it with the editor
    quoted: str
    has_html: bool
    has_original: bool  # whether the mail as it came can be downloaded
    at: datetime
    remarks: tuple[str, ...]
    automatic: str
    proof: str  # whether its sender is who they say, in one sentence or ""
    forged: bool
    forwarded_by: str  # the member who passed it on, "" when it came straight to us
    sent_at: datetime | None  # when it was written, where that is another time than `at`
    dated: str  # the same in the words of its header, where they don't say the moment
    attachments: tuple[File, ...]
    unchecked: bool  # whether files that no scanner looked at are to be warned of
    deliveries: tuple[Sending, ...]
    read_by_customer: tuple[str, ...] = ()  # of an answer aside: addresses of the customer's side that got it, too

    @property
    def taken_back(self) -> bool:
        """Whether it was never said: its author took it back before it was sent."""
        return any(one.state == "undone" for one in self.deliveries)


@dataclass(frozen=True)
class Aside:
    """What a member asked somebody else beside the conversation, and what they answered."""

    id: int
    subject: str
    asked_by: Member
    asked: Sequence[str]  # names or addresses
    at: datetime
    messages: Sequence[Said]
    returned: Sequence[str] = ()  # what of it came back, in sentences
    kind: str = "aside"

    @property
    def is_answered(self) -> bool:
        """Whether they have had the last word."""
        said = [one for one in self.messages if not one.taken_back]
        return bool(said) and said[-1].direction == Message.Direction.IN

    @property
    def was_overheard(self) -> bool:
        """Whether an answer went to the customer's side, too."""
        return any(one.read_by_customer for one in self.messages)


Entry = Said | Happening | Aside


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """What was said comes before what it brought about."""
    return sorted(entries, key=lambda entry: (entry.at, isinstance(entry, Happening)))


def asides_of(conversation: Conversation) -> list[Aside]:
    """What was asked beside it, each at the time of its newest words; as many reads however many there are."""
    return _shown(list(asides.of(conversation)), beside=conversation)


def aside_shown(aside: Conversation) -> Aside:
    return _shown([aside], beside=aside.aside_of)[0]


def _shown(found: list[Conversation], *, beside: Conversation | None) -> list[Aside]:
    participants = Participant.objects.filter(
        conversation__in=found, approved_at__isnull=False, declined_at=None
    ).select_related("identity__customer")
    asked: dict[int, list[str]] = {}
    for one in participants.order_by("pk"):
        asked.setdefault(one.conversation_id, []).append(str(one.identity))
    returned = returned_from(found)
    messages = list(queries.timeline_of(found))
    read_by = _read_by_the_customer(messages, beside) if beside else {}
    words: dict[int, list[Said]] = {}
    for message in messages:
        shown = replace(said_alone(message), read_by_customer=tuple(read_by.get(message.pk, ())))
        words.setdefault(message.conversation_id, []).append(shown)
    return [
        Aside(
            id=one.pk,
            subject=one.subject,
            asked_by=one.owner,
            asked=asked.get(one.pk, []),
            at=one.last_message_at,
            messages=words.get(one.pk, []),
            returned=returned.get(one.pk, []),
        )
        for one in found
    ]


def _read_by_the_customer(messages: Iterable[Message], beside: Conversation) -> dict[int, list[str]]:
    """Those on the customer's side whom an answer names as its readers, by the primary key of that answer; one read,
    where there are answers.
    """
    named = {
        one.pk: [str(recipient.get("email") or "") for recipient in one.recipients]
        for one in messages
        if one.direction == Message.Direction.IN
    }
    inside = set(asides.kept_from(beside, {address for some in named.values() for address in some})) if named else set()
    return {pk: [address for address in some if address in inside] for pk, some in named.items()}


def folded(entries: Sequence[Entry], *, shown_from: int = 0) -> int:
    """How many entries at the start to fold away, so that a conversation opens where the work is.

    Open stays what the customer wrote since our last reply or, where nothing waits, the last question and answer.
    A page that is already open says with `shown_from` (the id of a message, or 0) where it begins, so that nothing
    folds under somebody's eyes.
    """
    places = [place for place, entry in enumerate(entries) if isinstance(entry, Said)]
    beginning = next((place for place in places if _id(entries[place]) == shown_from), None)
    if beginning is None:
        answered = [place for place in places if _direction(entries[place]) == Message.Direction.OUT]
        since = max(answered, default=-1)
        unanswered = [place for place in places if place > since and _direction(entries[place])]
        beginning = min(unanswered or places[-LAST:], default=0)
    hidden = sum(place < beginning for place in places)
    return beginning if hidden >= WORTH_FOLDING else 0


def _id(entry: Entry) -> int:
    return entry.id if isinstance(entry, Said) else 0


def _direction(entry: Entry) -> str:
    """Which way a message went; "" for what went nowhere, as a note, and for what a machine sent."""
    if not isinstance(entry, Said) or entry.kind != Message.Kind.MESSAGE or entry.automatic or entry.taken_back:
        return ""
    return entry.direction


def said(
    message: Message,
    *,
    names: Mapping[int, str],
    pictures: Mapping[int, str] = MappingProxyType({}),
    files: Sequence[Attachment] = (),
    deliveries: Sequence[Sending] = (),
    has_html: bool = False,
    has_original: bool = False,
    written: str = "",
) -> Said:
    """`names` and `pictures` are those of everybody who ever worked here, by primary key. `written` is the HTML of one
    of us, which stands in the page itself; others' is opened in a frame.
    """
    has_html = has_html and message.direction == Message.Direction.IN
    verdict = Verdict.from_json(message.verdict)
    return Said(
        id=message.pk,
        kind=message.kind,
        direction=message.direction,
        author=Author(_author(message, names), pictures.get(message.author_member_id or 0, "")),
        author_id=message.author_member_id,
        to=tuple(_addressee(one) for one in message.recipients) if message.kind == Message.Kind.MESSAGE else (),
        sent_from=message.from_address,
        reply=message.reply or ("" if message.quoted else message.text),
        mentions=tuple(one["as"] for one in message.mentions or ()),
        written=for_page(written, files) if written else None,
        quoted=message.quoted,
        has_html=has_html,
        has_original=has_original,
        at=message.at,
        remarks=tuple(map(told, message.remarks)),
        automatic=message.automatic,
        # Of what a member passed on, they are the one who is proved.
        proof="" if message.forwarded_by_id else reasons.in_words(verdict),
        forged=verdict.is_forged,
        forwarded_by=names.get(message.forwarded_by_id, "") if message.forwarded_by_id else "",
        sent_at=message.sent_at if message.forwarded_by_id else None,
        dated=message.dated,
        # Pictures inside a letter are seen in the letter.
        attachments=tuple(_file(one) for one in files if not (one.inline and (has_html or written))),
        unchecked=bool(settings.EVERYHAND.clamav) and message.direction == Message.Direction.IN,
        deliveries=tuple(deliveries),
    )


def said_alone(message: Message) -> Said:
    """The same of one that was read with its author, files and deliveries."""
    ours = [one for one in (message.author_member, message.forwarded_by) if one]
    files, deliveries = list(message.attachments.all()), [sending(one) for one in message.deliveries.all()]
    written = message.html if message.direction == Message.Direction.OUT else ""
    names = {one.pk: one.name for one in ours}
    return said(message, names=names, files=files, deliveries=deliveries, written=written)


def _file(attachment: Attachment) -> File:
    return File(*(getattr(attachment, name) for name in File._fields))


def sending(delivery: Delivery) -> Sending:
    return Sending(*(getattr(delivery, name) for name in Sending._fields))


def _author(message: Message, names: Mapping[int, str]) -> str:
    if message.author_member_id:
        return names.get(message.author_member_id, "")
    return message.author_name or (message.author_identity.address if message.author_identity else "")


def _addressee(recipient: dict[str, Any]) -> str:
    name, address = str(recipient.get("name") or ""), tokens.without_token(str(recipient.get("email") or ""))
    if name.lower() == address.lower() or tokens.without_token(name) == address:
        return address
    return f"{name} <{address}>" if name and address else name or address
