"""Colleagues are invited by mail, by link or from a list, and let themselves in."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from everyhand.people import invitations, lists
from everyhand.people.models import Invitation, Member, Role
from tests.web.house import House, browser_of


def words(response: Any) -> str:
    return str(response.content.decode())


def is_in(browser: Client) -> bool:
    return browser.get("/inbox/mine").status_code == 200


def mailed_link() -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/join/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def mailed_code() -> str:
    found = re.search(r"^\s*([A-Z0-9-]{6,12})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


def test_edda_is_invited_by_mail_and_comes_in_once(house: House) -> None:
    typed = {"email": "Edda@Courier.test", "name": "Edda Moor", "role": "specialist", "team": house.delivery.pk}
    page = browser_of(house.ines).post(
        "/people/invitations/address", typed, follow=True, HTTP_HOST="localhost", HTTP_X_FORWARDED_HOST="evil.test"
    )
    assert "An invitation is on its way to edda@courier.test" in words(page)
    assert not Member.objects.filter(email="edda@courier.test").exists()
    link = mailed_link()
    token = link.rpartition("/")[2]
    assert token not in str(Invitation.objects.values())
    scanner, edda, late = Client(), Client(), Client()
    assert "Ines Hart invites you into the team Delivery" in words(scanner.get(link))
    assert not is_in(scanner)
    edda.post(link, {"name": "Edda Moor", "email": "boss@courier.test"})
    assert is_in(edda)
    member = Member.objects.get(email="edda@courier.test")
    assert (member.role, list(member.teams.all())) == (Role.SPECIALIST, [house.delivery])
    assert late.post(link, {"name": "Mallory"}).status_code == 410
    assert late.get(link).status_code == 410


def test_several_come_in_by_one_link_and_prove_their_addresses(house: House) -> None:
    page = browser_of(house.ines).post("/people/invitations/link", {"places": 2, "days": 7})
    assert "data:image/svg+xml;base64," in words(page)
    found = re.search(r"/join/\w+", words(page))
    assert found
    link = found[0]
    for number in range(2):
        browser = Client()
        browser.post(link, {"name": f"Fay {number}", "email": f"fay{number}@courier.test"})
        assert not is_in(browser)
        browser.post("/sign-in/code/confirmation", {"code": mailed_code()})
        assert is_in(browser)
    assert {one.role for one in Member.objects.filter(name__startswith="Fay")} == {Role.MEMBER}
    assert Client().post(link, {"name": "Gus", "email": "gus@courier.test"}).status_code == 410


def test_a_link_tells_nobody_who_is_here_already(house: House) -> None:
    made = invitations.invite(by=house.ines, at=timezone.now(), places=5)
    link = f"/join/{made.token}"
    known = Client().post(link, {"name": "Mallory", "email": "ana@courier.test"})
    unknown = Client().post(link, {"name": "Gus", "email": "gus@courier.test"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    house.ana.refresh_from_db()
    assert house.ana.name == "Ana Silva"
    made.invitation.refresh_from_db()
    assert made.invitation.places == 4


@pytest.mark.parametrize("end", ["it ran out", "it was withdrawn", "its maker left", "another took its place"])
def test_an_invitation_ends(house: House, end: str) -> None:
    now = timezone.now()
    made_at = now - timedelta(days=15) if end == "it ran out" else now
    made = invitations.invite(by=house.ines, at=made_at, email="edda@courier.test")
    if end == "it was withdrawn":
        browser_of(house.ines).post(f"/people/invitations/{made.invitation.pk}/revocation")
    elif end == "its maker left":
        Member.objects.filter(pk=house.ines.pk).update(is_active=False)
    elif end == "another took its place":
        invitations.invite(by=house.ines, at=now, email="edda@courier.test")
    assert Client().post(f"/join/{made.token}", {"name": "Edda"}).status_code == 410


@pytest.mark.parametrize("token", ["x", "0" * 32, "None", "null"])
def test_what_is_no_invitation_opens_nothing(house: House, token: str) -> None:
    invitations.invite(by=house.ines, at=timezone.now(), places=5)
    assert Client().post(f"/join/{token}", {"name": "M", "email": "m@courier.test"}).status_code == 410


def test_of_a_list_the_good_rows_are_kept_and_the_others_named(house: House) -> None:
    text = (
        "E-Mail;Name;Funktion;Rolle;Team\n"
        "edda@courier.test;Edda Moor;Printer;;Delivery\n"
        "no address;Gus;;;\n"
        "ana@courier.test;Ana again;;;\n"
        "fay@courier.test;Fay;;king;\n"
        "hana@courier.test;Hána;;specialist;Astronomy\n"
        "ivo@courier.test;Ivo;;specialist;\n"
        "kim@courier.test;Kim;;;hr\n"
    )
    file = SimpleUploadedFile("people.csv", text.encode("cp1252"))
    page = browser_of(house.ines).post("/people/invitations/list", {"file": file})
    assert page.status_code == 422
    told = words(page)
    assert "Row 3, no address" in told
    assert "Row 4, ana@courier.test: Somebody with this address is here already." in told
    assert "Row 5, fay@courier.test: There is no role called “king”." in told
    assert "Row 6, hana@courier.test: There is no team called “Astronomy”." in told
    assert "Row 8, kim@courier.test: Into a private team people are let by those who lead it." in told
    assert set(Invitation.objects.values_list("email", "role")) == {
        ("edda@courier.test", "member"),
        ("ivo@courier.test", "specialist"),
    }
    assert {letter.to[0] for letter in mail.outbox} == {"edda@courier.test", "ivo@courier.test"}


def test_the_rows_that_were_wrong_stay_in_the_box_and_are_given_again_from_there(house: House) -> None:
    ines = browser_of(house.ines)
    text = 'address;name;role\nedda@courier.test;Edda;\nno address;"Hale, Gus";\nfay@courier.test;Fay;king\n'
    told = words(ines.post("/people/invitations/list", {"text": text}))
    box = re.search(r"<textarea[^>]*>(.*?)</textarea>", told, re.DOTALL)
    assert box
    assert "edda@courier.test" not in box[1]
    again = html.unescape(box[1]).replace("no address", "gus@courier.test").replace("king", "specialist")
    assert ines.post("/people/invitations/list", {"text": again}).status_code == 302
    assert set(Invitation.objects.values_list("email", "name", "role")) == {
        ("edda@courier.test", "Edda", "member"),
        ("gus@courier.test", "Hale, Gus", "member"),
        ("fay@courier.test", "Fay", "specialist"),
    }


def test_a_list_may_be_pasted_without_a_heading(house: House) -> None:
    pasted = {"text": '\ufeffedda@courier.test,"Moor, Edda"\n\n=cmd()@courier.test\tx\n'}
    browser_of(house.ines).post("/people/invitations/list", pasted)
    assert Invitation.objects.get(email="edda@courier.test").name == "Moor, Edda"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "Choose a file, or paste the list."), ("name,role\nAna,member", "No column has addresses.")],
)
def test_what_is_no_list_is_said_beside_it(house: House, text: str, complaint: str) -> None:
    page = browser_of(house.ines).post("/people/invitations/list", {"text": text})
    assert page.status_code == 422
    assert complaint in words(page)


def test_lists_are_read_however_they_are_separated() -> None:
    for mark in ",;\t":
        (row,) = lists.read(mark.join(["name", "mail", "team"]) + "\n" + mark.join(["Ana", "a@x.test", "Sport"]))
        assert (row.number, row.values["address"], row.values["team"]) == (2, "a@x.test", "Sport")
    with pytest.raises(lists.NotUnderstood):
        lists.read("a@x.test\n" * 3000)
