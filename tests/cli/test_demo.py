"""The demo company: in every state to look at, and gone without a trace when it is removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from everyhand.channels.email import accept, file, queries
from everyhand.channels.email.models import Mail
from everyhand.cli import reactions
from everyhand.cli.demo import company, removal, wishes
from everyhand.conversations.models import Conversation, Delivery
from everyhand.core import work
from everyhand.core.looks import Look, memory
from everyhand.desk.hand_over import hand_over
from everyhand.people import looking_around
from everyhand.people.models import DemoWish, Member
from everyhand.promises.models import Promise
from everyhand.routing.models import Fallback
from tests.cast import HELP, NOON, Cast, minutes


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("everyhand.")]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in ours}


def arrive(to: str, at: float = 0) -> Mail:
    raw = f"From: Eve Real <eve@real.test>\r\nTo: {to}\r\nSubject: Real\r\nMessage-ID: <{to}>\r\n\r\nHello\r\n".encode()
    accepted = accept.accept(accept.Arriving(raw, "smtp", envelope_to=(to,)), at=NOON + minutes(at))
    filer = file.Filer()
    (filed,) = filer.file(file.claim(at=NOON + minutes(at), limit=1, only=[accepted.mail.pk]), at=NOON + minutes(at))
    filer.close()
    return filed.mail


def test_it_shows_conversations_in_every_state_and_sends_nothing(cast: Cast) -> None:
    company.load(at=NOON)
    assert {one.status for one in Conversation.objects.all()} == {"open", "waiting", "closed"}
    assert Promise.objects.filter(broken_at__isnull=False, kept_at=None).exists()
    assert Promise.objects.filter(kept_at__isnull=False).exists()
    assert set(Mail.objects.values_list("outcome", flat=True)) == {"filed", "suppressed", "quarantined"}
    assert queries.ledger().balanced
    assert not Delivery.objects.filter(done_at=None).exists()
    assert Conversation.objects.filter(linked_to=None).count() == Conversation.objects.count()
    assert Conversation.objects.get(subject="No paper again").owner.name == "Ana Silva"


def test_removed_it_leaves_no_trace_and_takes_nothing_real(cast: Cast) -> None:
    arrive(HELP)
    before = everything()
    company.load(at=NOON)
    removal.remove(at=NOON)
    assert everything() == before


def test_what_is_real_stays_also_where_it_touched_the_demo(cast: Cast) -> None:
    company.load(at=NOON)
    real = arrive(company.HELP, at=1)
    assert real.conversation is not None
    guide = Member.objects.get(email=company.GUIDE)
    hand_over(real.conversation, owner=guide, team=None, by=cast.ana, at=NOON)
    removal.remove(at=NOON)
    kept = Conversation.objects.get()
    assert (kept.customer.name, kept.owner, kept.messages.get().reply) == ("Eve Real", cast.ines, "Hello")
    assert Fallback.objects.get().member == cast.ines
    assert queries.ledger().balanced
    assert not Member.objects.filter(email__endswith=looking_around.DOMAIN).exists()


@pytest.mark.parametrize("times", [2])
def test_it_can_come_back(cast: Cast, times: int) -> None:
    for _ in range(times):
        company.load(at=NOON)
        assert looking_around.is_here()
        removal.remove(at=NOON)
        assert not looking_around.is_here()


def test_whoever_looked_around_in_it_leaves_no_trace_either(cast: Cast) -> None:
    memory.clear()  # of looks at others who had the same numbers
    browser = Client()
    browser.force_login(cast.ines)
    before = everything()
    company.load(at=NOON)
    conversation = Conversation.objects.get(subject="No paper again")
    here = f"/conversations/{conversation.pk}"
    assert browser.get(here).status_code == 200
    seen = conversation.messages.latest("pk").pk
    for path, fields in (
        (f"{here}/notes", {"text": "Is @Noor Aziz on duty?"}),
        (f"{here}/replies", {"text": "It is on its way.", "seen": seen + 1}),
        ("/triage/taggings", {"conversation": conversation.pk, "names": "delivery"}),
    ):
        assert browser.post(path, fields).status_code == 302, path
    reactions.react(timezone.now())
    assert Look.objects.exists()

    removal.remove(at=NOON)

    after = everything()
    del before["core.Bookmark"], after["core.Bookmark"]  # how far the journal is read
    assert after == before


def wish(ask: Callable[..., None], cast: Cast) -> DemoWish:
    ask(by=cast.ines, at=NOON)
    (claimed,) = work.claim(DemoWish, at=NOON, limit=1)
    return claimed


def test_it_comes_and_goes_as_an_administrator_wishes(cast: Cast) -> None:
    assert looking_around.standing() == "away"
    coming = wish(looking_around.ask_to_come, cast)
    looking_around.ask_to_come(by=cast.ines, at=NOON)  # pressed twice
    assert (DemoWish.objects.count(), looking_around.standing()) == (1, "coming")
    wishes.fulfil(coming, at=NOON)
    assert looking_around.standing() == "here"
    assert Conversation.objects.count() > 5

    going = wish(looking_around.ask_to_go, cast)
    assert looking_around.standing() == "going"
    wishes.fulfil(going, at=NOON)
    assert looking_around.standing() == "away"
    assert not Conversation.objects.exists()


def test_what_an_attempt_that_broke_off_has_left_is_taken_away_first(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = wish(looking_around.ask_to_come, cast)
    played: list[Any] = []
    play = company._play

    def breaks_off(*scene: Any) -> None:
        if len(played) == 3:
            raise RuntimeError("the power is gone")
        played.append(scene)
        play(*scene)

    with monkeypatch.context() as broken:
        broken.setattr(company, "_play", breaks_off)
        with work.attempt(coming, at=NOON):
            wishes.fulfil(coming, at=NOON)
    assert len(played) == 3
    assert looking_around.standing() == "coming"

    (again,) = work.claim(DemoWish, at=NOON + minutes(1), limit=1)
    wishes.fulfil(again, at=NOON)
    whole = Conversation.objects.count()
    removal.remove(at=NOON)
    company.load(at=NOON)
    assert Conversation.objects.count() == whole


def test_a_wish_that_can_not_be_fulfilled_says_so_and_what_came_can_be_taken_away(cast: Cast) -> None:
    coming = wish(looking_around.ask_to_come, cast)
    work.quarantine(coming, "RuntimeError: no room", at=NOON)
    assert looking_around.standing() == "stuck"
    wishes.fulfil(wish(looking_around.ask_to_go, cast), at=NOON)
    assert looking_around.standing() == "away"
