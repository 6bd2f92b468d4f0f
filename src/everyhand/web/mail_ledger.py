"""The mail ledger: what became of every mail we accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from everyhand.channels.email import queries, whose
from everyhand.channels.email.models import Mail
from everyhand.conversations.sight import messages_visible_to
from everyhand.desk import reasons
from everyhand.desk.belonging import Decision
from everyhand.people.models import Member
from everyhand.web.permissions import for_specialists, reader

A_PAGE = 50


@dataclass(frozen=True)
class MailShown:
    """A mail as lists show it. What it says and where it went is left out when it belongs to a team of others."""

    id: int
    sender: str
    subject: str
    received_at: datetime
    outcome: str
    why: str
    conversation_id: int | None
    attempts: int
    held: str
    private: bool
    put_away: bool  # by a person; it can still be downloaded


@require_safe
@for_specialists
def show(request: HttpRequest) -> HttpResponse:
    outcome = request.GET.get("outcome", "")
    if outcome not in Mail.Outcome.values:
        outcome = ""
    found, following = some_of(queries.mails(outcome), request.GET.get("after", ""))
    ledger = queries.ledger()
    context = {
        "ledger": ledger,
        "missing": abs(ledger.accepted - ledger.filed - ledger.suppressed - ledger.quarantined - ledger.pending),
        "mails": shown(found, reader(request)),
        "outcome": outcome,
        "next_page": f"?{urlencode({'outcome': outcome, 'after': following})}" if following else "",
    }
    return render(request, "mail_ledger.html", context)


def some_of(mails: QuerySet[Mail], after: str) -> tuple[list[Mail], str]:
    """A page of `mails`, which are newest first, and the cursor of the next one, or ""."""
    if after.isdecimal() and len(after) < 19:
        mails = mails.filter(pk__lt=int(after))
    found = list(mails[: A_PAGE + 1])
    return found[:A_PAGE], str(found[A_PAGE - 1].pk) if len(found) > A_PAGE else ""


def shown(mails: Iterable[Mail], member: Member) -> list[MailShown]:
    mails = list(mails)
    filed = [mail.message_id for mail in mails if mail.message_id]
    # Where it stands now, which may be beside a conversation, or in one that the first was merged into.
    stands_in = dict(messages_visible_to(member).filter(pk__in=filed).values_list("pk", "conversation"))
    of_teams = [mail.pk for mail in mails if mail.team_id]
    open_to_them = Mail.objects.filter(whose.open_to(member), pk__in=of_teams)
    theirs_of_teams = set(open_to_them.values_list("pk", flat=True)) if of_teams else set()

    def is_private(mail: Mail) -> bool:
        if mail.conversation_id:
            return mail.message_id not in stands_in
        return mail.team_id is not None and mail.pk not in theirs_of_teams

    return [_shown(mail, stands_in.get(mail.message_id or 0), private=is_private(mail)) for mail in mails]


def _shown(mail: Mail, conversation: int | None, *, private: bool) -> MailShown:
    return MailShown(
        id=mail.pk,
        sender="" if private else mail.sender or mail.envelope_from,
        subject="" if private else mail.subject,
        received_at=mail.accepted_at,
        outcome=mail.outcome,
        why=reasons.why_held(mail.held) if _waits_for_a_person(mail) else mail.why or mail.last_error,
        conversation_id=conversation,
        attempts=mail.attempts,
        held=mail.held if _waits_for_a_person(mail) else "",
        private=private,
        put_away=mail.decision == Decision.DISMISS and not private,
    )


def _waits_for_a_person(mail: Mail) -> bool:
    return bool(mail.held) and mail.outcome == Mail.Outcome.QUARANTINED
