"""An administrator connects the company's mailbox, at a real Dovecot, and the next letter is there to be answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.courier import overflow
from tests.browser.test_every_page import found_by_axe
from tests.channels.email.door import make_certificate
from tests.channels.email.fetching.test_a_mailbox_elsewhere import HELP, letter
from tests.servers.browser import PHONE
from tests.servers.dovecot import Dovecot
from tests.servers.everyhand import RunningEveryhand
from tests.whole.company import ask


def test_from_an_address_to_the_first_letter(
    start_everyhand: Callable[..., RunningEveryhand],
    make_dovecot: Callable[..., Dovecot],
    visit: Callable[..., Page],
    tmp_path: Path,
) -> None:
    certificate = make_certificate(tmp_path, "localhost")
    dovecot = make_dovecot(certificate=certificate)
    company = start_everyhand(SSL_CERT_FILE=str(certificate), EVERYHAND_MAILBOX_NETWORKS="127.0.0.0/8")
    now = datetime.now(UTC).replace(microsecond=0)
    dovecot.deliver(letter(number, now - timedelta(days=number * 20)) for number in range(1, 6))
    page = visit(width=PHONE, expecting="status of 422")
    page.goto(company.run("signin-link", "admin@localhost").strip())
    page.get_by_role("button", name=re.compile("^Sign in")).click()

    page.goto(f"{company.url}/mailboxes")
    page.get_by_role("link", name="Connect a mailbox").click()
    page.get_by_label("Which address do customers write to?").fill(HELP)
    page.get_by_role("button", name="Find its server").click()
    expect(page.get_by_label("Server", exact=True)).to_have_value("imap.paper.test")
    page.get_by_label("Server", exact=True).fill("localhost")
    page.get_by_label("Port", exact=True).fill(str(dovecot.port))
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Look what would happen").click()
    expect(page.get_by_text("does not accept the user name or password")).to_be_visible()

    page.get_by_label("Password", exact=True).fill("riverside")
    page.get_by_role("button", name="Look what would happen").click()
    expect(page.get_by_text("5 mails; the last 30 days (1) are imported silently")).to_be_visible()
    page.get_by_label("Days of history to import").fill("90")
    page.get_by_role("button", name="Count anew").click()
    expect(page.get_by_text("5 mails; the last 90 days (4) are imported silently")).to_be_visible()
    assert overflow(page) == 0
    page.get_by_role("button", name="Connect it").click()

    expect(page.get_by_text("Its mail is fetched as it arrives.")).to_be_visible(timeout=30_000)
    ((number,),) = ask(company, "SELECT id FROM email_connectedmailbox")
    for beside in ("receiver", "password", "removal"):
        page.goto(f"{company.url}/mailboxes/{number}/{beside}")
        assert found_by_axe(page) == []
        assert not overflow(page)
    dovecot.deliver([letter(99, now)])
    page.goto(f"{company.url}/inbox/everyone")
    expect(page.get_by_text("Letter 99")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Letter 1", exact=True)).to_have_count(0)  # history is closed
    assert dovecot.flags() == set()
