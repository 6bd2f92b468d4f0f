"""A letter's words for programs that show HTML: the same as in its plain text, as its author formed them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

from everyhand.conversations import rich_text

_LINK: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'’”]")
# How the program that shows it knows a quotation and folds it away: a class for Gmail and Outlook, a type for
# Thunderbird and Apple Mail. Styles stand in the elements because most programs drop all others.
_QUOTATION: Final = (
    '<blockquote type="cite" class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'
)


def as_html(text: str, *, written: str = "", signature: str = "", quoted: str = "") -> str:
    """The author's words, what stands under them, and what was said before (as `conversations.quoting` writes it).
    `written` is the words as an editor had them, in place of `text`.
    """
    body = [_formed(written) if written else _paragraphs(text)]
    if signature:
        body.append(f'<div class="gmail_signature">-- <br>\n{_lines(signature)}</div>')
    if quoted:
        body.append(f'<div class="gmail_quote gmail_quote_container">\n{chr(10).join(_quotations(quoted))}\n</div>')
    inside = "\n".join(body)
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body dir="auto">\n{inside}\n</body></html>\n'


def _formed(written: str) -> str:
    """Cleaned once more, since it goes out in our name, and with margins as mail programs would not set them."""
    clean = rich_text.cleaned(written, picture=lambda address: address if address.startswith("cid:") else None)
    return clean.replace("<blockquote>", _QUOTATION).replace("<figure>", '<figure style="margin:0">')


def _paragraphs(text: str) -> str:
    """Paragraphs, line breaks and indents kept, web addresses linked."""
    paragraphs = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    return "\n".join(f"<p>{_lines(paragraph)}</p>" for paragraph in paragraphs)


def _quotations(quoted: str) -> Iterator[str]:
    for behind_a_sign, lines in groupby(quoted.split("\n"), lambda line: line.startswith(">")):
        if behind_a_sign:
            words = "\n".join(re.sub("^> ?", "", line) for line in lines)
            yield f"{_QUOTATION}\n{_paragraphs(words)}\n</blockquote>"
        else:
            yield from (f'<div class="gmail_attr" dir="auto">{_lines(line)}</div>' for line in lines if line)


def _lines(paragraph: str) -> str:
    linked, end = [], 0
    for link in _LINK.finditer(paragraph):
        linked.append(escape(paragraph[end : link.start()]))
        linked.append(f'<a href="{escape(link[0])}">{escape(link[0])}</a>')
        end = link.end()
    linked.append(escape(paragraph[end:]))
    indented = re.sub(r"(?m)^[ \t]+|(?<= ) ", lambda spaces: "&nbsp;" * len(spaces[0].expandtabs(4)), "".join(linked))
    return indented.replace("\n", "<br>\n")
