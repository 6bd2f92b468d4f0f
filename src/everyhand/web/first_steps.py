"""The first hour: what is really done, what is left, and where it is done. It can be left out, and found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from everyhand.channels.email.models import ConnectedMailbox, Mail
from everyhand.conversations.models import Conversation, Delivery
from everyhand.people import looking_around
from everyhand.people.models import Member
from everyhand.promises import terms
from everyhand.web.permissions import for_admins, reader

SKIPPED: Final = "first-steps"  # a cookie
A_YEAR: Final = 365 * 24 * 3600
COLLEAGUES: Final = 3
# How a mail's source begins that somebody brought to our door, and in how many of the latest mails it is looked for.
HANDED_OVER: Final = ("smtp ", "lmtp ", "webhook ")
LATEST: Final = 1_000


@dataclass(frozen=True)
class Step:
    """One thing of the first hour. `href` is where it is done, `label` what the link there says."""

    done: bool
    title: str
    text: str
    href: str
    label: str


@require_safe
@for_admins
def show(request: HttpRequest) -> HttpResponse:
    steps = [_mail_comes_in(), _mail_is_answered(), _colleagues_are_in(reader(request)), _promise_is_set()]
    context = {
        "steps": steps,
        "done": sum(step.done for step in steps),
        "demo": looking_around.standing(),
        "empty": nothing_has_happened(),
    }
    return render(request, "first_steps.html", context)


@require_POST
@for_admins
def skip(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    response = redirect("home")
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(SKIPPED, "skipped", max_age=A_YEAR, httponly=True, samesite="Lax", secure=secure)
    return response


@require_POST
@for_admins
def open_demo(request: HttpRequest) -> HttpResponse:
    """Ask for the demo company. Beside customers who wait nobody needs made-up ones: from the shell it still comes."""
    if nothing_has_happened():
        looking_around.ask_to_come(by=reader(request), at=timezone.now())
    else:
        messages.error(request, _("Customers have written already, so made-up ones would only be in their way."))
    return redirect("first_steps")


@require_POST
@for_admins
def remove_demo(request: HttpRequest) -> HttpResponse:
    looking_around.ask_to_go(by=reader(request), at=timezone.now())
    return redirect("first_steps")


def are_due(request: HttpRequest) -> bool:
    """Whether an administrator comes to a house in which nothing has happened yet, and did not leave them out."""
    return reader(request).may_set_up and SKIPPED not in request.COOKIES and nothing_has_happened()


def nothing_has_happened() -> bool:
    return not Conversation.objects.order_by().exists()


def _mail_comes_in() -> Step:
    fetched = ConnectedMailbox.objects.filter(last_ok_at__isnull=False).exists()
    return Step(
        fetched or _was_handed_over(),
        _("Mail comes in"),
        _("A mailbox is fetched, or your mail server or provider has brought a first mail."),
        reverse("mailboxes"),
        _("Connect a mailbox"),
    )


def _was_handed_over() -> bool:
    """By one of the latest: where all came another way there may be a million."""
    latest = Mail.objects.order_by("-pk").values_list("source", flat=True)[:LATEST]
    return any(source.startswith(HANDED_OVER) for source in latest)


def _mail_is_answered() -> Step:
    sent = Delivery.objects.filter(done_at__isnull=False).exclude(address__endswith=looking_around.NOWHERE)
    text = _("Write to yourselves from outside, as a customer would, and answer. It counts when the answer has left.")
    if not settings.EVERYHAND.mail_url:
        text += " " + _("Whoever runs Everyhand has yet to set the mail server that delivers it: EVERYHAND_MAIL_URL.")
    return Step(sent.exists(), _("A mail is answered"), text, reverse("inbox", args=["everyone"]), _("To the inbox"))


def _colleagues_are_in(me: Member) -> Step:
    others = Member.objects.filter(is_active=True, last_login__isnull=False).exclude(pk=me.pk)
    number = others.exclude(email__endswith=looking_around.NOWHERE).count()
    text = ngettext("%(num)d colleague has signed in so far.", "%(num)d colleagues have signed in so far.", number) % {
        "num": number
    }
    return Step(number >= COLLEAGUES, _("Three colleagues are in"), text, reverse("people"), _("Add somebody"))


def _promise_is_set() -> Step:
    return Step(
        terms.are_set(),
        _("A promise is set"),
        _("Decide how soon a customer gets a first personal reply. Until you do, it is two hours."),
        reverse("promising"),
        _("Set it"),
    )
