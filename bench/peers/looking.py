"""Whether a desk does what it is timed at: a page that shows nothing is no answer, however quickly it comes.

Each raises RuntimeError when it does not.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from bench.peers.desk import Desk
from everyhand.conversations.models import Conversation, Message


def at_the_list(desk: Desk) -> None:
    if not desk.numbers_in(desk.list()):
        raise RuntimeError(f"{desk.name} lists no ticket")


def at_a_ticket(desk: Desk, number: int) -> None:
    """The last thing that was said in it stands there."""
    last = Message.objects.filter(conversation=number).order_by("-at", "-pk")[0]
    word = max(last.reply.split(), key=len).strip(".")
    if word not in desk.ticket(number):
        raise RuntimeError(f"{desk.name} shows ticket {number} without its last message ({word})")


def at_a_search(desk: Desk, word: str) -> None:
    """One of those that it found has the word."""
    found = desk.numbers_in(desk.search(word))
    with_it = Q(subject__icontains=word) | Q(messages__text__icontains=word)
    if not Conversation.objects.filter(with_it, pk__in=found).exists():
        raise RuntimeError(f"{desk.name} found {sorted(found)[:5]} by {word}, which stands in none of them")


def at_a_reply(desk: Desk, answer: Callable[[], object]) -> None:
    """It is one message more."""
    before = desk.messages()
    answer()
    if desk.messages() != before + 1:
        raise RuntimeError(f"{desk.name} took a reply and kept {desk.messages() - before}")
