"""Which languages there are: English, and every one with a compiled catalogue."""

from __future__ import annotations

from pathlib import Path

from babel import Locale
from django.conf.locale import LANG_INFO
from django.utils.translation import to_language


def installed(catalogues: Path) -> list[tuple[str, str]]:
    """Code and own name of each language with a `django.mo` under `catalogues`: ("de", "Deutsch"), ("en", "English").

    Raises `babel.UnknownLocaleError` or ValueError for a folder that is named after no language.
    """
    folders = {"en", *(file.parent.parent.name for file in catalogues.glob("*/LC_MESSAGES/django.mo"))}
    return sorted((to_language(folder), _own_name(folder)) for folder in folders)


def _own_name(folder: str) -> str:
    # Babel would read all that it knows of the language, which takes as long as a tenth of the program's start. Django
    # knows the name, too, but for a language of one country calls it otherwise.
    known = "_" not in folder and LANG_INFO.get(folder, {}).get("name_local")
    name = known or Locale.parse(folder).get_display_name() or folder
    return name[:1].upper() + name[1:]
