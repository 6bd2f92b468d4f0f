"""What was said before, as a reply carries it along below itself for people who deleted their own copy.

A reply goes to everybody who takes part, in the same words. So an earlier message is quoted only when every one of
them took part in it already: as its author or as somebody it was addressed to. Whoever was let in later gets nothing
from before, notes are never quoted, and neither is what a message itself quoted, nor what a colleague wrote down of
what somebody said: those are not their words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from django.db.models import Exists, OuterRef
from django.utils import translation
from django.utils.translation import gettext as _

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.conversations.written_down import is_written_down
from everyhand.core.prepared import Given, prepared

NONE, LAST, ALL = HOW_MUCH = ("none", "last", "all")

# However long a conversation gets, its letters stay letters: beyond this, older messages are left out.
MESSAGES_AT_MOST: Final = 20
CHARACTERS_AT_MOST: Final = 50_000
LEFT_OUT: Final = "[…]"


def earlier_words(
    conversation: Conversation, *, recipients: Iterable[str], how_much: str, language: str, time_zone: str, at: datetime
) -> str:
    """The quotation below a reply to the addresses `recipients` written at `at`, newest message first; often "".

    `how_much` is one of HOW_MUCH: nothing, the message before this one, or every one up to the limits above. Each is
    a line that says who wrote when, and their words behind "> ". What its author may still take back is left out.
    """
    if how_much == NONE:
        return ""
    everybody = {_same(address) for address in recipients}
    room, quotations = CHARACTERS_AT_MOST, list[str]()
    for message in _newest(1 if how_much == LAST else MESSAGES_AT_MOST)(conversation=conversation.pk, at=at):
        words = message.reply or message.text
        if not words.strip() or is_written_down(message) or not everybody <= _took_part(message):
            continue
        if room <= 0:
            break
        quotations.append(f"{_attribution(message, conversation, language, time_zone)}\n{_quoted(words, room)}")
        room -= len(words)
    return "\n\n".join(quotations)


@cache
def _newest(limit: int) -> Callable[..., list[Message]]:
    """What was said in a conversation and can't be taken back any more at `at`."""
    ours = Delivery.objects.filter(message=OuterRef("pk"), done_at=None, attempts=0, due_at__gt=Given("at"))
    said = queries.said(Given("conversation")).filter(~Exists(ours))
    return prepared(said.select_related("author_member", "author_identity").order_by("-at", "-id")[:limit])


def words_of(message: Message, conversation: Conversation, *, language: str, time_zone: str) -> str:
    """One message as a quotation, for somebody who took no part in it: a member chose to show it."""
    words = message.reply or message.text
    line = _attribution(message, conversation, language, time_zone)
    return f"{line}\n{_quoted(words, CHARACTERS_AT_MOST)}" if words.strip() else ""


def _took_part(message: Message) -> set[str]:
    addressed = {_same(str(one.get("email", ""))) for one in message.recipients}
    return addressed | ({_same(message.author_identity.value)} if message.author_identity else set())


def _same(address: str) -> str:
    return address.strip().casefold()


def _attribution(message: Message, conversation: Conversation, language: str, time_zone: str) -> str:
    """The line above a quotation, in the words by which mail programs know where an answer ends."""
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    local = message.at.astimezone(ZoneInfo(time_zone))
    identity = message.author_identity
    address = identity.address if identity else message.from_address or conversation.address
    with translation.override(language):
        line = _("On %(date)s at %(time)s %(name)s <%(address)s> wrote:") % {
            "date": format_date(local, "medium", locale=locale),
            "time": format_time(local, "short", locale=locale),
            "name": message.author.translate({ord(sign): None for sign in "<>"}) or address,
            "address": address,
        }
    return " ".join(line.replace("<>", "").split())  # nobody's name breaks the line


def _quoted(words: str, room: int) -> str:
    if len(words) > room:
        words = f"{words[:room].rpartition(chr(10))[0] or words[:room]}\n{LEFT_OUT}"
    return "\n".join(f"> {line}".rstrip() for line in words.strip().splitlines())
