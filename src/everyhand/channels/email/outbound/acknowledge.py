"""The acknowledgement of a new conversation: who answers, and by when. Switched off unless a company wants it.

It carries not a word of what it answers, since anybody can write any sender and would make us their postman, and it
keeps to RFC 3834: never to a machine, a list or nobody, seldom to the same address, and marked as what it is.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_name
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from everyhand.channels.email import queries, tokens
from everyhand.channels.email.models import SystemMail
from everyhand.channels.email.outbound import compose, letter, system_mail
from everyhand.conversations.models import Conversation
from everyhand.conversations.queries import REFERENCES_KEPT
from everyhand.core import journal
from everyhand.customers.actions import normalised
from everyhand.desk.inbound import Inbound

log = structlog.get_logger(__name__)

# To one address. Who writes about a third matter the same day knows by now that we are there.
A_DAY: Final = 2

# Local parts behind which nobody reads (RFC 2142, RFC 3834 section 2, and what senders of newsletters use).
_NOBODY: Final = re.compile(
    r"(?:mailer-?daemon|postmaster|hostmaster|daemon|root|listserv|majordomo|mdaemon|bounces?|owner-.*|.*-(?:owner|request|bounces?)"
    r"|.*(?:do[._-]?)?not?[._-]?repl(?:y|ies).*|.*bounces?[+=].*|prvs=.*)(?:\+.*)?",
    re.IGNORECASE,
)


def acknowledge(
    conversation: Conversation, inbound: Inbound, *, due_at: datetime, at: datetime, envelope_from: str | None = None
) -> SystemMail | None:
    """Tell the sender of the mail that opened `conversation` who answers by `due_at`, in the caller's transaction.

    None when it is switched off or RFC 3834 forbids it. `envelope_from` is "" for the null sender, None when unknown.
    """
    address = normalised(inbound.sender.email)
    if not settings.EVERYHAND.acknowledge or not _may_be_answered(address, inbound, envelope_from):
        return None
    kind = SystemMail.Kind.ACKNOWLEDGEMENT
    if not _is_seldom(address, conversation, at):
        return None
    house = compose.sender_name("", conversation.address)
    references = letter.ids([*inbound.references[-REFERENCES_KEPT:], inbound.message_id])
    with translation.override(settings.EVERYHAND.language):
        return system_mail.write(
            kind,
            address=address,
            fields=[
                ("From", letter.people([(house, conversation.address)], field="From")),
                ("Reply-To", letter.people([(house, tokens.reply_address(conversation))], field="Reply-To")),
                ("To", letter.people([("", address)], field="To")),
                ("Subject", letter.words(_("We have your message"), field="Subject")),
                *([("In-Reply-To", letter.ids([inbound.message_id]))] if letter.ids([inbound.message_id]) else []),
                *([("References", references)] if references else []),
                ("Auto-Submitted", "auto-replied"),
                ("Precedence", "bulk"),
            ],
            text=_words(conversation, house, due_at),
            at=at,
        )


def _is_seldom(address: str, conversation: Conversation, at: datetime) -> bool:
    """Whether the address got none lately, and few today: a machine that answers each of ours, however slowly, with a
    mail that looks like a new one must not keep both of us busy for ever.
    """
    today = SystemMail.objects.filter(
        address=address, kind=SystemMail.Kind.ACKNOWLEDGEMENT, made_at__gt=at - timedelta(days=1)
    )
    times = list(today.values_list("made_at", flat=True))
    if len(times) >= A_DAY:
        journal.note("acknowledgement.withheld", subject=conversation, at=at, today=len(times))
        log.warning("no more acknowledgements to this sender today: it may be a loop", conversation=conversation.pk)
        return False
    return not any(made_at > at - settings.EVERYHAND.acknowledge_at_most_every for made_at in times)


def _may_be_answered(address: str, inbound: Inbound, envelope_from: str | None) -> bool:
    senders = [address, normalised(envelope_from)] if envelope_from else [address]
    return (
        letter.is_address(address)
        and envelope_from != ""
        and not inbound.automatic
        and not any(_NOBODY.fullmatch(sender.partition("@")[0]) for sender in senders)
        and not queries.ours(senders)
    )


def _words(conversation: Conversation, house: str, due_at: datetime) -> str:
    return _(
        "Your message has arrived. %(owner)s is the person who looks after it and will answer you personally"
        " by %(time)s.\n\n"
        "If you want to add something, just answer this mail.\n\n"
        "%(company)s\n"
    ) % {"owner": conversation.owner.name, "time": _time_in_words(due_at), "company": house}


def _time_in_words(due_at: datetime) -> str:
    """`Saturday, November 21, 2026, 2:35 PM (Central European Standard Time)`, in the company's language and zone."""
    try:
        locale = Locale.parse(settings.EVERYHAND.language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    zone = ZoneInfo(settings.EVERYHAND.time_zone)
    local = due_at.astimezone(zone)
    day, hour = format_date(local, "full", locale=locale), format_time(local, "short", tzinfo=zone, locale=locale)
    return f"{day}, {hour} ({get_timezone_name(local, locale=locale)})"
