"""Cutting texts into words, so that whoever types "muller" finds "MÜLLER", on either database."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

# What PostgreSQL keeps of a document (its manual, section 12.11), so that SQLite does not find more: places up to
# 16,383, the first 256 of each word, and 1 MB with all that belongs to it. A longer text is found by its beginning.
WORDS_KEPT: Final = 16_000
PLACES_KEPT: Final = 255
BYTES_KEPT: Final = 600_000
# In so many characters there can't be too many words nor too many bytes, as in nearly every message.
SHORT: Final = 20_000
# Longer ones are encoded bytes; cut, they can still be found by pasting them.
LONGEST_WORD: Final = 60
# Between two texts of one document, so that no phrase runs from the end of one into the next. Never part of a word.
BARRIER: Final = "¶"

# Marks left out when words are compared: accents of Latin, Greek and Cyrillic letters, Hebrew and Arabic points.
_ACCENTS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670"
# Signs that belong to a word in the scripts of India, though they are no letters.
_SIGNS = "\u0900-\u0963\u0966-\u0dff"
# Scripts that put no space between words: each character is a word, and a word that is asked for a phrase of them.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED += "\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])(?:[^\W_]|[{_ACCENTS}{_SIGNS}]))+")
_PLAIN_RUN = re.compile("[a-z0-9]+")
_ACCENT = re.compile(f"[{_ACCENTS}]")
# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ŧ": "t"}
)


def words_of(texts: Iterable[str]) -> list[str]:
    """The words of several texts, with a barrier after each."""
    texts = list(texts)
    if sum(map(len, texts)) > SHORT:
        return _kept(texts)
    every: list[str] = []
    for text in texts:
        every += _words(text)
        every.append(BARRIER)
    often = len(every) > PLACES_KEPT and max(Counter(every).values()) > PLACES_KEPT
    return _kept(texts) if often else every


def _words(text: str) -> list[str]:
    if not text.isascii():
        return [word for word, _, _ in places(text)]
    return [word[:LONGEST_WORD] for word in _PLAIN_RUN.findall(text.lower())]


def _kept(texts: Iterable[str]) -> list[str]:
    """The same for texts of any length, as far as there is room."""
    every: list[str] = []
    times: Counter[str] = Counter()
    room = BYTES_KEPT
    for text in texts:
        for word, _, _ in places(text):
            room -= len(word.encode())
            if room < 0 or len(every) >= WORDS_KEPT:
                return every
            times[word] += 1
            every.append(word if times[word] <= PLACES_KEPT else BARRIER)
        every.append(BARRIER)
    return every


def places(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word as it is compared, with its start and end in the text."""
    if text.isascii():
        for run in _PLAIN_RUN.finditer(text.lower()):
            start, end = run.span()
            yield run[0][:LONGEST_WORD], start, end
        return
    for run in _RUN.finditer(text):
        raw = run.group()
        if raw.isascii():
            yield raw[:LONGEST_WORD].lower(), run.start(), run.end()
        else:
            for word in _folded(raw):
                yield word, run.start(), run.end()


@lru_cache(maxsize=20_000)
def _folded(raw: str) -> list[str]:
    # Twice: folding case can bring out marks (İ), and taking apart can bring out letters in upper case (ᴬ).
    plain = raw
    for _ in range(2):
        plain = _ACCENT.sub("", unicodedata.normalize("NFKD", plain)).casefold().translate(_PLAIN)
    plain = unicodedata.normalize("NFC", plain)
    return [word[:LONGEST_WORD] for word in _RUN.findall(plain)]
