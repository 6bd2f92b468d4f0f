"""Words that read as if they were meant for colleagues, so that nobody sends a customer what should have been a note.

A guard that asks once, never one that forbids. It looks at what its writer newly wrote and knows three signs: a
colleague called with @, a colleague addressed by name in the first line, and PHRASES. The phrases are the usual ones of
English and German offices: of 431 answers to strangers from public forums (docs/writing.md) they ask about 3. A pure
module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# As they stand in a text: whole words, in any case, with any space between. "…" is the end of a word left open.
PHRASES: Final = (
    # English
    *("fyi", "for your information only", "internal:", "internal note", "internal only", "internal use only"),
    *("for internal use", "between us", "just between", "not for the customer", "don't tell the customer"),
    *("do not tell the customer", "don't tell him", "don't tell her", "the customer", "this customer", "our customer"),
    *("can someone", "can somebody", "could someone", "could somebody", "does anyone know", "does anybody know"),
    *("can anyone", "can anybody", "heads up", "cc colleagues", "dear colleagues", "hi team", "hello team", "hi all"),
    *("note to self", "note to the team", "please don't share this"),
    # German
    *("zur info", "zur kenntnis", "z. k.", "z.k.", "intern:", "interne notiz", "nur intern", "interner hinweis"),
    *("unter uns", "nicht an den kunden", "nicht an die kundin", "nicht dem kunden", "nicht der kundin"),
    *("der kunde", "die kundin", "dem kunden", "den kunden", "des kunden", "unser kunde", "unsere kundin"),
    *("dieser kunde", "diese kundin", "kann jemand", "könnte jemand", "weiß jemand", "kann das jemand"),
    *("liebe kollegen", "liebe kolleginnen", "hallo team", "hallo zusammen", "bitte nicht weitergeben"),
    *("bitte nicht weitersagen", "notiz an", "nur für kollegen"),
)
_GREETING: Final = r"(?:hi|hey|hello|hallo|moin|servus|dear|liebe[rs]?|guten morgen|good morning)?"


def signs(text: str, *, colleagues: Iterable[str], customer: str) -> list[str]:
    """The words of `text` that make it look like a note, as they stand there, each once; often none.

    `colleagues` are names of members, without the writer's; `customer` is the name of whoever gets the reply. A first
    name that both have says nothing.
    """
    names = [name for name in colleagues if name.strip()]
    found = [*_called(text, names), *_addressed(text, names, customer), *_phrases(text)]
    return list({words.casefold(): words for words in found}.values())


def _phrases(text: str) -> list[str]:
    return [" ".join(found[0].split()) for found in _ANY_PHRASE.finditer(text)]


def _called(text: str, names: Iterable[str]) -> list[str]:
    """A name behind an @ that stands for itself, not within an address."""
    spoken = sorted({word for name in names for word in (name, name.split()[0])}, key=len, reverse=True)
    if not spoken or "@" not in text:
        return []
    called = re.compile(rf"(?<![\w.+-])@\[?({'|'.join(map(re.escape, spoken))})\b", re.IGNORECASE)
    return [f"@{found[1]}" for found in called.finditer(text)]


def _addressed(text: str, names: Iterable[str], customer: str) -> list[str]:
    """ "Hi Ben," or "Ben:" at the very beginning."""
    first_line = text.strip().partition("\n")[0]
    beginning = first_line.casefold()
    spoken = {word.casefold() for word in customer.split()}
    for name in names:
        first = name.split()[0]
        if first.casefold() in spoken or first.casefold() not in beginning:
            continue
        found = re.match(rf"{_GREETING}\s*{re.escape(first)}\b[^,:!–-]{{0,30}}[,:!–-]", first_line, re.IGNORECASE)
        if found:
            return [found[0].rstrip(",:!–- ")]
    return []


def _pattern(phrase: str) -> str:
    words = r"\s+".join(re.escape(word) for word in phrase.replace("'", "’").split()).replace("’", "['’]")
    return words if phrase[-1] in ".:" else rf"{words}\b"


_ANY_PHRASE: Final = re.compile(
    r"(?<![\w@])(?:" + "|".join(_pattern(one) for one in sorted(PHRASES, key=len, reverse=True)) + ")", re.IGNORECASE
)
