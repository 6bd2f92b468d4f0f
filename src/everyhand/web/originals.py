"""What came, as it came: a message's HTML in a frame of its own; its raw mail and its files as downloads.

Of files only a picture made of dots is shown, and only one that is what it says it is.
"""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from everyhand.channels.email.models import RawMail
from everyhand.conversations import checking, remote_pictures
from everyhand.conversations.models import Attachment, CannedFile, DraftFile, Message
from everyhand.core import pictures
from everyhand.web import foreign_html, looking
from everyhand.web.permissions import attachment_or_404, message_or_404, reader
from everyhand.web.timeline import SEEN_AT_MOST

# Types that a browser may learn of a download; every other one is just bytes.
HARMLESS_TYPES = pictures.TYPES | {"application/pdf", "application/zip", "text/plain", "text/csv"}


@require_safe
@xframe_options_sameorigin
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """The message as its sender designed it; with `?images=1` also with the pictures from outside that were fetched."""
    message = message_or_404(request, pk)
    if not message.html:
        raise Http404
    outside, remark = _from_outside(message) if request.GET.get("images") == "1" else ({}, "")
    document = foreign_html.document(message.html, own=_pictures(message), from_outside=outside, remark=remark)
    return HttpResponse(
        document, headers={"Content-Security-Policy": foreign_html.policy(), "Referrer-Policy": "no-referrer"}
    )


@require_POST
@xframe_options_sameorigin
def pictures_from_outside(request: HttpRequest, pk: int) -> HttpResponse:
    """A reader wants to see them: we fetch them, so that their sender learns nothing about the reader."""
    message = message_or_404(request, pk)
    remote_pictures.fetch(message, at=timezone.now())
    return redirect(f"{reverse('message_html', args=[pk])}?images=1")


@require_safe
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail exactly as it was accepted; one with a virus in it is for administrators."""
    message = message_or_404(request, pk)
    if not reader(request).may_set_up and checking.is_infected(message):
        messages.error(request, _("There is a virus in this mail. An administrator can download it as it came."))
        return _back_to(message)
    mail = RawMail.objects.filter(mail__message=message).first()
    if mail is None:
        raise Http404
    file = download(bytes(mail.content), f"everyhand-{message.pk}.eml")
    return looking.seen(request, file, message.conversation, message)


@require_safe
def attachment(request: HttpRequest, token: str) -> HttpResponse:
    file = attachment_or_404(request, token)
    if file.virus:
        words = _("“%(name)s” is not handed out: there is a virus in it (%(virus)s).")
        messages.error(request, words % {"name": file.name, "virus": file.virus})
        return _back_to(file.message)
    answer = picture if request.GET.get("shown") == "1" else download
    content = answer(bytes(file.blob.content), file.name, file.type)
    return looking.seen(request, content, f"conversation:{file.message.conversation_id}", file)


def shown(file: DraftFile | CannedFile) -> HttpResponse:
    """A picture between the words of an editor, which draws it anew with every key: the browser keeps it."""
    response = download(bytes(file.blob.content), file.name, file.type)
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


def download(content: bytes, name: str, type_: str = "application/octet-stream") -> HttpResponse:
    """Bytes to be saved, never shown: not even a browser that ignores the first header would run them."""
    printable = "".join(letter for letter in name if letter.isprintable()) or "file"
    return HttpResponse(
        content,
        content_type=type_.lower() if type_.lower() in HARMLESS_TYPES else "application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=printable) or "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def picture(content: bytes, name: str, type_: str) -> HttpResponse:
    """The same bytes to be looked at, where they begin as a picture of that type does; a download of all others.

    It is in a sandbox all the same, and no browser guesses another type (`safety`).
    """
    response = download(content, name, type_)
    if type_.lower() == pictures.type_of(content) and len(content) <= SEEN_AT_MOST:
        shown_as = response.headers["Content-Disposition"].replace("attachment", "inline", 1)
        response.headers["Content-Disposition"] = shown_as
    return response


def _back_to(message: Message) -> HttpResponse:
    return redirect(f"{reverse('conversation', args=[message.conversation_id])}#message-{message.pk}")


def _from_outside(message: Message) -> tuple[dict[str, str], str]:
    """The `data:` addresses of pictures from outside by the address they have, and a remark about those we lack."""
    fetched = {
        address: foreign_html.as_address(type_, content)
        for address, (type_, content) in remote_pictures.known(message).items()
    }
    missing = len(remote_pictures.addresses(message.html)) - len(fetched)
    if not missing:
        return fetched, ""
    return fetched, ngettext(
        "%(num)d picture could not be fetched. You can try once more.",
        "%(num)d pictures could not be fetched. You can try once more.",
        missing,
    ) % {"num": missing}


def _pictures(message: Message) -> dict[str, str]:
    """The `data:` addresses of the message's own pictures by Content-ID, the first ones up to a limit."""
    found: dict[str, str] = {}
    total = 0
    own = Attachment.objects.filter(message=message, type__in=pictures.TYPES).exclude(content_id="")
    own = own.filter(Q(virus=None) | Q(virus=""))
    for file in own.order_by("pk"):
        total += file.size
        if total > foreign_html.PICTURE_BYTES_AT_MOST:
            break
        found[file.content_id.strip("<>")] = foreign_html.as_address(file.type, bytes(file.blob.content))
    return found
