"""The house with one of everything in it, for tests of every address (`public_scene` and `standing_scene`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

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
from everyhand.people import invitations, portraits
from everyhand.people.models import Member, Membership
from everyhand.routing.models import Rule
from tests.cast import member
from tests.channels.email.fetching.conftest import connected
from tests.web.house import House, answers, arrives


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
    filed = RawMail.objects.create(digest="f" * 64, size=3, content=b"abc")
    Mail.objects.create(
        raw=filed, source="test", accepted_at=now, due_at=now, done_at=now, outcome="filed",
        conversation=conversation, message=message,
    )  # fmt: skip
    odd = RawMail.objects.create(digest="0" * 64, size=3, content=b"???")
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
        "address": Mailbox.objects.create(address="old@courier.test").pk,
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
    portraits.keep(house.ben, b"GIF89a", at=now)
    ids["face"] = house.ben.picture
    readers = {
        "nobody": None,
        "stranger": member("Gil Reed"),
        "lead": lead,
        "owner": owner,
        "specialist": house.ana,
        "admin": house.ines,
    }
    return Scene(readers, ids)
