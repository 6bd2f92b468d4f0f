"""Views: an address narrows the inbox, a name keeps it, and what nobody understands is said kindly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from everyhand.conversations import inbox, saved_views
from everyhand.conversations.models import SavedView
from everyhand.desk.close import close
from everyhand.desk.inbound import Address, File
from everyhand.web.counts import Counts
from tests.web.house import House, arrives, browser_of
from tests.web.test_inbox import words
from tests.web.test_triage import undoes

ADA, BEA = Address("Ada Brown", "ada@example.org"), Address("Bea Green", "bea@elsewhere.example")


@pytest.fixture
def mail(house: House) -> House:
    """Ada writes about route 4 with a map, two days ago; Bea to Carla's column, today."""
    plan = File("map.pdf", "application/pdf", b"%PDF")
    arrives("route 4 again", sender=ADA, files=[plan], at=timezone.now() - timedelta(days=2), subject="Ada's")
    arrives("your column", sender=BEA, subject="Bea's")
    return house


@pytest.mark.parametrize(
    ("narrowed", "who"),
    [
        ("owner=me", "Ada"),
        ("owner={carla}", "Bea"),
        ("owner=carla", "Bea"),
        ("has=attachment", "Ada"),
        ("from=bea@elsewhere.example", "Bea"),
        ("from=elsewhere", "Bea"),
        ("from=brown", "Ada"),
        ("waiting=1d", "Ada"),
        ("before=1d", "Ada"),
        ("after=today", "Bea"),
        ("channel=email&owner=ana", "Ada"),
        ("team=none&from=bea", "Bea"),
    ],
)
def test_a_filter_leaves_what_fits(mail: House, narrowed: str, who: str) -> None:
    page = words(browser_of(mail.ana).get("/inbox/everyone?" + narrowed.format(carla=mail.carla.pk)))
    assert [one for one in ("Ada", "Bea") if f"{one}&#39;s" in page] == [who]
    assert "chip--filter" in page


def test_a_chip_leads_to_the_view_without_it(mail: House) -> None:
    page = words(browser_of(mail.ana).get(f"/inbox/everyone?owner={mail.carla.pk}&has=attachment&status=any"))
    assert "Carla Weiss" in page
    assert f'href="/inbox/everyone?owner={mail.carla.pk}&amp;status=any"' in page
    assert 'href="/inbox/everyone?status=any&amp;has=attachment"' in page
    assert "Nothing fits" in page


@pytest.mark.parametrize("narrowed", ["owner=nobody", "team=none-such", "before=soon", "waiting=long", "status=odd"])
def test_what_nobody_understands_is_said_and_the_rest_holds(mail: House, narrowed: str) -> None:
    page = words(browser_of(mail.ana).get(f"/inbox/everyone?{narrowed}&from=ada"))
    assert 'role="alert"' in page
    assert narrowed.partition("=")[2] in page
    assert "Ada&#39;s" in page
    assert "Bea&#39;s" not in page
    form = words(browser_of(mail.ana).get(f"/inbox/everyone/filters?{narrowed}&from=ada"))
    assert 'value="ada"' in form


@pytest.mark.parametrize("value", ["9" * 300, "%00", "\u0000", "2026-99-99", "9999-12-31", "0000", "-1", "%", "'\"<b>"])
@pytest.mark.parametrize("name", ["owner", "team", "from", "status", "channel", "has", "waiting", "before", "after"])
def test_strange_filters_do_no_harm(mail: House, name: str, value: str) -> None:
    page = browser_of(mail.ana).get("/inbox/everyone", {name: value})
    assert page.status_code == 200
    assert "<b>" not in words(page).replace("<b>Everyhand", "")


def test_everything_is_one_list_in_order_page_after_page(house: House) -> None:
    now = timezone.now()
    for number in range(9):
        at = now - timedelta(hours=number)
        one = arrives("route 4", sender=Address("", f"reader{number}@example.org"), at=at).conversation
        if number % 3 == 1:
            close(one, by=house.ana, at=at)
        elif number % 3 == 2:
            type(one).objects.filter(pk=one.pk).update(status="waiting")
    seen: list[int] = []
    after = ""
    for _page in range(5):
        page = inbox.page(inbox.View.MINE, house.ana, inbox.ANY, after=after, limit=2)
        seen += [one.pk for one in page.conversations]
        after = page.next
    assert seen == sorted(seen)
    assert len(seen) == 9


def test_the_filter_form_keeps_what_nobody_understands_and_says_so_beside_its_field(mail: House) -> None:
    ana = browser_of(mail.ana)
    answer = ana.get("/inbox/everyone/filters?from=ada&waiting=zwei+Tage&show=1")
    assert answer.status_code == 422
    form = words(answer)
    assert 'value="zwei Tage"' in form
    assert 'aria-describedby="filter-waiting-error"' in form
    assert "Write how long as a number" in form
    shown = ana.get("/inbox/everyone/filters?from=ada&waiting=1h&owner=&show=1")
    assert shown.headers["Location"] == "/inbox/everyone?from=ada&waiting=1h"
    assert "filters?waiting=zwei+Tage" in words(ana.get("/inbox/everyone?waiting=zwei+Tage"))


def test_a_saved_view_stands_in_the_rail_with_its_count(mail: House) -> None:
    browser = browser_of(mail.ana)
    browser.post("/inbox/everyone/saving?has=attachment", {"name": "With a map", "shared": ""})
    page = words(browser.get("/inbox/everyone?has=attachment"))
    assert "<h1>With a map</h1>" in page
    assert "Remove this view" in page
    assert [(one.view.name, one.number) for one in Counts(mail.ana).saved] == [("With a map", 1)]
    assert "With a map" not in words(browser_of(mail.ines).get("/inbox/everyone"))


def test_a_shared_view_shows_each_what_they_may_see(mail: House) -> None:
    browser_of(mail.ana).post("/inbox/everyone/saving?from=ada", {"name": "Ada", "shared": "everyone"})
    browser_of(mail.ana).post("/inbox/teams/saving?status=any", {"name": "Ours", "shared": str(mail.delivery.pk)})
    names = {who.name: [one.view.name for one in Counts(who).saved] for who in (mail.ana, mail.ben, mail.dora)}
    assert names == {"Ana Silva": ["Ada", "Ours"], "Ben Okoro": ["Ada", "Ours"], "Dora Lind": ["Ada"]}
    assert "Ada&#39;s" not in words(browser_of(mail.dora).get("/inbox/everyone?from=ada"))


def test_nobody_shares_a_view_with_a_team_they_are_not_in(mail: House) -> None:
    browser_of(mail.ana).post("/inbox/mine/saving?has=attachment", {"name": "Mine", "shared": str(mail.hr.pk)})
    assert SavedView.objects.get().team is None


def test_a_view_is_removed_by_its_maker_or_an_administrator(mail: House) -> None:
    browser_of(mail.ana).post("/inbox/everyone/saving?from=ada", {"name": "Ada", "shared": "everyone"})
    path = f"/views/{SavedView.objects.get().pk}/removal"
    assert "only they or an administrator" in words(browser_of(mail.ben).post(path, follow=True))
    assert SavedView.objects.exists()
    assert "its address still works" in words(browser_of(mail.ines).post(path, follow=True))
    assert not SavedView.objects.exists()


def test_a_view_that_was_removed_comes_back_as_it_was(mail: House) -> None:
    ana, ben = browser_of(mail.ana), browser_of(mail.ben)
    ana.post("/inbox/everyone/saving?from=ada", {"name": "Ada", "shared": "everyone"})
    page = words(ana.post(f"/views/{SavedView.objects.get().pk}/removal", follow=True))
    assert "Ada" not in [one.view.name for one in Counts(mail.ben).saved]
    undoes(ben, page)
    assert not SavedView.objects.exists()  # it was not Ben who removed it
    undoes(ana, page)
    assert [one.view.name for one in Counts(mail.ben).saved] == ["Ada"]
    assert "Something has happened to it since" in undoes(ana, page)


def test_a_view_without_a_name_is_asked_for_one(mail: House) -> None:
    answer = browser_of(mail.ana).post("/inbox/everyone/saving?from=ada", {"name": "  ", "shared": "everyone"})
    assert answer.status_code == 400
    assert 'id="view-name-error"' in words(answer)
    assert 'value="everyone" selected' in words(answer).replace("\n", " ").replace("                     ", "")


def test_there_is_an_end_to_views(mail: House) -> None:
    browser = browser_of(mail.ana)
    for number in range(saved_views.KEPT_EACH):
        browser.post("/inbox/everyone/saving?from=ada", {"name": f"Ada {number}"})
    one_more = browser.post("/inbox/everyone/saving?from=ada", {"name": "One more"})
    assert "Remove one first" in words(one_more)


def test_counts_stop_at_ninety_nine(mail: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "COUNTED", 2)
    for number in range(5):
        arrives("route 4", sender=Address("", f"reader{number}@example.org"))
    assert Counts(mail.ana).everyone == 2
    assert Counts(mail.carla).everyone == 1


def test_twenty_saved_views_cost_no_query_each(mail: House, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(10):
        saved_views.save_view(
            name=f"View {number}", view="everyone", narrowed_by=f"owner={mail.carla.pk}&has=attachment",
            team=None, for_everyone=True, by=mail.ana, at=timezone.now(),
        )  # fmt: skip
    browser = browser_of(mail.ana)
    browser.get("/inbox/everyone")
    with django_assert_num_queries(8):
        browser.get("/inbox/everyone")
