"""Text parts as the sender typed them: line ends made one kind, soft breaks of flowed text undone (RFC 3676)."""

from __future__ import annotations

import re

_TAGGED = re.compile(r"<(/?)([A-Za-z]+)>|(<<)")


def lines(text: str) -> str:
    """`text` with every line end a newline."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def unflowed(text: str, *, delsp: bool = False) -> str:
    """`format=flowed` text with its paragraphs on one line each; quote marks are kept, stuffing is removed."""
    paragraphs: list[list[str]] = []
    open_quotes = -1  # how deeply the paragraph still open is quoted; -1 for none
    for line in text.split("\n"):
        bare = line.lstrip(">")
        quotes = len(line) - len(bare)
        content = bare.removeprefix(" ")
        signature = content in ("-- ", "--")
        soft = content.endswith(" ") and not signature
        if soft and delsp:
            content = content[:-1]
        if open_quotes == quotes and not signature:
            paragraphs[-1].append(content)
        else:
            paragraphs.append([">" * quotes + " " if quotes and content else ">" * quotes, content])
        open_quotes = quotes if soft else -1
    joined = ("".join(paragraph) for paragraph in paragraphs)
    return "\n".join(line if line.endswith("-- ") else line.rstrip(" ") for line in joined)


def enriched(text: str) -> str:
    """`text/enriched` (RFC 1896) and the older `text/richtext` without their commands."""
    out: list[str] = []
    position = 0
    silent = 0
    for command in _TAGGED.finditer(text):
        if not silent:
            out.append(text[position : command.start()])
        position = command.end()
        name = (command.group(2) or "").lower()
        if command.group(3):
            out.append("<")
        elif name == "param":
            silent = max(0, silent + (-1 if command.group(1) else 1))
        elif name in ("nl", "paragraph", "lt") and not command.group(1):
            out.append("<" if name == "lt" else "\n")
    out.append(text[position:])
    return re.sub(r"\n(\n*)", lambda breaks: breaks.group(1) or " ", "".join(out))
