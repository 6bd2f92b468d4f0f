"""The people of the Riverside Courier, what each of them answers for, and how their story is told into the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

from django.db import transaction

from everyhand.channels.email import accept, file, tokens
from everyhand.channels.email.models import Mail, Mailbox
from everyhand.cli.demo.story import (
    RULES,
    STAFF,
    STORY,
    TEAMS,
    Closes,
    HandsOver,
    Letter,
    Notes,
    RawLetter,
    Replies,
    Scene,
)
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.desk.close import close
from everyhand.desk.hand_over import hand_over
from everyhand.desk.reply import reply, write_note
from everyhand.notices import preferences
from everyhand.notices.models import MailPace
from everyhand.people.looking_around import DOMAIN
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.promises import actions as promises
from everyhand.routing import actions as routing

SOURCE = "demo"
HELP = f"help@{DOMAIN}"
GUIDE = f"ana@{DOMAIN}"  # whose eyes a newcomer looks through


def load(*, at: datetime) -> None:
    """Tell the whole story, as if it had happened in the last days before `at`."""
    with transaction.atomic():
        staff = _staff(at)
    filer = file.Filer(parsers=1)
    try:
        for number, scene in enumerate(STORY, start=1):
            # At one go, or a worker that runs beside would file these letters as if they came in now.
            with transaction.atomic():
                _play(scene, number, staff, filer, at)
    finally:
        filer.close()
    promises.tick(at=at, limit=1000)


def _staff(at: datetime) -> dict[str, Member]:
    Mailbox.objects.create(address=HELP, name="The Riverside Courier")
    Mailbox.objects.create(address=f"letters@{DOMAIN}", name="The Riverside Courier, letters")
    staff = {
        name.split()[0].lower(): Member.objects.create_member(
            f"{name.split()[0].lower()}@{DOMAIN}", name, title=title, role=Role(role)
        )
        for name, title, role in STAFF
    }
    for member in staff.values():  # their addresses exist nowhere
        unmailed = {kind: replace(ways, mail=MailPace.NEVER) for kind, ways in preferences.chosen_by(member).items()}
        preferences.choose(member, unmailed, rest=preferences.rest_of(member), at=at)
    for slug, name, about, lead, members in TEAMS:
        team = Team.objects.create(slug=slug, name=name, about=about)
        for one in members:
            Membership.objects.create(team=team, member=staff[one], lead=one == lead)
    for looks_at, pattern, thing, answers in RULES:
        who: dict[str, Member | Team] = (
            {"member": staff[answers]} if answers in staff else {"team": Team.objects.get(slug=answers)}
        )
        routing.add_rule(by=None, at=at, looks_at=looks_at, pattern=pattern, thing=thing, **who)
    staff["teo"].away_until = at + timedelta(days=4)
    staff["teo"].save(update_fields=["away_until"])
    return staff


def _play(scene: Scene, number: int, staff: dict[str, Member], filer: file.Filer, now: datetime) -> None:
    """One conversation from its first letter to where it stands today."""
    conversation: Conversation | None = None
    for step_number, step in enumerate(scene):
        at = now - timedelta(hours=step.hours_ago)
        match step:
            case RawLetter():
                _arrive(step.content, filer, at)
            case Letter():
                message_id = f"demo-{number}-{step_number}@readers.example"
                mail = _arrive(_written(step, message_id, conversation, at), filer, at)
                conversation = mail.conversation or conversation
            case _ if conversation:
                _act(step, conversation, staff, at)
        if conversation:
            conversation.refresh_from_db()
        promises.tick(at=at, limit=1000)


def _act(
    step: Replies | Notes | HandsOver | Closes, conversation: Conversation, staff: dict[str, Member], at: datetime
) -> None:
    who = staff[step.who]
    match step:
        case Replies():
            make_id = partial(tokens.message_id, address=conversation.address)
            message = reply(conversation, author=who, text=step.text, at=at, message_id_for=make_id)
            _delivered(message, at)
        case Notes():
            write_note(conversation, author=who, text=step.text, at=at)
        case HandsOver():
            hand_over(conversation, owner=staff[step.to], team=conversation.team, by=who, at=at)
        case Closes():
            close(conversation, by=who, at=at)


def _written(letter: Letter, message_id: str, conversation: Conversation | None, at: datetime) -> bytes:
    """The letter as the mail it would have been; an answer goes to the signed address, as every real one does."""
    mail = EmailMessage()
    mail["From"] = f"{letter.name} <{letter.email}>"
    mail["To"] = tokens.reply_address(conversation) if conversation else f"{letter.to}@{DOMAIN}"
    if letter.cc:
        mail["Cc"] = letter.cc
    mail["Subject"] = f"Re: {conversation.subject}" if conversation else letter.subject
    mail["Date"] = at
    mail["Message-ID"] = f"<{message_id}>"
    if letter.automatic:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(letter.text)
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    for name, content in letter.files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def _arrive(content: bytes, filer: file.Filer, at: datetime) -> Mail:
    accepted = accept.accept(accept.Arriving(content, SOURCE), at=at)
    (mail,) = file.claim(at=at, limit=1, only=[accepted.mail.pk])
    (filed,) = filer.file([mail], at=at)
    return filed.mail


def _delivered(message: Message, at: datetime) -> None:
    """The demo's replies left long ago; nothing of it is ever sent."""
    Delivery.objects.filter(message=message).update(
        done_at=at + timedelta(seconds=12), attempts=1, answer="250 2.0.0 Ok (demo: nothing was sent)"
    )
