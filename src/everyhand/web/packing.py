"""Styles, scripts and pictures of ours travel packed (gzip, RFC 1952); pages, which hold secrets, do not (BREACH)."""

from __future__ import annotations

import functools
import gzip
from collections.abc import Callable

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

WORTH_PACKING = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


class PackingMiddleware:
    """Before the middleware that serves static files. What was packed once is kept in memory."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, FileResponse) or not request.path.startswith(settings.STATIC_URL):
            return response
        if response.headers.get("Content-Type", "").partition(";")[0] not in WORTH_PACKING:
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        whole = request.method == "GET" and response.status_code == 200
        if not whole or "gzip" not in request.headers.get("Accept-Encoding", ""):
            return response
        packed = HttpResponse(_packed(response.getvalue()), headers=dict(response.headers))
        response.close()
        packed.headers["Content-Encoding"] = "gzip"
        packed.headers["Content-Length"] = str(len(packed.content))
        return packed


@functools.lru_cache(128)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
