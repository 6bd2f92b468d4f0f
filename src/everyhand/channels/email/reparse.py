"""Reading all mail again, after the parser has learnt something: the bytes are the truth, what we derived follows.

Nothing is sent, opened or moved. A mail that would be taken for a person's now and was not then, or the other way
round, is a person's decision: it is only named.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from everyhand.channels.email import queries
from everyhand.channels.email.forget import ERASED
from everyhand.channels.email.models import Mail
from everyhand.channels.email.parsing.isolated import IsolatedParser, ParseFailed
from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.conversations import rereading
from everyhand.conversations.models import Message
from everyhand.conversations.saying import Upload
from everyhand.customers.actions import normalised
from everyhand.desk import forwarding
from everyhand.desk.inbound import Inbound
from everyhand.desk.standing import Standing

FILES: Final = "attachments"


@dataclass(frozen=True)
class Difference:
    """What is read otherwise: a field of the message, and how long it was and is (characters, or how many)."""

    field: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.field} {self.before} -> {self.after}"


@dataclass(frozen=True)
class Reread:
    """One mail, read again. `doubt` is a sentence when a person has to look at it; then nothing was changed."""

    mail: int
    message: int | None = None
    differences: tuple[Difference, ...] = ()
    doubt: str = ""


def read_again(mails: QuerySet[Mail], *, apply: bool, at: datetime, parsers: int = 1) -> Iterator[Reread]:
    """Read these mails again, oldest first, and say of each what is different; with `apply` change it.

    Each change is a transaction of its own, and what was changed is not different any more, so whoever is interrupted
    begins again. Only mail that was filed or suppressed is looked at: the rest will be read anyway.
    """
    parser = IsolatedParser(processes=parsers)
    settled = mails.filter(outcome__in=(Mail.Outcome.FILED, Mail.Outcome.SUPPRESSED)).exclude(why=ERASED)
    try:
        with ThreadPoolExecutor(parsers, thread_name_prefix="parse") as threads:
            reading: deque[tuple[Mail, Future[Inbound]]] = deque()
            for pk in list(settled.order_by("pk").values_list("pk", flat=True)):
                mail = Mail.objects.select_related("raw", "message__conversation").filter(pk=pk).first()
                if mail is None:
                    continue
                reading.append((mail, threads.submit(_understand, parser, mail, bytes(mail.raw.content))))
                if len(reading) > 2 * parsers:
                    yield _compare(*reading.popleft(), apply, at)
            while reading:
                yield _compare(*reading.popleft(), apply, at)
    finally:
        parser.close()


def _understand(parser: IsolatedParser, mail: Mail, raw: bytes) -> Inbound:
    return parser.parse(raw, source=mail.source, recipients=tuple(mail.envelope_to), at=mail.accepted_at)


def _compare(mail: Mail, understood: Future[Inbound], apply: bool, at: datetime) -> Reread:
    try:
        inbound = understood.result()
    except (TooHostile, ParseFailed) as refused:
        return Reread(mail.pk, mail.message_id, doubt=f"It can't be read any more: {refused}")
    before, after = _kind(mail), _kind_now(mail, inbound)
    if before != after and not mail.decision:
        doubt = f"It was taken for {before or 'a person’s'} and is now taken for {after or 'a person’s'}."
        return Reread(mail.pk, mail.message_id, doubt=doubt)
    if mail.message is None:
        return Reread(mail.pk)
    if mail.message.forwarded_by_id:
        if inbound.forwarded is None:
            return Reread(mail.pk, mail.message_id, doubt="It was forwarded by one of us, and is not read so any more.")
        inbound = forwarding.original(inbound)
    words, files = _words(inbound), _files(inbound)
    differences = tuple(_differences(mail.message, words, files))
    if differences and apply:
        _change(mail.message, words, files, at)
    return Reread(mail.pk, mail.message_id, differences)


@transaction.atomic
def _change(message: Message, words: dict[str, Any], files: list[Upload], at: datetime) -> None:
    # It may have been erased since it was read.
    still_there = Message.objects.select_related("conversation").filter(pk=message.pk).first()
    if still_there:
        rereading.read_again(still_there, words=words, files=files, at=at)


def _kind(mail: Mail) -> str:
    """What it was taken for: "" for a person's message, else why it was suppressed."""
    return mail.why if mail.outcome == Mail.Outcome.SUPPRESSED else ""


def _kind_now(mail: Mail, inbound: Inbound) -> str:
    if mail.decision:
        return _kind(mail)  # a person decided
    if mail.why == "loop" and not inbound.automatic and _is_our_own(inbound):
        return "loop"  # as filing decided: our own mail coming back
    return inbound.automatic or ""


def _is_our_own(inbound: Inbound) -> bool:
    sender = normalised(inbound.sender.email)
    return queries.OurAddresses().is_a_desk(sender, of_staff=Standing().is_of_staff(sender))


def _differences(message: Message, words: dict[str, Any], files: list[Upload]) -> Iterator[Difference]:
    for name in rereading.WORDS:
        if getattr(message, name) != words[name]:
            yield Difference(name, len(getattr(message, name)), len(words[name]))
    if not rereading.has_files(message, files):
        yield Difference(FILES, message.attachments.count(), len(files))


def _words(inbound: Inbound) -> dict[str, Any]:
    words = {name: getattr(inbound, name) for name in rereading.WORDS}
    return {**words, "subject": inbound.subject[:1000], "remarks": list(inbound.remarks)}


def _files(inbound: Inbound) -> list[Upload]:
    return [Upload(file.name, file.type, file.content, file.content_id, file.inline) for file in inbound.files]
