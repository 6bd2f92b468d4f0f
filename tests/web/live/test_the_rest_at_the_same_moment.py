"""Two people do something about mail, customers, people or rules at the same moment: one of them is first, and nothing
is half done (see `at_once`).
"""

from __future__ import annotations

from datetime import timedelta

from everyhand.channels.email.models import Mail, RawMail
from everyhand.conversations.models import Conversation
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.customers.models import Customer, Merging
from everyhand.desk import merge as merging
from everyhand.desk.belonging import Held
from everyhand.people import actions as people
from everyhand.people import invitations
from everyhand.people.models import Member, Role, SignInLink, Team
from everyhand.routing import actions as routing
from everyhand.routing.models import Rule
from tests.web.live.at_once import at_once, form
from tests.web.live.desks import ALWAYS, Desks, founded, now

__all__ = ["founded"]  # the fixture


def test_a_held_mail_decided_by_two_is_decided_once(company: Desks) -> None:
    raw = RawMail.objects.create(digest=f"{Mail.objects.count():064}", size=3, content=b"???")
    mail = Mail.objects.create(
        raw=raw, source="test", accepted_at=now(), due_at=now(), quarantined_at=now(), outcome="quarantined",
        why="odd", held=Held.DOUBTFUL_REPLY,
    )  # fmt: skip
    once = f"/quarantine/{mail.pk}/decision"
    answers = at_once(
        company,
        form(company.ana, once, decision="open"),
        form(company.dora, once, decision="dismiss"),
        table="email_mail",
    )
    assert {one.status for one in answers} == {302}
    assert Entry.objects.filter(action="mail.decided", subject=f"mail:{mail.pk}").count() == 1


def test_customers_merged_into_each_other_are_one_person(company: Desks) -> None:
    for number in range(ALWAYS):
        one, other = (
            Customer.objects.create(name=f"Ida {name} {number}", since=now()) for name in ("at home", "at work")
        )
        for customer in (one, other):
            conversation = company.hear()
            Conversation.objects.filter(pk=conversation.pk).update(customer=customer)
        answers = at_once(
            company,
            form(company.ana, f"/customers/{one.pk}/merging", other=other.pk),
            form(company.dora, f"/customers/{other.pk}/merging", other=one.pk),
            table="customers_customer",
        )
        assert 500 not in {answer.status for answer in answers}
        one.refresh_from_db()
        other.refresh_from_db()
        assert {one.merged_into, other.merged_into} in ({None, one}, {None, other})


def test_customers_parted_twice_are_parted_once(company: Desks) -> None:
    one, other = (Customer.objects.create(name=f"Jo {name}", since=now()) for name in ("at home", "at work"))
    made = merging.merge(one, other, by=company.ana, at=now())
    conversation = company.hear()
    Conversation.objects.filter(pk=conversation.pk).update(customer=one)
    once = f"/mergings/{made.pk}/undo"
    answers = at_once(company, form(company.ana, once), form(company.dora, once), table="customers_customer")
    assert 500 not in {answer.status for answer in answers}
    assert Entry.objects.filter(action="customer.unmerged", subject=f"customer:{one.pk}").count() == 1
    assert Merging.objects.get(pk=made.pk).undone_at


def admins(company: Desks) -> tuple[Member, Member]:
    """Two of them, and no other."""
    Member.objects.filter(role=Role.ADMIN).update(role=Role.SPECIALIST)
    made = []
    for name in ("Eve", "Gus"):
        number = Member.objects.count()
        made.append(Member.objects.create_member(f"{name}{number}@company.test", name, role=Role.ADMIN))
    return made[0], made[1]


def test_of_the_last_two_administrators_who_disable_each_other_one_stays(company: Desks) -> None:
    for _ in range(ALWAYS):
        eve, gus = admins(company)
        answers = at_once(
            company,
            form(eve, f"/people/{gus.pk}/disabling"),
            form(gus, f"/people/{eve.pk}/disabling"),
            table="people_member",
        )
        assert {one.status for one in answers} == {302}
        assert Member.objects.filter(role=Role.ADMIN, is_active=True).count() == 1


def test_of_the_last_two_who_make_each_other_members_one_stays(company: Desks) -> None:
    eve, gus = admins(company)
    about = {"time_zone": "", "hours": "", "title": "", "role": "member"}
    at_once(
        company,
        form(eve, f"/people/{gus.pk}/details", name="Gus", email=gus.email, **about),
        form(gus, f"/people/{eve.pk}/details", name="Eve", email=eve.email, **about),
        table="people_member",
    )
    assert Member.objects.filter(role=Role.ADMIN, is_active=True).count() == 1


def test_whoever_gets_a_conversation_while_they_are_let_go_does_not_keep_it(company: Desks) -> None:
    for number in range(ALWAYS):
        eve, _gus = admins(company)
        leaving = Member.objects.create_member(f"leaving{eve.pk}{number}@company.test", "Lea")
        conversation = company.hear()
        at_once(
            company,
            form(eve, f"/people/{leaving.pk}/disabling"),
            form(company.ana, f"/conversations/{conversation.pk}/assignment", owner=leaving.pk),
            table="people_member",
        )
        conversation.refresh_from_db()
        departure = leaving.departures.get()
        owned = journal.about(conversation).filter(action="conversation.assigned").first()
        disabled = Entry.objects.get(action="member.disabled", subject=f"member:{leaving.pk}")
        # Either it was theirs before they left, and is placed with the rest; or it never became theirs.
        assert conversation.owner == company.ana or (owned and owned.pk < disabled.pk and departure.is_open)


def test_the_last_place_of_a_link_is_taken_once(company: Desks) -> None:
    for number in range(ALWAYS):
        invited = invitations.invite(by=admins(company)[0], at=now(), places=1)
        answers = at_once(
            company,
            form(None, f"/join/{invited.token}", name="Kim", email=f"kim{number}@company.test"),
            form(None, f"/join/{invited.token}", name="Lou", email=f"lou{number}@company.test"),
            table="people_invitation",
        )
        assert sorted(one.status for one in answers) == [302, 410]
        came = Member.objects.filter(email__in=(f"kim{number}@company.test", f"lou{number}@company.test"))
        assert came.count() == 1


def test_somebody_who_comes_in_by_two_links_is_one_member(company: Desks) -> None:
    links = [invitations.invite(by=admins(company)[0], at=now(), places=5).token for _ in range(2)]
    answers = at_once(
        company,
        *(form(None, f"/join/{one}", name="Mia", email="mia@company.test") for one in links),
        table="people_member",
    )
    assert {one.status for one in answers} <= {302, 422}
    assert Member.objects.filter(email="mia@company.test").count() == 1


def test_a_sign_in_link_lets_one_browser_in(company: Desks) -> None:
    link = people.make_sign_in_link(company.ana, at=now(), valid_for=timedelta(hours=1))
    once = form(None, f"/sign-in/{link}")
    answers = at_once(company, once, once, table="people_signinlink")
    assert sorted(one.status for one in answers) == [302, 410]
    assert SignInLink.objects.filter(used_at__isnull=False).count() == 1


def test_the_same_team_made_twice_is_there_once_and_the_other_is_told_beside_the_field(company: Desks) -> None:
    eve, gus = admins(company)
    fields = {"name": "Sport", "slug": f"sport{eve.pk}", "about": ""}
    answers = at_once(
        company, form(eve, "/teams/new", **fields), form(gus, "/teams/new", **fields), table="people_team"
    )
    assert sorted(one.status for one in answers) == [302, 422]
    assert Team.objects.filter(slug=fields["slug"]).count() == 1


def test_the_same_person_added_twice_is_there_once(company: Desks) -> None:
    eve, gus = admins(company)
    fields = {"name": "Nia", "email": f"nia{eve.pk}@company.test", "role": "member", "time_zone": "", "hours": ""}
    answers = at_once(
        company, form(eve, "/people/new", **fields), form(gus, "/people/new", **fields), table="people_member"
    )
    assert sorted(one.status for one in answers) == [302, 422]


def test_a_rule_changed_while_it_is_removed_does_not_come_back(company: Desks) -> None:
    for number in range(ALWAYS):
        eve, gus = admins(company)
        rule = routing.add_rule(by=eve, at=now(), looks_at="words", pattern=f"kettle {number}", member=company.ben)
        fields = {"looks_at": "words", "pattern": "pot", "thing": "", "member": company.ben.pk}
        answers = at_once(
            company,
            form(eve, f"/ownership-map/rules/{rule.pk}/removal"),
            form(gus, f"/ownership-map/rules/{rule.pk}", **fields),
            table="routing_rule",
        )
        assert {one.status for one in answers} <= {302, 422}
        assert not Rule.objects.filter(pk=rule.pk).exists()


def test_rules_moved_by_two_stand_in_some_order_and_none_twice(company: Desks) -> None:
    eve, gus = admins(company)
    rules = [
        routing.add_rule(by=eve, at=now(), looks_at="words", pattern=f"pan {number}", member=company.ben)
        for number in range(4)
    ]
    answers = at_once(
        company,
        form(eve, f"/ownership-map/rules/{rules[0].pk}/place", direction="down"),
        form(gus, f"/ownership-map/rules/{rules[3].pk}/place", direction="up"),
        table="routing_rule",
    )
    assert {one.status for one in answers} == {302}
    positions = list(Rule.objects.values_list("position", flat=True))
    assert len(set(positions)) == len(positions)
    assert [one.pattern for one in Rule.objects.filter(pattern__startswith="pan")] == [
        "pan 1",
        "pan 0",
        "pan 3",
        "pan 2",
    ]
