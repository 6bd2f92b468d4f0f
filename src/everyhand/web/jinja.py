"""The template environment: autoescaped, translated, with a handful of globals and filters."""

from __future__ import annotations

import functools
import hashlib
import zlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from jinja2 import Environment

from everyhand.web import moments
from everyhand.web.told import told

# As many faces as colors.css has.
TINTS = 8


def environment(**options: Any) -> Environment:
    """Called once by Django's Jinja2 back end, which turns autoescaping on and caches what was compiled."""
    made = Environment(**{"trim_blocks": True, "lstrip_blocks": True, **options}, extensions=["jinja2.ext.i18n"])  # noqa: S701
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(url=url, static=static)
    made.filters.update(
        when=moments.when,
        distance=moments.distance,
        day=moments.day,
        time_of_day=moments.time_of_day,
        number=moments.number,
        tint=tint,
        told=told,
        filesizeformat=filesizeformat,
    )
    return made


@functools.lru_cache(4096)
def url(name: str, *args: object) -> str:
    return reverse(name, args=args)


@functools.cache
def static(path: str) -> str:
    """The address of a static file with the first digits of its SHA-256, so that a browser may keep it for a year.

    Raises ValueError for a file that is not there.
    """
    found = finders.find(path)
    if not found:
        raise ValueError(f"There is no static file {path}.")
    digest = hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()[:12]
    return f"{settings.STATIC_URL}{path}?v={digest}"


def tint(name: str) -> int:
    """The colour of somebody's face: the same on every page and every day."""
    return zlib.crc32(name.encode()) % TINTS
