"""The parts of a delivery report: the words for people, the fields for programs, and what is left of the lost mail.

RFC 3462 puts them in three parts of a `multipart/report`. Real servers send the fields as plain text, in base64, with
blank lines in the middle, or not at all, and glue the lost mail under the words; so parts are recognised by what
they hold rather than by where they stand.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message

from everyhand.channels.email.parsing import charsets, headers
from everyhand.channels.email.parsing.structure import Part

# A report is short. What lies beyond these bounds is the returned mail or an attack, and is not read.
MAX_PARTS = 60
MAX_TEXT = 60_000
MAX_NOTICE = 16_000

_PARAMETER = re.compile(r"""report-type\s*=\s*["']?([\w.-]{1,60})""", re.IGNORECASE)
_LOST_MAIL_TYPES = frozenset(
    ("message/rfc822", "message/global", "message/global-headers", "message/partial", "text/rfc822-headers")
)
_FIELD_LINE = re.compile(r"^(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)

# The line above the returned mail: "--- Below this line is a copy of the message.", "Original message follows." ...
_LOST_MAIL_LINE = re.compile(
    r"^[\W_]{0,60}(?:"
    r"(?:(?:this|below|included|enclosed|attached|attachment|here|following|the following)\b.{0,40}\b)?"
    r"(?:copy of (?:the|your)|headers? of (?:the|your)|header and top)\b.{0,60}"
    r"|(?:the )?(?:original|old|returned|unsent|undelivered|failed|rejected|message|start of)[ -]"
    r"(?:message|mail|headers?|returned|original)\b.{0,20}?(?:follows?|below|text|info|headers?|body)?\b.{0,30}"
    r"|your message reads\b.{0,30}|a summary of the undelivered message\b.{0,30}"
    r"|message headers follow.{0,10}|original message was.{0,60}"
    r"|オリジナルメッセージ.{0,20}|mensaje original.{0,20}|mensagem original.{0,20}|ursprüngliche nachricht.{0,20}"
    r")[\W_]{0,60}$",
    re.IGNORECASE,
)
# Only trace fields begin a returned mail: a notice itself may say "Subject: ..." or "To: ..." about it.
_TRACE_FIELD = re.compile(r"^(?:received|return-path|x-originating-ip|dkim-signature|delivered-to):", re.IGNORECASE)
_LINE_END = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>@]{0,2000}>")
_TO = re.compile(r"^to[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(r"^[ \t>]*message-id[ \t]*:\s{0,4}(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Report:
    """The parts found. Texts are decoded and bounded; `kinds` holds the lower-case media types that were met."""

    notice: str = ""
    fields: str = ""
    lost_mail: str = ""
    kind: str = ""
    report_type: str = ""
    kinds: frozenset[str] = frozenset()

    @property
    def lost_message_id(self) -> str:
        found = _MESSAGE_ID.search(self.lost_mail) or _MESSAGE_ID.search(self.notice)
        return found.group(1) if found else ""

    @property
    def recipients_of_lost_mail(self) -> str:
        """The field that says whom the lost mail was sent to, as written."""
        found = _TO.search(self.lost_mail[:20_000])
        return found.group(1)[:1_000] if found else ""


def read(message: Message, *, text: str) -> Report:
    """The report in `message`, whose words for people are `text` as far as they are known already."""
    notices: list[str] = []
    pages: list[str] = []
    wrapper: Message | None = None
    fields: list[str] = []
    lost: list[str] = []
    kinds: set[str] = set()
    for part in parts(message):
        kind = media_type(part)
        kinds.add(kind)
        if kind in _LOST_MAIL_TYPES:
            lost.append(_source(part))
            wrapper = wrapper or part
        elif kind.endswith("delivery-status"):
            fields.append(_source(part))
        elif kind.startswith("multipart/") and isinstance(part.get_payload(), str):
            notices.append(_source(part))  # the parts were promised and never marked
        elif kind == "text/plain" and part is not message:
            notices.append(_source(part))
        elif kind == "text/html" and part is not message:
            pages.append(_TAG.sub("", _LINE_END.sub("\n", _source(part)[:MAX_TEXT])))
    own_words = "".join((*notices, *pages))
    unsaid = "@" not in own_words or report_type(message) == "delivery-status"
    if not fields and unsaid and wrapper and (returned := _returned_report(wrapper)):
        # A gateway wrapped the whole report into another mail, and at best added a disclaimer.
        return replace(read(returned, text=""), kind=media_type(message), report_type=report_type(message))
    words = "\n".join(notices) if "".join(notices).strip() else "\n".join(pages) or text
    words, below = split_at_lost_mail(words[:MAX_TEXT])
    if not fields:
        # Some servers send the fields as plain text, above the returned mail or where it should be.
        fields.extend(block for block in (words, below) if _FIELD_LINE.search(block))
    return Report(
        notice=words[:MAX_NOTICE],
        fields="\n\n".join(fields)[:MAX_TEXT],
        lost_mail="\n".join((*lost, below))[:MAX_TEXT],
        kind=media_type(message),
        report_type=report_type(message),
        kinds=frozenset(kinds),
    )


def media_type(part: Message) -> str:
    """The media type as written ("multipart/report"), lower case; "text/plain" where none is given."""
    for value in headers.raw(part, "content-type"):
        return value[:200].partition(";")[0].strip().lower() or "text/plain"
    return "text/plain"


def report_type(message: Message) -> str:
    """The `report-type` of a `multipart/report` (RFC 6522), lower case, or ""."""
    for value in headers.raw(message, "content-type"):
        if found := _PARAMETER.search(value[:2_000]):
            return found.group(1).lower()
    return ""


def split_at_lost_mail(words: str) -> tuple[str, str]:
    """`words` above and below the line where a returned mail begins."""
    said_something = False
    position = 0
    for line in words.splitlines(keepends=True):
        bare = line.strip()
        if said_something and bare and (_TRACE_FIELD.match(line) or _LOST_MAIL_LINE.match(bare[:160])):
            return words[:position], words[position:]
        said_something = said_something or bool(bare)
        position += len(line)
    return words, ""


def parts(message: Message) -> Iterator[Message]:
    """`message` and its parts in order, not those of mails inside it."""
    waiting = [message]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        if media_type(part).startswith("multipart/") and isinstance(payload := part.get_payload(), list):
            waiting.extend(child for child in reversed(payload[:MAX_PARTS]) if isinstance(child, Message))


def _returned_report(part: Message) -> Message | None:
    """The mail inside `part`, where that is a delivery report itself."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    return inner if isinstance(inner, Message) and report_type(inner) == "delivery-status" else None


def _source(part: Message) -> str:
    """The text of `part`; of a part that holds a mail or fields, those as they were written."""
    charset = headers.charset_hint(part)
    if isinstance(part, Part):
        return charsets.decode(part.content[:MAX_TEXT], charset)
    payload = part.get_payload()
    if not isinstance(payload, list):
        content = part.get_payload(decode=True)
        return (
            charsets.decode(content[:MAX_TEXT], charset)
            if isinstance(content, bytes)
            else charsets.storable(str(payload))
        )
    words = "\n\n".join(_as_written(block) for block in payload[:MAX_PARTS] if isinstance(block, Message))
    if any("base64" in value.lower() for value in headers.raw(part, "content-transfer-encoding")):
        words = _from_base64(words) or words
    return charsets.decode(words.encode("utf-8", "surrogateescape"), "utf-8")[:MAX_TEXT]


def _as_written(block: Message) -> str:
    fields = "\n".join(f"{name}: {value}" for name, value in block.raw_items())
    body = block.get_payload()
    return f"{fields}\n\n{body if isinstance(body, str) else ''}"[:MAX_TEXT]


def _from_base64(words: str) -> str:
    letters = "".join(words.split())[:MAX_TEXT]
    try:
        return charsets.decode(base64.b64decode(letters + "=" * (-len(letters) % 4)), "utf-8")
    except ValueError:  # not base64 after all, whatever the label says
        return ""
