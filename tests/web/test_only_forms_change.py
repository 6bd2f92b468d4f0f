"""Looking changes nothing, and a form is believed only with the token of the session it is sent in."""

from __future__ import annotations

import re
from collections import deque

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from selectolax.lexbor import LexborHTMLParser

from everyhand.core.journal import Entry
from tests.web.access_matrix import MATRIX
from tests.web.house import House, browser_of
from tests.web.scene import Scene
from tests.web.test_ways_in import PASSWORD, is_in

# What is written when somebody looks: that they saw it, and what they type into their own session.
OF_LOOKING = ("core_look", "django_session")
# Whom we don't know by a cookie: those prove themselves by a signature.
PROVED_OTHERWISE = ("inbound_webhook", "saml_answer")


def writes(queries: CaptureQueriesContext) -> list[str]:
    changing = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    return [sql for sql in changing if not any(table in sql for table in OF_LOOKING)]


def strict_browser_of(scene: Scene, who: str) -> Client:
    browser = Client(enforce_csrf_checks=True)
    member = scene.readers[who]
    if member:
        browser.force_login(member, backend="everyhand.people.backends.Passwords")
    return browser


def test_a_crawler_that_follows_every_link_changes_nothing(public_scene: Scene) -> None:
    browser = browser_of(public_scene.readers["admin"])
    facts = Entry.objects.count()
    waiting, seen = deque(["/inbox/everyone", "/people", "/customers"]), set[str]()
    with CaptureQueriesContext(connection) as queries:
        while waiting and len(seen) < 250:
            address = waiting.popleft()
            if address in seen:
                continue
            seen.add(address)
            response = browser.get(address)
            if response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming:
                links = [one.attributes.get("href") for one in LexborHTMLParser(response.content).css("a[href]")]
                waiting.extend(link for link in links if link and re.match(r"/(?!/|static/)", link))
    assert len(seen) > 60
    assert writes(queries) == []
    assert Entry.objects.count() == facts


def test_no_form_is_taken_without_its_token_or_with_that_of_another_session(public_scene: Scene) -> None:
    theirs = strict_browser_of(public_scene, "stranger")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', theirs.get("/profile").content.decode())
    assert token
    for who in ("nobody", "admin"):
        browser = strict_browser_of(public_scene, who)
        for name, access in MATRIX.items():
            if name in PROVED_OTHERWISE:
                continue
            fields = {field: public_scene.fill(value) for field, value in (access.fields or {}).items()}
            for forged in (fields, {**fields, "csrfmiddlewaretoken": token[1]}):
                with CaptureQueriesContext(connection) as queries:
                    answer = browser.post(public_scene.fill(access.path), forged)
                assert answer.status_code in (403, 404, 405), (who, name, answer.status_code)
                assert writes(queries) == [], (who, name)


def test_nobody_is_signed_in_as_somebody_else_by_a_foreign_form(house: House) -> None:
    house.ana.set_password(PASSWORD)
    house.ana.save()
    victim = Client(enforce_csrf_checks=True)
    typed = {"login": "ana@courier.test", "password": PASSWORD}
    assert victim.post("/sign-in", typed, headers={"origin": "https://evil.test"}).status_code == 403
    assert not is_in(victim)


def test_a_form_from_another_site_is_refused_even_with_a_good_token(house: House) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(house.ana, backend="everyhand.people.backends.Passwords")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/profile").content.decode())
    assert token
    fields = {"theme": "dark", "csrfmiddlewaretoken": token[1]}
    assert browser.post("/appearance", fields, headers={"origin": "https://evil.test"}).status_code == 403
    assert browser.post("/appearance", fields).status_code == 302
