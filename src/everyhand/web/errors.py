"""Pages for when something does not work: what happened, what to do, and nothing typed is lost.

The words stand in `error.html`, by kind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import structlog
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from everyhand.conversations import rich_text
from everyhand.conversations.queries import Merged
from everyhand.core.outage import is_outage
from everyhand.web import reader

log = structlog.get_logger(__name__)

# Fields whose words are not shown again.
SECRET = ("csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword", "code", "key")


def page(request: HttpRequest, kind: str, status: int, kept: Sequence[str] = ()) -> HttpResponse:
    """One kind page. `kept` is what was typed into a form that could not be taken, for copying."""
    return render(request, "error.html", {"kind": kind, "kept": kept}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return page(request, "too_large", 413)
    return page(request, "bad_request", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return page(request, "forbidden", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return page(request, "not_found", 404)


def broken(request: HttpRequest) -> HttpResponse:
    """Something of ours failed, or the database is full, locked or away. The page asks it for nothing, not even who
    reads.
    """
    outage = is_outage(error) if (error := sys.exc_info()[1]) else False
    kind, status = ("unavailable", 503) if outage else ("failed", 500)
    theme = request.COOKIES.get("theme", "")
    context = {
        "kind": kind,
        "kept": _kept(request),
        "language": translation.get_language(),
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "theme": theme if theme in reader.THEMES else "",
    }
    response = HttpResponse(render_to_string("error.html", context), status=status)
    if outage:
        response.headers["Retry-After"] = "30"
    return response


def session_expired(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form came from a page that was open too long, or from somebody signed out meanwhile."""
    return page(request, "expired", 403, _kept(request))


def _kept(request: HttpRequest) -> list[str]:
    """What somebody wrote into the form that could not be taken, to be copied."""
    try:
        return [words for words in _typed(request.POST) if words.strip()]
    except (UnreadablePostError, SuspiciousOperation):
        return []  # that it could not be read is what failed


def _typed(form: QueryDict) -> list[str]:
    """Of a letter or a note its words alone, of any other form each field."""
    if "html" in form:
        return [rich_text.as_text(html) for html in form.getlist("html")]
    if "text" in form:
        return form.getlist("text")
    fields = (words for name in form if name not in SECRET for words in form.getlist(name))
    return [words for words in fields if not words.isdecimal()]


class KindErrorsMiddleware:
    """Gives the bare answer that Django makes itself (405) a page like the others, and leads to where a conversation
    stands now when it was merged at the very moment something was to be done to it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and isinstance(response, HttpResponse) and not response.content:
            kind = page(request, "not_like_this", 405)
            kind.headers["Allow"] = response.headers["Allow"]
            return kind
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if isinstance(exception, Merged):
            messages.error(request, _("Meanwhile it was merged into this conversation. Nothing else was done."))
            return redirect("conversation", exception.kept)
        if isinstance(exception, (IntegrityError, OperationalError)) and _is_a_collision(exception):
            log.warning("two did the same at once", path=request.path, exc_info=exception)
            return page(request, "collided", 409, _kept(request))
        return None


def _is_a_collision(error: Exception) -> bool:
    """Whether somebody else was faster by an instant: a thing that is there once was made twice (SQLSTATE 23505), or
    two waited for each other (40P01). Nothing of it was done.
    """
    why = error.__cause__
    return getattr(why, "sqlstate", "") in ("23505", "40P01") or (
        getattr(why, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_UNIQUE"
    )
