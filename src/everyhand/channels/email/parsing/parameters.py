"""Fields with parameters, Content-Type and Content-Disposition, as they are really sent (RFC 2045, RFC 2231)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from everyhand.channels.email.parsing import charsets, headers

# One parameter. Values are quoted strings or run to the next semicolon: senders forget the quotes around blanks.
_PARAMETER = re.compile(
    r"""\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))[^;]*""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")
# Longer fields than this are cut: a file name may be long, a type never is.
_LONGEST = 16_384


def read(value: str, *, hint: str = "") -> tuple[str, dict[str, str]]:
    """The main value, lower-cased, and the parameters, decoded, by lower-cased name; the first of a name counts.

    `value` is the field as sent. Continuations (`name*0`, `name*1*`), charsets (`name*=utf-8''...`) and encoded
    words, which have no place here but are common, are understood. Takes time linear in the length of the field.
    """
    value = headers.unfold(value[:_LONGEST])
    main, semicolon, rest = value.partition(";")
    if not semicolon and "=" in main and "/" not in main.partition("=")[0]:
        main, rest = "", value  # `Content-Disposition: filename=x`, or a type forgotten
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    position = 0
    while position < len(rest):
        found = _PARAMETER.match(rest, position)
        if found is None:
            position = rest.find(";", position) + 1 or len(rest)
            continue
        quoted = found.group(2)
        content = _ESCAPED.sub(_unescaped, quoted) if quoted is not None else found.group(3).strip()
        _put(sections, found.group(1).lower(), content)
        position = found.end() + 1
    return main.strip().lower(), {name: _joined(parts, hint) for name, parts in sections.items()}


def _unescaped(found: re.Match[str]) -> str:
    # Windows paths in quotes are not escapes: only quotes and backslashes are ever escaped in earnest.
    return found.group(1) if found.group(1) in '"\\' else found.group(0)


def _put(sections: dict[str, dict[int, tuple[str, bool]]], name: str, content: str) -> None:
    parsed = _SECTION.match(name)
    if parsed is None:
        return
    base, number, starred = parsed.groups()
    # A plain `name=` gives way to the extended form `name*=`, which says the same better (RFC 6266, section 4.3).
    index = int(number) if number else (0 if starred else -1)
    sections.setdefault(base, {}).setdefault(index, (content, bool(starred)))


def _joined(parts: dict[int, tuple[str, bool]], hint: str) -> str:
    numbered = sorted(index for index in parts if index >= 0)
    if not numbered:
        return headers.one_line(headers.words(parts[-1][0], hint=hint))
    charset = ""
    data = bytearray()
    for position, index in enumerate(numbered):
        content, extended = parts[index]
        if extended:
            if position == 0 and content.count("'") >= 2:
                charset, _language, content = content.split("'", 2)
            data += unquote_to_bytes(content.encode("utf-8", "surrogateescape"))
        else:
            data += content.encode("utf-8", "surrogateescape")
    if charset:
        return headers.one_line(charsets.decode(bytes(data), charset))
    decoded = headers.words(data.decode("ascii", "surrogateescape"), hint=hint)
    return headers.one_line(decoded)
