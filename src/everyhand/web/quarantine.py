"""Mail that could not be filed or waits for a person: why, what it says, trying again, and deciding about it."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from everyhand.channels.email import holding, queries, whose
from everyhand.channels.email.models import Mail
from everyhand.channels.email.parsing import headers as parsing
from everyhand.channels.email.try_again import try_again
from everyhand.conversations.sight import visible_to
from everyhand.desk.belonging import Decision
from everyhand.web import looking
from everyhand.web.mail_ledger import shown, some_of
from everyhand.web.originals import download
from everyhand.web.permissions import for_who_looks_after_mail, reader

# As much of a mail as is shown of one that could not be read.
HEADERS_BYTES = 32_768
HEADERS = 100
OPENING_LETTERS = 1_500
LONGEST_REASON = 400


def _of_one_that_waits(view: Callable[[HttpRequest, Mail], HttpResponse]) -> Callable[[HttpRequest, int], HttpResponse]:
    """A view of a mail that they may look after. Somebody else may have seen to it since the page was drawn: whoever
    comes late is told so.
    """

    @wraps(view)
    def of_mail(request: HttpRequest, pk: int) -> HttpResponse:
        theirs = Mail.objects.filter(whose.open_to(reader(request))).select_related("raw")
        mail = get_object_or_404(theirs, pk=pk)
        return view(request, mail) if mail.outcome == Mail.Outcome.QUARANTINED else _seen_to(request)

    return of_mail


def _can_be_downloaded(mail: Mail) -> bool:
    """Whoever put it away may have been wrong."""
    return mail.outcome == Mail.Outcome.QUARANTINED or mail.decision == Decision.DISMISS


@require_safe
@for_who_looks_after_mail
def show_all(request: HttpRequest) -> HttpResponse:
    theirs = queries.mails(Mail.Outcome.QUARANTINED).filter(whose.open_to(reader(request)))
    found, following = some_of(theirs, request.GET.get("after", ""))
    context = {
        "mails": shown(found, reader(request)),
        "next_page": f"?{urlencode({'after': following})}" if following else "",
    }
    return render(request, "quarantine.html", context)


@require_safe
@_of_one_that_waits
def show(request: HttpRequest, mail: Mail) -> HttpResponse:
    headers, opening = _beginning(bytes(mail.raw.content[:HEADERS_BYTES]))
    context = {
        "mail": shown([mail], reader(request))[0],
        "detail": mail.last_error if mail.last_error != mail.why else "",
        "size": mail.raw.size,
        "source": mail.source,
        "headers": headers,
        "opening": opening,
        "decisions": holding.decisions(mail),
        "would_join": visible_to(reader(request)).filter(pk=mail.would_join_id or 0).first(),
    }
    return looking.seen(request, render(request, "quarantined_mail.html", context), mail)


@require_safe
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    theirs = Mail.objects.filter(whose.open_to(reader(request))).select_related("raw")
    mail = get_object_or_404(theirs, pk=pk)
    if not _can_be_downloaded(mail):
        return _seen_to(request)
    return looking.seen(request, download(bytes(mail.raw.content), f"quarantined-{mail.pk}.eml"), mail, mail.raw)


@require_POST
@_of_one_that_waits
def retry(request: HttpRequest, mail: Mail) -> HttpResponse:
    if not try_again(mail, by=reader(request), at=timezone.now()):
        return _seen_to(request)
    messages.success(request, _("It is tried again now. If it fails once more, it comes back here."))
    return redirect("quarantine")


@require_POST
@_of_one_that_waits
def decision(request: HttpRequest, mail: Mail) -> HttpResponse:
    """What becomes of a held mail: "join", "open" or "dismiss"; one that can't be read is put away for a reason."""
    chosen = request.POST.get("decision", "")
    reason = " ".join(request.POST.get("reason", "").replace("\0", "").split())[:LONGEST_REASON]
    if chosen not in holding.decisions(mail):
        messages.error(request, _("Choose one of the buttons; nothing was changed."))
        return redirect("quarantined_mail", mail.pk)
    if not (mail.held or reason):
        messages.error(request, _("Say why it can be put away: somebody wrote it. Nothing was changed."))
        return redirect("quarantined_mail", mail.pk)
    if not holding.decide(mail, Decision(chosen), by=reader(request), at=timezone.now(), reason=reason):
        return _seen_to(request)
    messages.success(request, _decided(Decision(chosen)))
    return redirect("quarantine")


def _seen_to(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("This mail does not wait any more: somebody has seen to it. Nothing was changed."))
    return redirect("quarantine")


def _decided(decision: Decision) -> str:
    return {
        Decision.JOIN: _("It goes into the conversation it answers now."),
        Decision.OPEN: _("It opens a conversation of its own now."),
        Decision.DISMISS: _("It is put away. The mail ledger still has it."),
    }[decision]


def _beginning(content: bytes) -> tuple[list[tuple[str, str]], str]:
    """The headers and the first words of a mail, with no more trust in it than to show them as text."""
    head, _blank, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    mail: Message = message_from_bytes(head)
    headers = [(name, parsing.decode(str(value))[:1_000]) for name, value in mail.items()[:HEADERS]]
    opening = body.decode("utf-8", "replace") if headers else content.decode("utf-8", "replace")
    return headers, opening[:OPENING_LETTERS]
