"""The template environments: autoescaped, translated, with a handful of globals and filters; one a language."""

from __future__ import annotations

import functools
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from jinja2 import Template
from markupsafe import Markup

from everyhand.web import moments
from everyhand.web.drawing import drawings
from everyhand.web.folding import FoldingEnvironment
from everyhand.web.links import linked
from everyhand.web.told import told
from everyhand.web.writing import calling

# As many faces as colors.css has.
TINTS = 8


class Environments:
    """What Django's Jinja2 back end takes for its environment: one for each language, made when it is first read in."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._made: dict[str | None, FoldingEnvironment] = {}

    def get_template(self, name: str) -> Template:
        return self._of_the_reader().get_template(name)

    def from_string(self, source: str) -> Template:
        return self._of_the_reader().from_string(source)

    def _of_the_reader(self) -> FoldingEnvironment:
        language = get_language()
        if language not in self._made:
            self._made[language] = environment(**self._options)
        return self._made[language]


def environment(**options: Any) -> FoldingEnvironment:
    """For the language that is active while its templates are compiled. Django's back end turns autoescaping on."""
    made = FoldingEnvironment(**{"trim_blocks": True, "lstrip_blocks": True, **options}, extensions=["jinja2.ext.i18n"])
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.pure = PURE
    made.globals.update(PURE, **drawings(made))
    made.filters.update(
        calling=calling,
        when=moments.when,
        distance=moments.distance,
        day=moments.day,
        date=moments.date_of,
        time_of_day=moments.time_of_day,
        number=moments.number,
        tint=tint,
        told=told,
        linked=linked,
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


@functools.lru_cache(1024)
def icon(name: str, label: str = "", turn: bool = False) -> Markup:
    """One Lucide icon, silent for screen readers unless it has a label. `turn` mirrors it in languages that are read
    from right to left. Raises KeyError for one that is not there.
    """
    css = "icon icon--directional" if turn else "icon"
    heard = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" width="18" height="18" viewBox="0 0 24 24" {}>{}</svg>').format(
        css, heard, _icons()[name]
    )


@functools.cache
def _icons() -> Mapping[str, Markup]:
    """What each is drawn of. It stands in the page itself: where a page refers to a file for its icons (`<use>`), the
    browser looks there for each, which was most of the time it took to put a conversation in its place.
    """
    drawn = (Path(__file__).parent / "icons.svg").read_text()
    every = re.findall(r'<symbol id="(.+?)">(.*)</symbol>', drawn)
    return {name: Markup(shapes) for name, shapes in every}  # noqa: S704 (our own)


def tint(name: str) -> int:
    """The colour of somebody's face: the same on every page and every day."""
    return zlib.crc32(name.encode()) % TINTS


PURE: Final[Mapping[str, Callable[..., str]]] = {"url": url, "static": static, "icon": icon}
