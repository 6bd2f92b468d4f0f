"""Searching: words and people, only among what one may see, at a steady price."""

from __future__ import annotations

from typing import Any

from pytest_django import DjangoAssertNumQueries

from everyhand.desk.inbound import Address
from tests.web.house import House, arrives, browser_of


def words(response: Any) -> str:
    return str(response.content.decode())


def test_ana_finds_what_ada_wrote_with_her_words_marked(house: House) -> None:
    arrives("The paper boy on route 4 sings <b>beautifully</b>.")
    page = words(browser_of(house.ana).get("/search?q=beautifully"))
    assert "<mark>beautifully</mark>" in page
    assert "<b>" not in page.split("<mark>")[0].rsplit("hit clip", 1)[1]
    assert "Ada Brown" in page


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
    with django_assert_num_queries(11):
        browser.get("/search?q=route")
