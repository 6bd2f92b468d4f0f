"""Notices by mail: at once, all that is due about a conversation in one mail; or once a day, in a digest.

A member may simply answer: the reply address names the notice, and what they write becomes a note (see
`notice_answers`). The mails of a conversation are one thread in any mail program: all of them refer to the same first
mail, which was never sent, and have the same subject (RFC 5322 section 3.6.4; Gmail wants both).

They are marked as what they are (RFC 3834), and their envelope sender names the member they go to, so that what comes
back says whom mail does not reach. Nothing ever answers a mail that comes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import ngettext

from everyhand.channels.email import queries, tokens
from everyhand.channels.email.models import SystemMail
from everyhand.channels.email.outbound import compose, letter, notice_words, system_mail
from everyhand.core import outage, rows, work
from everyhand.notices import telling, words
from everyhand.notices.models import Notice
from everyhand.notices.telling import Bundle
from everyhand.people.models import Member

log = structlog.get_logger(__name__)

_Ready = tuple[Bundle, SystemMail | None]  # None: none of it is news any more


def write_due(at: datetime) -> int:
    """Write the mails that are due, for the worker to send; how many bundles of notices there were.

    A mail and the rows it settles are committed together, so each is written exactly once. What stands in it is put
    together before: nobody else can write during a transaction, and many may be due.
    """
    bundles = telling.due_mail(at=at)
    ready: list[_Ready] = []
    for bundle in bundles:
        with _its_own_failure(bundle, at):
            news = bundle.news()
            ready.append((bundle, _composed(bundle, news, at) if news else None))
    try:
        _write(ready, at)
    except Exception as error:  # noqa: BLE001 (whose it was comes out below)
        log.warning("notice mails are written one by one", error=type(error).__name__)
        for one in ready:
            with _its_own_failure(one[0], at):
                _write([one], at)
    return len(bundles)


def _write(ready: Sequence[_Ready], at: datetime) -> None:
    """All of them, or none with an exception."""
    with transaction.atomic(), rows.gathering():
        for bundle, _mail in ready:
            bundle.done(at=at)
        rows.create_several([mail for _bundle, mail in ready if mail])


@contextmanager
def _its_own_failure(bundle: Bundle, at: datetime) -> Iterator[None]:
    """What fails in the block keeps no other mail from being written, and is tried again later."""
    try:
        yield
    except work.LeaseLost:
        log.warning("another worker had taken it over", member=bundle.member.pk)
    except Exception as error:
        if outage.is_outage(error):
            raise
        log.exception("a notice mail could not be written", member=bundle.member.pk)
        bundle.failed(f"{type(error).__name__}: {error}", at=at)


def _composed(bundle: Bundle, news: Sequence[Notice], at: datetime) -> SystemMail:
    member, notice = bundle.member, news[-1]
    with translation.override(member.language or settings.EVERYHAND.language):
        subject, address = (_digest_subject(news), "") if bundle.digest else _subject_and_address(notice)
        address = address or queries.mailbox_for([])
        house = compose.sender_name("", address)
        page = notice_words.digest if bundle.digest else notice_words.at_once
        text, html = page(news, house=house)
        return system_mail.composed(
            SystemMail.Kind.NOTICE,
            address=member.email,
            envelope_from=tokens.notice_return_path(member, address),
            fields=[
                ("From", letter.people([(house, address)], field="From")),
                *([] if bundle.digest else _answered_to(notice, house, address)),
                ("To", letter.people([(member.name, member.email)], field="To")),
                ("Subject", letter.words(subject, field="Subject")),
                *([] if bundle.digest else _thread(notice, member, address)),
                ("Auto-Submitted", "auto-generated"),
            ],
            text=text,
            html=html,
            at=at,
        )


def _subject_and_address(notice: Notice) -> tuple[str, str]:
    """The same subject for every mail about a conversation, and the mailbox the conversation came to."""
    if notice.conversation is None:
        return words.what_happened(notice), ""
    return f"{words.customer(notice)}: {words.subject(notice)}", notice.conversation.address


def _digest_subject(news: Sequence[Notice]) -> str:
    return ngettext("%(num)d thing to know", "%(num)d things to know", len(news)) % {"num": len(news)}


def _answered_to(notice: Notice, house: str, address: str) -> list[letter.Field]:
    """Where there is a conversation, its notes."""
    if notice.conversation_id is None:
        return []
    return [("Reply-To", letter.people([(house, tokens.notice_address(notice, address))], field="Reply-To"))]


def _thread(notice: Notice, member: Member, address: str) -> list[letter.Field]:
    if notice.conversation_id is None:
        return []
    root = letter.ids([f"notices-{notice.conversation_id}-{member.pk}@{address.partition('@')[2] or 'localhost'}"])
    return [("In-Reply-To", root), ("References", root)]
