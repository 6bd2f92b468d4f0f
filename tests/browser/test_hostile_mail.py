"""Mail that wants to run something or to learn who reads it: nothing runs, and nothing leaves this machine."""

from __future__ import annotations

import json
import mailbox
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import quote

import pytest
from playwright.sync_api import FormData, Page

from tests.browser.courier import HELP, Courier

pytestmark = pytest.mark.once("about what a browser runs")

# What runs calls alert(), which a window notices; what looks outside asks 192.0.2.1 (RFC 5737), which it notices too.
OUT = "//192.0.2.1/seen"
HOSTILE = (
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script/x>alert(1)</script>",
    "<<script>alert(1);//<</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    f"<script src={OUT}></script>",
    "<script type=module>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    '<img src=x:x onerror="alert&#40;1&#41;">',
    "<img/src=x/onerror=alert(1)>",
    '" onerror="alert(1)" x="',
    "' onmouseover='alert(1)' x='",
    '" autofocus onfocus=alert(1) x="',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text y=20>press</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    f"<svg><image href=http:{OUT} /></svg>",
    f"<svg><use href=http:{OUT}#x /></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=alert(1)&gt;">',
    "<math href=javascript:alert(1)>press</math>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<template><script>alert(1)</script></template>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    f"<iframe src=http:{OUT}></iframe>",
    "<object data=javascript:alert(1)></object>",
    f"<object data=http:{OUT}></object>",
    f"<embed src=http:{OUT}>",
    f"<video src=http:{OUT} autoplay><source onerror=alert(1)></video>",
    f"<audio src=http:{OUT} onerror=alert(1)></audio>",
    f"<video poster=http:{OUT}></video>",
    f"<img src=http:{OUT}>",
    f"<img srcset='http:{OUT} 2x'>",
    f"<picture><source srcset=http:{OUT}><img></picture>",
    f"<input type=image src=http:{OUT} autofocus onfocus=alert(1)>",
    f"<body background=http:{OUT}>",
    f"<table background=http:{OUT}><td>x</td></table>",
    f"<p style='background:url(http:{OUT})'>x</p>",
    f"<p style='background:u\\72l(http:{OUT})'>x</p>",
    f"<p style='list-style-image:image-set(\"http:{OUT}\" 1x)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    f"<style>@import 'http:{OUT}';</style>",
    f"<style>*{{background:url(http:{OUT})}}</style>",
    f"<link rel=stylesheet href=http:{OUT}>",
    f"<link rel=prefetch href=http:{OUT}>",
    f"<link rel=dns-prefetch href=http:{OUT}>",
    f"<meta http-equiv=refresh content='0;url=http:{OUT}'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    f"<base href=http:{OUT}/><img src=x.png>",
    f"<form action=http:{OUT}><button>Sign in again</button></form><script>document.forms[0].submit()</script>",
    "<form><button formaction=javascript:alert(1)>press</button></form>",
    "<a href=javascript:alert(1)>press</a>",
    "<a href='&#106;avascript:alert(1)'>press</a>",
    "<a href='java\tscript:alert(1)'>press</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>press</a>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<div data-controller=x data-action='click->x#y' hx-get=/sign-out hx-trigger=load>x</div>",
    "<p id=timeline hx-on::load=alert(1) hx-get=/sign-out hx-trigger=load>x</p>",
    "{{ 7 * 7 }}{% raw %}${alert(1)}<%= alert(1) %>",
    "javascript:alert(1)",
)


@pytest.fixture(scope="module")
def hostile(courier: Courier) -> dict[int, str]:
    """What stands in the body, the subject, the sender's name and a file's name, by number of the conversation."""
    box = mailbox.mbox(courier.directory / "hostile.mbox")
    for number, words in enumerate(HOSTILE):
        box.add(mail(number, words))
    box.close()
    answers = courier.run("ingest", "--json", str(courier.directory / "hostile.mbox")).splitlines()
    lines = [json.loads(answer) for answer in answers]
    assert [line["outcome"] for line in lines] == ["filed"] * len(HOSTILE)
    return {line["conversation"]: words for line, words in zip(lines, HOSTILE, strict=True)}


def mail(number: int, words: str) -> EmailMessage:
    one_line = " ".join(words.split())
    mail = EmailMessage()
    mail["From"] = Address(one_line, f"eve{number}", "elsewhere.example")
    mail["To"] = HELP
    mail["Subject"] = f"Eve {number} {one_line}"
    mail["Message-ID"] = f"<{number}@elsewhere.example>"
    mail.set_content(f"{words}\n\nhttp://192.0.2.1/{one_line.replace(' ', '')}\n\n> {words}\n")
    mail.add_alternative(f"<html><body><p>Before</p>{words}<p>After</p></body></html>", subtype="html")
    mail.add_attachment(words.encode(), maintype="text", subtype="html", filename=f"{one_line}.html")
    return mail


@pytest.fixture
def ana(courier: Courier, visit: Callable[..., Page]) -> Page:
    """Ana's window, in which what runs is remembered and fails the test."""
    page = visit()
    courier.sign_in(page)
    return page


@pytest.fixture
def ran(ana: Page) -> list[str]:
    ran: list[str] = []

    def remember(dialog: object) -> None:
        ran.append(ana.url)
        dialog.dismiss()  # type: ignore[attr-defined]

    ana.context.on("dialog", remember)
    return ran


def test_reading_it_runs_nothing_and_asks_nobody(
    courier: Courier, ana: Page, ran: list[str], hostile: dict[int, str]
) -> None:
    for number, words in hostile.items():
        ana.goto(f"{courier.url}/conversations/{number}")
        ana.evaluate("document.querySelectorAll('.message details').forEach((fold) => (fold.open = true))")
        ana.frame_locator("iframe[name^=designed-]").get_by_text("Before").wait_for()
        assert " ".join(words.split()) in ana.locator("h1").inner_text(), words
        assert not ran, words
        assert ana.url.endswith(f"/conversations/{number}"), words


def test_lists_of_it_run_nothing_and_ask_nobody(
    courier: Courier, ana: Page, ran: list[str], hostile: dict[int, str]
) -> None:
    paths = ["/inbox/everyone", "/inbox/mine", "/mail-ledger", "/search?q=alert", "/search?q=eve3", "/people"]
    paths += ["/customers", "/customers?q=eve", "/notices", "/audit-trail", "/audit-trail?kind=seen"]
    for path in paths:
        ana.goto(courier.url + path)
        assert not ran, path
        assert ana.url == courier.url + path
    assert hostile


def test_what_is_typed_runs_nothing_where_it_is_shown_again(
    courier: Courier, ana: Page, ran: list[str], hostile: dict[int, str]
) -> None:
    """Search words, names of customers and members, notes, views: typed by a person, or by a link somebody sends."""
    number = next(iter(hostile))
    shown_again = [f"/conversations/{number}", "/audit-trail", "/inbox/everyone", "/people", "/notices"]
    for words in HOSTILE[::4]:
        typed = quote(words.replace("\n", " "))
        for path in (f"/search?q={typed}", f"/customers?q={typed}", f"/inbox/everyone?from={typed}&status={typed}"):
            ana.goto(courier.url + path)
            assert not ran, (words, path)
        ana.goto(f"{courier.url}/conversations/{number}")
        form = FormData()
        form.append("text", words)
        form.append("csrfmiddlewaretoken", ana.locator("input[name=csrfmiddlewaretoken]").first.input_value())
        answer = ana.request.post(f"{courier.url}/conversations/{number}/notes", form=form)
        assert answer.ok, words
    for path in shown_again:
        ana.goto(courier.url + path)
        assert not ran, path


def test_its_links_lead_nowhere_dangerous(courier: Courier, ana: Page, ran: list[str], hostile: dict[int, str]) -> None:
    pressed = []
    for number, words in hostile.items():
        if "press" in words:
            ana.goto(f"{courier.url}/conversations/{number}")
            ana.get_by_text("As they designed it").click()
            frame = ana.frame_locator("iframe[name^=designed-]")
            frame.get_by_text("After").wait_for()
            for link in frame.get_by_text("press").all():
                link.click()
                pressed.append(words)
            assert not ran, words
            assert frame.get_by_text("After").is_visible(), words

    assert "<a href=javascript:alert(1)>press</a>" in pressed


def test_its_files_are_downloads(courier: Courier, ana: Page, ran: list[str], hostile: dict[int, str]) -> None:
    number = next(number for number, words in hostile.items() if words == HOSTILE[0])
    ana.goto(f"{courier.url}/conversations/{number}")
    with ana.expect_download() as download:
        ana.locator("a.file").click()

    assert download.value.path().read_bytes().strip() == HOSTILE[0].encode()
    assert not ran
