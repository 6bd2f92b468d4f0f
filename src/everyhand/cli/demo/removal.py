"""Taking the demo company away again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from everyhand.channels.email.models import Mail, Mailbox, RawMail
from everyhand.cli.demo.company import SOURCE
from everyhand.cli.demo.story import TEAMS
from everyhand.conversations import actions as conversations
from everyhand.conversations.models import Attachment, Conversation, Message, Tag, Tagging
from everyhand.core import journal
from everyhand.core.blobs import Blob
from everyhand.core.looks import Look
from everyhand.customers.models import Customer, Identity
from everyhand.notices.models import Notice
from everyhand.people.looking_around import DOMAIN
from everyhand.people.models import Member, Role, Team
from everyhand.promises.models import Promise
from everyhand.routing.models import Fallback, Rule


@transaction.atomic
def remove(*, at: datetime) -> int:
    """Remove what the demo brought and what was written in its conversations; how many of these there were.

    A real conversation that a demo member owns goes to the first administrator who is real: nothing of yours is lost.
    """
    mails = Mail.objects.filter(source=SOURCE)
    theirs = Conversation.objects.filter(Q(mails__in=mails) | Q(customer__in=_readers())).distinct()
    numbers = list(theirs.values_list("pk", flat=True))
    staff = Member.objects.filter(email__endswith=f"@{DOMAIN}")
    _give_back(staff, numbers, at)
    blobs = list(Attachment.objects.filter(message__conversation__in=numbers).values_list("blob", flat=True))
    raws = list(mails.values_list("raw", flat=True))
    subjects = [f"conversation:{number}" for number in numbers] + [f"member:{one.pk}" for one in staff]
    subjects += [f"mail:{mail.pk}" for mail in mails]
    mails.delete()
    RawMail.objects.filter(pk__in=raws).delete()
    Promise.objects.filter(conversation__in=numbers).delete()
    tags = list(Tagging.objects.filter(conversation__in=numbers).values_list("tag", flat=True))
    for conversation in Conversation.objects.filter(pk__in=numbers):
        conversations.erase(conversation)
    Tag.objects.filter(pk__in=tags, taggings=None).delete()
    Blob.objects.filter(pk__in=blobs).exclude(pk__in=Attachment.objects.values("blob")).delete()
    readers = list(_readers_without_a_trace().values_list("pk", flat=True))
    Customer.objects.filter(pk__in=readers).delete()
    rules = Rule.objects.filter(Q(member__in=staff) | Q(team__slug__in=[team[0] for team in TEAMS]))
    subjects += [f"rule:{rule.pk}" for rule in rules]
    rules.delete()
    Team.objects.filter(slug__in=[team[0] for team in TEAMS], conversations=None).delete()
    Mailbox.objects.filter(address__endswith=f"@{DOMAIN}").delete()
    subjects += [f"customer:{pk}" for pk in readers]
    _forget_that_it_was_here(subjects, {one.pk for one in staff})
    staff.delete()
    return len(numbers)


def _forget_that_it_was_here(subjects: list[str], staff: set[int]) -> None:
    """What was done with these, who saw them, who was told of them, and that bells rang meanwhile, which only open
    pages had to hear.
    """
    theirs = journal.Entry.objects.filter(subject__in=subjects)
    since = theirs.order_by("pk").values_list("pk", flat=True).first() or 0
    journal.Entry.objects.filter(action="notices.changed", pk__gt=since).delete()
    theirs.delete()
    Notice.objects.filter(thing__in=subjects).delete()
    Look.objects.filter(Q(thing__in=subjects) | Q(who__in=[f"member:{pk}" for pk in staff])).delete()


def _readers() -> list[int]:
    """Customers all of whose addresses are reserved ones: real people have others."""
    real = Identity.objects.exclude(value__endswith=".example").values("customer")
    demo = Identity.objects.filter(value__endswith=".example").exclude(customer__in=real)
    return list(demo.values_list("customer", flat=True))


def _readers_without_a_trace() -> QuerySet[Customer]:
    """Readers who appear nowhere else: one who was copied into a conversation of yours stays."""
    elsewhere = Identity.objects.filter(Q(participations__isnull=False) | Q(messages__isnull=False))
    return Customer.objects.filter(pk__in=_readers(), conversations=None).exclude(identities__in=elsewhere)


def _give_back(staff: QuerySet[Member], demo_numbers: list[int], at: datetime) -> None:
    real = Member.objects.filter(is_active=True).exclude(email__endswith=f"@{DOMAIN}").order_by("pk")
    heir = real.filter(role=Role.ADMIN).first() or real.first()
    if heir is None:
        raise LookupError("nobody but the demo company works here")
    for conversation in Conversation.objects.filter(owner__in=staff).exclude(pk__in=demo_numbers):
        conversations.assign(conversation, owner=heir, team=None, because={"code": "no-rule"}, by=None, at=at)
    Promise.objects.filter(owner__in=staff).exclude(conversation__in=demo_numbers).update(owner=heir)
    Message.objects.filter(author_member__in=staff).exclude(conversation__in=demo_numbers).update(
        author_member=None, author_name="The Riverside Courier"
    )
    Fallback.objects.filter(member__in=staff).delete()
