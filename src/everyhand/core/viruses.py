"""Looking for viruses: bytes are handed to a clamd, ClamAV's daemon, over its socket, and it says what it found.

The protocol is clamd's own (INSTREAM and PING, clamd(8)), small enough to speak it here. A scanner is a URL,
`unix:///run/clamav/clamd.ctl` or `tcp://127.0.0.1:3310`.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import SplitResult

SECONDS: Final = 20.0  # for each word of the scanner's; 18 MB take about one
PIECE: Final = 64 * 1024  # bytes handed over at once


class NotChecked(Exception):
    """The scanner is away, or would not look at this; it says why."""


def found_in(content: bytes, *, scanner: SplitResult) -> str:
    """The name of the virus in these bytes, "" when there is none. Raises `NotChecked`."""
    with _line_to(scanner, SECONDS) as line:
        # One that has heard enough (StreamMaxLength) says so and hangs up.
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), PIECE):
                piece = content[start : start + PIECE]
                line.sendall(struct.pack("!I", len(piece)) + piece)
            line.sendall(struct.pack("!I", 0))
        said = _answer(line)
    verdict = said.removeprefix("stream:").strip()
    if verdict == "OK":
        return ""
    if verdict.endswith(" FOUND"):
        return verdict.removesuffix(" FOUND")[:200]
    raise NotChecked(verdict or "It said nothing.")


def answers(scanner: SplitResult, *, seconds: float = 2.0) -> bool:
    """Whether the scanner is there."""
    try:
        with _line_to(scanner, seconds) as line:
            line.sendall(b"zPING\0")
            return _answer(line) == "PONG"
    except NotChecked:
        return False


@contextmanager
def _line_to(scanner: SplitResult, seconds: float) -> Iterator[socket.socket]:
    try:
        if scanner.scheme == "unix":
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(seconds)
            line.connect(scanner.path)
        else:
            line = socket.create_connection((scanner.hostname or "", scanner.port or 3310), seconds)
        with line:
            yield line
    except OSError as error:
        raise NotChecked(f"The scanner at {scanner.geturl()} is away: {error}") from error


def _answer(line: socket.socket) -> str:
    """Its answer up to the NUL that ends it."""
    said = b""
    while not said.endswith(b"\0") and len(said) < 4096:
        more = line.recv(4096)
        if not more:
            break
        said += more
    return said.rstrip(b"\0").decode(errors="replace").strip()
