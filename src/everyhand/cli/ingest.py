"""`everyhand ingest`: mail from files, through the same door as live mail.

Everything is accepted first (bytes and row committed), then filed as the worker would. A file that can't be read gets
a line that says so and a non-zero exit at the end; the others are taken all the same.
"""

from __future__ import annotations

import json
import mailbox
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from django.db import Error
from django.utils import timezone

from everyhand.channels.email import accept, file, outcomes
from everyhand.channels.email.models import Mail
from everyhand.cli import setting_up
from everyhand.core import heartbeat
from everyhand.desk.inbound import Address, Inbound

BATCH = 32
_WAIT_FOR_OTHERS = timedelta(minutes=5)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line a message.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH... | -")
def ingest(paths: tuple[str, ...], as_json: bool) -> None:
    """Take in .eml files, mbox files, Maildirs, folders of these, or - for one message on standard input."""
    setting_up.set_up()
    taking = _Taking(as_json)
    total = sum(_count(path) for path in paths)
    with click.progressbar(
        length=total, label="Taking mail in", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as progress:
        for batch in _batches(_arriving(paths, taking)):
            taking.take(batch)
            progress.update(len(batch))
    taking.close()
    if not as_json:
        click.echo(taking.summary())
    sys.exit(1 if taking.refused else 0)


class _Taking:
    """One run: what was taken, what became of it, what could not be read."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._filer = file.Filer(parsers=2)
        self._outcomes: dict[str, int] = {}
        self.refused = 0

    def close(self) -> None:
        self._filer.close()

    def refuse(self, source: str, why: str) -> None:
        """A file that is no mail: say so, and go on with the others."""
        self.refused += 1
        click.echo(f"everyhand: {source}: {why}", err=True)
        if self._as_json:
            click.echo(json.dumps({"source": source, "outcome": "refused", "why": why}))

    def take(self, batch: Sequence[accept.Arriving]) -> None:
        now = timezone.now()
        try:
            accepted = accept.accept_many(batch, at=now)
        except Error as error:
            for one in batch:
                self.refuse(one.source, f"not taken, because the database refused: {error}")
            return
        filed = self._file([taken.mail for taken in accepted if not taken.again], now)
        for arriving, taken in zip(batch, accepted, strict=True):
            became = self._known(arriving, taken.mail) if taken.again else filed[taken.mail.pk]
            line = line_of(arriving.source, became, again=taken.again)
            self._outcomes[line["outcome"]] = self._outcomes.get(line["outcome"], 0) + 1
            if self._as_json:
                click.echo(json.dumps(line, ensure_ascii=False))

    def _known(self, arriving: accept.Arriving, mail: Mail) -> outcomes.Filed:
        """The mail we had already; for a program that asks, with what it says."""
        said = self._filer.read(mail, arriving.raw) if self._as_json else None
        return outcomes.Filed(mail, said if isinstance(said, Inbound) else None)

    def _file(self, mails: Sequence[Mail], at: datetime) -> dict[int, outcomes.Filed]:
        """File them here and now; those a running worker was faster with are waited for."""
        done: dict[int, outcomes.Filed] = {}
        claimed = file.claim(at=at, limit=len(mails), only=[mail.pk for mail in mails])
        with heartbeat.leases_kept(claimed, lease=file.LEASE):
            for filed in self._filer.file(claimed, at=at):
                done[filed.mail.pk] = filed
        for mail in mails:
            if mail.pk not in done:
                done[mail.pk] = outcomes.Filed(_settled(mail.pk))
        return done

    def summary(self) -> str:
        parts = [f"{count} {outcome}" for outcome, count in sorted(self._outcomes.items())]
        return (", ".join(parts) or "nothing to take in") + (f", {self.refused} refused" if self.refused else "")


def line_of(source: str, filed: outcomes.Filed, *, again: bool = False) -> dict[str, Any]:
    """The JSON line of one message, as docs/commands.md describes it."""
    mail, inbound = filed.mail, filed.inbound
    conversation = filed.conversation or mail.conversation
    message = filed.message or mail.message
    said = inbound or Inbound(source=source, sender=Address(email=mail.sender), subject=mail.subject)
    return {
        "source": source,
        "outcome": "duplicate" if again else mail.outcome,
        "why": mail.why or None,
        "conversation": conversation.pk if conversation else None,
        "message": message.pk if message else None,
        "opened": filed.opened,
        "from": _person(said.sender),
        "to": [_person(one) for one in said.to],
        "cc": [_person(one) for one in said.cc],
        "subject": said.subject,
        "text": said.text,
        "reply": said.reply,
        "quoted": said.quoted,
        "forwarded": said.forwarded
        and {"from": _person(said.forwarded.sender), "subject": said.forwarded.subject, "text": said.forwarded.text},
        "automatic": said.automatic is not None,
        "bounce": said.bounce
        and {
            "addresses": list(said.bounce.addresses),
            "status": said.bounce.status,
            "permanent": said.bounce.permanent,
            "reason": said.bounce.reason,
        },
        "attachments": [
            {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256} for one in said.files
        ],
        "owner": conversation.owner.email if conversation else None,
        "team": conversation.team.slug if conversation and conversation.team else None,
        "reply_due": conversation.reply_due.isoformat() if conversation and conversation.reply_due else None,
    }


def _person(address: Address) -> dict[str, str]:
    return {"name": address.name, "email": address.email}


def _settled(mail_pk: int) -> Mail:
    give_up_at = time.monotonic() + _WAIT_FOR_OTHERS.total_seconds()
    while True:
        mail = Mail.objects.select_related("conversation__owner", "conversation__team", "message").get(pk=mail_pk)
        if mail.outcome != Mail.Outcome.PENDING or time.monotonic() > give_up_at:
            return mail
        time.sleep(0.05)


def _arriving(paths: Sequence[str], taking: _Taking) -> Iterator[accept.Arriving]:
    for path in paths:
        try:
            yield from _mails_in(path)
        except OSError as error:
            taking.refuse(path, f"{error.strerror or error}.")


def _mails_in(path: str) -> Iterator[accept.Arriving]:
    if path == "-":
        raw = sys.stdin.buffer.read()
        if raw:
            yield accept.Arriving(raw, "-")
        return
    place = Path(path)
    if _is_maildir(place):
        for folder in ("new", "cur"):
            for one in sorted((place / folder).iterdir()):
                yield accept.Arriving(one.read_bytes(), str(one))
    elif place.is_dir():
        for one in sorted(place.rglob("*.eml")):
            yield accept.Arriving(one.read_bytes(), str(one))
    elif _is_mbox(place):
        box = mailbox.mbox(place, create=False)
        try:
            for number, key in enumerate(box.keys(), start=1):
                yield accept.Arriving(box.get_bytes(key), f"{path}#{number}")
        finally:
            box.close()
    else:
        yield accept.Arriving(place.read_bytes(), path)


def _is_maildir(place: Path) -> bool:
    return place.is_dir() and (place / "new").is_dir() and (place / "cur").is_dir()


def _is_mbox(place: Path) -> bool:
    """An .eml file may begin with a "From " line too, so the name decides where it says anything."""
    if place.suffix.lower() == ".eml" or not place.is_file():
        return False
    with place.open("rb") as opened:
        return opened.read(5) == b"From "


def _count(path: str) -> int:
    place = Path(path)
    try:
        if _is_maildir(place):
            return sum(1 for folder in ("new", "cur") for _ in (place / folder).iterdir())
        if place.is_dir():
            return sum(1 for _ in place.rglob("*.eml"))
        if _is_mbox(place):
            with place.open("rb") as opened:
                return sum(line.startswith(b"From ") for line in opened)
    except OSError:
        pass  # said again, with the reason, when it is its turn
    return 1


def _batches(arriving: Iterator[accept.Arriving]) -> Iterator[list[accept.Arriving]]:
    batch: list[accept.Arriving] = []
    for one in arriving:
        batch.append(one)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
