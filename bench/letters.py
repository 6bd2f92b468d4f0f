"""Mail that customers write to the company of the benchmarks: three in ten open a conversation, others answer one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from bench.company import DOMAIN, TEAMS
from bench.words import Writer
from everyhand.channels.email import tokens
from everyhand.channels.email.accept import Arriving
from everyhand.conversations.models import Conversation

OPENING: Final = 0.3
RECENT: Final = 2_000  # conversations that are answered


def letters_of(rng: random.Random) -> Iterator[Arriving]:
    """Mails that never came before, as long as `rng` is another one; as many as are asked for."""
    writer = Writer(rng)
    recent = list(Conversation.objects.select_related("customer").order_by("-pk")[:RECENT])
    while True:
        if rng.random() < OPENING or not recent:
            sender = f"new.{rng.getrandbits(48):x}@{rng.choice(writer.vocabulary)}.example"
            to, subject = f"team{rng.randrange(TEAMS)}@{DOMAIN}", writer.subject()
        else:
            conversation = rng.choice(recent)
            sender, to = conversation.customer.address, tokens.reply_address(conversation)
            subject = f"Re: {conversation.subject}"
        header = f"From: {writer.name()} <{sender}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        more = f"Message-ID: <{rng.getrandbits(64):x}@bench.example>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n"
        text = writer.text().replace("\n", "\r\n")
        raw = f"{header}{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
        yield Arriving(raw, "smtp 127.0.0.1", sender, (to,))
