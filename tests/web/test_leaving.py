"""Whoever is disabled has lost everything at the next step: sessions, links, notices, devices, open pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from everyhand.channels.email.models import Mailbox
from everyhand.conversations.models import Message
from everyhand.desk.let_go import let_go
from everyhand.notices import actions as notices
from everyhand.notices.models import Device, Kind, MailTelling, Notice, PushTelling
from everyhand.notices.news import News
from everyhand.people import actions as people
from everyhand.people import invitations
from everyhand.people.models import Member
from tests.cast import HELP
from tests.web.house import House, arrives, browser_of
from tests.web.test_ways_in import PASSWORD, is_in, signed_in


def tells(member: Member, at: Any) -> None:
    conversation = arrives(subject="For whoever is here").conversation
    news = News([member], Kind.MENTIONED, thing=f"test:{conversation.pk}", happened_at=at, conversation=conversation)
    notices.announce([news], at=at)


def test_everything_ends_with_the_same_step(house: House) -> None:
    now = timezone.now()
    Mailbox.objects.create(address=HELP)
    Device.objects.create(member=house.ana, endpoint="https://push.test/1", fingerprint="1" * 64, added_at=now)
    desk, phone = signed_in(house.ana), signed_in(house.ana, agent="Safari iPhone")
    link = people.make_sign_in_link(house.ana, at=now, valid_for=timedelta(hours=1))
    house.ana.role = "admin"
    house.ana.save()
    invited = invitations.invite(by=house.ana, at=now, places=2)

    let_go(house.ana, by=house.ines, at=now)

    assert not is_in(desk)
    assert not is_in(phone)
    late = Client()
    late.post("/sign-in", {"login": "ana@courier.test", "password": PASSWORD})
    late.post(f"/sign-in/{link}")
    assert not is_in(late)
    assert Client().get(f"/join/{invited.token}").status_code == 410
    assert desk.get("/live").status_code in (302, 401)
    house.ana.refresh_from_db()
    tells(house.ana, now)
    assert not Notice.objects.filter(member=house.ana).exists()
    assert not MailTelling.objects.exists()
    assert not PushTelling.objects.exists()


def test_what_they_began_is_not_sent_by_whoever_has_their_old_page_open(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    page = browser.get(f"/conversations/{received.conversation.pk}")
    assert page.status_code == 200
    people.disable(house.ana, by=house.ines, at=timezone.now())
    typed = {"text": "One last word", "seen": received.message.pk}
    answer = browser.post(f"/conversations/{received.conversation.pk}/replies", typed)
    assert answer.status_code == 403
    assert "One last word" in answer.content.decode()
    assert not Message.objects.filter(author_member=house.ana).exists()
