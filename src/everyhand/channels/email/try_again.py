"""A person looked at a quarantined mail and says: try again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from everyhand.channels.email.models import Mail
from everyhand.core import journal, work
from everyhand.people.models import Member


@transaction.atomic
def try_again(mail: Mail, *, by: Member, at: datetime) -> bool:
    """Make the mail pending again, with all its attempts; False when it is not in quarantine (any more)."""
    waiting = Mail.objects.filter(pk=mail.pk, outcome=Mail.Outcome.QUARANTINED)
    if not waiting.update(outcome=Mail.Outcome.PENDING, why="", held=""):
        return False
    work.retry(mail, at=at)
    journal.note("mail.tried_again", subject=mail, actor=by, at=at)
    return True
