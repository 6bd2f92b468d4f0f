"""Our own addresses: which there are, taking in mail at one more, and no longer at one that nothing needs."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from everyhand.channels.email.models import ConnectedMailbox, FromAddress, Mailbox
from everyhand.channels.email.queries import OurAddresses
from everyhand.conversations.models import Conversation, Status
from everyhand.core import journal
from everyhand.people.models import Member


def read(text: str, *, whole_domain: bool = True) -> str:
    """An address of ours as it was typed, in its usual form; `*@example.com` where a whole domain may be meant.

    Raises `ValidationError`, which says what to write instead.
    """
    address = text.strip().lower()
    local, _at, domain = address.rpartition("@")
    checked = f"any@{domain}" if whole_domain and local == "*" else address
    try:
        validate_email(f"{local}@example.com" if domain == "localhost" and local != "*" else checked)
    except ValidationError:
        saying = (
            _("“%(address)s” is no mail address. Give one like help@example.com, or *@example.com for all of a domain.")
            if whole_domain
            else _("“%(address)s” is no mail address. Give one like help@example.com.")
        )
        raise ValidationError(saying % {"address": address}) from None
    return address


@transaction.atomic
def add(address: str, *, name: str = "", at: datetime, by: Member | None = None) -> bool:
    """Take mail in at `address`, which `read` gave; False when it was taken in already."""
    box, made = Mailbox.objects.get_or_create(address=address, defaults={"name": name})
    if made:
        journal.note("mailbox.added", subject=box, actor=by, at=at)
    return made


@transaction.atomic
def remove(box: Mailbox, *, at: datetime, by: Member | None = None) -> None:
    """Take no mail in at this address any more; nothing is answered from it. What came in stays.

    Raises `ValidationError`, which says what still needs it and what to do.
    """
    if ConnectedMailbox.objects.filter(mailbox=box).exists():
        saying = _("A mail server is connected to %(address)s. Remove that mailbox first.")
        raise ValidationError(saying % {"address": box.address})
    others = list(Mailbox.objects.exclude(pk=box.pk).values_list("address", flat=True))
    if not others:
        raise ValidationError(_("It is the only address there is. Add the one your customers write to first."))
    before, after = OurAddresses([box.address]), OurAddresses(others)

    def needed(addresses: list[str]) -> list[str]:
        return [one for one in before.among(addresses) if not after.among([one])]

    if needed(list(FromAddress.objects.values_list("address", flat=True))):
        raise ValidationError(_("Replies may come from it. Remove it from the from-addresses first."))
    going_on = Conversation.objects.exclude(status=Status.CLOSED).filter(merged_into=None)
    answered_from = needed(list(going_on.order_by().values_list("address", flat=True).distinct()))
    if number := going_on.filter(address__in=answered_from).count():
        saying = ngettext(
            "%(num)d conversation that is not closed is answered from %(address)s. Close it first.",
            "%(num)d conversations that are not closed are answered from %(address)s. Close them first.",
            number,
        )
        raise ValidationError(saying % {"num": number, "address": box.address})
    journal.note("mailbox.removed", subject=box, actor=by, at=at, address=box.address)
    box.delete()
