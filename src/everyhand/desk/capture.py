"""What a customer said to one of us, where no channel of ours heard it: whoever it was said to writes it down.

It becomes a conversation like any other, with an owner and a promise. Nobody can prove that it was said; the message
names who wrote it down, as with a letter that a member passes on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from everyhand.conversations.written_down import SAID, How
from everyhand.core import journal
from everyhand.desk.forwarding import Brought
from everyhand.desk.inbound import Address, Inbound
from everyhand.desk.receive import Received, receive
from everyhand.people.models import Member

LONGEST_SUBJECT: Final = 80


@transaction.atomic
def capture(
    *,
    customer: Address,
    said: str,
    how: How,
    by: Member,
    at: datetime,
    subject: str = "",
    beside: str = "",
    stays_with_me: bool = False,
    answered_from: str = "",
) -> Received:
    """Keep what `customer` said to `by`, who follows how it goes on, or answers for it if it `stays_with_me`.

    Without an address they are a customer of their own. `beside` is what only colleagues read. An empty `subject` is
    the beginning of what was said. Raises `NobodyAnswers` when nobody works here.
    """
    words = said.strip()
    letter = Inbound(
        source="written down",
        sender=customer,
        subject=subject.strip() or _beginning(words),
        text=words,
        reply=words,
        remarks=(SAID[how],),
    )
    brought = Brought(by, letter, dated="", beside=beside.strip(), colleagues=[], stays=stays_with_me)
    received = receive(letter, channel=how, at=at, answered_from=answered_from, brought=brought)
    journal.note("conversation.written_down", subject=received.conversation, actor=by, at=at)
    return received


def _beginning(words: str) -> str:
    line = words.splitlines()[0].strip()
    return line if len(line) <= LONGEST_SUBJECT else f"{line[:LONGEST_SUBJECT].rsplit(maxsplit=1)[0]} …"
