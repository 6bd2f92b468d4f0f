"""Every page, at a desk and on a phone, light and dark: axe finds nothing, nothing stands out, little is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import Page, Request, expect

from tests.browser.courier import DOMAIN, HELP, Courier, overflow
from tests.servers.browser import DESK, PHONE
from tests.web.access_matrix import MATRIX
from tests.whole.company import ask, wait_until_filed

pytestmark = pytest.mark.once("about looks")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TALL = 3500  # pixels, so that no sticky bar lies over what axe looks at

PAGES = (
    "/inbox/mine",
    "/inbox/everyone",
    "/inbox/everyone?status=asleep",
    "/inbox/everyone?status=closed",
    "/inbox/everyone?owner=me&status=any&before=soon",
    "/inbox/everyone/filters?owner=me",
    "/inbox/everyone/saving?status=waiting",
    "/keys",
    "/capture",
    "/search?q=paper",
    "/search?q=papre+from:ada+before:soon",
    "/search?q=nobody+ever+wrote+this",
    "/people",
    "/people/3",
    "/people/new",
    "/people/invitations",
    "/second-factor",
    "/passkeys/new",
    "/second-factor/app",
    "/people/3/details",
    "/people/3/disabling",
    "/profile",
    "/canned-replies",
    "/canned-replies/new",
    "/teams",
    "/teams/new",
    "/teams/courier-delivery",
    "/teams/courier-delivery/details",
    "/teams/courier-delivery/ladder",
    "/ladders",
    "/ladders/house",
    "/ladders/promises",
    "/tags",
    "/ownership-map",
    "/first-steps",
    "/mailboxes",
    "/mailboxes/new",
    "/mailboxes/new?address=ada%40gmail.com",
    "/mailboxes/new?address=ada%40gmail.com&at=other",
    "/audit-trail",
    "/audit-trail?kind=seen&who=3",
    "/notices",
    "/notices/settings",
    "/customers",
    "/mail-ledger",
    "/quarantine",
    "/from-addresses",
    "/from-addresses/new",
    "/stuck-work",
    "/password/first",
    "/sign-out",
)
CARD_GAME = "Your card game goes ffffppfftfpffff"
CONVERSATIONS = ("No paper again", "Yesterday's crossword", "Reprint of an article", CARD_GAME)
SIGNED_OUT = (
    "/sign-in",
    "/sign-in/code",
    "/sign-in/new",
    "/sign-in/inactive",
    "/sign-in/company-said-no",
    "/password/reset",
    "/password/reset/done",
    "/password/reset/key/1-wrong",
    "/password/reset/finished",
    "/sign-in/a-link-that-was-used",
)
# Of one thing each, and where its number is found; without one the page of its name makes it.
OF_ONE = {
    "/messages/{}/forwarding": "SELECT max(id) FROM conversations_message WHERE direction = 'in'",
    "/conversations/{}/escalation": "SELECT max(id) FROM conversations_conversation WHERE status = 'open'",
    "/customers/{}": "SELECT max(id) FROM customers_customer",
    "/customers/{}/erasure": "SELECT max(id) FROM customers_customer",
}
# Pages that are walked through below, or elsewhere, where something has to be done to get there.
WALKED = (
    *("conversation_joining", "conversation_linking", "conversation_asides", "conversation_tags"),
    *("conversation_canned_replies", "aside", "customer_merging", "quarantined_mail", "conversation"),
    *("organization", "canned_reply", "from_address", "joining", "sign_in_link"),
    *("mailbox_receiver", "mailbox_password", "mailbox_removal"),  # test_connecting_a_mailbox
)
# The same page as one that is looked at, with another provider's name on it; or not there without a second factor.
ALIKE = ("mailbox_permission_renewal", "mfa_generate_recovery_codes")
# Files, and parts of pages, which stand in one that is looked at.
NO_PAGES = (
    *("face", "attachment", "draft_file", "canned_picture", "message_html", "message_raw", "quarantined_mail_raw"),
    *("conversation_colleagues", "push_worker", "healthz"),
)

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung"


@pytest.fixture(scope="module")
def long_words(courier: Courier) -> str:
    """The path of a conversation in which everything is as long as it gets."""
    mail = EmailMessage()
    mail["From"] = f"{LONG}-Maximiliana <{'m' * 60}@a-very-long-department.{'u' * 60}.example>"
    mail["To"] = HELP
    mail["Subject"] = LONG
    mail["Message-ID"] = "<long@readers.example>"
    mail.set_content(f"route 4 {LONG * 5}\n\nhttps://readers.example/{'a' * 300}\n")
    mail.add_attachment(b"words", maintype="application", subtype="pdf", filename=f"{LONG}-{LONG}.pdf")
    courier.send(mail.as_bytes(), to=HELP)
    wait_until_filed(courier)
    return courier.conversation(LONG)


@pytest.mark.parametrize("path", [*PAGES, *CONVERSATIONS])
def test_a_page_is_open_to_everybody(courier: Courier, visit: Callable[..., Page], path: str) -> None:
    page = visit()
    courier.sign_in(page)
    page.goto(courier.url + (path if path.startswith("/") else courier.conversation(path)))

    assert found_by_axe(page) == []


def test_every_page_there_is_is_looked_at() -> None:
    paths = [path.partition("?")[0].format(1) for path in (*PAGES, *SIGNED_OUT, *OF_ONE)]
    seen = {resolve(path).url_name for path in paths} | {*WALKED, *ALIKE, *NO_PAGES}

    assert sorted(name for name, access in MATRIX.items() if 200 in access.get and name not in seen) == []


@pytest.mark.parametrize("path", OF_ONE)
def test_the_page_of_one_thing_is_open_to_everybody(courier: Courier, visit: Callable[..., Page], path: str) -> None:
    ((number,),) = ask(courier, OF_ONE[path])
    page = visit(width=PHONE)
    courier.sign_in(page)
    page.goto(courier.url + path.format(number))

    assert found_by_axe(page) == []
    assert not overflow(page)


def test_what_somebody_makes_has_a_page_that_is_open_to_everybody(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    page.goto(f"{courier.url}/canned-replies/new")
    page.get_by_label("Its name").fill("On its way")
    page.get_by_role("textbox", name="What it says").fill("It is on its way.")
    page.get_by_role("button", name="Save").click()
    courier.run("mailbox", "add", f"press@{DOMAIN}")
    page.goto(f"{courier.url}/from-addresses/new")
    page.locator("main input[name=address]").fill(f"press@{DOMAIN}")
    page.get_by_role("button", name="Save").click()
    page.goto(f"{courier.url}/customers")
    page.locator("main a[href^='/customers/']").first.click()
    page.get_by_text("Change what we know").click()
    page.get_by_label("Organization").fill("The Mill")
    page.get_by_role("button", name="Save").click()
    for table, path in (
        ("conversations_cannedreply", "/canned-replies/{}"),
        ("email_fromaddress", "/from-addresses/{}"),
        ("customers_organization", "/organizations/{}"),
    ):
        ((number,),) = ask(courier, f"SELECT max(id) FROM {table}")  # noqa: S608
        page.goto(courier.url + path.format(number))
        assert found_by_axe(page) == []
        assert not overflow(page)


def test_who_comes_in_by_a_link_finds_it_open(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    page.goto(f"{courier.url}/people/invitations")
    page.get_by_role("button", name="Make a link").click()
    links = [page.locator("#the-address").input_value()]
    page.goto(f"{courier.url}/people/invitations")
    page.set_viewport_size({"width": 320, "height": 844})
    assert not overflow(page)
    links += [courier.run("signin-link", f"ben@{DOMAIN}").strip()]
    page.context.clear_cookies()
    for link in links:
        page.goto(courier.url + urlsplit(link).path)
        assert found_by_axe(page) == []


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_the_way_in_is_open_to_everybody(courier: Courier, visit: Callable[..., Page], path: str) -> None:
    page = visit(expecting="status of 4")
    page.goto(courier.url + path)

    assert found_by_axe(page) == []


def test_nothing_stands_out_however_long_the_words(
    courier: Courier, visit: Callable[..., Page], long_words: str
) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    outstanding = []
    for path in (*PAGES, long_words):
        page.goto(courier.url + path)
        for width in (320, PHONE, DESK):
            page.set_viewport_size({"width": width, "height": 844})
            outstanding += [f"{path} at {width}"] if overflow(page) else []

    assert outstanding == []


def test_everything_on_a_page_is_open_to_everybody(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    page.goto(courier.url + courier.conversation(CARD_GAME))
    page.get_by_text("3 earlier messages").click()
    page.get_by_role("button", name="Menu of Ana Silva").click()
    assert found_by_axe(page) == []

    page.goto(courier.url + "/quarantine")
    page.get_by_role("link", name="(no subject)").click()
    assert found_by_axe(page) == []

    page.goto(courier.url + "/ownership-map")
    for fold in page.locator("main summary").all()[-3:]:
        fold.click()
    assert found_by_axe(page) == []


def test_a_conversation_opened_in_place_is_open_to_everybody(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit()
    courier.sign_in(page)
    page.goto(f"{courier.url}/inbox/everyone")
    page.locator(".conversation-row a").first.click()
    page.wait_for_url("**/conversations/*")
    assert found_by_axe(page) == []

    page.go_back()
    page.wait_for_url("**/inbox/*")
    expect(page.locator(".conversation-row:focus-within")).to_have_count(1)
    assert found_by_axe(page) == []


@pytest.mark.parametrize("beside", ["joining", "linking", "asides", "tags", "canned-replies"])
def test_what_a_conversation_leads_to_is_open_to_everybody(
    courier: Courier, visit: Callable[..., Page], beside: str
) -> None:
    page = visit()
    courier.sign_in(page)
    page.goto(f"{courier.url}{courier.conversation(CARD_GAME)}/{beside}")
    assert found_by_axe(page) == []


def test_an_aside_is_open_to_everybody_and_fits_a_phone(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    page.goto(f"{courier.url}{courier.conversation('Reprint of an article')}/asides")
    page.get_by_label("To", exact=True).fill("printer@partner.example")
    page.get_by_label("Subject").fill("Two hundred copies")
    page.locator("main textarea").fill("What would two hundred copies cost?")
    page.locator("main").get_by_role("button", name="Ask them").click()
    page.wait_for_url("**/asides/*")
    assert found_by_axe(page) == []
    assert not overflow(page)


def test_who_is_paged_finds_it_open_and_fitting_a_phone(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    page.goto(f"{courier.url}{courier.conversation('Gift for my sister')}/escalation")
    page.get_by_label("What has happened, and what is needed").fill("She stands at the counter, in tears.")
    page.get_by_role("button", name="Page them").click()
    expect(page.get_by_text("Paged:").first).to_be_visible()
    courier.open(page, "Gift for my sister")
    expect(page.get_by_role("button", name="I act")).to_be_in_viewport()
    assert found_by_axe(page) == []
    assert not overflow(page)

    page.goto(f"{courier.url}/inbox/everyone")
    assert found_by_axe(page) == []
    assert not overflow(page)


def test_a_note_is_changed_on_a_page_that_is_open_to_everybody(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    courier.open(page, "Reprint of an article")
    page.locator(".composer__modes").get_by_text("Internal note").click()
    page.locator("#note-text").fill("The printer has the plates.")
    page.get_by_role("button", name="Keep note for colleagues").click()
    expect(page.get_by_text("The printer has the plates.")).to_be_visible()
    ((number,),) = ask(courier, "SELECT max(id) FROM conversations_message WHERE kind = 'note'")
    page.goto(f"{courier.url}/messages/{number}/note")
    expect(page.get_by_role("heading", level=1)).to_have_text("Change your note")
    assert found_by_axe(page) == []
    assert not overflow(page)


def test_where_there_is_no_address_the_page_is_open_to_everybody(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit(width=PHONE)
    courier.sign_in(page)
    page.goto(f"{courier.url}/capture")
    page.locator("main [name=name]").fill("Old Mrs Miller")
    page.locator("main [name=said]").fill("Her crossword has no letters.")
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url(re.compile("/conversations/"))
    expect(page.get_by_text("We have no address of Old Mrs Miller")).to_be_visible()
    assert found_by_axe(page) == []
    assert not overflow(page)


def test_the_pages_of_merging_are_open_to_everybody(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit()
    courier.sign_in(page)
    page.goto(f"{courier.url}/customers")
    page.locator("main a[href^='/customers/']").first.click()
    page.get_by_role("link", name="Merge with another customer").click()
    assert found_by_axe(page) == []


def test_the_first_page_is_light(courier: Courier, visit: Callable[..., Page]) -> None:
    page = visit()
    courier.sign_in(page)
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108 (Playwright looks into it)
    page.goto(f"{courier.url}/inbox/mine", wait_until="load")

    weighed = [one for one in finished if one.resource_type in ("script", "stylesheet")]
    assert len(weighed) > 10
    assert sum(one.sizes()["responseBodySize"] for one in weighed) < 100_000


def found_by_axe(page: Page) -> list[str]:
    """What WCAG 2.2 AA asks and the page lacks, on a phone and at a desk; in the dark only colours can differ."""
    found = []
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": TALL})
        for scheme, rules in (("light", RULES), ("dark", {"type": "rule", "values": ["color-contrast"]})):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            # Ended, not awaited: the promise of a transition that another one replaces may never be kept.
            page.evaluate("document.getAnimations().forEach((one) => one.finish())")
            answer = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response
            found += [
                f"{scheme} at {width}: {one['id']}: {node['html'][:160]}"
                for one in answer["violations"]
                for node in one["nodes"]
            ]
    return found
