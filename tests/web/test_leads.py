"""Whoever leads a team sets it up: its people, who is invited into it, the addresses it answers from; and no other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from everyhand.channels.email.models import FromAddress, Mailbox
from everyhand.notices import preferences
from everyhand.notices.models import Rest
from everyhand.people import invitations
from everyhand.people.models import Invitation, Member, Membership
from tests.cast import member, team
from tests.web.house import House, browser_of


@pytest.fixture
def eli(house: House) -> Member:
    """A plain member who leads the photographers, and nothing else."""
    Mailbox.objects.create(address="*@courier.test")
    eli = member("Eli Frost", title="Photo desk")
    team("photo", "Photo", eli, lead=eli)
    return eli


def words(response: Any) -> str:
    return str(response.content.decode())


def test_eli_invites_members_into_his_team_by_mail_link_and_list(house: House, eli: Member) -> None:
    photo = eli.teams.get()
    browser = browser_of(eli)
    assert "/people/invitations" in words(browser.get("/teams/photo"))
    assert "/people/invitations" in words(browser.get("/people"))
    browser.post("/people/invitations/address", {"email": "fay@courier.test", "team": photo.pk})
    link = browser.post("/people/invitations/link", {"places": "3", "days": "7", "team": photo.pk})
    assert "/join/" in words(link)
    browser.post("/people/invitations/list", {"text": "address,team\ngus@courier.test,photo\n"})
    assert [one.team_id for one in Invitation.objects.all()] == [photo.pk] * 3
    address = re.search(r"http\S+(/join/\S+)", str(mail.outbox[0].body))
    assert address
    Client().post(address[1], {"name": "Fay Moss"})
    fay = Member.objects.get(email="fay@courier.test")
    assert (fay.role, Membership.objects.get(member=fay).team) == ("member", photo)


def test_eli_invites_nobody_elsewhere_and_nobody_who_sees_more_than_members_do(house: House, eli: Member) -> None:
    photo, browser = eli.teams.get(), browser_of(eli)
    refused = [
        browser.post("/people/invitations/address", {"email": "fay@courier.test", "team": house.delivery.pk}),
        browser.post("/people/invitations/address", {"email": "fay@courier.test"}),
        browser.post("/people/invitations/link", {"places": "3", "days": "7", "team": house.hr.pk}),
        browser.post("/people/invitations/list", {"text": "address,team,role\nfay@courier.test,photo,admin\n"}),
        browser.post("/people/invitations/list", {"text": "address,team\nfay@courier.test,delivery\n"}),
    ]
    assert {answer.status_code for answer in refused} == {422}
    assert 'name="role"' not in words(browser.get("/people/invitations"))
    browser.post("/people/invitations/address", {"email": "fay@courier.test", "team": photo.pk, "role": "admin"})
    assert [one.role for one in Invitation.objects.all()] == ["member"]


def test_eli_sees_and_withdraws_the_invitations_into_his_team_and_ends_no_other(house: House, eli: Member) -> None:
    now, photo = timezone.now(), eli.teams.get()
    others = invitations.invite(by=house.ines, at=now, email="fay@courier.test", role="specialist").invitation
    own = invitations.invite(by=house.ines, at=now, email="gus@courier.test", team=photo).invitation
    browser = browser_of(eli)
    page = words(browser.get("/people/invitations"))
    assert "gus@courier.test" in page
    assert "fay@courier.test" not in page
    assert browser.post(f"/people/invitations/{others.pk}/revocation").status_code == 403
    assert browser.post(f"/people/invitations/{own.pk}/revocation").status_code == 302
    taken = browser.post("/people/invitations/address", {"email": "fay@courier.test", "team": photo.pk})
    assert "invited already, by somebody else" in words(taken)
    others.refresh_from_db()
    assert others.revoked_at is None


def test_eli_keeps_the_addresses_his_team_answers_from(house: House, eli: Member) -> None:
    photo, browser = eli.teams.get(), browser_of(eli)
    companys = FromAddress.objects.create(address="news@courier.test")
    browser.post("/from-addresses/new", {"address": "photo@courier.test", "team": photo.pk})
    own = FromAddress.objects.get(team=photo)
    page = words(browser.get("/from-addresses"))
    assert own.address in page
    assert companys.address not in page
    assert browser.get(f"/from-addresses/{companys.pk}").status_code == 403
    assert browser.post(f"/from-addresses/{companys.pk}/removal").status_code == 403
    for wrong in (
        {"address": "letters@courier.test"},
        {"address": "letters@courier.test", "team": house.delivery.pk},
        {"address": house.ines.email, "team": photo.pk},
    ):
        assert browser.post("/from-addresses/new", wrong).status_code == 422
    moved = browser.post(f"/from-addresses/{own.pk}", {"address": own.address, "team": house.delivery.pk})
    assert moved.status_code == 422
    browser.post(f"/from-addresses/{own.pk}/removal")
    assert list(FromAddress.objects.all()) == [companys]


def test_whoever_does_not_lead_any_more_sets_nothing_up(house: House, eli: Member) -> None:
    Membership.objects.filter(member=eli).update(lead=False)
    browser = browser_of(eli)
    for page in ("/people/invitations", "/from-addresses", "/from-addresses/new", "/teams/photo/details"):
        assert browser.get(page).status_code == 403
    assert "/people/invitations" not in words(browser.get("/people"))


def test_an_administrator_switches_a_colleagues_notice_mail_on_again(house: House) -> None:
    preferences.pause_mail(house.carla, "550 No such user", at=timezone.now())
    page = words(browser_of(house.ines).get(f"/people/{house.carla.pk}"))
    assert "Carla Weiss is not told by mail" in page
    assert "550 No such user" in page
    assert "is not told by mail" not in words(browser_of(house.ana).get(f"/people/{house.carla.pk}"))
    browser_of(house.ines).post(f"/people/{house.carla.pk}/notice-mail")
    assert Rest.objects.get(member=house.carla).mail_paused_at is None
    assert "switched their notice mail on again" in words(browser_of(house.ines).get("/audit-trail?kind=set-up"))
