"""What stands under a reply: everybody writes their own, administrators their teams', and it is seen before sending."""

from __future__ import annotations

from everyhand.conversations.models import Message
from everyhand.people.models import SIGNATURE_LENGTH, Member, Team
from tests.web.house import House, arrives, browser_of


def test_ana_signs_and_sees_it_before_she_sends(house: House) -> None:
    browser = browser_of(house.ana)
    saved = browser.post("/profile", {"name": "Ana Silva", "signature": "Ana Silva\r\n<Delivery> & more "})
    conversation = arrives().conversation
    page = browser.get(f"/conversations/{conversation.pk}").content.decode()
    browser.post(f"/conversations/{conversation.pk}/replies", {"text": "It is on its way.", "seen": "999999999"})

    assert saved.status_code == 302
    assert '<p class="composer__signature small faint">Ana Silva\n&lt;Delivery&gt; &amp; more</p>' in page
    assert Message.objects.get(direction="out").signature == "Ana Silva\n<Delivery> & more"


def test_the_lines_of_the_team_stand_below_her_own(house: House) -> None:
    typed = {
        "name": "Delivery",
        "slug": "delivery",
        "signature": "The Courier, 12 Dock Road",
        "members": [house.ana.pk],
    }
    assert browser_of(house.ines).post("/teams/delivery/details", typed).status_code == 302
    Member.objects.filter(pk=house.ana.pk).update(signature="Ana")
    conversation = arrives().conversation
    conversation.team = Team.objects.get(slug="delivery")
    conversation.save()
    page = browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode()

    assert "Ana\nThe Courier, 12 Dock Road</p>" in page


def test_a_signature_is_no_newspaper(house: House) -> None:
    answer = browser_of(house.ana).post("/profile", {"name": "Ana", "signature": "x" * (SIGNATURE_LENGTH + 1)})

    assert answer.status_code == 422
    assert Member.objects.get(pk=house.ana.pk).signature == ""


def test_who_has_none_signs_with_nothing(house: House) -> None:
    conversation = arrives().conversation

    assert "composer__signature" not in browser_of(house.ana).get(f"/conversations/{conversation.pk}").content.decode()
