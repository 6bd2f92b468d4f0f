"""A ladder is climbed until somebody acts: by itself when an answer is missing, and whenever somebody says so."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import IntegrityError, transaction

from everyhand.conversations import sight
from everyhand.core import work
from everyhand.desk import escalate
from everyhand.desk.hand_over import hand_over
from everyhand.escalation import actions as escalation
from everyhand.escalation import climbing, ladders
from everyhand.escalation.models import Climb, Escalation, Ladder, Whom
from everyhand.notices import preferences
from everyhand.notices.models import MailTelling, PushTelling, Rest
from everyhand.people.models import Role
from tests.cast import NOON, Cast, member, minutes, team
from tests.escalation.night import BEGINS, Night, a_ladder, ada_writes, anas, names, paged
from tests.notices.office import Office, plain, told
from tests.web.house import answers


def test_while_nobody_acts_one_after_the_other_is_paged(chair: Cast, night: Night) -> None:
    conversation = anas(chair)

    night.passes(BEGINS + 42)

    assert paged(conversation) == [("Ana", 105), ("Ben", 115), ("Carla", 125), ("Ines", 145)]


def test_who_answers_in_time_wakes_nobody(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    answers(chair.ana, conversation, "It is on its way.", at=NOON + minutes(100))

    night.passes(300)

    assert paged(conversation) == []


def test_an_answer_ends_it(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 1)
    answers(chair.ana, conversation, "It is on its way.", at=night.now)

    night.passes(300)

    assert names(paged(conversation)) == ["Ana"]
    assert Escalation.objects.get().ended_because == Escalation.Ended.ANSWERED
    conversation.refresh_from_db()
    assert conversation.escalated_at is None


def test_whoever_acts_ends_the_climbing_and_those_who_were_paged_need_not_look(
    chair: Cast, night: Night, office: Office
) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 11)
    assert told(chair.ben) == ["You are paged: a promised answer is missing"]

    escalate.act(conversation, by=chair.ben, at=night.now)
    night.passes(25)

    assert names(paged(conversation)) == ["Ana", "Ben"]
    assert told(chair.ben) == told(chair.ana) == []


def test_who_acts_and_does_not_answer_in_time_is_passed_over(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 5)
    escalate.act(conversation, by=chair.ana, at=night.now)

    night.passes(31)

    assert paged(conversation) == [("Ana", 105), ("Ben", 140)]
    assert Escalation.objects.get().acknowledged_by is None


def test_nobody_acts_so_it_begins_again_more_slowly_and_never_ends(chair: Cast, night: Night) -> None:
    conversation = anas(chair)

    night.passes(BEGINS + 61 + 120)

    again = [one for one in paged(conversation) if one[1] > 145]
    assert again == [("Ana", 165), ("Ben", 185), ("Carla", 205), ("Ines", 245), ("Ana", 285)]


def test_nobody_is_paged_twice_in_a_round(cast: Cast, night: Night) -> None:
    """Ben leads the team and answers; he stands on the ladder three times."""
    a_ladder(cast.ines, (Whom.OWNER, 10), (Whom.LEADS, 10), (cast.ben, 10), (Whom.ADMINS, 10))
    conversation = ada_writes()
    hand_over(conversation, owner=cast.ben, team=cast.delivery, by=cast.ines, at=NOON)

    night.passes(BEGINS + 12)

    assert paged(conversation) == [("Ben", 105), ("Ines", 115)]


def test_who_is_away_or_gone_is_passed_over_at_once(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    chair.ana.away_until = NOON + timedelta(days=3)
    chair.ana.save()
    chair.ben.is_active = False
    chair.ben.save()

    night.passes(BEGINS + 1)

    assert paged(conversation) == [("Carla", 105)]


def test_a_ladder_that_reaches_nobody_reaches_those_who_may_do_anything(cast: Cast, night: Night) -> None:
    """Even the administrator who is away: somebody must."""
    a_ladder(cast.ines, (Whom.LEADS, 10))
    cast.ines.away_until = NOON + timedelta(days=3)
    cast.ines.save()
    conversation = ada_writes()

    night.passes(BEGINS + 1)

    assert paged(conversation) == [("Ines", 105)]


def test_only_who_is_there_now_is_paged_by_a_rung_for_those_on_duty(cast: Cast, night: Night) -> None:
    a_ladder(cast.ines, (Whom.ON_DUTY, 10), (Whom.ADMINS, 10))
    cast.ben.hours.create(weekday=0, start=time(6), end=time(13))
    cast.ana.hours.create(weekday=0, start=time(9), end=time(18))
    conversation = ada_writes()
    hand_over(conversation, owner=cast.carla, team=cast.delivery, by=cast.ines, at=NOON)

    night.passes(BEGINS + 1)

    assert names(paged(conversation)) == ["Ana"]


def test_who_is_paged_may_see_it_from_then_on(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    assert not sight.visible_to(chair.carla).filter(pk=conversation.pk).exists()

    night.passes(BEGINS + 21)

    assert sight.visible_to(chair.carla).filter(pk=conversation.pk).exists()


def test_a_private_team_is_woken_and_nobody_else(cast: Cast, night: Night) -> None:
    dora = member("Dora Lind")
    hr = team("hr", "HR", dora, lead=dora, private=True)
    a_ladder(cast.ines, (Whom.OWNER, 10), (cast.carla, 10), (Whom.ADMINS, 10), (Whom.LEADS, 10))
    conversation = ada_writes()
    hand_over(conversation, owner=dora, team=hr, by=cast.ines, at=NOON)

    night.passes(BEGINS + 200)

    assert set(names(paged(conversation))) == {"Dora"}
    assert told(cast.ines) == told(cast.carla) == []


def test_a_page_comes_in_quiet_hours_at_once_and_in_every_way(chair: Cast, night: Night, office: Office) -> None:
    chair.ana.devices.create(
        name="Phone", endpoint="https://push.test/1", fingerprint="f", public_key="k", secret="s", added_at=NOON
    )
    preferences.choose(chair.ana, {}, rest=Rest(quiet_from=time(0), quiet_until=time(23, 59)), at=NOON)
    conversation = anas(chair)
    office.reacts(NOON)

    night.passes(BEGINS)

    pages = MailTelling.objects.filter(notice__member=chair.ana, notice__kind="paged")
    assert [one.due_at for one in pages] == [NOON + minutes(BEGINS)]
    pushes = PushTelling.objects.filter(notice__kind="paged")
    assert [one.due_at for one in pushes] == [NOON + minutes(BEGINS)]
    (mail,) = (one for one in office.writes_mails(night.now) if "ana@" in one["To"])
    assert "You are paged: a promised answer is missing" in plain(mail)
    assert f"/conversations/{conversation.pk}" in plain(mail)
    assert MailTelling.objects.filter(notice__member=chair.ana, done_at=None).count() == 1  # that it became hers


def test_how_to_be_paged_is_nobodys_choice(chair: Cast) -> None:
    assert "paged" not in preferences.chosen_by(chair.ines)


def test_without_a_ladder_nobody_is_paged_by_itself(cast: Cast, night: Night) -> None:
    a_ladder(cast.ines, (Whom.ADMINS, 10), watches=False)
    conversation = anas(cast)

    night.passes(300)

    assert paged(conversation) == []


def test_a_team_has_a_ladder_of_its_own_and_the_house_another(cast: Cast, night: Night) -> None:
    a_ladder(cast.ines, (Whom.ADMINS, 10))
    a_ladder(cast.ines, (cast.ben, 10), team=cast.delivery)
    theirs, ours = anas(cast), ada_writes()

    night.passes(BEGINS + 1)

    assert (names(paged(theirs)), names(paged(ours))) == (["Ben"], ["Ines"])


def test_a_ladder_that_is_changed_while_it_is_climbed_goes_on_as_it_is_now(chair: Cast, night: Night) -> None:
    conversation = anas(chair)
    night.passes(BEGINS + 21)
    ladder = Ladder.objects.get()
    ladders.keep(ladder, ladders.rungs_of(Ladder())[:1], by=chair.ines, at=night.now)

    night.passes(32)

    assert names(paged(conversation)) == ["Ana", "Ben", "Carla", "Ana"]


def test_a_worker_that_dies_while_it_climbs_pages_nobody_twice(chair: Cast, night: Night) -> None:
    """What it did is undone with its transaction, and another worker does it once."""
    conversation = anas(chair)
    escalation.begin_due(at=NOON + minutes(BEGINS))
    (step,) = work.claim(Climb, at=NOON + minutes(BEGINS), limit=1)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        climbing.climb(step, at=NOON + minutes(BEGINS))
        raise KeyboardInterrupt
    assert paged(conversation) == []

    night.now = NOON + minutes(BEGINS) + work.LEASE
    night.passes(1)

    assert names(paged(conversation)) == ["Ana"]


def test_a_ladder_without_pauses_hammers_nobody(cast: Cast, night: Night) -> None:
    a_ladder(cast.ines, (Whom.OWNER, 0), (Whom.OWNER, 0))
    conversation = anas(cast)

    night.passes(BEGINS + 36)

    assert paged(conversation) == [("Ana", 105), ("Ana", 110), ("Ana", 120), ("Ana", 140)]


def test_two_workers_with_one_rung_page_once(chair: Cast) -> None:
    conversation = anas(chair)
    at = NOON + minutes(BEGINS)
    escalation.begin_due(at=at)
    (step,) = work.claim(Climb, at=at, limit=1)
    climbing.climb(step, at=at)

    with pytest.raises((work.LeaseLost, IntegrityError)), transaction.atomic():
        climbing.climb(step, at=at)

    assert names(paged(conversation)) == ["Ana"]


def test_after_a_night_without_a_worker_each_who_waits_is_paged_for_and_old_ones_first(
    chair: Cast, night: Night
) -> None:
    first, second = anas(chair), anas(chair)
    night.now = NOON + minutes(9 * 60)

    night.works()

    assert (names(paged(first)), names(paged(second))) == (["Ana"], ["Ana"])


def test_in_the_first_half_of_its_time_nobody_is_paged_for_a_promise(cast: Cast, night: Night) -> None:
    ladder = a_ladder(cast.ines, (Whom.ADMINS, 10))
    ladder.begins_before = 600
    ladder.save()
    conversation = ada_writes()

    night.passes(59)
    assert paged(conversation) == []
    night.passes(2)

    assert names(paged(conversation)) == ["Ines"]


def test_a_demoted_administrator_is_paged_no_more(cast: Cast, night: Night) -> None:
    a_ladder(cast.ines, (Whom.ADMINS, 10))
    cast.ana.role = Role.ADMIN
    cast.ana.save()
    cast.ines.role = Role.MEMBER
    cast.ines.save()
    conversation = ada_writes()

    night.passes(BEGINS + 1)

    assert names(paged(conversation)) == ["Ana"]
