"""The access matrix: every address of the program, who may do what there, and that looking changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from everyhand.channels.email.models import FromAddress, Mail, Mailbox, RawMail
from everyhand.conversations import asides, canned_replies, drafts, saved_views, tags
from everyhand.conversations.models import Attachment, CannedReply, Delivery, Message, Participant
from everyhand.conversations.saying import Upload
from everyhand.customers import actions as customers
from everyhand.customers.models import Customer, Merging, Organization
from everyhand.desk.inbound import Address, File
from everyhand.desk.join import join
from everyhand.notices.models import Device, Kind, Notice
from everyhand.people import actions as people
from everyhand.people import invitations
from everyhand.people.models import Member, Membership
from everyhand.routing.models import Rule
from tests.cast import member
from tests.channels.email.fetching.conftest import connected
from tests.web.access_matrix import MATRIX, READERS
from tests.web.house import House, answers, arrives, browser_of


def addresses(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns)
        else:
            yield pattern


EVERY_ADDRESS = list(addresses(get_resolver().url_patterns))


def test_every_address_stands_in_the_matrix_and_nothing_else_does() -> None:
    assert sorted(str(pattern.name) for pattern in EVERY_ADDRESS) == sorted(MATRIX)


@dataclass(frozen=True)
class Scene:
    """The house with one of everything, and the ids of it all."""

    readers: dict[str, Member | None]
    ids: dict[str, object]

    def fill(self, template: str) -> str:
        return template.format_map(self.ids)


def scene(house: House, *, to: str, about: str, owner: Member) -> Scene:
    """Ada writes with HTML and a file, copies Bea in, and gets an answer; another mail is in quarantine."""
    file = File("plan.pdf", "application/pdf", b"%PDF")
    received = arrives(about, to=to, html="<p>hi</p>", files=[file], cc=[Address("Bea", "bea@example.org")])
    conversation, message = received.conversation, received.message
    assert conversation.owner == owner
    reply = answers(owner, conversation, "Thank you.")
    now = timezone.now()
    filed = RawMail.objects.create(sha256="f" * 64, size=3, content=b"abc")
    Mail.objects.create(
        raw=filed, source="test", accepted_at=now, due_at=now, done_at=now, outcome="filed",
        conversation=conversation, message=message,
    )  # fmt: skip
    odd = RawMail.objects.create(sha256="0" * 64, size=3, content=b"???")
    mail = Mail.objects.create(
        raw=odd, source="test", accepted_at=now, due_at=now, quarantined_at=now, outcome="quarantined", why="odd",
        team=conversation.team,
    )  # fmt: skip
    Mailbox.objects.get_or_create(address="*@courier.test")
    elsewhere = arrives(about, to=to, sender=Address("Ada at work", "ada@mill.example")).conversation
    other = elsewhere.customer
    again = arrives(about, to=to).conversation
    union = join(conversation, again, by=owner, at=now)
    joined = Customer.objects.create(name="Ada long ago", since=now)
    merging = Merging.objects.create(kept=conversation.customer, merged=joined, at=now)
    invited = invitations.invite(by=house.ines, at=now, places=2)
    notice = Notice.objects.create(member=owner, kind=Kind.MINE, thing="journal:1", conversation=conversation, at=now)
    device = Device.objects.create(member=owner, endpoint="https://push.test/1", fingerprint="1" * 64, added_at=now)
    lead = member("Eli Frost")
    Membership.objects.create(team=house.delivery, member=lead, lead=True)
    partner = customers.identify(email="pat@mill.example", name="Pat", at=now)
    aside = asides.begin(
        conversation, by=owner, subject="Which truck?", of=[partner], address="help@courier.test", at=now
    )
    paid, late = tags.called(["paid", "late"])
    tags.retag(conversation, on=[paid, late], by=owner, at=now)
    ids: dict[str, object] = {
        "aside": aside.pk,
        "tag": paid.pk,
        "other_tag": late.pk,
        "from": FromAddress.objects.get_or_create(address="news@courier.test")[0].pk,
        "notice": notice.pk,
        "device": device.pk,
        "invitation": invited.invitation.pk,
        "joining": invited.token,
        "conversation": conversation.pk,
        "message": message.pk,
        "reply": reply.pk,
        "seen": max(Message.objects.values_list("pk", flat=True)),
        "attachment": Attachment.objects.get().token,
        "participant": Participant.objects.get(approved_at=None).pk,
        "delivery": Delivery.objects.get().pk,
        "customer": conversation.customer_id,
        "other_customer": other.pk,
        "other_conversation": elsewhere.pk,
        "joined": union.pk,
        "merging": merging.pk,
        "organization": Organization.objects.create(name="The Mill").pk,
        "soon": (now + timedelta(hours=1)).isoformat(),
        "ben": house.ben.pk,
        "rule": Rule.objects.order_by("pk")[0].pk,
        "mail": mail.pk,
        "box": connected("mail.test", 993).pk,
        "permitted": connected("imap.gmail.com", 993, sign_in="google").pk,
        "view": saved_views.save_view(
            name="Mine", view="mine", narrowed_by="", team=None, for_everyone=False, by=owner, at=now
        ).pk,
        "link": people.make_sign_in_link(house.carla, at=now, valid_for=timedelta(hours=1)),
    }
    canned = CannedReply(maker=owner, text="It is on its way.")
    canned_replies.keep(canned, by=owner, at=now)
    ids["canned"] = canned.pk
    held = Upload("a.png", "image/png", b"a", content_id="a@b", inline=True)
    ids["canned_picture"] = canned_replies.hold(held, by=owner, at=now).token
    written = drafts.Written("message", "Dear")
    draft = drafts.keep(conversation, written, author=owner, files=[Upload("a.txt", "text/plain", b"a")], at=now)
    assert draft is not None
    ids |= {"draft": draft.token, "draft_file": draft.files.get().token}
    readers = {
        "nobody": None,
        "stranger": member("Gil Reed"),
        "lead": lead,
        "owner": owner,
        "specialist": house.ana,
        "admin": house.ines,
    }
    return Scene(readers, ids)


@pytest.fixture
def public_scene(house: House) -> Scene:
    return scene(house, to="help@courier.test", about="your column", owner=house.carla)


@pytest.mark.parametrize("name", MATRIX)
def test_everybody_may_look_at_what_is_theirs_and_looking_changes_nothing(public_scene: Scene, name: str) -> None:
    access = MATRIX[name]
    found = {}
    for who in READERS:
        browser = browser_of(public_scene.readers[who])
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            found[who] = browser.get(public_scene.fill(access.path)).status_code
            transaction.set_rollback(True)
        changed = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        # That it was seen is written down; and a code page keeps its state in the session of whoever is not signed in.
        assert not [sql for sql in changed if "django_session" not in sql and "core_look" not in sql]
    assert found == dict(zip(READERS, access.get, strict=True))


@pytest.mark.parametrize("name", MATRIX)
def test_everybody_may_do_what_is_theirs_to_do(public_scene: Scene, name: str) -> None:
    access = MATRIX[name]
    fields = {field: public_scene.fill(value) for field, value in (access.fields or {}).items()}
    found = {}
    for who in READERS:
        browser = browser_of(public_scene.readers[who])
        cache.clear()  # how often the one before tried
        with transaction.atomic():
            found[who] = browser.post(public_scene.fill(access.path), fields).status_code
            transaction.set_rollback(True)
    assert found == dict(zip(READERS, access.post, strict=True))


def test_no_address_takes_anything_but_looking_and_sending_a_form(public_scene: Scene) -> None:
    browser = browser_of(public_scene.readers["admin"])
    for access in MATRIX.values():
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"):
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                response = browser.generic(method, public_scene.fill(access.path))
                transaction.set_rollback(True)
            assert (method, access.path, response.status_code) == (method, access.path, 405)
            assert not [one for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.mark.parametrize("name", [name for name, access in MATRIX.items() if 404 in (*access.get, *access.post)])
def test_what_belongs_to_a_private_team_is_found_by_nobody_else(house: House, name: str) -> None:
    private = scene(house, to="hr@courier.test", about="my boss", owner=house.dora)
    access = MATRIX[name]
    path = private.fill(access.path)
    fields = {field: private.fill(value) for field, value in (access.fields or {}).items()}
    for who in ("stranger", "lead", "specialist", "admin"):
        browser = browser_of(private.readers[who])
        response = browser.post(path, fields) if 404 in access.post else browser.get(path)
        assert response.status_code == 404
