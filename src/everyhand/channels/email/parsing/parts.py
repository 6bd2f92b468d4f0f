"""What the parts of a mail say and carry: every text in the order it was written, and every file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from everyhand.channels.email.parsing import (
    charsets,
    file_names,
    headers,
    html_text,
    invitations,
    limits,
    plain,
    signed,
    structure,
    tnef,
    transfer,
)
from everyhand.channels.email.parsing.structure import MESSAGE_TYPES, Part
from everyhand.desk.inbound import File

# Text that is a document of its own rather than words to read in place.
_DOCUMENTS = frozenset(
    [
        "calendar",
        "csv",
        "vcard",
        "x-vcard",
        "directory",
        "rtf",
        "xml",
        "css",
        "javascript",
        "x-amp-html",
        "rfc822-headers",
    ]
)
_MACHINE_TYPES = frozenset(("message/partial", "message/external-body"))
_MIME_NOTICE = re.compile(r"mime|multi-?part", re.IGNORECASE)
# A picture written into the HTML itself: megabytes with nothing to read.
_EMBEDDED = re.compile(rb"data:[a-zA-Z0-9/+.;=-]{1,80};base64,[A-Za-z0-9+/=%\s]*")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of the mail's words. `html` is "" where only text was sent; where only HTML was, `text` is its words.

    `both` says that text and HTML were sent as two versions; `aside` marks words that are ours.
    """

    text: str
    html: str = ""
    both: bool = False
    aside: bool = False


@dataclass(slots=True)
class Content:
    """All a mail says and carries. `messages` are the attached mails, raw; `remarks` what was odd."""

    text: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    remarks: dict[str, None] = field(default_factory=dict)


def read(mail: Part) -> Content:
    """Everything in `mail`. No text is left out: what is not shown in place is among the files."""
    reader = _Reader()
    shown = [piece for piece in reader.take(mail) if piece.text.strip() or piece.html.strip()]
    if not any(piece.text.strip() for piece in shown if not piece.aside):
        shown = [*(unshelve() for unshelve in reader.shelved), *shown]
    content = reader.content
    content.text = "\n\n".join(text for piece in shown if (text := piece.text.strip("\n")))
    if any(piece.html for piece in shown):
        content.html = "\n".join(piece.html or _as_html(piece.text) for piece in shown)
    return content


def _as_html(text: str) -> str:
    return f'<div style="white-space: pre-wrap">{escape(text, quote=False)}</div>'


class _Reader:
    """Walks the parts once. Recursion is bounded: `structure` refuses mails nested deeper than `limits.DEPTH`."""

    def __init__(self) -> None:
        self.content = Content()
        # Texts that came as named files: read only if there is nothing else to read.
        self.shelved: list[Callable[[], Shown]] = []
        self.nameless = 0
        self.room = limits.TEXT_BYTES

    def remark(self, sentence: str) -> None:
        self.content.remarks[sentence] = None

    def take(self, part: Part) -> list[Shown]:
        for sentence in part.remarks:
            self.remark(sentence)
        kind = part.get_content_type()
        if sentence := signed.remark(kind, part.field("content-type")[1]):
            self.remark(sentence)
        if part.children:
            pieces = [piece for child in part.children for piece in self.take(child)]
            if kind == "multipart/alternative":
                pieces = self._one_of(pieces)
            return [*self._loose(part.before), *pieces, *self._loose(part.after)]
        return self._leaf(part, "text/plain" if kind.startswith("multipart/") else kind)

    def _loose(self, raw: bytes) -> list[Shown]:
        """Words outside any part. A preamble for programs that know no MIME is not for people."""
        if not raw.strip(b" \t\r\n-") or len(raw) > 1_000_000:
            return []
        text = plain.lines(charsets.decode(raw)).strip()
        if _MIME_NOTICE.search(text[:1_000]) or not _WORD.search(text):
            return []
        self.remark("Some words stand outside the parts of the mail; they are shown in their place.")
        return [Shown(text)]

    def _one_of(self, pieces: list[Shown]) -> list[Shown]:
        """The same words in several versions: the HTML is for looking at, the text for reading."""
        asides = [piece for piece in pieces if piece.aside]
        rich = [piece for piece in pieces if piece.html]
        texts = [
            piece.text for piece in pieces if (piece.both or not (piece.html or piece.aside)) and piece.text.strip()
        ]
        if not rich:
            return [*(Shown(text) for text in dict.fromkeys(texts)), *asides]
        from_html = "\n\n".join(piece.text for piece in rich if piece.text.strip())
        text = "\n\n".join(dict.fromkeys(texts))
        if not text or _is_stub(text, from_html):
            text = from_html
        elif _differ(text, from_html):
            self.remark("The plain text and the HTML of this mail say different things; compare both.")
        return [Shown(text, "\n".join(piece.html for piece in rich), both=True), *asides]

    def _leaf(self, part: Part, kind: str) -> list[Shown]:
        disposition, arguments = part.field("content-disposition")
        type_arguments = part.field("content-type")[1]
        name = file_names.harmless(arguments.get("filename") or arguments.get("name") or type_arguments.get("name", ""))
        data = part.content
        if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
            return self._winmail(name, kind, data)
        if kind in signed.WRAPPED and (inner := signed.unwrapped(data)) is not None:
            self._keep(part, name, kind, data)
            return self.take(structure.read(inner, depth=part.depth + 1, budget=part.budget))
        if kind.startswith("text/") and kind[5:] not in _DOCUMENTS:
            return self._words(part, name, kind, data)
        self._keep(part, name, kind, data)
        return self._told(kind, data, type_arguments) if disposition != "attachment" else []

    def _told(self, kind: str, data: bytes, arguments: dict[str, str]) -> list[Shown]:
        """What is said of a part that is otherwise a file."""
        if kind == "text/calendar":
            return [Shown(invitations.line(charsets.decode(data, arguments.get("charset", ""))), aside=True)]
        if kind in _MACHINE_TYPES:
            self.remark(f"Part of this mail is not in it ({kind}): its content was sent separately or lies elsewhere.")
            return [Shown(plain.lines(charsets.decode(data)).strip(), aside=True)]
        return []

    def _words(self, part: Part, name: str, kind: str, data: bytes) -> list[Shown]:
        """A text to read in place; a named one is a file first, read in place only if there is nothing else."""
        if name or part.field("content-disposition")[0] == "attachment":
            self._keep(part, name, kind, data)
            self.shelved.append(lambda: self._in_place(part, name, kind, data, kept=True))
            return []
        return [self._in_place(part, name, kind, data)]

    def _in_place(self, part: Part, name: str, kind: str, data: bytes, *, kept: bool = False) -> Shown:
        if len(data) > self.room:
            self.remark("The text is very long: the beginning is shown, and all of it is among the files.")
            if not kept:
                self._keep(part, name, kind, data)
            if kind == "text/html":
                data = _EMBEDDED.sub(b"data:,", data)
        return self._text(kind, self._beginning(data), part.field("content-type")[1])

    def _beginning(self, data: bytes) -> bytes:
        """As much of `data` as there is room for, up to the end of a line."""
        if len(data) > self.room:
            end = data.rfind(b"\n", 0, self.room)
            data = data[: end if end > 0 else self.room]
        self.room -= len(data)
        return data

    def _text(self, kind: str, data: bytes, arguments: dict[str, str]) -> Shown:
        charset = arguments.get("charset", "")
        if kind == "text/html":
            html = charsets.decode(data, charset or _meta_charset(data))
            return Shown(html_text.text(html), html)
        if b"begin" in data:
            files, data = transfer.uuencoded(data)
            for raw_name, content in files:
                name = file_names.harmless(charsets.decode(raw_name))
                self.content.files.append(File(name or "file", "application/octet-stream", content))
        text = plain.lines(charsets.decode(data, charset))
        if sentence := signed.inline_remark(text):
            self.remark(sentence)
        if kind in ("text/enriched", "text/richtext"):
            text = plain.enriched(text)
        elif arguments.get("format", "").lower() == "flowed":
            text = plain.unflowed(text, delsp=arguments.get("delsp", "").lower() == "yes")
        return Shown(text)

    def _keep(self, part: Part, name: str, kind: str, data: bytes) -> None:
        if kind in MESSAGE_TYPES:
            self.content.messages.append(data)
            if not name and (subject := headers.text(next(iter(part.get_payload())), "subject")):
                name = file_names.harmless(subject.replace("/", "-")[:80]) + ".eml"
        if not name:
            self.nameless += 1
            name = file_names.for_nameless(kind, self.nameless)
        content_id = headers.text(part, "content-id").strip("<> ")[:500]
        inline = part.field("content-disposition")[0] == "inline" or (
            bool(content_id) and part.field("content-disposition")[0] != "attachment"
        )
        self.content.files.append(File(name, kind, data, content_id, inline))

    def _winmail(self, name: str, kind: str, data: bytes) -> list[Shown]:
        try:
            unpacked = tnef.read(data)
        except tnef.NotReadable as error:
            self.remark(f"A winmail.dat could not be unpacked ({error}); it is kept as a file.")
            self.content.files.append(File(name or "winmail.dat", kind, data))
            return []
        for file in unpacked.files:
            self.content.files.append(File(file_names.harmless(file.name) or "file", file.type, file.content))
        self.shelved.append(lambda: Shown(unpacked.text or html_text.text(unpacked.html), unpacked.html))
        return []


def _meta_charset(data: bytes) -> str:
    found = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", data[:4_096], re.IGNORECASE)
    return found.group(1).decode("ascii", "replace") if found else ""


def _is_stub(text: str, from_html: str) -> bool:
    """Is the plain version only "your program cannot show HTML", or a fragment of what the HTML says?"""
    few, many = _WORD.findall(text[:20_000]), _WORD.findall(from_html[:100_000])
    if len(many) < 2 * len(few) + 5:
        return False
    return (len(few) < 60 and "html" in text.lower()) or set(few) <= set(many)


def _differ(text: str, from_html: str) -> bool:
    said = set(_WORD.findall(re.sub(r"<?(?:https?|mailto):[^\s>]*>?", " ", text[:20_000]).lower()))
    shown = set(_WORD.findall(re.sub(r"<?(?:https?|mailto):[^\s>]*>?", " ", from_html[:40_000]).lower()))
    both = len(said & shown)
    return bool(shown) and both * 2 < min(len(said), len(shown)) and max(len(said), len(shown)) > 5
