"""The inbox shows who waits, what breaks first on top, and nothing that is not theirs to see."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from everyhand.conversations import inbox, tags
from everyhand.conversations.models import Conversation
from everyhand.customers.models import Customer
from everyhand.desk.close import close
from everyhand.desk.inbound import Address
from everyhand.people.models import Member
from everyhand.promises.models import Promise
from everyhand.web.counts import Counts
from tests.web.house import House, answers, arrives, browser_of


def words(client_response: object) -> str:
    return client_response.content.decode()  # type: ignore[attr-defined, no-any-return]


def test_ana_finds_ada_in_her_inbox(house: House) -> None:
    arrives("My paper on route 4 did not come today.")
    page = browser_of(house.ana).get("/inbox/mine")
    assert page.status_code == 200
    assert "My paper on route 4 did not come today." in words(page)
    assert "My paper on route 4" not in words(browser_of(house.carla).get("/inbox/everyone"))


def test_what_breaks_first_stands_on_top(house: House) -> None:
    now = timezone.now()
    arrives("route 4, this morning", sender=Address("Early", "early@example.org"), at=now - timedelta(minutes=110))
    arrives("route 4, yesterday", sender=Address("Late", "late@example.org"), at=now - timedelta(days=1))
    arrives("route 4, just now", sender=Address("New", "new@example.org"), at=now)
    page = words(browser_of(house.ana).get("/inbox/mine"))
    assert page.index("4, yesterday") < page.index("4, this morning") < page.index("4, just now")
    assert page.index("group-broken") < page.index("group-soon") < page.index("group-calm")


def test_whoever_sees_little_is_not_told_that_nobody_waits(house: House) -> None:
    arrives("route 4")  # Ana's
    page = words(browser_of(house.carla).get("/inbox/everyone"))
    assert "Every open conversation has been answered" not in page
    assert "You see what you own or follow, where you are mentioned, and what belongs to your teams." in page
    arrives("your column")
    assert "Nobody is waiting whom you see" not in words(browser_of(house.carla).get("/inbox/everyone"))


def test_a_house_to_which_nobody_wrote_says_what_to_do_next(house: House) -> None:
    for place in ("mine", "teams", "everyone"):
        page = words(browser_of(house.ines).get(f"/inbox/{place}"))
        assert "No customer has written yet" in page
        assert 'href="/first-steps"' in page
        assert "as soon as an administrator has connected a mailbox" in words(
            browser_of(house.ana).get(f"/inbox/{place}")
        )
    arrives("route 4")
    assert "No customer has written yet" not in words(browser_of(house.dora).get("/inbox/mine"))


def test_an_answered_conversation_waits_and_a_closed_one_is_closed(house: House) -> None:
    first = arrives("route 4 again").conversation
    answers(house.ana, first, "On its way.")
    second = arrives("route 4 once more").conversation
    close(second, by=house.ana, at=timezone.now())
    browser = browser_of(house.ana)
    assert "route 4" not in words(browser.get("/inbox/mine"))
    assert "On its way." in words(browser.get("/inbox/mine?status=waiting"))
    assert "route 4 once more" in words(browser.get("/inbox/mine?status=closed"))


def test_with_every_status_the_newest_words_stand_on_top_in_one_list(house: House) -> None:
    now = timezone.now()
    for minutes in (110, 5, 200, 1):
        at = now - timedelta(minutes=minutes)
        one = arrives("route 4", sender=Address("", f"reader{minutes}@example.org"), at=at).conversation
        if minutes == 5:
            answers(house.ana, one, "On its way.")
    page = words(browser_of(house.ana).get("/inbox/mine?status=any"))
    assert page.count('<ol class="rows">') == 1
    found = re.findall(r'row__name clip">reader(\d+)@example.org<', page)
    assert found == ["5", "1", "110", "200"]


@pytest.mark.parametrize("status", ["open", "waiting", "closed"])
def test_every_conversation_stands_on_exactly_one_page(house: House, status: str) -> None:
    now = timezone.now()
    for number in range(7):
        at = now - timedelta(minutes=number // 2)  # some at the same moment
        one = arrives("route 4", sender=Address("", f"reader{number}@example.org"), at=at).conversation
        if status == "waiting":
            answers(house.ana, one, "Yes.", at=at)
        elif status == "closed":
            close(one, by=house.ana, at=at)
    seen: list[int] = []
    after = ""
    for _page in range(9):
        page = inbox.page(inbox.View.MINE, house.ana, status, after=after, limit=2)
        seen += [one.pk for one in page.conversations]
        after = page.next
        if not after:
            break
    assert len(seen) == 7
    assert len(set(seen)) == 7
    whole = inbox.page(inbox.View.MINE, house.ana, status, limit=50)
    assert seen == [one.pk for one in whole.conversations]


def test_conversations_without_a_promise_come_last_and_are_not_lost_between_pages(house: House) -> None:
    for number in range(5):
        one = arrives("route 4", sender=Address("", f"reader{number}@example.org")).conversation
        if number % 2:
            type(one).objects.filter(pk=one.pk).update(reply_due=None)
    first = inbox.page(inbox.View.MINE, house.ana, "open", limit=4)
    rest = inbox.page(inbox.View.MINE, house.ana, "open", limit=4, after=first.next)
    promised = [one.reply_due is not None for one in [*first.conversations, *rest.conversations]]
    assert promised == [True, True, True, False, False]


@pytest.mark.parametrize("after", ["", ".", "x.y", "-1.-2", "9" * 40 + ".1", "1." + "9" * 40, "².1", "9" * 17 + ".1"])
def test_a_cursor_that_is_none_of_ours_starts_at_the_top(house: House, after: str) -> None:
    arrives()
    page = browser_of(house.ana).get("/inbox/mine", {"page": after})
    assert page.status_code == 200


def test_the_counts_are_those_of_the_views(house: House) -> None:
    arrives("route 4")
    arrives("your column", sender=Address("", "bea@example.org"))
    arrives("my boss", to="hr@courier.test", sender=Address("", "cid@example.org"))
    for somebody in (house.ana, house.carla, house.dora, house.ines):
        counts = Counts(somebody)
        rows = {view: len(inbox.page(view, somebody, "open").conversations) for view in inbox.View}
        assert {view: getattr(counts, view) for view in inbox.View} == rows
    assert Counts(house.ana).everyone == 2
    assert Counts(house.dora).teams == 1


def test_fifty_rows_cost_as_many_queries_as_two(
    house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(house.ana)
    for number in range(50):
        arrives("route 4", sender=Address(f"Reader {number}", f"reader{number}@example.org"))
    browser.get("/inbox/everyone")
    with django_assert_num_queries(8):
        page = browser.get("/inbox/everyone")
    assert words(page).count('class="conversation-row') >= 50


def test_what_a_row_says_is_never_what_it_said_before(house: House) -> None:
    conversation = arrives("route 4", sender=Address("Carol", "carol@example.org")).conversation
    browser = browser_of(house.ana)
    assert "Carol" in words(browser.get("/inbox/everyone"))
    Customer.objects.update(name="Caroline <b>")
    Member.objects.filter(pk=conversation.owner_id).update(name="Somebody Else")
    Conversation.objects.update(subject="Another road", snippet="And other words")
    Promise.objects.update(due_at=timezone.now() - timedelta(minutes=5))
    tags.retag(conversation, on=tags.called(["urgent"]), by=house.ana, at=timezone.now())
    page = words(browser.get("/inbox/everyone"))
    for said in (
        "Caroline &lt;b&gt;",
        "Somebody Else",
        "Another road",
        "And other words",
        "5 min",
        "urgent",
        "--broken",
    ):
        assert said in page, said
    assert "Carol<" not in page


def test_colleagues_who_read_the_same_rows_read_them_in_their_own_language_and_time_zone(house: House) -> None:
    conversation = arrives("route 4").conversation
    moment = datetime(2026, 2, 3, 23, 30, tzinfo=UTC)
    Promise.objects.all().delete()
    Conversation.objects.filter(pk=conversation.pk).update(reply_due=None, last_message_at=moment)
    house.ines.language, house.ines.time_zone = "de", "Asia/Tokyo"
    house.ines.save()
    assert "3 February 2026, 23:30" in words(browser_of(house.ana).get("/inbox/everyone"))
    assert "4. Februar 2026, 08:30" in words(browser_of(house.ines).get("/inbox/everyone"))
