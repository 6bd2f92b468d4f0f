"""Reading a mail's HTML for the marks by which programs enclose quotations and signatures.

The HTML never adds or removes words: it only says of each line of the text whether the program that wrote it meant the
line as a quotation. Tags are found by a scanner of our own, because trees of hostile depth cost others quadratic time.
"""

from __future__ import annotations

import html as html_entities
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from everyhand.channels.email.parsing.replies.lines import Kind, Line

# A mail with more HTML than this is divided by its text alone.
LONGEST_HTML = 2_000_000
# Words missing on one side are jumped over up to this distance; beyond it the two texts are held to be different.
FARTHEST_JUMP = 400
# So many words in a row must agree for a jump to be taken.
AGREEING = 3
# An element called a signature holds one up to so many lines of so many characters.
LONGEST_SIGNATURE = 15
LONGEST_SIGNATURE_LINE = 200

_WORD = re.compile(r"\w+")
_ATTRIBUTE = re.compile(
    r"""([a-zA-Z-]{1,30})\s{0,20}=\s{0,20}(?:"([^"]{0,2000})"|'([^']{0,2000})'|([^\s"'>]{1,500}))"""
)
_TAG = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:]{0,30})")
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "source"})
_SILENT = frozenset({"style", "script", "title", "head"})
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "td", "li", "hr", "table", "blockquote", "h1", "h2", "h3", "ul", "ol", "pre"}
)
_BORDERED = re.compile(r"border(?:-top)?\s*:[^;]{0,80}solid", re.IGNORECASE)

# By class or id: where the element lies, its lines are of this kind.
_ENCLOSING: dict[str, Kind] = {
    "gmail_attr": Kind.ATTRIBUTION,
    "moz-cite-prefix": Kind.ATTRIBUTION,
    "moz-email-headers-table": Kind.HEADER,
    "yahoo_quoted": Kind.QUOTE,
    "ymail_android_quoted": Kind.QUOTE,
    "zmail_extra": Kind.QUOTE,
    "tutanota_quote": Kind.QUOTE,
    "gmail_signature": Kind.SIGNATURE,
    "moz-signature": Kind.SIGNATURE,
    "applemailsignature": Kind.SIGNATURE,
    "protonmail_signature_block": Kind.SIGNATURE,
    "ms-outlook-mobile-signature": Kind.SIGNATURE,
    "ms-outlook-ios-signature": Kind.SIGNATURE,
    "ymail_android_signature": Kind.SIGNATURE,
}
# By class on a <blockquote>; one without any of them is a person's indented paragraph.
_QUOTING = frozenset(
    {"gmail_quote", "protonmail_quote", "tutanota_quote", "gmail_quote_container", "cite", "yahoo_quoted"}
)
# By class or id: the older messages begin here and go on to the end.
_DIVIDING = frozenset(
    {"divrplyfwdmsg", "appendonsend", "outlookmessageheader", "stopspelling", "mail-editor-reference-message-container"}
)


def marks(lines: Sequence[Line], html: str) -> list[Kind | None]:
    """For each line of the text: the kind the HTML gives it, or None where it says nothing (the sender's words).

    HEADER stands for "the older messages begin here". The words of both are laid side by side; a line counts as
    enclosed only if most of its words were found in the HTML and each of them in the same kind of element.
    """
    if len(html) > LONGEST_HTML or "<" not in html:
        return [None] * len(lines)
    words: list[str] = []
    kinds: list[Kind | None] = []
    for text, kind in _pieces(html):
        found = _WORD.findall(text)
        words += found
        kinds += [kind] * len(found)
    if not any(kinds):
        return [None] * len(lines)
    found_marks = _lay_side_by_side(lines, words, kinds)
    _spare_large_signatures(lines, found_marks)
    return found_marks


def _pieces(html: str) -> Iterator[tuple[str, Kind | None]]:
    """The visible text of the HTML in order, each piece with the kind of the innermost telling element around it."""
    open_tags: list[tuple[str, Kind | None]] = []
    opened: dict[str, int] = {}
    kind: Kind | None = None
    divided = False
    for text, tag in _scan(html):
        if text:
            yield html_entities.unescape(text), Kind.HEADER if divided and kind is None else kind
        found = _TAG.match(tag)
        if not found:
            continue
        name = found.group(1).lower()
        if tag.startswith("/"):
            if opened.get(name):
                while open_tags:
                    closed, kind = open_tags.pop()
                    opened[closed] -= 1
                    if closed == name:
                        break
            continue
        if name in _VOID or tag.endswith("/"):
            divided = divided or _divides(name, tag)
            continue
        open_tags.append((name, kind))
        opened[name] = opened.get(name, 0) + 1
        divided = divided or _divides(name, tag)
        if kind is not Kind.QUOTE:
            kind = _encloses(name, tag) or kind


def _scan(html: str) -> Iterator[tuple[str, str]]:
    """Pairs of a text and the tag behind it (without its brackets). Linear: each is read a fixed number of times."""
    at, no_comment_end = 0, False
    silent = ""
    while True:
        begin = html.find("<", at)
        if begin < 0:
            yield ("" if silent else html[at:]), ""
            return
        text = "" if silent else html[at:begin]
        if html.startswith("<!--", begin) and not no_comment_end:
            end = html.find("-->", begin + 4)
            if end >= 0:
                yield text, ""
                at = end + 3
                continue
            no_comment_end = True
        end = html.find(">", begin + 1)
        if end < 0:
            yield text, ""
            return
        tag = html[begin + 1 : end]
        if not _TAG.match(tag) and not tag.startswith(("!", "?")):
            yield text + "<", ""
            at = begin + 1
            continue
        name = tag.split(None, 1)[0].strip("/").lower() if tag.strip("/ ") else ""
        if silent:
            silent = "" if tag.startswith("/") and name == silent else silent
        elif name in _SILENT and not tag.startswith("/") and not tag.endswith("/"):
            silent = name
        yield (text + "\n" if name in _BLOCKS else text), tag
        at = end + 1


def _attributes(tag: str) -> dict[str, str]:
    head = tag[:4000]
    return {name.lower(): quoted or single or bare for name, quoted, single, bare in _ATTRIBUTE.findall(head)}


def _names(attributes: dict[str, str]) -> set[str]:
    """The classes and the id of an element; Outlook on the web puts "x_" before those of older messages."""
    names = f"{attributes.get('class', '')} {attributes.get('id', '')}".lower().split()
    return {re.sub(r"^(?:x_)+", "", name) for name in names}


def _encloses(name: str, tag: str) -> Kind | None:
    if "=" not in tag:
        return None
    attributes = _attributes(tag)
    names = _names(attributes)
    if name == "blockquote" and (attributes.get("type", "").lower() == "cite" or names & _QUOTING):
        return Kind.QUOTE
    for each in names:
        if each in _ENCLOSING:
            return _ENCLOSING[each]
        if each.startswith("yahoo_quoted"):
            return Kind.QUOTE
    return None


def _divides(name: str, tag: str) -> bool:
    if "=" not in tag or name not in ("div", "table", "hr", "span", "p"):
        return False
    attributes = _attributes(tag)
    names = _names(attributes)
    if names & _DIVIDING:
        return name != "hr" or "stopspelling" in names
    style = attributes.get("style", "")
    # Outlook for the desktop draws a line above the header of the older message, always with this padding.
    return name == "div" and "3.0pt 0" in style and _BORDERED.search(style) is not None and "border-top" in style


def _lay_side_by_side(lines: Sequence[Line], words: list[str], kinds: list[Kind | None]) -> list[Kind | None]:
    """Walk through the words of both texts at once and give each line the kind on which its words agree."""
    places: dict[tuple[str, ...], list[int]] = {}
    for index in range(len(words) - AGREEING + 1):
        places.setdefault(tuple(words[index : index + AGREEING]), []).append(index)
    per_line = [_WORD.findall(line.raw) for line in lines]
    spoken = [word for found in per_line for word in found]
    position, at, result = 0, 0, list[Kind | None]()
    for found in per_line:
        met: list[Kind | None] = []
        for _ in found:
            if position < len(words) and words[position] == spoken[at]:
                met.append(kinds[position])
                position += 1
            else:
                there = _jump(places, spoken, at, position)
                if there is not None:
                    met.append(kinds[there])
                    position = there + 1
            at += 1
        agreed = set(met)
        told = len(agreed) == 1 and len(met) * 3 >= len(found) * 2
        result.append(agreed.pop() if told and found else None)
    return result


def _spare_large_signatures(lines: Sequence[Line], found: list[Kind | None]) -> None:
    """People type into the signature's element: what is long or asks something there is theirs."""
    start = 0
    while start < len(found):
        if found[start] is not Kind.SIGNATURE:
            start += 1
            continue
        end, filled, asks = start, 0, False
        while end < len(found) and (found[end] is Kind.SIGNATURE or lines[end].blank):
            filled += not lines[end].blank
            asks = asks or "?" in lines[end].raw or len(lines[end].raw) > LONGEST_SIGNATURE_LINE
            end += 1
        if filled > LONGEST_SIGNATURE or asks:
            found[start:end] = [None] * (end - start)
        start = end


def _jump(places: dict[tuple[str, ...], list[int]], spoken: list[str], at: int, position: int) -> int | None:
    """Where in the HTML the text goes on, if words of one are missing in the other."""
    known = places.get(tuple(spoken[at : at + AGREEING]))
    if not known:
        return None
    nearest = bisect_left(known, position)
    if nearest == len(known) or known[nearest] - position > FARTHEST_JUMP:
        return None
    return known[nearest]
