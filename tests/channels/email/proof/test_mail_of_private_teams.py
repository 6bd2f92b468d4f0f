"""Mail for a private team that waits for a person is for its members, wherever one might come across it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from everyhand.channels.email.models import Mail, Mailbox
from everyhand.core.journal import Entry
from everyhand.notices.models import Notice
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.routing import actions as routing
from everyhand.routing.models import Rule
from everyhand.web.counts import Counts
from everyhand.web.live import reading
from tests.cast import NOON, member, minutes, team
from tests.channels.email.proof.post import ADA, Post, reply_address
from tests.channels.email.proof.senders import EVIL_SERVER, written
from tests.notices.office import Office, told
from tests.web.house import browser_of

HR: Final = "hr@courier.test"
SECRET: Final = "About the harassment"
BEN: Final = "ben@courier.test"
A_MAIL_WAITS: Final = "A mail waits for a decision"


@pytest.fixture
def hana(post: Post) -> Member:
    return member("Hana Roth", title="People", role=Role.SPECIALIST)


@pytest.fixture
def hr(post: Post, hana: Member) -> Team:
    """The private team behind hr@courier.test: Hana, a specialist, and Carla, who else sees only what is hers."""
    made = team("hr", "People", hana, post.cast.carla, private=True)
    Mailbox.objects.create(address=HR)
    routing.add_rule(by=post.cast.ines, at=NOON, looks_at=Rule.Looks.RECIPIENT, pattern=HR, team=made)
    return made


@pytest.fixture
def office(hr: Team) -> Office:
    made = Office()
    made.reacts(NOON)
    return made


def letter(sender: str, more: bytes = b"", **fields: str) -> bytes:
    fields = {"Message-ID": "<letter@courier.test>", **fields}
    return (
        written(sender, "She did it again.", **fields).replace(b"Subject: Paper", f"Subject: {SECRET}".encode()) + more
    )


def held(post: Post, hr: Team) -> Mail:
    """Somebody writes in Ben's name to the people team; nothing proves that it is him."""
    return post.comes(letter(BEN), to=HR, peer=EVIL_SERVER, envelope_from="mallory@evil.test")


def an_answer_that_is_held(post: Post, hr: Team) -> Mail:
    """Somebody answers in Ada's name, in a conversation of the people team's."""
    theirs = post.writes(to=HR).conversation
    to = reply_address(theirs)
    return post.comes(letter(ADA), to=to, peer=EVIL_SERVER, envelope_from="mallory@evil.test")


def unreadable(post: Post, hr: Team) -> Mail:
    raw = letter(ADA, b"--x\n\n" * 3_000, **{"Content-Type": "multipart/mixed; boundary=x"})
    return post.comes(raw, to=HR)


def pages(reader: Member) -> str:
    """Every page on which waiting mail is listed."""
    browser = browser_of(reader)
    shown = [browser.get(path) for path in ("/quarantine", "/mail-ledger", "/stuck-work", "/search?q=harassment")]
    assert {page.status_code for page in shown} == {200}
    return "".join(page.content.decode() for page in shown)


def codes(reader: Member, mail: Mail) -> list[int]:
    """How the server answers to the mail, its bytes, trying again, deciding, and trying again as stuck work."""
    browser = browser_of(reader)
    read = [browser.get(f"/quarantine/{mail.pk}{what}").status_code for what in ("", "/raw")]
    done: list[tuple[str, dict[str, Any]]] = [
        (f"/quarantine/{mail.pk}/retry", {}),
        (f"/quarantine/{mail.pk}/decision", {"decision": "dismiss"}),
        (f"/stuck-work/mail/{mail.pk}/retry", {}),
    ]
    return read + [browser.post(path, fields).status_code for path, fields in done]


@pytest.mark.parametrize("arrives", [held, an_answer_that_is_held, unreadable])
def test_only_members_of_the_team_find_it(
    arrives: Callable[[Post, Team], Mail], post: Post, hr: Team, hana: Member, office: Office
) -> None:
    mail = arrives(post, hr)
    office.reacts(NOON)

    assert (mail.outcome, mail.team) == (Mail.Outcome.QUARANTINED, hr)
    for stranger in (post.cast.ana, post.cast.ines):  # a specialist, and an administrator
        assert SECRET not in pages(stranger)
        assert f"/quarantine/{mail.pk}" not in pages(stranger)
        assert Counts(stranger).quarantine == 0
        assert {code for code in codes(stranger, mail) if code != 404} == set()
        assert [one for one in told(stranger) if one.startswith("A mail")] == []
    assert Counts(hana).quarantine == 1
    assert f"/quarantine/{mail.pk}" in browser_of(hana).get("/quarantine").content.decode()
    for theirs in (hana, post.cast.carla):
        assert [one for one in told(theirs) if one.startswith("A mail")] != []
        assert SECRET in browser_of(theirs).get(f"/quarantine/{mail.pk}").content.decode()
    mail.refresh_from_db()
    assert mail.outcome == Mail.Outcome.QUARANTINED  # nobody from outside the team changed it


def test_a_member_of_the_team_decides(post: Post, hr: Team) -> None:
    mail = held(post, hr)

    browser_of(post.cast.carla).post(f"/quarantine/{mail.pk}/decision", {"decision": "open"})
    post.work(at=timezone.now())

    mail.refresh_from_db()
    assert mail.conversation is not None
    assert mail.conversation.team == hr
    assert browser_of(post.cast.ana).get(f"/conversations/{mail.conversation_id}").status_code == 404


def test_who_is_in_no_private_team_and_no_specialist_has_no_quarantine(post: Post) -> None:
    assert browser_of(post.cast.carla).get("/quarantine").status_code == 403


def the_way_there(reader: Member) -> str:
    """The link to quarantine on the inbox of this member; "" when there is none."""
    page = browser_of(reader).get("/inbox/mine").content.decode()
    found = re.search(r'<a class="rail__link"\s+href="/quarantine".*?</a>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_a_member_of_the_team_finds_the_way_to_what_waits_and_nobody_else_is_shown_one(
    post: Post, hr: Team, hana: Member
) -> None:
    nobodys = team("sport", "Sport", member("Gil Reed"), private=False)
    assert the_way_there(post.cast.carla) == "Quarantine"
    held(post, hr)
    assert the_way_there(post.cast.carla) == "Quarantine 1 to look at"
    assert the_way_there(hana) == "Quarantine 1 to look at"
    assert the_way_there(post.cast.ana) == "Quarantine"
    assert the_way_there(nobodys.members.get()) == ""
    Membership.objects.filter(member=post.cast.carla).delete()
    assert the_way_there(post.cast.carla) == ""


def test_the_way_there_costs_no_read(post: Post, hr: Team) -> None:
    inside, outside = browser_of(post.cast.carla), browser_of(member("Gil Reed"))
    counted = []
    for browser in (inside, outside):
        browser.get("/inbox/mine")
        with CaptureQueriesContext(connection) as queries:
            browser.get("/inbox/mine")
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 10


def test_what_was_put_away_is_in_the_ledger_without_its_words_for_others(post: Post, hr: Team, hana: Member) -> None:
    post.comes(letter(ADA, b"", **{"Auto-Submitted": "auto-replied"}), to=HR)

    assert Mail.objects.get().outcome == Mail.Outcome.SUPPRESSED
    for stranger in (post.cast.ana, post.cast.ines):
        ledger = browser_of(stranger).get("/mail-ledger").content.decode()
        assert SECRET not in ledger
        assert ADA not in ledger
    assert SECRET in browser_of(hana).get("/mail-ledger").content.decode()


def test_pages_that_listen_hear_nothing_of_it(post: Post, hr: Team, office: Office) -> None:
    before = Entry.objects.latest("pk").cursor

    mail = held(post, hr)

    entry = Entry.objects.get(action="mail.held")
    assert entry.particulars == {"why": mail.held, "team": hr.pk}  # keys, and not a word
    assert reading.missed(post.cast.ana.pk, before) in ([], None)


def test_who_leaves_the_team_before_the_notice_is_mailed_hears_nothing(
    post: Post, hr: Team, hana: Member, office: Office
) -> None:
    held(post, hr)
    office.reacts(NOON)
    Membership.objects.filter(member=hana).delete()

    mails = office.writes_mails(NOON + minutes(24 * 60))

    assert [mail["To"] for mail in mails if "hana" in mail["To"]] == []


def test_when_nobody_is_left_in_the_team_administrators_find_it(post: Post, hr: Team, office: Office) -> None:
    Membership.objects.filter(team=hr).delete()

    mail = held(post, hr)
    office.reacts(NOON)

    assert SECRET in browser_of(post.cast.ines).get(f"/quarantine/{mail.pk}").content.decode()
    assert Counts(post.cast.ines).quarantine == 1
    assert A_MAIL_WAITS in told(post.cast.ines)
    assert browser_of(post.cast.ana).get(f"/quarantine/{mail.pk}").status_code == 404
    assert not Notice.objects.filter(member=post.cast.ana).exists()


def test_mail_of_a_team_that_is_not_private_is_for_everybody_who_looks_after_mail(post: Post, hr: Team) -> None:
    Team.objects.update(private=False)

    mail = held(post, hr)

    assert SECRET in browser_of(post.cast.ana).get(f"/quarantine/{mail.pk}").content.decode()
