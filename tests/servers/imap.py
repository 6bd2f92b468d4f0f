"""An IMAP server that follows a script: it can lie, leave things out, and cut the connection at any byte."""

from __future__ import annotations

import base64
import re
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

WHEN: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Cut(Exception):
    """The connection is to end here."""


@dataclass
class Letter:
    """A mail in the folder. `withheld` is listed and never given out; `size` is what the server claims."""

    uid: int
    raw: bytes
    arrived_at: datetime = WHEN
    flags: tuple[str, ...] = ()
    withheld: bool = False
    size: int | None = None

    def metadata(self) -> str:
        stamp = self.arrived_at.strftime("%d-%b-%Y %H:%M:%S +0000")
        size = len(self.raw) if self.size is None else self.size
        return f'RFC822.SIZE {size} INTERNALDATE "{stamp}"'


@dataclass
class Folder:
    """What lies on the server, and how it behaves. Change it at any time, also between two commands."""

    letters: list[Letter] = field(default_factory=list)
    uidvalidity: int = 7
    capabilities: str = "IMAP4rev1 IDLE"
    password: str = "riverside"
    # Bytes the server may still send before it cuts the connection; None for no end.
    cut_after: int | None = None
    sent: int = 0
    # Called before each command is answered, with its name and arguments; may change the folder or raise `Cut`.
    before: Callable[[str, str], None] = lambda _name, _arguments: None
    said: list[str] = field(default_factory=list)  # every command, without tags and passwords
    unasked: list[str] = field(default_factory=list)  # lines said before the answer to each FETCH
    tokens: list[str] = field(default_factory=list)  # what XOAUTH2 was given
    greeting: str = "* OK ready"
    pause_every_kilobyte: float = 0.0  # seconds
    refuse_login: str = ""  # what a right password is answered with, too

    @property
    def next_uid(self) -> int:
        return max((letter.uid for letter in self.letters), default=0) + 1

    def add(self, raw: bytes, **more: object) -> Letter:
        letter = Letter(self.next_uid, raw, **more)  # type: ignore[arg-type]
        self.letters.append(letter)
        return letter

    def remove(self, uid: int) -> None:
        self.letters = [letter for letter in self.letters if letter.uid != uid]


class ImapServer:
    """Listens on a free port of 127.0.0.1 until `close`; every connection sees the same `folder`. With a `certificate`
    (a PEM file with its key) it speaks TLS from the start.
    """

    def __init__(self, folder: Folder, *, certificate: Path | None = None) -> None:
        self.folder = folder
        self._server = _Server(("127.0.0.1", 0), _Dialogue)
        self._server.folder = folder
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            self._server.encryption = context
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    folder: Folder
    encryption: ssl.SSLContext | None = None


class _Dialogue(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True  # many small lines, none of which should wait for the others

    def setup(self) -> None:
        if self.server.encryption:
            self.request = self.server.encryption.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        self.folder = self.server.folder
        try:
            self._say(self.folder.greeting)
            while line := self.rfile.readline():
                tag, _, command = line.decode().strip().partition(" ")
                self._answer(tag, command)
        except (Cut, ConnectionError):
            return

    def _answer(self, tag: str, command: str) -> None:
        name, _, arguments = command.partition(" ")
        if name.upper() == "UID":
            name, _, arguments = arguments.partition(" ")
        name = name.upper()
        self.folder.said.append(name if name in ("LOGIN", "AUTHENTICATE") else f"{name} {arguments}".strip())
        self.folder.before(name, arguments)
        answer = getattr(self, f"_{name.lower()}", None)
        if answer is None:
            self._say(f"{tag} BAD unknown command")
        else:
            answer(tag, arguments)

    def _capability(self, tag: str, _arguments: str) -> None:
        self._say(f"* CAPABILITY {self.folder.capabilities}", f"{tag} OK done")

    def _login(self, tag: str, arguments: str) -> None:
        if self.folder.refuse_login:
            self._say(f"{tag} NO {self.folder.refuse_login}")
        elif self.folder.password in arguments:
            self._say(f"{tag} OK signed in")
        else:
            self._say(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials")

    def _authenticate(self, tag: str, _arguments: str) -> None:
        self._say("+ ")
        self.folder.tokens.append(base64.b64decode(self.rfile.readline()).decode())
        if self.folder.refuse_login:
            self._say(f"{tag} NO {self.folder.refuse_login}")
        else:
            self._say(f"{tag} OK signed in")

    def _examine(self, tag: str, arguments: str) -> None:
        if arguments.strip('"') != "INBOX":
            self._say(f"{tag} NO [NONEXISTENT] Unknown Mailbox: {arguments}")
            return
        self._say(
            f"* {len(self.folder.letters)} EXISTS",
            f"* OK [UIDVALIDITY {self.folder.uidvalidity}] valid",
            f"* OK [UIDNEXT {self.folder.next_uid}] next",
            f"{tag} OK [READ-ONLY] done",
        )

    def _noop(self, tag: str, _arguments: str) -> None:
        self._say(f"{tag} OK done")

    def _search(self, tag: str, arguments: str) -> None:
        found = [letter.uid for letter in self._selected(arguments)]
        if since := re.search(r"SINCE (\S+)", arguments):
            day = datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC)
            found = [one.uid for one in self.folder.letters if one.uid in found and one.arrived_at >= day]
        if "UNDELETED" in arguments:
            found = [one.uid for one in self.folder.letters if one.uid in found and "\\Deleted" not in one.flags]
        self._say("* SEARCH " + " ".join(map(str, found)), f"{tag} OK done")

    def _fetch(self, tag: str, arguments: str) -> None:
        self._say(*self.folder.unasked)
        asked = {letter.uid for letter in self._selected(arguments)}
        for number, letter in enumerate(self.folder.letters, start=1):
            if letter.uid not in asked:
                continue
            if "BODY" not in arguments:
                self._say(f"* {number} FETCH (UID {letter.uid} {letter.metadata()})")
            elif not letter.withheld:
                part = re.search(r"<0\.(\d+)>", arguments)
                raw = letter.raw[: int(part[1])] if part else letter.raw
                item = "BODY[]<0>" if part else "BODY[]"
                self._write(f"* {number} FETCH (UID {letter.uid} {item} {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        self._say(f"{tag} OK done")

    def _idle(self, tag: str, _arguments: str) -> None:
        self._say("+ idling")
        known = len(self.folder.letters)
        ended = threading.Event()

        def announce() -> None:
            while not ended.wait(0.02):
                if len(self.folder.letters) > known:
                    self._say(f"* {len(self.folder.letters)} EXISTS")
                    return

        thread = threading.Thread(target=announce, daemon=True)
        thread.start()
        self.rfile.readline()
        ended.set()
        thread.join(10)
        self._say(f"{tag} OK done")

    def _logout(self, tag: str, _arguments: str) -> None:
        self._say("* BYE", f"{tag} OK done")

    def _selected(self, arguments: str) -> list[Letter]:
        """The letters of a set of UIDs such as 4:* or 1,3,5:7, the first one in the arguments."""
        found = re.search(r"(?:^|UID )([\d:*,]+)", arguments)
        last = max((letter.uid for letter in self.folder.letters), default=0)
        chosen = set()
        for part in (found[1] if found else "").split(","):
            first, _, end = part.partition(":")
            low, high = sorted((int(first), last if end == "*" else int(end or first)))
            chosen |= {letter.uid for letter in self.folder.letters if low <= letter.uid <= high}
        return [letter for letter in self.folder.letters if letter.uid in chosen]

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._write(line.encode() + b"\r\n")

    def _write(self, raw: bytes) -> None:
        allowed = len(raw) if self.folder.cut_after is None else max(0, self.folder.cut_after - self.folder.sent)
        if self.folder.pause_every_kilobyte:
            self._crawl(raw[:allowed])
        else:
            self.wfile.write(raw[:allowed])
        self.folder.sent += min(allowed, len(raw))
        if allowed < len(raw):
            self.connection.close()
            raise Cut

    def _crawl(self, raw: bytes) -> None:
        for begin in range(0, len(raw), 1_000):
            self.wfile.write(raw[begin : begin + 1_000])
            time.sleep(self.folder.pause_every_kilobyte if begin + 1_000 < len(raw) else 0)
