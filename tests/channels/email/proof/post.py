"""The Courier's post: mail arrives at its door with any envelope and header, and is filed as the worker does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import count

from everyhand.channels.email import accept, file, tokens
from everyhand.channels.email.models import Mail, Mailbox
from everyhand.channels.email.outbound.compose import compose
from everyhand.conversations.models import Conversation, Message
from everyhand.desk.reply import reply
from tests.cast import HELP, NOON, Cast, minutes
from tests.channels.email.proof.senders import EVIL_SERVER, EXAMPLE_SERVER, written

ADA, BEA, MALLORY = "ada@example.org", "bea@example.org", "mallory@evil.test"
_numbers = count(1)


@dataclass
class Post:
    """The door and the desks behind it. Whatever comes counts as sent by example.org's server unless it is forged."""

    filer: file.Filer
    cast: Cast

    def __post_init__(self) -> None:
        Mailbox.objects.create(address=HELP, name="The Courier")

    def comes(
        self,
        raw: bytes,
        *,
        to: str | list[str] = HELP,
        peer: str = EXAMPLE_SERVER,
        envelope_from: str = ADA,
        source: str = "",
        at: datetime = NOON,
    ) -> Mail:
        """This very mail arrives and is filed; what became of it."""
        recipients = tuple([to] if isinstance(to, str) else to)
        arriving = accept.Arriving(raw, source or f"smtp {peer}", envelope_from, recipients, "mail.test")
        accepted = accept.accept(arriving, at=at).mail
        self.work(at=at)
        return Mail.objects.select_related("conversation", "message").get(pk=accepted.pk)

    def work(self, *, at: datetime = NOON) -> None:
        """The worker files whatever is due."""
        while mails := file.claim(at=at, limit=10):
            self.filer.file(mails, at=at)

    def writes(
        self, sender: str = ADA, text: str = "No paper today.", *, to: str | list[str] = HELP, **fields: str
    ) -> Mail:
        """A genuine mail."""
        peer = EVIL_SERVER if sender.endswith("@evil.test") else EXAMPLE_SERVER
        fields = {"Message-ID": f"<letter-{next(_numbers)}@example.org>", **fields}
        return self.comes(written(sender, text, **fields), to=to, peer=peer, envelope_from=sender)

    def forges(
        self, sender: str = ADA, text: str = "Send it all.", *, to: str | list[str] = HELP, **fields: str
    ) -> Mail:
        """Mallory writes in somebody else's name."""
        fields = {"Message-ID": f"<forged-{next(_numbers)}@evil.test>", **fields}
        return self.comes(written(sender, text, **fields), to=to, peer=EVIL_SERVER, envelope_from=MALLORY)

    def answers(self, conversation: Conversation, text: str = "It is on its way.") -> Message:
        return reply(
            conversation,
            author=self.cast.ana,
            text=text,
            at=NOON + minutes(5),
            message_id_for=lambda pk: tokens.message_id(pk, HELP),
        )


def reply_address(conversation: Conversation | None) -> str:
    assert conversation is not None
    return tokens.reply_address(conversation)


def guessed(address: str, *, by: int = 0) -> str:
    """The same address with a signature of ones, and for another number."""
    local, _, domain = address.partition("@")
    box, _, tag = local.partition("+")
    number, _, signature = tag.partition("-")
    return f"{box}+{max(1, int(number) + by)}-{'a' * len(signature)}@{domain}"


def sent(message: Message) -> str:
    """The mail a reply becomes."""
    return compose(message).decode()


def said(conversation: Conversation | None) -> list[str]:
    assert conversation is not None
    return list(conversation.messages.order_by("pk").values_list("reply", flat=True))
