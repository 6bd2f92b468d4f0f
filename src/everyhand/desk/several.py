"""The same verb for several conversations, as somebody who goes through their inbox does it.

A few at a time, so that no transaction is long; what each may be done to is asked again where it is done. What was not
done is told, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from everyhand.conversations import queries, sight, tags
from everyhand.conversations.models import Conversation, Tag
from everyhand.core.journal import Entry
from everyhand.desk import turns
from everyhand.desk.close import close, reopen
from everyhand.desk.hand_over import hand_over
from everyhand.desk.undo import MovedOn, is_about_a_conversation, mine, undo
from everyhand.people import actions as people
from everyhand.people.models import Member, Team
from everyhand.routing import actions as routing

AT_MOST: Final = 100
A_TRANSACTION: Final = 20
Thing = TypeVar("Thing")


@dataclass
class Outcome:
    """The facts of what was done, and for the others a sentence each, with how many it is true of."""

    done: list[Entry] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)

    def leave(self, why: str) -> None:
        self.left[why] = self.left.get(why, 0) + 1


def close_several(keys: Sequence[int], *, by: Member, at: datetime, why: str = "") -> Outcome:
    return _each(keys, by, lambda one: close(one, by=by, at=at, why=why) or _("closed already"))


def reopen_several(keys: Sequence[int], *, by: Member, at: datetime) -> Outcome:
    return _each(keys, by, lambda one: reopen(one, by=by, at=at) or _("open already"))


def assign_several(keys: Sequence[int], *, owner: Member, by: Member, at: datetime) -> Outcome:
    """Make `owner` responsible for each; its team stays."""
    has_it = _("with %(name)s already") % {"name": owner.name}
    return _each(keys, by, lambda one: hand_over(one, owner=owner, team=one.team, by=by, at=at) or has_it)


def hand_to_team(keys: Sequence[int], *, team: Team, by: Member, at: datetime) -> Outcome:
    """To the team, and of it to whoever is on duty with the fewest open ones, asked anew for each."""

    def act(conversation: Conversation) -> Entry | str:
        if conversation.team == team:
            return _("with %(name)s already") % {"name": team.name}
        owner = routing.owner_in(team, at=at)
        if owner is None:
            return _("nobody is in the team %(name)s") % {"name": team.name}
        return hand_over(conversation, owner=owner, team=team, by=by, at=at) or ""

    return _each(keys, by, act)


def tag_several(
    keys: Sequence[int], *, on: Sequence[str] = (), off: Sequence[Tag] = (), by: Member, at: datetime
) -> Outcome:
    """Put the tags of these names on each, and take these tags off."""
    with transaction.atomic():
        new = tags.called(on)

    def act(conversation: Conversation) -> Entry | str:
        tagged = tags.retag(queries.standing(conversation), on=new, off=off, by=by, at=at)
        return tagged or _("tagged so already, or %(num)d tags are on it") % {"num": tags.MOST_ON_ONE}

    return _each(keys, by, act)


def sleep_several(keys: Sequence[int], *, until: datetime, by: Member, at: datetime) -> Outcome:
    """Put each off. Raises ValueError when `until` has passed."""

    def act(conversation: Conversation) -> Entry | str:
        try:
            return turns.sleep(conversation, until=until, by=by, at=at)
        except turns.Closed:
            return _("closed already")

    return _each(keys, by, act)


def undo_several(keys: Sequence[int], *, by: Member, at: datetime) -> Outcome:
    """Undo facts of the journal that `by` did; `keys` are theirs."""
    outcome = Outcome()
    entries = mine(list(keys[:AT_MOST]), by=by, at=at)
    for batch in _batches(entries):
        with transaction.atomic():
            _lock(int(entry.subject.partition(":")[2]) for entry in batch if is_about_a_conversation(entry))
            for entry in batch:
                try:
                    undo(entry, by=by, at=at)
                except MovedOn as why:
                    outcome.leave(str(why))
                else:
                    outcome.done.append(entry)
    for _gone in range(len(set(keys)) - len(entries)):
        outcome.leave(_("It was not yours to undo, or is long ago."))
    return outcome


def _each(keys: Sequence[int], by: Member, act: Callable[[Conversation], Entry | str]) -> Outcome:
    """`act` gives the fact of what was done, or why it was not."""
    outcome = Outcome()
    for batch in _batches(list(dict.fromkeys(keys))[:AT_MOST]):
        with transaction.atomic():
            _lock(batch)
            seen = sight.visible_to(by).select_related("owner", "team").in_bulk(list(batch))
            for key in batch:
                try:
                    result = act(seen[key]) if key in seen else _("not there any more, or not for you to see")
                except people.Gone:
                    result = _("whoever should have it was let go just now")
                if isinstance(result, Entry):
                    outcome.done.append(result)
                else:
                    outcome.leave(result)
    return outcome


def _lock(keys: Iterable[int]) -> None:
    """All of them, always in one order: nobody who goes through the same ones otherwise waits for us while we wait."""
    if connection.features.has_select_for_update:
        rows = Conversation.objects.select_for_update().filter(pk__in=list(keys)).order_by("pk")
        list(rows.values_list("pk", flat=True))


def _batches(things: Sequence[Thing]) -> Iterator[list[Thing]]:
    walk = iter(things)
    while batch := list(islice(walk, A_TRANSACTION)):
        yield batch
