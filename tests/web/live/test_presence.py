"""Who is at a conversation right now: told to those who may see it, and over when they leave."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from everyhand.web.live import presence
from everyhand.web.live.presence import Presence, Who
from tests.web.live.company import Company, Page

ANA = Who(7, "Ana Silva", "hers")


def people_at(page: Page) -> dict[str, bool]:
    """By name whether they write, as the next word about presence has it."""
    while (event := page.event()).name != "presence":
        pass
    return {one["name"]: one["writes"] for one in event.data["people"]}


def test_colleagues_see_who_comes_and_goes(company: Company) -> None:
    conversation = company.hear()
    page = company.listen(company.cleo)
    reading = company.listen(company.ana, at=str(conversation.pk))
    assert people_at(page) == {"Ana": False}
    assert people_at(company.listen(company.cleo)) == {"Ana": False}  # whoever comes later is told, too
    reading.close()
    assert people_at(page) == {}


def test_nobody_hears_of_a_conversation_they_may_not_see_or_is_seen_in_it(company: Company) -> None:
    conversation = company.hear()
    ben = company.listen(company.ben, at=str(conversation.pk))
    page = company.listen(company.cleo)
    company.listen(company.ana, at=str(conversation.pk))
    assert people_at(page) == {"Ana": False}
    with pytest.raises(TimeoutError):
        people_at(ben)


def told(here: Presence, conversation: int) -> list[dict[str, Any]]:
    data = here.told(conversation).decode().partition("data: ")[2]
    return json.loads(data)["people"]  # type: ignore[no-any-return]


def test_who_stops_writing_is_a_reader_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Presence()
    here.enters(ANA, 42)
    here.writes(ANA, 42)
    assert here.changed() == {42}
    assert told(here, 42)[0]["writes"] is True
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + presence.WRITES_FOR + 1)
    assert here.changed() == {42}
    assert told(here, 42) == [{**told(here, 42)[0], "name": "Ana Silva", "initials": "AS", "writes": False}]


def test_a_face_is_the_picture_where_somebody_has_one() -> None:
    here = Presence()
    here.enters(ANA, 42)
    here.enters(Who(8, "Ben Okafor"), 42)
    assert [one["picture"] for one in told(here, 42)] == ["/faces/hers", ""]


def test_who_has_it_open_twice_is_there_until_both_are_closed() -> None:
    here = Presence()
    here.enters(ANA, 42)
    here.enters(ANA, 42)
    here.leaves(7, 42)
    assert here.conversations() == {42}
    here.leaves(7, 42)
    here.leaves(7, 42)
    assert here.conversations() == set()
    assert here.changed() == {42}
    assert here.changed() == set()
