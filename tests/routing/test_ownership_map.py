"""The ownership map: who answers for what, and the reason in words."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyhand.conversations.models import Conversation, Status
from everyhand.desk.receive import receive
from everyhand.people.duty import on_duty
from everyhand.people.models import Member, WorkingHours
from everyhand.routing import actions as routing
from everyhand.routing import loads, reasons
from everyhand.routing.decide import Hints
from everyhand.routing.models import Rule
from tests.cast import HELP, NOON, Cast, letter, team


def add(cast: Cast, looks_at: str, pattern: str, **who: object) -> Rule:
    return routing.add_rule(by=cast.ines, at=NOON, looks_at=looks_at, pattern=pattern, **who)


def why(hints: Hints) -> tuple[str, str]:
    decision = routing.owner_for(hints, at=NOON)
    return decision.owner.name, reasons.in_words(decision.because, decision.owner.name)


def comes(number: int) -> Conversation:
    return receive(letter(sender=f"reader{number}@example.org"), channel="email", at=NOON).conversation


def test_words_find_the_person_who_answers_for_the_thing(cast: Cast) -> None:
    add(cast, "words", "Riverside route 4, route four", member=cast.ana)
    assert why(Hints(subject="Paper", text="I live on riverside\n Route 4 and no paper came")) == (
        "Ana Silva",
        "the mail names riverside Route 4, which belongs to Ana Silva",
    )


def test_words_are_whole_words(cast: Cast) -> None:
    add(cast, "words", "route 4", member=cast.ana)
    assert why(Hints(text="my route 42 is fine"))[0] == "Ines Hart"


@pytest.mark.parametrize(
    ("looks_at", "pattern", "hints"),
    [
        ("recipient", "letters@courier.test", Hints(recipients=[HELP, "Letters+abc@Courier.test"])),
        ("recipient", "*@sport.courier.test", Hints(recipients=["any@sport.courier.test"])),
        ("sender", "*@printers.example", Hints(sender="Jo@Printers.example")),
        ("subject", "obituary", Hints(subject="An Obituary, please")),
        ("page", "/sport/*", Hints(text="see https://courier.test/sport/rowing?x=1.")),
        ("page", "courier.test/weather", Hints(pages=["https://courier.test/weather/"])),
    ],
)
def test_each_kind_of_rule_finds_what_it_looks_at(cast: Cast, looks_at: str, pattern: str, hints: Hints) -> None:
    add(cast, looks_at, pattern, member=cast.carla)
    assert routing.owner_for(hints, at=NOON).owner == cast.carla
    assert routing.owner_for(Hints(text="nothing of the kind"), at=NOON).owner == cast.ines


def test_the_first_rule_that_fits_decides_and_rules_can_be_moved(cast: Cast) -> None:
    first = add(cast, "words", "paper", member=cast.ana)
    add(cast, "words", "paper", member=cast.ben)
    hints = Hints(text="no paper")
    assert routing.owner_for(hints, at=NOON).owner == cast.ana
    routing.move_rule(first, up=False, by=cast.ines, at=NOON)
    assert routing.owner_for(hints, at=NOON).owner == cast.ben
    first.refresh_from_db()
    routing.move_rule(first, up=False, by=cast.ines, at=NOON)  # already last
    assert routing.owner_for(hints, at=NOON).owner == cast.ben


def test_a_team_is_answered_for_by_whoever_is_on_duty(cast: Cast) -> None:
    add(cast, "words", "paper", team=cast.delivery)
    cast.ana.away_until = NOON + timedelta(days=3)
    cast.ana.save()
    assert why(Hints(text="no paper")) == (
        "Ben Okoro",
        "the mail names paper, which belongs to the team Delivery, and Ben Okoro is on duty",
    )


def test_of_several_on_duty_the_one_with_the_fewest_open_conversations_gets_it(cast: Cast) -> None:
    add(cast, "words", "paper", team=cast.delivery)
    owners = [comes(number).owner for number in range(4)]
    assert sorted(owner.name for owner in owners) == ["Ana Silva", "Ana Silva", "Ben Okoro", "Ben Okoro"]


def test_where_thousands_are_open_they_are_counted_once_a_second(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [monotonic() + 10]
    monkeypatch.setattr(loads, "THOUSANDS", 2)
    monkeypatch.setattr(loads, "monotonic", lambda: clock[0])
    add(cast, "words", "paper", team=cast.delivery)
    given = [comes(number) for number in range(4)]
    with CaptureQueriesContext(connection) as asked:
        given += [comes(number) for number in range(4, 8)]
    assert [one["sql"] for one in asked if "COUNT" in one["sql"]] == []
    assert sorted(one.owner.name for one in given) == ["Ana Silva"] * 4 + ["Ben Okoro"] * 4
    Conversation.objects.filter(owner=cast.ana).update(status=Status.CLOSED)
    clock[0] += loads.A_SECOND
    assert {comes(number).owner.name for number in range(8, 11)} == {"Ana Silva"}


def test_when_nobody_is_on_duty_the_lead_has_it_and_the_reason_says_so(cast: Cast) -> None:
    add(cast, "words", "paper", team=cast.delivery)
    Member.objects.filter(pk__in=[cast.ana.pk, cast.ben.pk]).update(away_until=NOON + timedelta(days=1))
    assert why(Hints(text="no paper")) == (
        "Ben Okoro",
        "the mail names paper, which belongs to the team Delivery; nobody of it is on duty, so Ben Okoro has it",
    )


def test_hours_are_in_the_members_own_time_zone(cast: Cast) -> None:
    cast.ana.time_zone = "Asia/Tokyo"  # 21:00 there when it is noon in UTC
    WorkingHours.objects.create(member=cast.ana, weekday=0, start="09:00", end="17:00")
    WorkingHours.objects.create(member=cast.ben, weekday=0, start="09:00", end="17:00")
    cast.ana.save()
    assert not on_duty(Member.objects.get(pk=cast.ana.pk), NOON)
    assert on_duty(Member.objects.get(pk=cast.ben.pk), NOON)


def test_an_empty_team_or_a_member_who_left_still_leaves_somebody_responsible(cast: Cast) -> None:
    add(cast, "subject", "empty", team=team("empty", "Empty"))
    add(cast, "subject", "left", member=cast.carla)
    cast.carla.is_active = False
    cast.carla.save()
    assert why(Hints(subject="empty")) == (
        "Ines Hart",
        "the subject names empty, which belongs to the team Empty, but nobody is in it, so Ines Hart has it",
    )
    assert why(Hints(subject="left")) == (
        "Ines Hart",
        "the subject names left; that belonged to Carla Weiss, who is not here any more, so Ines Hart has it",
    )


def test_a_rule_names_either_a_person_or_a_team(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="either a person or a team"):
        add(cast, "words", "both", member=cast.ana, team=cast.delivery)
    with pytest.raises(ValidationError, match="either a person or a team"):
        add(cast, "words", "neither")
    assert not Rule.objects.exists()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text(), st.sampled_from(Rule.Looks.values))
def test_whatever_a_rule_or_a_mail_says_somebody_owns_it(cast: Cast, pattern: str, text: str, looks_at: str) -> None:
    Rule.objects.all().delete()
    Rule.objects.create(position=1, looks_at=looks_at, pattern=pattern.replace("\x00", "")[:300], member=cast.ana)
    decision = routing.owner_for(Hints(recipients=[text], sender=text, subject=text, text=text), at=NOON)
    assert decision.owner in (cast.ana, cast.ines)
    assert reasons.in_words(decision.because, decision.owner.name)
