"""Which languages there are: English, and every one with a compiled catalogue."""

from __future__ import annotations

from pathlib import Path

from babel import Locale
from django.utils.translation import to_language


def installed(catalogues: Path) -> list[tuple[str, str]]:
    """Code and own name of each language with a `django.mo` under `catalogues`: ("de", "Deutsch"), ("en", "English").

    Raises `babel.UnknownLocaleError` or ValueError for a folder that is named after no language.
    """
    folders = {"en", *(file.parent.parent.name for file in catalogues.glob("*/LC_MESSAGES/django.mo"))}
    return sorted((to_language(folder), _own_name(folder)) for folder in folders)


def _own_name(folder: str) -> str:
    name = Locale.parse(folder).get_display_name() or folder
    return name[:1].upper() + name[1:]
