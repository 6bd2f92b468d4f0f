"""The demo company: in every state to look at, and gone without a trace when it is removed."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from everyhand.channels.email import accept, file, queries
from everyhand.channels.email.models import Mail
from everyhand.cli.demo import company, removal
from everyhand.conversations.models import Conversation, Delivery
from everyhand.desk.hand_over import hand_over
from everyhand.people.models import Member
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
    assert not Member.objects.filter(email__endswith=company.DOMAIN).exists()


@pytest.mark.parametrize("times", [2])
def test_it_can_come_back(cast: Cast, times: int) -> None:
    for _ in range(times):
        company.load(at=NOON)
        assert company.is_loaded()
        removal.remove(at=NOON)
        assert not company.is_loaded()
