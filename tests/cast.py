"""The people of the tests: a small newspaper and one of its readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from everyhand.desk.inbound import Address, File, Inbound
from everyhand.desk.receive import Received, receive
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.routing import actions as routing

ADA = Address("Ada Lovelace", "ada@customers.test")
PASSWORD = "a house of many hands"


@dataclass
class Cast:
    """Ana delivers papers and sees every queue, Ben edits, Ines chairs, Dora is in a private team of two."""

    ana: Member
    ben: Member
    ines: Member
    dora: Member
    delivery: Team
    hr: Team


def assemble(at: datetime | None = None) -> Cast:
    """Everybody, hired just now, with a map by which Ana answers for everything else."""
    hire = Member.objects.create_member
    cast = Cast(
        ana=hire("ana@paper.test", "Ana Silva", role=Role.SPECIALIST, title="Delivery"),
        ben=hire("ben@paper.test", "Ben Okafor", title="Editor"),
        ines=hire("ines@paper.test", "Ines Varga", role=Role.ADMIN, title="Chair"),
        dora=hire("dora@paper.test", "Dora Lind", title="People"),
        delivery=Team.objects.create(slug="delivery", name="Delivery", about="late and lost papers"),
        hr=Team.objects.create(slug="hr", name="HR", private=True),
    )
    Membership.objects.create(team=cast.delivery, member=cast.ana, lead=True)
    Membership.objects.create(team=cast.hr, member=cast.dora, lead=True)
    routing.set_fallback(cast.ana, by=None, at=at or timezone.now())
    return cast


def writes(
    text: str = "Where is my paper?",
    *,
    sender: Address = ADA,
    to: str = "help@paper.test",
    subject: str = "No paper on route 4",
    html: str = "",
    files: Iterable[File] = (),
    cc: Iterable[Address] = (),
    at: datetime | None = None,
    proof: int | None = None,
) -> Received:
    """A mail of Ada's (or of `sender`) reaches the desk."""
    inbound = Inbound(
        source="test",
        sender=sender,
        recipients=(to,),
        to=(Address("", to),),
        cc=tuple(cc),
        subject=subject,
        text=text,
        reply=text,
        html=html,
        files=tuple(files),
    )
    return receive(inbound, channel="email", at=at or timezone.now(), proof=proof, ours=(to,))
