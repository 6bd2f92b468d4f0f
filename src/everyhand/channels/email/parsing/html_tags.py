"""HTML without its tags, in one pass: for HTML no browser would be happy with either."""

from __future__ import annotations

import html as entities
import re

from everyhand.channels.email.parsing import charsets

PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote", "table"])
BLOCKS = PARAGRAPHS | frozenset(
    [
        "div",
        "li",
        "tr",
        "dt",
        "dd",
        "hr",
        "address",
        "article",
        "aside",
        "body",
        "caption",
        "center",
        "details",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "legend",
        "main",
        "nav",
        "option",
        "section",
        "summary",
        "tbody",
        "tfoot",
        "thead",
    ]
)
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
BLANKS = re.compile(r"[ \t\r\n\f\v]+")
# int() refuses them, in quadratic time on older Pythons.
_HUGE_ENTITY = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{7,});?")


def removed(html: str) -> str:
    """`html` with its tags taken out and its entities read; blocks begin lines."""
    out: list[str] = []
    position = 0
    absent: set[str] = set()  # what was searched for to the end in vain: searching again would be quadratic

    def find(what: str, start: int) -> int:
        found = -1 if what in absent else html.find(what, start)
        if found < 0:
            absent.add(what)
        return found

    while (start := find("<", position)) >= 0:
        out.append(html[position:start])
        tag = TAG.match(html, start)
        if tag is None and html[start + 1 : start + 2] not in ("!", "?", "/"):
            out.append("<")
            position = start + 1
            continue
        name = tag.group(2).lower() if tag else ""
        end = -1
        if html.startswith("<!--", start):
            end = find("-->", start)
        elif name in ("style", "script") and tag is not None and not tag.group(1):
            end = find(f"</{name}", start)
        end = find(">", max(start, end))
        if end < 0:
            position = start
            break
        position = end + 1
        out.append("\n" if name in BLOCKS or name == "br" else " " if name in ("td", "th") else "")
    out.append(html[position:])
    joined = entities.unescape(_HUGE_ENTITY.sub("\ufffd", "".join(out)))
    lines = (BLANKS.sub(" ", line).strip() for line in joined.split("\n"))
    return charsets.storable(re.sub(r"\n{3,}", "\n\n", "\n".join(lines))).strip()
