"""What came, as it came: a message's HTML in a frame of its own; its raw mail and its files as downloads only."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from everyhand.channels.email.models import RawMail
from everyhand.conversations.models import Attachment, Message
from everyhand.web import foreign_html
from everyhand.web.permissions import attachment_or_404, message_or_404

# Types that a browser may learn of a download; every other one is just bytes.
HARMLESS_TYPES = foreign_html.PICTURE_TYPES | {"application/pdf", "application/zip", "text/plain", "text/csv"}


@require_safe
@xframe_options_sameorigin
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """The message as its sender designed it; with `?images=1` also with pictures from outside."""
    message = message_or_404(request, pk)
    if not message.html:
        raise Http404
    from_outside = request.GET.get("images") == "1"
    document = foreign_html.document(message.html, pictures=_pictures(message), from_outside=from_outside)
    return HttpResponse(
        document,
        headers={
            "Content-Security-Policy": foreign_html.policy(from_outside=from_outside),
            "Referrer-Policy": "no-referrer",
        },
    )


@require_safe
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail exactly as it was accepted."""
    message = message_or_404(request, pk)
    mail = RawMail.objects.filter(mail__message=message).first()
    if mail is None:
        raise Http404
    return download(bytes(mail.content), f"everyhand-{message.pk}.eml")


@require_safe
def attachment(request: HttpRequest, token: str) -> HttpResponse:
    file = attachment_or_404(request, token)
    return download(bytes(file.blob.content), file.name, file.type)


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


def _pictures(message: Message) -> dict[str, str]:
    """The `data:` addresses of the message's own pictures by Content-ID, the first ones up to a limit."""
    pictures: dict[str, str] = {}
    total = 0
    own = Attachment.objects.filter(message=message, type__in=foreign_html.PICTURE_TYPES).exclude(content_id="")
    for file in own.order_by("pk"):
        total += file.size
        if total > foreign_html.PICTURE_BYTES_AT_MOST:
            break
        pictures[file.content_id.strip("<>")] = foreign_html.as_address(file.type, bytes(file.blob.content))
    return pictures
