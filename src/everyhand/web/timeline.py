"""Everything said in a conversation and everything that happened to it, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, OuterRef, Value, When

from everyhand.channels.email.models import Mail
from everyhand.conversations import queries
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message, Participant
from everyhand.desk import reasons
from everyhand.desk.verdict import Verdict
from everyhand.people.models import Member, initials
from everyhand.web.happenings import Happening, happenings


@dataclass(frozen=True)
class Author:
    """Whoever wrote a message: a member of ours, or somebody outside as they signed it."""

    name: str

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True)
class Said:
    """A message or a note as a page shows it."""

    id: int
    kind: str
    direction: str
    author: Author | Member
    to: Sequence[str]
    reply: str
    quoted: str
    has_html: bool
    has_original: bool  # whether the mail as it came can be downloaded
    at: datetime
    remarks: Sequence[str]
    automatic: str
    proof: str  # whether its sender is who they say, in one sentence or ""
    forged: bool
    attachments: Sequence[Attachment]
    deliveries: Sequence[Delivery]


def timeline(conversation: Conversation, participants: Iterable[Participant]) -> list[Said | Happening]:
    """Oldest first. The HTML of messages stays in the database until somebody opens it."""
    messages = (
        queries.timeline(conversation)
        .defer("html")
        .annotate(
            has_html=Case(When(html="", then=Value(value=False)), default=Value(value=True)),
            has_original=Exists(Mail.objects.filter(message=OuterRef("pk"))),
        )
    )
    entries: list[Said | Happening] = [
        said(message, has_html=message.has_html, has_original=message.has_original) for message in messages
    ]
    entries += happenings(conversation, participants)
    # What was said comes before what it brought about.
    return sorted(entries, key=lambda entry: (entry.at, isinstance(entry, Happening)))


def said(message: Message, *, has_html: bool = False, has_original: bool = False) -> Said:
    verdict = Verdict.from_json(message.verdict)
    return Said(
        id=message.pk,
        kind=message.kind,
        direction=message.direction,
        author=message.author_member or Author(message.author),
        to=[_addressee(one) for one in message.recipients] if message.kind == Message.Kind.MESSAGE else [],
        reply=message.reply or ("" if message.quoted else message.text),
        quoted=message.quoted,
        has_html=has_html,
        has_original=has_original,
        at=message.at,
        remarks=message.remarks,
        automatic=message.automatic,
        proof=reasons.in_words(verdict),
        forged=verdict.is_forged,
        # Pictures inside a letter are seen in the letter.
        attachments=[file for file in message.attachments.all() if not (file.inline and has_html)],
        deliveries=list(message.deliveries.all()),
    )


def _addressee(recipient: dict[str, Any]) -> str:
    name, address = str(recipient.get("name") or ""), str(recipient.get("email") or "")
    return f"{name} <{address}>" if name and address else name or address
