"""Roundup with its classic tracker, on gunicorn and SQLite."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.company import DOMAIN
from bench.letters import Letter
from bench.peers.desk import ServedElsewhere
from bench.peers.environments import python_of
from bench.peers.past import Past, Person, Ticket
from bench.peers.rows import Rows, filling
from bench.server import HOST, free_port
from bench.session import form_with

PASSWORD: Final = "for the benchmark"  # noqa: S105 (gone with the desk)
ADMIN, FIRST = 1, 2  # its administrator; so many users there are before ours come
STATUS: Final = {"open": 1, "waiting": 3, "closed": 8}  # unread, chatting, resolved
BUG: Final = 3  # a priority
WORKERS: Final = 2
FILES_A_FOLDER: Final = 1_000
SUMMARY: Final = 80  # characters
# The words that its index knows: from 2 to 50 characters, in capitals.
WORD: Final = re.compile(r"\b\w{2,50}\b")
# Mail of people it does not know is refused until the operator takes this line of its schema for what it says.
STRANGERS: Final = "db.security.addPermissionToRole('Anonymous', 'Email Access')"
SERVER: Final = """\
from roundup.cgi.wsgi_handler import RequestDispatcher

application = RequestDispatcher({tracker!r}, feature_flags={{"cache_tracker": ""}})
"""


class Roundup(ServedElsewhere):
    name = "Roundup 2.6.0"
    served = f"gunicorn, {WORKERS} workers, cache_tracker, SQLite and word index as Roundup comes with them"
    link = re.compile(r'"issue(\d+)"')

    def __init__(self, home: Path, environments: Path) -> None:
        super().__init__()
        self.home, self.port = home, free_port()
        self._environments = environments
        self._tracker = home / "tracker"

    def prepare(self, past: Past) -> None:
        self._python = python_of("roundup", within=self._environments)
        settings = {
            "mail_domain": DOMAIN,
            "mail_host": HOST,
            # What it writes is written there, and then it is dropped: sending is measured nowhere.
            "mail_debug": "/dev/null",
            "tracker_web": f"http://{HOST}:{self.port}/",
            "admin_email": f"admin@{DOMAIN}",
        }
        told = ",".join(f"{name}={value}" for name, value in settings.items())
        self._admin("install", "classic", "sqlite", told)
        schema = self._tracker / "schema.py"
        schema.write_text(schema.read_text().replace(f"#{STRANGERS}", STRANGERS))
        self._admin("initialise", PASSWORD)
        with filling(self._database) as database:
            Filler(database, self._tracker).fill(past)

    def serve(self) -> tuple[list[str], dict[str, str]]:
        (self.home / "served.py").write_text(SERVER.format(tracker=str(self._tracker)))
        asked = ["--bind", f"{HOST}:{self.port}", "--workers", str(WORKERS), "served:application"]
        return [str(self._python), "-m", "gunicorn", *asked], self._environment

    def sign_in(self) -> None:
        form = form_with("__login_name", self.session.read("/"))
        self.session.send("/", {**form, "__login_name": "admin", "__login_password": PASSWORD})

    def list(self) -> str:
        """What its first page shows: all that is not resolved, the newest first."""
        return self.session.read("/")

    def ticket(self, number: int) -> str:
        return self.session.read(f"/issue{number}")

    def search(self, word: str) -> str:
        asked = "@columns=id,activity,title,creator,assignedto,status&@sort=activity&@group=priority"
        return self.session.read(f"/issue?{asked}&@search_text={word}")

    def answering(self, number: int, text: str) -> Callable[[], object]:
        form = form_with("@note", self.ticket(number)) | {"@note": text}
        return lambda: self.session.send(f"/issue{number}", form)

    def file(self, letters: Sequence[Letter]) -> float:
        """Its `roundup-mailgw`, from a local mailbox; what it takes with none in it is taken off."""
        starting = self._time_of_taking([])
        return self._time_of_taking(letters) - starting

    def _time_of_taking(self, letters: Sequence[Letter]) -> float:
        mailbox = self.home / "mailbox"
        mailbox.write_bytes(b"".join(_in_mailbox(one) for one in letters))
        began = perf_counter()
        gateway = [str(self._python), "-m", "roundup.scripts.roundup_mailgw"]
        self.call([*gateway, str(self._tracker), "mailbox", str(mailbox)], self._environment)
        return perf_counter() - began

    def messages(self) -> int:
        with closing(sqlite3.connect(self._database)) as database:
            number: int = database.execute("SELECT COUNT(*) FROM _msg").fetchone()[0]
            return number

    @property
    def _database(self) -> Path:
        return self._tracker / "db" / "db"

    @property
    def _environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.home)}

    def _admin(self, *what: str) -> None:
        program = [str(self._python), "-m", "roundup.scripts.roundup_admin"]
        self.call([*program, "-i", str(self._tracker), *what], self._environment)


class Filler:
    """Writes the past as Roundup keeps it: tables, a file a message, the index of words."""

    def __init__(self, database: sqlite3.Connection, tracker: Path) -> None:
        self._database, self._files = database, tracker / "db" / "files" / "msg"
        made = ("_activity", "_actor", "_creation", "_creator", "id", "__retired__")
        self._users = Rows(database, "_user", "_username", "_address", "_realname", "_roles", *made)
        self._issues = Rows(database, "_issue", "_assignedto", "_priority", "_status", "_title", *made)
        self._messages = Rows(database, "_msg", "_author", "_date", "_inreplyto", "_messageid", "_summary", *made)
        self._said = Rows(database, "issue_messages", "linkid", "nodeid")
        self._nosy = Rows(database, "issue_nosy", "linkid", "nodeid")
        journal = ("nodeid", "date", "tag", "action", "params")
        self._issue_journal = Rows(database, "issue__journal", *journal)
        self._message_journal = Rows(database, "msg__journal", *journal)
        self._texts = Rows(database, "__textids", "_class", "_itemid", "_prop", "_textid")
        self._words = Rows(database, "__words", "_word", "_textid")
        self._text = 0
        self._highest = {"user": FIRST, "issue": 0, "msg": 0}

    def fill(self, past: Past) -> None:
        members = {one.number: FIRST + place for place, one in enumerate(past.members, 1)}
        self._people(past.members, members, now := _moment(datetime.now()), by_address=False)  # noqa: DTZ005
        customers: dict[int, int] = {}
        for one in past.customers():
            customers[one.number] = FIRST + len(members) + len(customers) + 1
            self._people([one], customers, now, by_address=True)
        for ticket in past.tickets():
            self._issue(ticket, customers[ticket.customer], members)
        for rows in vars(self).values():
            if isinstance(rows, Rows):
                rows.write()
        for name, number in {**self._highest, "__textids": self._text}.items():
            self._database.execute("UPDATE ids SET num = ? WHERE name = ?", [number + 1, name])

    def _people(self, people: Sequence[Person], numbers: dict[int, int], now: str, *, by_address: bool) -> None:
        for one in people:
            name = one.address if by_address else f"member{one.number}"
            number = numbers[one.number]
            self._users.add(name, one.address, one.name, "User", now, ADMIN, now, ADMIN, number, 0)
            self._highest["user"] = max(self._highest["user"], number)

    def _issue(self, ticket: Ticket, customer: int, members: dict[int, int]) -> None:
        owner, opened, changed = members[ticket.owner], _moment(ticket.opened_at), _moment(ticket.changed_at)
        status = STATUS[ticket.status]
        self._issues.add(owner, BUG, status, ticket.subject, changed, owner, opened, customer, ticket.number, 0)
        self._issue_journal.add(ticket.number, opened, str(customer), "create", "{}")
        self._index("issue", ticket.number, "title", ticket.subject)
        for nosy in {customer, owner}:
            self._nosy.add(nosy, ticket.number)
        before = ""
        for said in ticket.said:
            author, at, named = (
                members[said.author] if said.author else customer,
                _moment(said.at),
                f"<{said.message_id}>",
            )
            summary = said.text[:SUMMARY].partition("\n")[0]
            self._messages.add(author, at, before, named, summary, at, author, at, author, said.number, 0)
            self._said.add(said.number, ticket.number)
            if before:
                change = {"messages": (("+", [str(said.number)]),)}
                self._issue_journal.add(ticket.number, at, str(author), "set", repr(change))
            self._message_journal.add(said.number, at, str(author), "create", "{}")
            link = ("issue", str(ticket.number), "messages")
            self._message_journal.add(said.number, at, str(author), "link", repr(link))
            self._write(said.number, said.text)
            self._index("msg", said.number, "content", said.text)
            self._highest["msg"], before = max(self._highest["msg"], said.number), named
        self._highest["issue"] = ticket.number

    def _write(self, message: int, text: str) -> None:
        folder = self._files / str(message // FILES_A_FOLDER)
        if message % FILES_A_FOLDER == 0 or not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"msg{message}").write_text(text)

    def _index(self, kind: str, number: int, field: str, text: str) -> None:
        self._text += 1
        self._texts.add(kind, str(number), field, self._text)
        for word in set(WORD.findall(text.upper())):
            self._words.add(word, self._text)


def _in_mailbox(letter: Letter) -> bytes:
    """In the mbox format, RFC 4155."""
    mark = f"[issue{letter.answers.pk}] " if letter.answers else ""
    mail = letter.as_mail(to=f"issue_tracker@{DOMAIN}", mark=mark).replace(b"\r\n", b"\n")
    return (
        b"From %s Mon Mar  2 12:00:00 2026\n" % letter.sender.encode() + mail.replace(b"\nFrom ", b"\n>From ") + b"\n"
    )


def _moment(at: datetime) -> str:
    """UTC as Roundup keeps it: 20260302120000.000."""
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1000:03}"
