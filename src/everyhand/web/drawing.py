"""What looks the same is drawn once: the ways through the house, rows of a list, what was said, whom to hand it to.

Each open inbox is fetched again with every mail, and of its fifty rows forty-nine are as they were; so is an open
conversation, and of its twenty messages all but one. What is kept has all that is drawn of it as its key, with what the
words of its moments depend on: what is equal looks the same, so nothing can be stale. Whether somebody may see it was
asked before it came here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from django.utils import timezone
from jinja2 import Environment
from markupsafe import Markup

from everyhand.people.colleagues import Colleague
from everyhand.web import moments
from everyhand.web.counts import WaysShown
from everyhand.web.happenings import Happening
from everyhand.web.rows import Row
from everyhand.web.timeline import Said

# Pieces of HTML that are kept of each kind and language: a row has some 3 kB, a message 4 and twice what was written,
# the options of two hundred colleagues 15, a rail 6. Few messages are long; those take memory, and are drawn each time.
ROWS: Final = 1000
MESSAGES: Final = 600
EVENTS: Final = 600
COLLEAGUES: Final = 30
RAILS: Final = 100
LONG: Final = 20_000  # characters

Drawing = Callable[..., Markup]


def drawings(environment: Environment) -> dict[str, Drawing]:
    """How the templates of this environment draw what is drawn once, by the names that they call it by."""

    def conversation_row(row: Row, excerpt: str = "", pick: bool = False, subject: str = "") -> Markup:
        """As `_conversation_row.html` documents it."""
        at = timezone.now()
        named = (row.waiting_since or row.last_message_at, row.sleeps_until, row.promise and row.promise.due_at)
        return drawn_row(row, excerpt, pick, subject, told_by=[one and moments.span(one, at=at) for one in named])

    def message_shown(message: Said, splits: bool = False, forwards: bool = False, changes: bool = False) -> Markup:
        """As `_message.html` documents it."""
        named = (message.at, message.sent_at, *(one.due_at for one in message.deliveries))
        keep = len(message.reply) + len(message.quoted) + len(message.written or "") < LONG
        return drawn_message(message, splits, forwards, changes, told_by=map(moments.told_by, named), keep=keep)

    def event_shown(event: Happening) -> Markup:
        """As `_timeline_event.html` documents it."""
        return drawn_event(event, told_by=[moments.told_by(event.at)])

    def colleagues_offered(members: tuple[Colleague, ...], owner: int) -> Markup:
        """As `_colleagues.html` documents it."""
        return drawn_colleagues(members, owner)

    def rail(here: object, ways: WaysShown) -> Markup:
        """As `_rail.html` documents it; a page that is no place has no `here`."""
        return drawn_rail(here if isinstance(here, str) else "", ways)

    drawn_row = _once(environment, "_conversation_row.html", "conversation_row", ROWS)
    drawn_message = _once(environment, "_message.html", "message_shown", MESSAGES)
    drawn_event = _once(environment, "_timeline_event.html", "event_shown", EVENTS)
    drawn_colleagues = _once(environment, "_colleagues.html", "colleagues_offered", COLLEAGUES)
    drawn_rail = _once(environment, "_rail.html", "rail", RAILS)
    every = (conversation_row, message_shown, event_shown, colleagues_offered, rail)
    return {one.__name__: one for one in every}


def _once(environment: Environment, template: str, macro: str, kept: int) -> Callable[..., Markup]:
    """`told_by` is what the words of its moments depend on, beside the time zone of whoever reads them."""

    @lru_cache(kept)
    def drawn(arguments: tuple[Any, ...], *_told_by: object) -> Markup:
        written: Any = getattr(environment.get_template(template).module, macro)
        return Markup(written(*arguments))  # noqa: S704 (what an autoescaped macro wrote)

    def draw(*arguments: Any, told_by: Iterable[object] = (), keep: bool = True) -> Markup:
        return (drawn if keep else drawn.__wrapped__)(arguments, timezone.get_current_timezone(), *told_by)

    return draw
