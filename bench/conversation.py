"""One conversation of the past: customer and owner answer each other until its end.

What may not be random (signed Message-IDs, fingerprints, the words a message is found by) is made by the program's own
functions, so that the program goes on from here as from its own past.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bench.company import DOMAIN, HELP
from everyhand.channels.email import tokens
from everyhand.channels.email.fingerprint import digest_of, fingerprint_of

if TYPE_CHECKING:
    from bench.history import History

# How many messages a conversation has: 5 on average.
LENGTHS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 10, 14)
SHARES: Final = (6, 18, 16, 16, 14, 10, 7, 5, 5, 3)
# Those the benchmarks look at: the first is endless, the next hundred are long.
ENDLESS, LONG, LONG_ONES = 1_000, 20, 100
WITH_A_FILE: Final = 0.1  # of the customers' messages; every third of these files is the same logo
LOGO: Final = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 12
QUOTED_LINES: Final = 10

File = tuple[str, bytes]  # name, content


class Conversation:
    """A conversation while it is being written."""

    def __init__(self, history: History, number: int, opened_at: datetime, status: str) -> None:
        self._history, self._rng, self._writer = history, history.rng, history.writer
        self._status = status
        self._pk = number + 1
        self._opened_at = opened_at
        self._subject = self._writer.subject()
        self._customer, self._identity, self._name, self._address = history.customer_of(number, opened_at)
        self._team = self._rng.choice(history.teams) if self._rng.random() < 0.9 else None
        members = history.company.members_of[self._team or self._rng.choice(history.teams)]
        self._owner = history.company.members[self._rng.choice(members)]
        self._ours = f"{history.company.slugs[self._team]}@{DOMAIN}" if self._team else HELP
        self._last: tuple[str, str, str] = ("", "", "")  # Message-ID, text and who wrote it
        self._ids: list[str] = []
        self._promise: tuple[datetime, datetime, str] | None = None  # made at, due at, kind
        self._at = opened_at
        if number == 0:
            length = ENDLESS
        elif number <= LONG_ONES:
            length = LONG
        else:
            (length,) = self._rng.choices(LENGTHS, SHARES)
        # Who waits spoke first, and whoever is waited for was spoken to last.
        self._length = length + (1 if (length % 2 == 1) != (status == "open") and status != "closed" else 0)

    def happen(self) -> None:
        self._note("conversation.opened", owner=self._owner.pk, because={"code": "no-rule"})
        for step in range(self._length):
            if step:
                self._at += min(timedelta(minutes=self._rng.expovariate(1 / 90)), self._left())
            self._hear() if step % 2 == 0 else self._say()
        closed_at = None
        if self._status == "closed":
            closed_at = self._at
            self._settle(withdrawn_at=closed_at)
            self._note("conversation.closed", actor=f"member:{self._owner.pk}")
        due_at = self._promise[1] if self._promise else None
        self._settle()
        history = self._history
        because = (
            {"code": "rule", "rule": 1, "looks_at": "recipient", "found": self._ours, "thing": ""}
            if self._team
            else {"code": "no-rule"}
        )
        history.conversation.add(
            *(self._subject, self._status, self._customer, self._owner.pk, self._team, "email", self._ours, because),
            *(self._opened_at, closed_at, self._at, " ".join(self._last[1].split())[:200], due_at, self._secret()),
        )
        history.participant.add(self._pk, self._identity, self._opened_at, self._opened_at)

    def _left(self) -> timedelta:
        return max((self._history.until - self._at) / 2, timedelta(0))

    def _hear(self) -> None:
        """The customer writes."""
        history, reply, quoted = self._history, self._writer.text(), self._quotation()
        text = f"{reply}\n\n{quoted}" if quoted else reply
        subject = f"Re: {self._subject}" if self._ids else self._subject
        message_id = f"{self._rng.getrandbits(64):x}@{self._address.partition('@')[2]}"
        recipients = [{"name": "", "email": self._ours, "as": "to"}]
        message = history.message.add(
            *(self._pk, "in", None, self._identity, self._name, subject, text, reply, quoted, message_id),
            *(self._last[0], list(self._ids[-20:]), recipients, self._at, self._at),
        )
        files = self._attach(message)
        self._index(message, [subject if self._ids else "", self._name], recipients, files, text)
        self._note("message.received", message=message)
        if self._promise is None:
            kind = "next_reply" if self._ids else "first_reply"
            self._promise = (self._at, self._at + timedelta(hours=2), kind)
            self._note("promise.made", promise=history.promise.next, due_at=self._promise[1].isoformat())
        self._keep_mail(message, message_id, subject, text, files)
        self._remember(message_id, text, self._name)

    def _say(self) -> None:
        """The owner answers."""
        history, text = self._history, self._writer.text()
        message_id = tokens.message_id(history.message.next, self._ours)
        recipients = [{"name": self._name, "email": self._address, "as": "to"}]
        message = history.message.add(
            *(self._pk, "out", self._owner.pk, None, "", self._subject, text, text, self._quotation(), message_id),
            *(self._last[0], list(self._ids[-20:]), recipients, self._at, None),
        )
        self._index(message, ["", self._owner.name], recipients, [], text)
        left = self._at + timedelta(seconds=10)
        history.delivery.add(message, self._address, self._name, left, 1, left, "250 2.0.0 Ok")
        self._note("message.sent", actor=f"member:{self._owner.pk}", message=message)
        self._settle(kept_at=self._at)
        self._remember(message_id, text, self._owner.name)

    def _quotation(self) -> str:
        _, text, author = self._last
        if not text:
            return ""
        return "\n".join([f"{author} wrote:", *(f"> {line}" for line in text.splitlines()[:QUOTED_LINES])])

    def _remember(self, message_id: str, text: str, author: str) -> None:
        self._last = (message_id, text, author)
        self._ids.append(message_id)

    def _settle(self, *, kept_at: datetime | None = None, withdrawn_at: datetime | None = None) -> None:
        """What becomes of the open promise: kept, withdrawn, or it stays open."""
        if self._promise is None:
            return
        made_at, due_at, kind = self._promise
        broken_at = due_at if (kept_at or withdrawn_at or self._history.until) > due_at else None
        promise = self._history.promise.add(
            self._pk, self._owner.pk, kind, made_at, due_at, kept_at, broken_at, withdrawn_at
        )
        if kept_at:
            self._note("promise.kept", actor=f"member:{self._owner.pk}", promise=promise, late=kept_at > due_at)
        self._promise = None

    def _attach(self, message: int) -> list[File]:
        if self._rng.random() > WITH_A_FILE:
            return []
        shared = self._rng.random() < 1 / 3
        name = "logo.png" if shared else f"{self._writer.words(1)[0]}.pdf"
        content = LOGO if shared else b"%PDF-1.4\n" + self._rng.randbytes(int(self._rng.expovariate(1 / 4_000)) + 200)
        kind = "image/png" if shared else "application/pdf"
        self._history.attachment.add(message, self._history.keep(content), self._secret(), name, kind, len(content))
        return [(name, content)]

    def _index(
        self, message: int, own: list[str], recipients: list[dict[str, str]], files: list[File], text: str
    ) -> None:
        """By what `conversations.finding` finds it; `own` are its subject ("": the same) and author."""
        subject, author = own
        named = [f"{one['name']} {one['email']}" for one in recipients]
        texts = [self._subject, subject, self._name, self._address, author, *named, *(name for name, _ in files), text]
        self._history.documents.append((message, self._pk, texts))

    def _keep_mail(self, message: int, message_id: str, subject: str, text: str, files: list[File]) -> None:
        """The mail that brought it, as it came over the wire."""
        history = self._history
        lines = [
            f"From: {self._name} <{self._address}>",
            f"To: {self._ours}",
            f"Subject: {subject}",
            f"Message-ID: <{message_id}>",
            f"Date: {self._at:%a, %d %b %Y %H:%M:%S +0000}",
            "MIME-Version: 1.0",
        ]
        body = ["Content-Type: text/plain; charset=utf-8", "", *text.splitlines()]
        for name, content in files:
            encoded = base64.encodebytes(content).decode("ascii").splitlines()
            attached = [
                f'Content-Type: application/octet-stream; name="{name}"',
                "Content-Transfer-Encoding: base64",
                "",
            ]
            body = [
                "Content-Type: multipart/mixed; boundary=cut",
                "",
                "--cut",
                *body,
                "--cut",
                *attached,
                *encoded,
                "--cut--",
            ]
        raw = "\r\n".join([*lines, *body, ""]).encode()
        stored = history.raw.add(digest_of(raw), len(raw), raw)
        history.mail.add(
            *(stored, "smtp 192.0.2.7", self._address, [self._ours], self._at, self._at, 1, self._at, "filed"),
            *(fingerprint_of(raw), self._address, subject, self._pk, message),
        )

    def _note(self, action: str, *, actor: str = "", **particulars: object) -> None:
        self._history.entry.add(action, actor, f"conversation:{self._pk}", particulars, self._at)

    def _secret(self) -> str:
        """As `core.tokens.random` makes them, but for the same seed the same."""
        return base64.b32encode(self._rng.randbytes(20)).decode().lower()
