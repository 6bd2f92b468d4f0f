"""A Django with one view that says one word, served as the program is: the floor under every page."""

from __future__ import annotations

from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def say(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [path("", say)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="bare", LOGGING_CONFIG=None)  # noqa: S106 (of nobody)
application: Any = WSGIMiddleware(cast(Any, get_wsgi_application()), workers=4)
