"""django-helpdesk on gunicorn and SQLite."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.company import DOMAIN
from bench.letters import Letter
from bench.peers.desk import ServedElsewhere
from bench.peers.environments import python_of
from bench.peers.past import Past
from bench.peers.rows import Rows, filling
from bench.server import HOST, free_port
from bench.session import form_with

ADMIN: Final = "admin"
PASSWORD: Final = "for the benchmark"  # noqa: S105 (gone with the desk)
# Tickets of no team are in a queue of their own.
NO_TEAM: Final = "help"
STATUS: Final = {"open": 1, "waiting": 1, "closed": 4}
PLAIN, SUBJECT = 3, 200  # its normal priority; as long as its subjects may be
WORKERS: Final = 2


class DjangoHelpdesk(ServedElsewhere):
    name = "django-helpdesk 2.6.0"
    served = f"gunicorn, {WORKERS} workers, SQLite as Django comes with it"
    link = re.compile(r'"id": ?(\d+)|/tickets/(\d+)/')
    first_page = "/login/"

    def __init__(self, home: Path, environments: Path) -> None:
        super().__init__()
        self.home, self.port = home, free_port()
        self._environments = environments
        self._names = count(1)
        self._queues: dict[int | None, str] = {}

    def prepare(self, past: Past) -> None:
        self._python = python_of("django-helpdesk", within=self._environments)
        self._django("migrate")
        self._django("loaddata", "emailtemplate.json")
        self._django("createsuperuser", "--noinput")
        with filling(self._database) as database:
            self._fill(database, past)
        self._django("create_usersettings")

    def _fill(self, database: sqlite3.Connection, past: Past) -> None:
        """Its own first member, the administrator, has number 1, so that all of ours come after that."""
        members = Rows(
            database,
            "auth_user",
            *("id", "username", "password", "first_name", "last_name", "email", "date_joined"),
            *("is_superuser", "is_staff", "is_active"),
        )
        for one in past.members:
            first, _, last = one.name.partition(" ")
            members.add(one.number + 1, one.address, "!", first, last, one.address, _moment(datetime.now()), 0, 1, 1)  # noqa: DTZ005
        self._queues = {None: NO_TEAM}
        self._queues.update(past.teams.items())
        queues = Rows(
            database,
            "helpdesk_queue",
            *("id", "title", "slug", "email_address", "allow_public_submission", "allow_email_submission"),
            *("email_box_type", "email_box_local_dir", "email_box_ssl", "email_box_interval"),
            "enable_notifications_on_email_events",
        )
        for number, slug in enumerate(self._queues.values(), 1):
            self._mailbox(slug).mkdir(parents=True)
            queues.add(number, slug, slug, f"{slug}@{DOMAIN}", 1, 1, "local", str(self._mailbox(slug)), 0, 0, 0)
        self._fill_tickets(database, past)
        members.write()
        queues.write()

    def _fill_tickets(self, database: sqlite3.Connection, past: Past) -> None:
        addresses = {one.number: one.address for one in past.customers()}
        numbers = {team: number for number, team in enumerate(self._queues, 1)}
        tickets = Rows(
            database,
            "helpdesk_ticket",
            *("id", "title", "created", "modified", "submitter_email", "status", "on_hold", "description", "priority"),
            *("assigned_to_id", "queue_id", "secret_key"),
        )
        said = Rows(
            database,
            "helpdesk_followup",
            *("id", "date", "title", "comment", "public", "ticket_id", "user_id", "message_id", "email_recipients"),
        )
        for one in past.tickets():
            address = addresses[one.customer]
            tickets.add(
                *(one.number, one.subject[:SUBJECT], _moment(one.opened_at), _moment(one.changed_at), address),
                *(STATUS[one.status], 0, one.said[0].text, PLAIN, one.owner + 1, numbers[one.team], str(one.number)),
            )
            for message in one.said:
                title = "Comment" if message.author else f"E-Mail Received from {address}"
                author = message.author + 1 if message.author else None
                named = f"<{message.message_id}>"
                said.add(message.number, _moment(message.at), title, message.text, 1, one.number, author, named, "[]")
        tickets.write()
        said.write()

    def serve(self) -> tuple[list[str], dict[str, str]]:
        asked = ["--bind", f"{HOST}:{self.port}", "--workers", str(WORKERS), "project.wsgi:application"]
        return [str(self._python), "-m", "gunicorn", *asked], self._environment

    def sign_in(self) -> None:
        form = form_with("username", self.session.read("/login/"))
        self.session.send("/login/", {**form, "username": ADMIN, "password": PASSWORD})

    def list(self) -> str:
        return self._table(self.session.read("/tickets/"))

    def search(self, word: str) -> str:
        return self._table(self.session.read(f"/tickets/?q={word}"))

    def _table(self, page: str) -> str:
        """The rows, which its page asks for by itself."""
        query = re.search(r"datatables_ticket_list/([^'\"]+)", page)
        if query is None:
            raise RuntimeError("django-helpdesk's list asks for no rows")
        return self.session.read(f"/datatables_ticket_list/{query[1]}?draw=1&start=0&length=25")

    def ticket(self, number: int) -> str:
        return self.session.read(f"/tickets/{number}/")

    def answering(self, number: int, text: str) -> Callable[[], object]:
        form = form_with("comment", self.ticket(number)) | {"comment": text, "public": "1"}
        return lambda: self.session.send(f"/tickets/{number}/update/", form)

    def file(self, letters: Sequence[Letter]) -> float:
        """Its cron job, `get_email`, from local mailboxes; what it takes with none in them is taken off."""
        starting = self._time_of_fetching()
        for one in letters:
            self._put(one)
        return self._time_of_fetching() - starting

    def _put(self, letter: Letter) -> None:
        queue = self._queues[letter.answers.team_id] if letter.answers else letter.team
        mark = f"[{queue}-{letter.answers.pk}] " if letter.answers else ""
        mail = letter.as_mail(to=f"{queue}@{DOMAIN}", mark=mark)
        (self._mailbox(queue) / f"{next(self._names)}.eml").write_bytes(mail)

    def _time_of_fetching(self) -> float:
        began = perf_counter()
        self._django("get_email", "--quiet")
        return perf_counter() - began

    def messages(self) -> int:
        with closing(sqlite3.connect(self._database)) as database:
            number: int = database.execute("SELECT COUNT(*) FROM helpdesk_followup").fetchone()[0]
            return number

    def numbers_in(self, page: str) -> set[int]:
        return {int(first or second) for first, second in self.link.findall(page)}

    @property
    def _database(self) -> Path:
        return self.home / "desk.sqlite3"

    def _mailbox(self, slug: str) -> Path:
        return self.home / "mail" / slug

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(Path(__file__).parent),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DJANGO_SUPERUSER_USERNAME": ADMIN,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "DJANGO_SUPERUSER_EMAIL": f"{ADMIN}@{DOMAIN}",
        }

    def _django(self, *what: str) -> None:
        self.call([str(self._python), "-m", "django", *what], self._environment)


def _moment(at: datetime) -> str:
    """As Django keeps it in SQLite: UTC, which is not said."""
    return at.replace(tzinfo=None).isoformat(" ")
