"""Drafts live on the server: nobody's words or files are lost, and nobody else sees them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from everyhand.conversations import saying
from everyhand.conversations.models import Conversation, Draft, Message
from everyhand.core.blobs import Blob
from everyhand.web import uploads
from tests.web.house import House, answers, arrives, browser_of

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def saves(browser: Client, conversation: Conversation, text: str, **more: Any) -> dict[str, Any]:
    answer = browser.post(f"/conversations/{conversation.pk}/drafts", {"text": text, "kind": "message", **more})
    assert answer.status_code == 200
    return dict(answer.json())


def page(browser: Client, conversation: Conversation) -> str:
    return str(browser.get(f"/conversations/{conversation.pk}").content.decode())


def file(name: str = "plan.pdf", content: bytes = b"%PDF-1.7") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_what_ana_began_at_her_desk_she_goes_on_with_on_her_phone(house: House) -> None:
    conversation = arrives().conversation
    saves(browser_of(house.ana), conversation, "Dear Ada, ")
    assert "Dear Ada, </textarea>" in page(browser_of(house.ana), conversation)
    assert "Dear Ada, </textarea>" not in page(browser_of(house.ben), conversation)


def test_a_reply_and_a_note_are_drafts_of_their_own(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    saves(browser, conversation, "For Ada")
    saves(browser, conversation, "For colleagues", kind="note")
    shown = page(browser, conversation)
    assert "For Ada</textarea>" in shown
    assert "For colleagues</textarea>" in shown


def test_saving_again_goes_on_with_the_same_draft_and_emptying_it_ends_it(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    first = saves(browser, conversation, "Dear")
    second = saves(browser, conversation, "Dear Ada", **pick(first))
    assert second["draft"] == first["draft"]
    assert Draft.objects.get().text == "Dear Ada"
    assert saves(browser, conversation, "", **pick(second))["draft"] == ""
    assert not Draft.objects.exists()


def test_two_windows_never_overwrite_each_other(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    both = saves(browser, conversation, "Dear", files=[file()])
    one = saves(browser, conversation, "Dear Ada, it is on its way.", **pick(both))
    other = saves(browser, conversation, "Dear Ada, I am sorry.", **pick(both))

    assert other["draft"] != one["draft"]
    shown = page(browser, conversation)
    assert "Dear Ada, I am sorry.</textarea>" in shown
    assert "<q>Dear Ada, it is on its way.</q>" in shown
    assert all(draft.files.get().name == "plan.pdf" for draft in Draft.objects.all())
    chosen = browser.get(f"/conversations/{conversation.pk}?draft={one['draft']}").content.decode()
    assert "Dear Ada, it is on its way.</textarea>" in chosen
    browser.post(f"/drafts/{one['draft']}/removal")
    assert "it is on its way" not in page(browser, conversation)


def test_sent_it_is_gone_and_a_late_saving_does_not_bring_it_back(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    draft = saves(browser, received.conversation, "Dear Ada, it is on its way.", files=[file()])
    typed = {"text": "Dear Ada, it is on its way.", "seen": received.message.pk, **pick(draft)}
    assert browser.post(f"/conversations/{received.conversation.pk}/replies", typed).status_code == 302
    late = saves(browser, received.conversation, "Dear Ada, it is", **pick(draft))

    assert late["draft"] == ""
    assert not Draft.objects.exists()
    assert Message.objects.get(direction="out").attachments.get().name == "plan.pdf"


def test_whoever_is_overtaken_keeps_words_and_files(house: House) -> None:
    received = arrives()
    said = answers(house.ben, received.conversation, "Ben was faster.")
    browser = browser_of(house.ana)
    typed = {"text": "My words.", "seen": received.message.pk, "files": [file()]}
    stopped = browser.post(f"/conversations/{received.conversation.pk}/replies", typed)
    assert stopped.status_code == 409
    assert "plan.pdf" in stopped.content.decode()
    draft = Draft.objects.get()
    again = {"text": "My words.", "seen": said.pk, "draft": draft.token, "version": draft.version}
    assert browser.post(f"/conversations/{received.conversation.pk}/replies", again).status_code == 302
    assert Message.objects.get(author_member=house.ana).attachments.get().name == "plan.pdf"


@pytest.mark.parametrize("what", ["replies", "notes"])
def test_what_fails_in_a_way_nobody_foresaw_is_a_draft(
    house: House, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    conversation = arrives().conversation
    typed = {"text": "An hour of work.", "seen": Message.objects.get().pk}
    browser = browser_of(house.ana)
    browser.raise_request_exception = False
    with monkeypatch.context() as during:
        during.setattr(saying, "say", fails)
        during.setattr(saying, "note", fails)
        assert browser.post(f"/conversations/{conversation.pk}/{what}", typed).status_code == 500
    assert (Message.objects.count(), Draft.objects.get().text) == (1, "An hour of work.")


def fails(*_args: object, **_more: object) -> None:
    raise RuntimeError("nobody foresaw this")


def test_what_goes_out_at_once_is_written_once(house: House) -> None:
    conversation = arrives().conversation
    typed = {"text": "It is on its way.", "seen": Message.objects.get().pk}
    with CaptureQueriesContext(connection) as asked:
        assert browser_of(house.ana).post(f"/conversations/{conversation.pk}/replies", typed).status_code == 302
    assert not [one["sql"] for one in asked if one["sql"].startswith("INSERT") and "draft" in one["sql"]]


def test_a_file_that_can_not_go_is_refused_by_name_and_the_rest_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "BYTES_AT_MOST", 100_000)
    conversation = arrives().conversation

    def files() -> list[SimpleUploadedFile]:
        return [file("film.mov", b"x" * 200_000), file("Setup.EXE"), file()]

    answer = saves(browser_of(house.ana), conversation, "See", files=files())
    assert [sentence.split("”")[0] for sentence in answer["refused"]] == ["“film.mov", "“Setup.EXE"]
    assert "plan.pdf" in answer["files"]
    assert Draft.objects.get().files.get().name == "plan.pdf"

    refused = browser_of(house.ana).post(f"/conversations/{conversation.pk}/replies", {"text": "Or", "files": files()})
    assert refused.status_code == 413
    assert "“film.mov” was left out" in refused.content.decode()
    assert not Message.objects.filter(direction="out").exists()


def test_a_file_is_left_out_again_and_the_words_stay(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    draft = saves(browser, conversation, "Dear", files=[file(), file("map.pdf", b"%PDF-2.0")])
    plan = Draft.objects.get().files.get(name="plan.pdf")
    browser.post(f"/draft-files/{plan.token}/removal", {"text": "Dear Ada", **pick(draft)})
    assert Draft.objects.get().text == "Dear Ada"
    assert Draft.objects.get().files.get().name == "map.pdf"
    browser.post(f"/drafts/{draft['draft']}/removal")
    assert not Blob.objects.exists()


def test_taken_back_the_words_and_files_are_a_draft_again(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    typed = {"text": "Too early.", "seen": received.message.pk, "files": [file()]}
    browser.post(f"/conversations/{received.conversation.pk}/replies", typed)
    reply = Message.objects.get(direction="out")
    back = browser.post(f"/messages/{reply.pk}/undo", follow=True).content.decode()
    assert "Too early.</textarea>" in back
    assert Draft.objects.get().files.get().name == "plan.pdf"


def test_pressing_twice_keeps_one_note(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    for _ in range(2):
        typed = {"text": "She is my neighbour.", "seen": received.message.pk}
        browser.post(f"/conversations/{received.conversation.pk}/notes", typed)
    assert Message.objects.filter(kind=Message.Kind.NOTE).count() == 1


def test_files_of_a_draft_are_its_authors_alone(house: House) -> None:
    conversation = arrives().conversation
    answer = saves(browser_of(house.ana), conversation, "Look", files=[file("street.png", PNG)], shown="yes")
    (address,) = answer["pictures"]
    assert browser_of(house.ana).get(address).content == PNG
    assert browser_of(house.ben).get(address).status_code == 404
    assert browser_of(house.ben).post(f"/drafts/{answer['draft']}/removal").status_code == 404


def pick(answer: dict[str, Any]) -> dict[str, Any]:
    return {"draft": answer["draft"], "version": answer["version"]}
