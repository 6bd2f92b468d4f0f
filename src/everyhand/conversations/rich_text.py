"""What a member writes with an editor: the little HTML that is kept and sent, and the same words as plain text.

Only what a letter needs is kept: emphasis, lists, links, quotations, and pictures of the writer's own, by Content-ID
(RFC 2392). It is cleaned when it is taken in, and again wherever it is shown or sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final

import nh3

TAGS: Final = {
    *("a", "b", "strong", "i", "em", "u", "s", "del", "br", "div", "p", "h1"),
    *("ul", "ol", "li", "blockquote", "pre", "code", "figure", "img"),
}
ATTRIBUTES: Final = {"a": {"href"}, "img": {"src", "alt", "width", "height"}}
SCHEMES: Final = {"http", "https", "mailto", "tel", "cid"}
# What an editor adds for itself: the words below a picture are its file's name and size.
_DROPPED: Final = {"script", "style", "title", "figcaption"}

# As nh3 writes it.
_PICTURE: Final = re.compile(r'<img[^>]* src="(?P<address>[^">]*)"[^>]*>')
_NO_PICTURE: Final = re.compile(r"<img(?![^>]* src=)[^>]*>")
_BLOCKS: Final = {"div", "p", "h1", "ul", "ol", "li", "blockquote", "pre", "figure"}


def cleaned(html: str, *, picture: Callable[[str], str | None], target: str | None = None) -> str:
    """`html` with nothing in it but TAGS. `picture` gives the address of each picture in place of the one it has, or
    None for one that is not the writer's. `target` says where links open.
    """

    def keep(tag: str, attribute: str, value: str) -> str | None:
        return picture(value.strip()) if (tag, attribute) == ("img", "src") else value

    clean = nh3.clean(
        html.replace("\0", ""),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=keep,
        url_schemes=SCHEMES,
        clean_content_tags=_DROPPED,
        set_tag_attribute_values={"a": {"target": target}} if target else {},
        link_rel="noopener noreferrer nofollow" if target else None,
    )
    return _NO_PICTURE.sub("", clean)


def named(html: str, names: Mapping[str, str]) -> str:
    """Cleaned HTML in which each picture that says nothing of itself has its file's name, by its address."""

    def name(found: re.Match[str]) -> str:
        shown = escape(names.get(unescape(found["address"]), ""))
        return found[0] if not shown or " alt=" in found[0] else f'{found[0][:-1]} alt="{shown}">'

    return _PICTURE.sub(name, html)


def as_text(html: str) -> str:
    """The words of cleaned HTML as a plain letter has them: lists with signs, quotations behind "> ", addresses of
    links behind their words, pictures by their names in brackets.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


def from_text(text: str) -> str:
    """Plain words as an editor takes them: the other way round."""
    return f"<div>{escape(text).replace(chr(10), '<br>')}</div>" if text else ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [""]
        self._lists: list[int | None] = []  # the next number of each list that is open; None where it has none
        self._quotes = 0
        self._as_it_stands = 0
        self._link: tuple[str, str] = ("", "")  # where it leads, and its words so far

    def text(self) -> str:
        lines = [line.rstrip() for line in self._lines]
        return "\n".join(lines).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._new_line()
        if tag == "br":
            self._lines.append(self._margin())
        elif tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._lines[-1] += self._sign()
        elif tag == "blockquote":
            self._quotes += 1
            self._lines[-1] = self._margin()
        elif tag == "pre":
            self._as_it_stands += 1
        elif tag == "a":
            self._link = (known.get("href", ""), "")
        elif tag == "img":
            self._say(f"[{known.get('alt') or '…'}]")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            href, words = self._link
            self._link = ("", "")
            bare = href.removeprefix("mailto:").removeprefix("tel:")
            if bare and bare.rstrip("/") != words.strip().rstrip("/"):
                self._say(f" <{bare}>")
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "pre":
            self._as_it_stands = max(0, self._as_it_stands - 1)
        if tag in _BLOCKS:
            self._new_line()
        if tag in ("p", "h1", "blockquote") or (tag in ("ul", "ol") and not self._lists):
            self._blank_line()

    def handle_data(self, data: str) -> None:
        if self._as_it_stands:
            first, *rest = data.split("\n")
            self._say(first)
            for line in rest:
                self._lines.append(self._margin() + line)
        else:
            spaced = " ".join(data.replace("\xa0", " ").split())
            if spaced or data:
                before = " " if data[:1].isspace() and not self._is_empty() else ""
                after = " " if data[-1:].isspace() and spaced else ""
                self._say(f"{before}{spaced}{after}")

    def _say(self, words: str) -> None:
        if words.startswith(" ") and self._lines[-1].endswith(" "):
            words = words[1:]
        self._lines[-1] += words
        self._link = (self._link[0], self._link[1] + words)

    def _sign(self) -> str:
        depth = "  " * (len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{depth}- "
        self._lists[-1] = number + 1
        return f"{depth}{number}. "

    def _margin(self) -> str:
        return "> " * self._quotes

    def _is_empty(self) -> bool:
        return not self._lines[-1].removeprefix(self._margin()).strip()

    def _new_line(self) -> None:
        if self._is_empty():
            self._lines[-1] = self._margin()
        else:
            self._lines.append(self._margin())

    def _blank_line(self) -> None:
        if len(self._lines) > 1 and self._lines[-2].strip(" >"):
            self._lines.append(self._margin())
