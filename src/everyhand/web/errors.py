"""Pages for when something does not work: what happened, what to do, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

# Fields whose words are not shown again.
SECRET = ("csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword", "code", "key")


def page(request: HttpRequest, status: int, title: str, text: str, kept: list[tuple[str, str]] | None = None) -> HttpResponse:
    """One kind page. `kept` is (field, words) of a form that could not be taken, for copying."""
    context = {"code": status, "title": title, "text": text, "kept": kept or []}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return page(
        request, 400, _("That could not be read"), _("Something in the address or the form is not as it should be. Go back and try again.")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return page(
        request, 403, _("This is for others"), _("Your role does not open this page. An administrator can change that, or do it for you.")
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return page(
        request,
        404,
        _("There is nothing here"),
        _("The address may be wrong, or it belongs to a conversation that only its owner and team may see."),
    )


def too_large(request: HttpRequest) -> HttpResponse:
    return page(request, 413, _("That is too much at once"), _("Go back, and send fewer or smaller things. Your draft is still there."))


def broken(request: HttpRequest) -> HttpResponse:
    """Something of ours failed. It must not need the database, which may be what failed."""
    return page(
        request, 500, _("That is our fault"), _("It has been noted down. Try again in a moment; what was saved is safe.")
    )


def session_expired(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form came with a session that has ended (or none of ours): show what was typed, for copying."""
    kept = [
        (name, words)
        for name in request.POST
        if name not in SECRET
        for words in request.POST.getlist(name)
        if words.strip() and not words.isdigit()
    ]
    return page(
        request,
        403,
        _("You were signed out meanwhile"),
        _("Nothing was sent. Copy what you wrote, sign in again, and send it from there."),
        kept,
    )


class KindErrorsMiddleware:
    """Gives the bare answers that Django makes itself (405) a page like the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and isinstance(response, HttpResponse) and not response.content:
            kind = page(request, 405, _("Not like this"), _("This address takes something else. Go back and use the button on the page."))
            kind.headers["Allow"] = response.headers["Allow"]
            return kind
        return response
