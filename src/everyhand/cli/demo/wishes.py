"""What administrators ask for in the browser: that the demo company comes, or goes."""

from __future__ import annotations

from datetime import datetime

from everyhand.cli.demo import company, removal
from everyhand.core import work
from everyhand.people import looking_around
from everyhand.people.models import DemoWish


def fulfil(wish: DemoWish, *, at: datetime) -> None:
    """Do it. What an attempt that broke off has left is taken away before the next one; nothing is here by halves."""
    wanted = wish.wanted == DemoWish.Wanted.COME
    whole = looking_around.is_here() and wish.attempts == 1
    if looking_around.is_here() and not (wanted and whole):
        removal.remove(at=at)
    if wanted and not whole:
        company.load(at=at)
    work.complete(wish, at=at)
