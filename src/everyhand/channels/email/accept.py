"""Accepting mail: raw bytes and one row each, committed and synced. Only then may anybody say 250 or "done".

Nothing here looks inside a mail, so nothing in a mail can keep it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import IntegrityError, connection, transaction

from everyhand.channels.email import whose
from everyhand.channels.email.fingerprint import alone, digest_of, either
from everyhand.channels.email.models import Mail, Mailbox, RawMail, Redelivery
from everyhand.core import journal, rows
from everyhand.core.prepared import Given, prepared


@dataclass(frozen=True, slots=True)
class Arriving:
    """A mail at the door: its bytes, where it comes from ("smtp 192.0.2.7", a file's path) and its envelope.
    `helo` is what the server that brought it called itself.

    What is fetched from a mailbox elsewhere has no envelope, but is `fetched_into` a mailbox of ours and `arrived_at`
    the server there before; `silent` when it is history. `set_aside` is why a person must look at it before anybody
    files it: then it is quarantined from the start.
    """

    raw: bytes
    source: str
    envelope_from: str = ""
    envelope_to: tuple[str, ...] = ()
    helo: str = ""
    fetched_into: Mailbox | None = None
    arrived_at: datetime | None = None
    silent: bool = False
    set_aside: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The row of a mail, and whether we had exactly these bytes before."""

    mail: Mail
    again: bool


def accept(arriving: Arriving, *, at: datetime) -> Accepted:
    """Take one mail in. When this returns, it can't be lost any more. Raises `django.db.Error` when it was not."""
    return accept_many([arriving], at=at)[0]


def accept_many(arriving: Sequence[Arriving], *, at: datetime) -> list[Accepted]:
    """Take several mails in with one commit, in order; all of them or, with `django.db.Error`, none."""
    if connection.vendor == "sqlite":
        # The pages under these random keys are read before it is our turn to write, when all others wait.
        _known(_digests(arriving))
    try:
        return _accept(arriving, at)
    except IntegrityError:
        # On PostgreSQL somebody else may have accepted the same bytes between our look and our write.
        return _accept(arriving, at)


@transaction.atomic
def _accept(arriving: Sequence[Arriving], at: datetime) -> list[Accepted]:
    digests = _digests(arriving)
    known = {alone(mail.raw.digest): mail for mail in _known(digests)}
    new = {digest: one for digest, one in zip(digests, arriving, strict=True) if alone(digest) not in known}
    with rows.gathering():
        mails = [_new(digest, one, at) for digest, one in new.items()]
    for made in mails:
        if made.quarantined_at:
            _keep_for_its_team(made, at)
    fresh = {mail.raw.digest: mail for mail in mails}
    accepted = []
    for digest, one in zip(digests, arriving, strict=True):
        mail = fresh.pop(digest, None)
        if mail is None:
            mail = known.get(alone(digest)) or next(made for made in mails if made.raw.digest == digest)
            Redelivery.objects.create(mail=mail, source=one.source[:1000], envelope_to=list(one.envelope_to), at=at)
            accepted.append(Accepted(mail, again=True))
        else:
            accepted.append(Accepted(mail, again=False))
    return accepted


def _digests(arriving: Sequence[Arriving]) -> list[str]:
    return [digest_of(one.raw) for one in arriving]


def _keep_for_its_team(mail: Mail, at: datetime) -> None:
    """Whoever looks after it is told, but for history, because of which nothing happens."""
    mail.team = whose.team_of(mail)
    mail.save(update_fields=["team"])
    if not mail.silent:
        journal.note("mail.quarantined", subject=mail, at=at, team=mail.team_id)


def _new(digest: str, one: Arriving, at: datetime) -> Mail:
    return rows.create(
        Mail,
        raw=rows.create(RawMail, digest=digest, size=len(one.raw), content=one.raw),
        source=one.source[:1000],
        envelope_from=one.envelope_from[:320],
        envelope_to=list(one.envelope_to),
        helo=one.helo[:255],
        accepted_at=at,
        due_at=at,
        fetched_into=one.fetched_into,
        arrived_at=one.arrived_at,
        silent=one.silent,
        outcome=Mail.Outcome.QUARANTINED if one.set_aside else Mail.Outcome.PENDING,
        why=one.set_aside[:500],
        quarantined_at=at if one.set_aside else None,
        last_error=one.set_aside,
    )


def _known(digests: Sequence[str]) -> list[Mail]:
    return _of_so_many(2 * len(digests))(digests=either(digests)) if digests else []


@cache
def _of_so_many(digests: int) -> Callable[..., list[Mail]]:
    same = Mail.objects.filter(raw__digest__in=Given("digests", several=digests))
    return prepared(same.select_related("raw").defer("raw__content"))
