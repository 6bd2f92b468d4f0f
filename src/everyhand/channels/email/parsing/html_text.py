"""HTML as the text a person reads: paragraphs, line breaks, lists, quotes and where links lead.

The tree is walked without recursion. HTML too long or too deeply nested for a tree only has its tags removed.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from everyhand.channels.email.parsing import charsets, html_tags
from everyhand.channels.email.parsing.limits import HTML_DEPTH, HTML_LENGTH

_SILENT = frozenset(
    [
        "head",
        "style",
        "script",
        "title",
        "template",
        "noscript",
        "meta",
        "link",
        "object",
        "svg",
        "math",
        "iframe",
        "audio",
        "video",
    ]
)
# These close themselves or never open anything, so they say nothing about depth.
_SHALLOW = frozenset(
    [
        "br",
        "img",
        "hr",
        "meta",
        "link",
        "input",
        "area",
        "base",
        "col",
        "embed",
        "source",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dt",
        "dd",
        "option",
    ]
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_NO_MARGIN = re.compile(r"margin(?:-top|-bottom)?\s*:\s*0", re.IGNORECASE)
_MERE_INDENT = re.compile(r"border(?:-left)?\s*:\s*(?:none|0|medium none)", re.IGNORECASE)


def text(html: str) -> str:
    """`html` as plain text, quoted passages behind "> ". Linear in its length; never raises."""
    if len(html) > HTML_LENGTH or _too_deep(html):
        return html_tags.removed(html)
    root = LexborHTMLParser(html).root
    if root is None:
        return ""
    page = _walk(root, minds_hidden=_HIDDEN.search(html) is not None)
    shown = page.text()
    # Some senders hide everything and let a style sheet show it again: then the hidden is all there is.
    return shown if shown or not page.hid else _walk(root, minds_hidden=False).text()


def _too_deep(html: str) -> bool:
    if html.count("<") <= HTML_DEPTH:
        return False
    depth = 0
    for tag in html_tags.TAG.finditer(html):
        if tag.group(2).lower() not in _SHALLOW:
            depth = max(0, depth - 1) if tag.group(1) else depth + 1
            if depth > HTML_DEPTH:
                return True
    return False


def _walk(root: LexborNode, *, minds_hidden: bool) -> _Page:
    page = _Page(minds_hidden)
    node, depth = root, 0
    while True:
        child = node.child if page.enter(node) else None
        if child is not None:
            node, depth = child, depth + 1
            continue
        page.leave(node)
        # Nodes are not compared: for this library that means to write out and compare their HTML.
        while depth and node.next is None and node.parent is not None:
            node, depth = node.parent, depth - 1
            page.leave(node)
        if not depth or node.next is None:
            return page
        node = node.next


class _Page:
    """The text so far. `gap` is how many line ends are due before the next word."""

    def __init__(self, minds_hidden: bool) -> None:
        self.minds_hidden, self.hid = minds_hidden, False
        self.lines: list[str] = []
        self.line: list[str] = []
        self.gap = self.quotes = self.preformatted = 0
        self.blank_due = False
        self.links: list[tuple[str, int, int]] = []
        self.lists: list[int] = []  # the next number, or 0 for bullets

    def enter(self, node: LexborNode) -> bool:
        """Begin an element or take a text; False to pass over what is inside."""
        tag = node.tag or ""
        if tag == "-text":
            self.say(node.text_content or "")
            return False
        if (tag.startswith("-") and tag != "-document") or tag in _SILENT:
            return False
        if self.minds_hidden and _HIDDEN.search(node.attributes.get("style") or ""):
            self.hid = True
            return False
        if tag == "br":
            self.break_line()
        elif tag == "img":
            self.picture((node.attributes.get("alt") or "").strip())
        elif tag == "a":
            self.links.append((node.attributes.get("href") or "", len(self.lines), len(self.line)))
        elif tag in ("td", "th"):
            self.blank_due = bool(self.line)
        elif tag in html_tags.BLOCKS:
            self.open_block(tag, node)
        return True

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "a" and self.links:
            self.close_link(*self.links.pop())
        elif tag in html_tags.BLOCKS:
            self.end_line(self._margin(tag, node, leaving=1))
            if tag == "blockquote" and self.quotes and not _is_indent(node):
                self.quotes -= 1
            elif tag == "pre":
                self.preformatted = max(0, self.preformatted - 1)
            elif tag in ("ul", "ol") and self.lists:
                self.lists.pop()

    def open_block(self, tag: str, node: LexborNode) -> None:
        self.end_line(self._margin(tag, node))
        if tag == "blockquote" and not _is_indent(node):
            self.quotes += 1
        elif tag == "pre":
            self.preformatted += 1
        elif tag in ("ul", "ol"):
            self.lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            number = self.lists[-1] if self.lists else 0
            self.put("  " * (len(self.lists) - 1) + (f"{number}." if number else "-"))
            if number:
                self.lists[-1] += 1
            self.blank_due = True
        elif tag == "hr":
            self.say("---")
            self.end_line(1)

    def _margin(self, tag: str, node: LexborNode, leaving: int = 0) -> int:
        if tag == "p":
            # Outlook writes every line as a paragraph without a margin.
            attributes = node.attributes
            tight = (attributes.get("class") or "").startswith("Mso") or _NO_MARGIN.search(
                attributes.get("style") or ""
            )
            return 1 if tight else 2
        if tag in ("ul", "ol") and len(self.lists) > leaving:
            return 1  # a list within a list
        return 2 if tag in html_tags.PARAGRAPHS and tag != "table" else 1

    def say(self, words: str) -> None:
        if self.preformatted:
            first, *more = words.replace("\r\n", "\n").split("\n")
            self.put(first)
            for line in more:
                self.break_line()
                self.put(line)
            return
        words = html_tags.BLANKS.sub(" ", words)
        if words.startswith(" ") and self.line:
            self.blank_due = True
        if stripped := words.strip(" "):
            self.put(stripped)
            self.blank_due = words.endswith(" ")

    def put(self, words: str) -> None:
        if not words:
            return
        if self.gap and self.lines:
            self.lines += [self.quotes_before_gap()] * (self.gap - 1)
        self.gap = 0
        if self.blank_due and self.line and not self.line[-1].endswith(" "):
            self.line.append(" ")
        self.blank_due = False
        self.line.append(words.replace("\xa0", " "))

    def quotes_before_gap(self) -> str:
        last = self.lines[-1]
        return ">" * min(self.quotes, len(last) - len(last.lstrip(">")))

    def end_line(self, gap: int) -> None:
        """A block begins or ends: at least `gap` line ends stand between what was and what comes."""
        if self.line:
            self.flush()
        self.gap = max(self.gap, gap)

    def break_line(self) -> None:
        if self.line:
            self.flush()
            self.gap = max(self.gap, 1)
        else:
            self.gap = min(max(self.gap, 1) + 1, 3)

    def flush(self) -> None:
        prefix = ">" * self.quotes + " " if self.quotes else ""
        line = "".join(self.line)
        self.lines.append(prefix + line.rstrip())
        self.line, self.blank_due = [], False

    def picture(self, alt: str) -> None:
        if alt:
            self.say(alt if len(alt) <= 2 else f"[{alt}]")  # an emoji is a picture with itself as its description

    def close_link(self, target: str, lines: int, words: int) -> None:
        said = "".join(self.line[words:]) if len(self.lines) == lines else "\n".join(self.lines[lines:])
        target = target.strip()
        kind, _, rest = target.partition(":")
        address = rest.partition("?")[0] if kind.lower() in ("mailto", "tel") else target
        if kind.lower() not in ("http", "https", "mailto", "tel", "ftp") or not address:
            return
        if _bare(address) not in said and _bare(address).lower() not in said.lower().replace(" ", ""):
            self.blank_due = bool(self.line)
            self.put(f"<{address}>")

    def text(self) -> str:
        if self.line:
            self.flush()
        return charsets.storable("\n".join(self.lines)).strip("\n")


def _is_indent(node: LexborNode) -> bool:
    return _MERE_INDENT.search(node.attributes.get("style") or "") is not None


def _bare(address: str) -> str:
    return re.sub(r"\A(?:https?|ftp)://(?:www\.)?", "", address[:2_000], flags=re.IGNORECASE).rstrip("/")
