"""Taking a webhook in: proved to be the provider's, committed and synced, and only then answered with 200.

Whatever else is answered makes the provider come again, for hours or days; the same bytes are then known. So nothing
is refused for what is in a mail: one that is too large, or that can't be made out, waits in quarantine.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.wsgi import WSGIRequest
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from everyhand.channels.email.accept import Arriving, accept_many
from everyhand.channels.email.listener.space import FreeSpace
from everyhand.channels.email.webhooks.brought import Brought
from everyhand.channels.email.webhooks.providers import PROVIDERS, Handed, Provider
from everyhand.channels.email.webhooks.rebuilding import rebuilt

log = structlog.get_logger(__name__)

COME_AGAIN_SECONDS: Final = 60
# Of a mail that is too large for us.
BEGINNING: Final = 1_000_000


@csrf_exempt
@login_not_required
@require_http_methods(["HEAD", "POST"])
def take(request: WSGIRequest, name: str) -> HttpResponse:
    """200 when the mails are stored, 400 when nothing proves that the provider brings them, 503 when they can't be
    stored just now. HEAD, with which some providers try an address, is answered with 200.
    """
    if name not in settings.EVERYHAND.inbound_webhooks:
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    provider = PROVIDERS[name]
    # Only now, since it belongs to an extra.
    from anymail.exceptions import AnymailWebhookValidationFailure  # noqa: PLC0415
    from anymail.webhooks.base import AnymailBasicAuthMixin  # noqa: PLC0415

    proof = _proof(provider)
    try:
        # By its header alone, so that of a stranger's request nothing is read.
        AnymailBasicAuthMixin.validate_request(proof, request)
        brought = Brought(request)
        proof.run_validators(brought)
    except (AnymailWebhookValidationFailure, ValueError) as refusal:
        # What stands in brackets may be the address with its password.
        log.warning("a webhook was refused", provider=name, why=str(refusal).partition(" (")[0])
        return HttpResponse("Nothing proves who sent this.", status=400, content_type="text/plain")
    return _store(name, list(_arriving(name, provider, brought, proof)))


def _proof(provider: Provider) -> Any:
    """The view of django-anymail that validates the provider's requests and reads them; its signal is never sent."""
    from anymail.exceptions import AnymailNotSupportedWarning  # noqa: PLC0415

    module, view = provider.view
    secrets = {"webhook_secret": settings.EVERYHAND.inbound_webhook_secret}
    if provider.signed_with:
        secrets[provider.signed_with] = getattr(settings.EVERYHAND, provider.key_setting)
    with warnings.catch_warnings():
        # That its authors can't try SendGrid any more is in our documentation.
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        return getattr(import_module(f"anymail.webhooks.{module}"), view)(**secrets)


def _arriving(name: str, provider: Provider, brought: Brought, proof: Any) -> Iterator[Arriving]:
    source = f"webhook {name}"
    try:
        for mail in list(provider.mails(brought)):
            if mail.raw is None:
                yield _whole_or_begun(rebuilt(proof, brought), f"{source}, rebuilt", mail)
            else:
                yield _whole_or_begun(mail.raw, source, mail)
    except (LookupError, TypeError, ValueError, AttributeError):
        log.exception("a webhook could not be read; all of it is in quarantine", provider=name)
        yield _stand_in(name, brought)


def _whole_or_begun(raw: bytes, source: str, mail: Handed) -> Arriving:
    limit, why = settings.EVERYHAND.smtp_max_size, ""
    if len(raw) > limit:
        why = (
            f"The mail is {len(raw) / 1_000_000:.0f} MB long; we take up to {limit // 1_000_000} MB. Its first "
            "megabyte is here; ask its sender for the rest."
        )
        raw = raw[:BEGINNING]
    return Arriving(raw, source, envelope_from=mail.sender, envelope_to=mail.recipients, set_aside=why)


def _stand_in(name: str, brought: Brought) -> Arriving:
    head = f"Subject: A mail from {name} that could not be read\r\nContent-Type: application/octet-stream\r\n\r\n"
    why = f"{name} brought a mail in a form we do not know. What it sent is here as it came."
    return Arriving(head.encode() + brought.body, f"webhook {name}, unread", set_aside=why)


def _store(name: str, arriving: list[Arriving]) -> HttpResponse:
    if not arriving:
        log.warning("a webhook brought no mail; is the address set for another kind of event?", provider=name)
        return HttpResponse("There was no mail in this.", content_type="text/plain")
    space = FreeSpace(settings.EVERYHAND.data, reserve=settings.EVERYHAND.free_space)
    if not space.holds(sum(len(one.raw) for one in arriving)):
        return _come_again(name, "there is no space left")
    try:
        accepted = accept_many(arriving, at=timezone.now())
    except (OperationalError, InterfaceError) as error:
        return _come_again(name, str(error))
    for one, stored in zip(arriving, accepted, strict=True):
        log.info("mail accepted", mail=stored.mail.pk, source=one.source, size=len(one.raw), again=stored.again)
    return HttpResponse(f"Stored as {', '.join(str(one.mail.pk) for one in accepted)}", content_type="text/plain")


def _come_again(name: str, why: str) -> HttpResponse:
    log.error("mail was asked to come later", provider=name, error=why)
    answer = HttpResponse("The mail could not be stored just now.", status=503, content_type="text/plain")
    answer.headers["Retry-After"] = str(COME_AGAIN_SECONDS)
    return answer
