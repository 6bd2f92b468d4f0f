"""The documentation tells the truth: its links lead somewhere, its commands exist, its lists are complete."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import click
import pytest

from docs import settings as settings_page
from everyhand.cli.main import COMMANDS, main
from everyhand.config import environment
from tests.servers.everyhand import RunningEveryhand

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

OURS = "help@localhost"
# Where pages speak of the program: at the beginning of a line of code, after a prompt, a path or an assignment.
CALL = re.compile(r"(?:^|[`$;&|] ?|bin/|=\S+ )everyhand (?P<rest>[^`\n#|;]*)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [link for link in links_of(page) if not leads_somewhere(link, page)]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_in_a_page_exists(page: Path) -> None:
    unknown = [call for call in calls_of(page) if not exists(call)]

    assert unknown == []


def test_a_command_that_does_not_exist_would_be_found() -> None:
    assert exists(["member", "add", "EMAIL", "NAME", "--role", "admin"])
    assert not exists(["members"])
    assert not exists(["member", "remove", "EMAIL"])
    assert not exists(["ingest", "--quick", "PATH"])


def test_every_command_is_explained() -> None:
    explained = {tuple(call[:2]) for call in calls_of(DOCS / "commands.md")}
    explained |= {call[:1] for call in explained}

    assert [name for name in every_command() if name not in explained] == []


def test_every_option_is_explained() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")

    assert [option for option in every_option() if option not in page] == []


def test_every_setting_is_explained_as_it_is() -> None:
    written = settings_page.PAGE.read_text(encoding="utf-8")

    assert written == settings_page.page(), "run `python -m docs.settings`"


def test_every_setting_a_page_speaks_of_exists() -> None:
    known = {setting.variable for setting in environment.SETTINGS} | {"EVERYHAND_DATA"}
    spoken_of = {name for page in PAGES for name in re.findall(r"\bEVERYHAND_[A-Z_]+\b", page.read_text("utf-8"))}

    assert {name for name in spoken_of if not name.startswith("EVERYHAND_TEST_")} <= known


def test_every_page_can_be_found_from_the_first() -> None:
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links_of(DOCS / "README.md")}

    assert [page.name for page in DOCS.rglob("*.md") if page.resolve() not in linked | {DOCS / "README.md"}] == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links_of(page)}

    assert set((DOCS / "screenshots").glob("*.webp")) <= shown


@pytest.mark.parametrize("page", ["reliability.md", "security.md"])
def test_every_promise_names_a_test_that_is_there_and_promises_are_numbered_on(page: str) -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    named = {int(number): re.findall(r"`([^`]+)`", proofs) for number, proofs in rows}

    assert list(named) == list(range(1, len(rows) + 1))
    assert [number for number, files in named.items() if not files] == []
    assert [name for files in named.values() for name in files if not (ROOT / "tests" / name).is_file()] == []


def test_decisions_are_numbered_on() -> None:
    names = sorted(page.name for page in (DOCS / "decisions").glob("*.md"))

    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_the_lines_of_ingest_are_explained_key_by_key(cluster_url: str | None, tmp_path: Path) -> None:
    (tmp_path / "forward.eml").write_bytes(forward_with_a_picture())
    (tmp_path / "bounce.eml").write_bytes(bounce())
    everyhand = RunningEveryhand(cluster_url=cluster_url)
    try:
        lines = [json.loads(line) for line in everyhand.run("ingest", "--json", str(tmp_path)).splitlines()]
    finally:
        everyhand.dispose()
    example = json.loads(block_after((DOCS / "commands.md").read_text(encoding="utf-8"), "```json"))

    bounced, forwarded = lines
    assert bounced["bounce"]
    assert forwarded["forwarded"]
    assert set(keys_of(bounced)) | set(keys_of(forwarded)) == set(keys_of(example))


def links_of(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8")))


def leads_somewhere(link: str, page: Path) -> bool:
    if link.startswith("https://"):
        return True  # the tests never leave this machine
    path, _, heading = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return False
    return not heading or heading in headings_of(target)


def headings_of(page: Path) -> set[str]:
    """The anchors of a page, as code hosts make them: small letters, no punctuation, hyphens for spaces."""
    titles = re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def calls_of(page: Path) -> list[list[str]]:
    """Every call of the program in a page, as words."""
    pieces = re.findall(r"```\w*\n(.*?)```|(`[^`\n]+`)", page.read_text(encoding="utf-8"), re.DOTALL)
    code = "\n".join(block or inline for block, inline in pieces)
    return [shlex.split(found["rest"]) for found in CALL.finditer(code)]


def exists(call: list[str]) -> bool:
    command: click.Command | None = main
    for word in call:
        if word.startswith("$"):
            return True  # whatever the shell puts there
        if word.startswith("--"):
            if command is None or not (word == "--help" or any(word in one.opts for one in command.params)):
                return False
        elif isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word)
            if command is None:
                return False
    return True


def every_command() -> Iterator[tuple[str, ...]]:
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.commands)
        else:
            yield (name,)


def every_option() -> Iterator[str]:
    for names in every_command():
        command: Any = main
        for name in names:
            command = command.get_command(click.Context(command), name)
        yield from (opt for one in command.params if isinstance(one, click.Option) for opt in one.opts)


def block_after(text: str, opening: str) -> str:
    return text.split(f"{opening}\n", 1)[1].split("```", 1)[0]


def keys_of(value: Any, path: str = "") -> Iterator[str]:
    """Every key, with where it stands: `attachments[].name`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}{key}"
            yield from keys_of(inner, f"{path}{key}[]." if isinstance(inner, list) else f"{path}{key}.")
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner, path)


def forward_with_a_picture() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Cc"] = "Bob <bob@customers.test>", OURS, "carla@customers.test"
    mail["Subject"], mail["Message-ID"] = "Fwd: No paper", "<fwd-1@customers.test>"
    mail.set_content(
        "Can you help Ada?\n\n---------- Forwarded message ---------\nFrom: Ada Brown <ada@customers.test>\n"
        "Date: Mon, Mar 2, 2026 at 7:40 AM\nSubject: No paper\nTo: <bob@customers.test>\n\nNo paper since Monday.\n"
    )
    mail.add_attachment(b"a letterbox", maintype="image", subtype="jpeg", filename="letterbox.jpg")
    return mail.as_bytes()


def bounce() -> bytes:
    return (
        b"From: mailer-daemon@customers.test\nTo: help@localhost\nSubject: Undelivered\n"
        b'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nIt could not be delivered.\n\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.customers.test\n\n"
        b"Final-Recipient: rfc822; gone@customers.test\nAction: failed\nStatus: 5.1.1\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 No such user\n\n--b--\n"
    )
