"""A question that is written once is answered afresh each time, for whoever asks."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Exists, Q

from everyhand.core.counting import bounded, counted, whole
from everyhand.core.prepared import Given, blanked, prepared
from everyhand.people.models import Member, Team
from tests.cast import Cast


@pytest.fixture
def everybody(cast: Cast) -> list[Member]:
    return list(Member.objects.order_by("pk"))


def test_it_is_answered_for_whoever_asks(everybody: list[Member]) -> None:
    ask = prepared(Member.objects.filter(pk=Given("member")))

    assert [ask(member=one.pk) for one in everybody] == [[one] for one in everybody]


def test_it_is_answered_afresh(everybody: list[Member]) -> None:
    ask = prepared(Member.objects.filter(name__startswith="Z").values_list("name", flat=True))
    before = ask()
    Member.objects.filter(pk=everybody[0].pk).update(name="Zoe")

    assert (before, ask()) == ([], ["Zoe"])


def test_rows_come_with_what_they_refer_to(everybody: list[Member]) -> None:
    team = Team.objects.order_by("pk")[0]
    member = everybody[0]
    team.members.set([member])
    ask = prepared(Team.objects.filter(members=Given("member")).prefetch_related("members"))

    assert [list(one.members.all()) for one in ask(member=member.pk)] == [[member]]


def test_several_values_stand_behind_in(everybody: list[Member]) -> None:
    ask = prepared(Member.objects.filter(pk__in=Given("members", several=2)).order_by("pk"))

    assert ask(members=[one.pk for one in everybody[:2]]) == everybody[:2]
    assert ask(members=[one.pk for one in everybody[1:3]]) == everybody[1:3]


def test_what_cannot_be_true_finds_nothing(everybody: list[Member]) -> None:
    nobody = Member.objects.filter(pk__in=[])

    assert prepared(nobody)() == []
    assert counted([whole(nobody), bounded(Member.objects.all(), at_most=1000)]) == [0, len(everybody)]


def test_a_value_that_was_not_told_is_missed(everybody: list[Member]) -> None:
    with pytest.raises(KeyError, match="member"):
        prepared(Member.objects.filter(pk=Given("member")))()
    assert everybody


def test_counts_stop_where_they_are_told_to(everybody: list[Member]) -> None:
    of_one = bounded(Member.objects.filter(~Q(pk=Given("member"))), at_most=2)

    assert counted([of_one, whole(Member.objects.all())], member=everybody[0].pk) == [2, len(everybody)]


def test_conditions_that_differ_in_values_alone_are_one_question() -> None:
    one, values = blanked(Q(status="open") & ~Q(owner=3), "value") or (Q(), {})
    other, others = blanked(Q(status="closed") & ~Q(owner=4), "value") or (Q(), {})
    assert one == other
    assert hash(one) == hash(other)
    assert (list(values.values()), list(others.values())) == (["open", 3], ["closed", 4])
    assert (blanked(Q(status="open") & Q(owner=3), "value") or (Q(), {}))[0] != one


def test_a_condition_that_holds_more_than_values_is_left_alone() -> None:
    for condition in (Q(owner__in=[1, 2]), Q(subject__icontains="50 %"), Q(Exists(Team.objects.all()))):
        assert blanked(condition, "value") is None


def test_signs_that_mean_something_in_sql_are_words_like_others(everybody: list[Member]) -> None:
    Member.objects.filter(pk=everybody[0].pk).update(name="100 % O'Hara\\", title="%s")
    named = Member.objects.filter(name="100 % O'Hara\\", title=Given("title"))

    assert prepared(named)(title="%s") == everybody[:1]
    assert counted([whole(named), bounded(Member.objects.filter(title="%s"), at_most=5)], title="%s") == [1, 1]


@pytest.mark.postgresql  # SQLite's own module keeps them
def test_postgresql_keeps_what_is_asked_again_and_again(everybody: list[Member]) -> None:
    ask = prepared(Member.objects.filter(pk=Given("member"), is_active=True))
    for one in (*everybody, Member(pk=70_000), Member(pk=5_000_000_000)):  # of three sizes, for one statement
        ask(member=one.pk)

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        kept = [(statement, plans) for statement, plans in cursor.fetchall() if "people_member" in statement]
    assert [plans for _statement, plans in kept] == [len(everybody) + 2]


@pytest.mark.postgresql
def test_what_depends_on_its_values_is_planned_for_them_each_time(everybody: list[Member]) -> None:
    ask = prepared(Member.objects.filter(name__gt=Given("name")).order_by("pk"), planned_anew=True)
    for _ in range(7):
        assert ask(name="") == everybody

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%people_member%'")
        assert cursor.fetchone() == (0,)
