"""A field for a time zone, which offers those there are while somebody types."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

PLACES = "time-zones"


class TimeZoneInput(forms.TextInput):
    """The browser completes what is typed; whoever has no such browser types all of it."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed = super().render(name, value, {**(attrs or {}), "list": PLACES, "autocapitalize": "words"}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', typed, PLACES, _offered())


@cache
def _offered() -> SafeString:
    """Those called by a place, such as Europe/Berlin."""
    places = sorted(one for one in available_timezones() if "/" in one and not one.startswith("Etc/"))
    return format_html_join("", '<option value="{}"></option>', ((one,) for one in places))
