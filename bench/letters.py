"""Mail that customers write to the company of the benchmarks: three in ten open a conversation, others answer one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final

from bench.company import DOMAIN
from bench.words import Writer
from everyhand.channels.email import tokens
from everyhand.channels.email.accept import Arriving
from everyhand.conversations.models import Conversation
from everyhand.people.models import Team

OPENING: Final = 0.3
RECENT: Final = 2_000  # conversations that are answered


@dataclass(frozen=True)
class Letter:
    """What somebody wrote. Each desk has its own way to know what it answers: by an address or in the subject."""

    sender: str
    name: str
    team: str  # the slug of the one it was written to, when it answers nothing
    answers: Conversation | None
    subject: str
    text: str
    message_id: str

    def as_mail(self, *, to: str, mark: str = "") -> bytes:
        """As it comes over the wire, written now; `mark` stands before the subject of an answer."""
        subject = f"Re: {mark}{self.subject}" if self.answers else self.subject
        header = f"From: {self.name} <{self.sender}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        more = f"Message-ID: <{self.message_id}>\r\nDate: {formatdate()}\r\n"
        text = self.text.replace("\n", "\r\n")
        return f"{header}{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def letters_of(rng: random.Random, *, public: bool = False) -> Iterator[Arriving]:
    """Mails that never came before, as long as `rng` is another one; as many as are asked for. The `public` ones are
    for teams whose mail every specialist sees.
    """
    return map(to_us, written_by(rng, public=public))


def to_us(letter: Letter) -> Arriving:
    to = tokens.reply_address(letter.answers) if letter.answers else f"{letter.team}@{DOMAIN}"
    return Arriving(letter.as_mail(to=to), "smtp 127.0.0.1", letter.sender, (to,))


def written_by(rng: random.Random, *, public: bool = False) -> Iterator[Letter]:
    """The same, before they are addressed."""
    writer = Writer(rng)
    teams, conversations = Team.objects.order_by("pk"), Conversation.objects.all()
    if public:
        teams, conversations = teams.exclude(private=True), conversations.exclude(team__private=True)
    slugs = list(teams.values_list("slug", flat=True))
    recent = list(conversations.select_related("customer").order_by("-pk")[:RECENT])
    while True:
        answers = rng.choice(recent) if recent and rng.random() >= OPENING else None
        sender = answers.customer.address if answers else _stranger(rng, writer)
        yield Letter(
            sender=sender,
            name=writer.name(),
            team=rng.choice(slugs),
            answers=answers,
            subject=answers.subject if answers else writer.subject(),
            text=writer.text(),
            message_id=f"{rng.getrandbits(64):x}@bench.example",
        )


def _stranger(rng: random.Random, writer: Writer) -> str:
    return f"new.{rng.getrandbits(48):x}@{rng.choice(writer.vocabulary)}.example"
