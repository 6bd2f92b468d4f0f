"""Searching: words and people, only among what one may see, at a steady price."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from everyhand.conversations import tags
from everyhand.desk.inbound import Address, File
from everyhand.desk.reply import write_note
from tests.web.house import House, arrives, browser_of


def words(response: Any) -> str:
    return str(response.content.decode())


def test_ana_finds_what_ada_wrote_with_her_words_marked(house: House) -> None:
    arrives("The paper boy on route 4 sings <b>beautifully</b>.")
    page = words(browser_of(house.ana).get("/search?q=beautifully"))
    assert "<mark>beautifully</mark>" in page
    assert "<b>" not in page.split("<mark>")[0].rsplit("hit clip", 1)[1]
    assert "Ada Brown" in page


def test_words_are_marked_in_the_subject_too_where_the_newest_words_say_nothing_of_them(house: House) -> None:
    asked = arrives("It is soaked.", subject="The <i>sports</i> pages").conversation
    write_note(asked, author=house.ana, text="We have none left.", at=timezone.now())
    page = words(browser_of(house.ana).get("/search?q=sports"))
    assert "The &lt;i&gt;<mark>sports</mark>&lt;/i&gt; pages" in page
    assert "We have none left." in page


def test_colleagues_are_found_by_name(house: House) -> None:
    page = words(browser_of(house.carla).get("/search?q=silva"))
    assert f"/people/{house.ana.pk}" in page


def test_nothing_private_is_found(house: House) -> None:
    arrives("my boss shouts", to="hr@courier.test")
    assert "shouts" in words(browser_of(house.dora).get("/search?q=boss"))
    for somebody in (house.ana, house.ines, house.carla):
        assert "shouts" not in words(browser_of(somebody).get("/search?q=boss"))


def test_results_go_on_page_after_page(house: House) -> None:
    for number in range(35):
        arrives("route 4", sender=Address(f"Reader{number:02}", f"reader{number}@example.org"))
    browser = browser_of(house.ana)
    first = words(browser.get("/search?q=route"))
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = words(browser.get(f"/search{following}"))
    found = [f"Reader{number:02}" in first for number in range(35)]
    assert [f"Reader{number:02}" in second for number in range(35)] == [not one for one in found]
    assert sum(found) == 30


def test_thirty_hits_cost_as_many_queries_as_two(
    house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        arrives("route 4", sender=Address(f"Reader {number}", f"reader{number}@example.org"))
    browser = browser_of(house.ana)
    browser.get("/search?q=route")
    with django_assert_num_queries(10):
        browser.get("/search?q=route")


@pytest.fixture
def desk(house: House) -> House:
    """Ada sends a map of route 4, Bea praises Carla's column, and Ana notes something about Ada."""
    plan = File("map.pdf", "application/pdf", b"%PDF")
    ada = arrives("The crossword of route 4 is wet", files=[plan], subject="Ada's").conversation
    arrives("The crossword in your column", sender=Address("Bea Green", "bea@elsewhere.example"), subject="Bea's")
    write_note(ada, author=house.ana, text="She is right about the crossword", at=timezone.now())
    return house


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("crossword", "Ada Bea"),
        ("crossword from:bea", "Bea"),
        ('from:"ada brown" crossword', "Ada"),
        ("owner:me crossword", "Ada"),
        ("owner:carla crossword", "Bea"),
        ("CROSS has:attachment", "Ada"),
        ("has:attachment", "Ada"),
        ("in:notes crossword", "Ada"),
        ("in:notes", "Ada"),
        ("crossword before:2020", ""),
        ("after:today crossword", "Ada Bea"),
        ("status:closed crossword", ""),
        ("in:mine", "Ada"),
        ("-wet crossword", "Ada Bea"),  # by the note
        ("crosword", "Ada Bea"),
        ("crossowrd colunm", "Bea"),
    ],
)
def test_words_and_filters_narrow_together(desk: House, typed: str, who: str) -> None:
    page = words(browser_of(desk.ana).get("/search", {"q": typed}))
    assert " ".join(one for one in ("Ada", "Bea") if f"{one}&#39;s" in page) == who


def test_a_slip_is_forgiven_and_said(desk: House) -> None:
    page = words(browser_of(desk.ana).get("/search?q=crosword"))
    assert "This is what was found for “crossword”" in page
    assert "<mark>crossword</mark>" in page


def test_a_slip_tells_nobody_what_they_may_not_see(desk: House) -> None:
    arrives("unspeakable", to="hr@courier.test")
    assert "unspeakable" in words(browser_of(desk.dora).get("/search?q=unspeekable"))
    assert "unspeakable" not in words(browser_of(desk.ana).get("/search?q=unspeekable"))


def test_a_conversation_is_found_by_its_number(desk: House) -> None:
    private = arrives("secret", to="hr@courier.test", subject="Hidden").conversation
    shown = arrives("route 4", subject="By number").conversation
    browser = browser_of(desk.ana)
    for typed in (f"#{shown.pk}", str(shown.pk)):
        assert "By number" in words(browser.get("/search", {"q": typed}))
    assert "Hidden" not in words(browser.get("/search", {"q": f"#{private.pk}"}))


def test_a_filter_nobody_understands_is_said_and_the_rest_is_searched(desk: House) -> None:
    page = words(browser_of(desk.ana).get("/search", {"q": "owner:zoe before:soon crossword from:bea"}))
    assert page.count('role="alert"') == 2
    assert "Nobody here is called “zoe”" in page
    assert "Bea&#39;s" in page
    assert "Ada&#39;s" not in page


@pytest.mark.parametrize("typed", ["status:all", "status:any", "status:ALL crossword"])
def test_all_means_every_status_as_the_tab_says(desk: House, typed: str) -> None:
    page = words(browser_of(desk.ana).get("/search", {"q": typed}))
    assert 'role="alert"' not in page
    assert "Bea&#39;s" in page


def test_each_status_is_named_once(desk: House) -> None:
    page = words(browser_of(desk.ana).get("/search", {"q": "status:shut"}))
    assert "A status is one of these: all, open, waiting, asleep, closed." in page


def test_what_looks_like_a_filter_and_is_none_is_said(desk: House) -> None:
    browser = browser_of(desk.ana)
    assert "Did you mean “status:”?" in words(browser.get("/search", {"q": "statsu:open crossword"}))
    assert "These narrow: owner:, team:," in words(browser.get("/search", {"q": "colour:red"}))
    for typed in ("Re: crossword", "https://courier.test crossword", "10:30 crossword"):
        assert "narrows nothing" not in words(browser.get("/search", {"q": typed}))


@pytest.mark.parametrize("typed", ["tag:unheard", "tag:unheard crossword", "status:shut"])
def test_what_nothing_can_have_finds_nothing(desk: House, typed: str) -> None:
    page = words(browser_of(desk.ana).get("/search", {"q": typed}))
    assert 'role="alert"' in page
    assert "Bea&#39;s" not in page


def test_a_chip_takes_its_filter_out_of_what_was_typed(desk: House) -> None:
    page = words(browser_of(desk.ana).get("/search", {"q": "owner:me crossword has:attachment"}))
    assert 'href="/search?q=has%3Aattachment+crossword"' in page
    assert 'href="/search?q=owner%3Ame+crossword"' in page


def test_filters_alone_go_on_page_after_page(house: House) -> None:
    for number in range(35):
        arrives("route 4", sender=Address(f"Reader{number:02}", f"reader{number}@example.org"))
    browser = browser_of(house.ana)
    first = words(browser.get("/search?q=owner:me"))
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = words(browser.get(f"/search{following}"))
    assert [f"Reader{number:02}" in first for number in range(35)] == [
        f"Reader{number:02}" not in second for number in range(35)
    ]


@pytest.mark.parametrize(
    "typed", ["from:", "from:%", 'from:"', "owner:\u0000", "before:9999", "#" + "9" * 30, "in:x:y", "::"]
)
def test_strange_searches_do_no_harm(desk: House, typed: str) -> None:
    assert browser_of(desk.ana).get("/search", {"q": typed}).status_code == 200


def test_what_some_results_have_in_common_narrows_them_by_a_click(house: House) -> None:
    first = arrives("The paper is wet.", sender=Address("Ada Brown", "ada@example.org"), subject="One").conversation
    other = arrives("The paper is late.", sender=Address("Cy Marsh", "cy@example.org"), subject="Two").conversation
    tags.retag(first, on=tags.called(["late paper"]), by=house.ana, at=timezone.now())
    browser = browser_of(house.ana)
    page = words(browser.get("/search?q=paper"))
    for offered in ("from%3A%22Ada+Brown%22", "tag%3A%22late+paper%22", "before%3A30d", "owner%3Ame", "status%3Aopen"):
        assert f"?q={offered}+paper" in page
    for offered in ("from%3A%22Ada+Brown%22", "tag%3A%22late+paper%22"):
        narrowed = words(browser.get(f"/search?q={offered}+paper"))
        assert f'id="conversation-{first.pk}"' in narrowed
        assert f'id="conversation-{other.pk}"' not in narrowed
