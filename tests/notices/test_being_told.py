"""Who is told of what: once, of what others did, and only of what they may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from everyhand.channels.email.models import Mail, Mailbox, RawMail
from everyhand.conversations import following
from everyhand.conversations.models import Delivery
from everyhand.core import journal
from everyhand.desk.close import close
from everyhand.desk.hand_over import hand_over
from everyhand.desk.receive import Received, receive
from everyhand.desk.reply import write_note
from everyhand.notices import actions as notices
from everyhand.notices import queries, watching
from everyhand.notices.models import Kind, MailPace, Notice, Rest
from everyhand.notices.preferences import Ways, choose
from everyhand.people.actions import keep_team
from everyhand.promises import actions as promises
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.notices.office import Office, all_told, told
from tests.web.house import answers


@pytest.fixture(autouse=True)
def mailbox(db: None) -> None:
    Mailbox.objects.create(address=HELP)


def arrives() -> Received:
    return receive(letter(), channel="email", at=NOON, answered_from=HELP, ours=[HELP])


def test_a_new_conversation_tells_its_owner_once_and_nobody_else(cast: Cast, office: Office) -> None:
    arrives()

    office.reacts(NOON)

    assert told(cast.ines) == ["A new conversation is yours"]
    assert all_told() == 1


def test_the_same_fact_read_again_tells_nobody_again(cast: Cast, office: Office) -> None:
    arrives()

    office.reacts(NOON)
    Office().reacts(NOON)

    assert all_told() == 1


def test_whoever_gets_a_conversation_is_told_by_whom_and_whoever_takes_one_is_not(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    hand_over(conversation, owner=cast.ana, team=None, by=cast.ines, at=NOON)
    office.reacts(NOON)
    assert told(cast.ana) == ["Ines Hart handed this conversation to you"]

    hand_over(conversation, owner=cast.ben, team=None, by=cast.ben, at=NOON)
    office.reacts(NOON)

    assert told(cast.ben) == []


def test_a_customer_who_writes_again_tells_the_owner(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    receive(letter("Still none."), channel="email", at=NOON, answered_from=HELP, proof=conversation.pk)

    office.reacts(NOON)

    assert told(cast.ines) == ["A new conversation is yours", "Ada Brown wrote"]


def test_who_follows_it_hears_what_customers_and_colleagues_write(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    following.follow(conversation, member=cast.ben, at=NOON)
    write_note(conversation, author=cast.ana, text="Hm.", at=NOON)
    receive(letter("Still none."), channel="email", at=NOON, answered_from=HELP, proof=conversation.pk)

    office.reacts(NOON)

    assert told(cast.ben) == ["Ana Silva wrote a note", "Ada Brown wrote"]


def test_a_note_tells_the_owner_and_not_its_author(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    write_note(conversation, author=cast.ana, text="The printer had a breakdown.", at=NOON)
    write_note(conversation, author=cast.ines, text="Thank you.", at=NOON)

    office.reacts(NOON)

    assert told(cast.ines)[1:] == ["Ana Silva wrote a note"]
    assert told(cast.ana) == []


def test_who_owns_it_and_is_mentioned_is_told_once_of_that_note(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    note = write_note(conversation, author=cast.ana, text="@Ines and @Ben, look", at=NOON)
    notices.mentioned(note, members=[cast.ines, cast.ben, cast.ana], by=cast.ana, at=NOON)

    office.reacts(NOON)

    assert told(cast.ines)[1:] == ["Ana Silva mentions you"]
    assert told(cast.ben) == ["Ana Silva mentions you"]
    assert told(cast.ana) == []


def test_who_may_not_see_a_conversation_hears_nothing_of_it(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    note = write_note(conversation, author=cast.ines, text="Carla should know.", at=NOON)
    notices.mentioned(note, members=[cast.carla], by=cast.ines, at=NOON)

    office.reacts(NOON)

    assert told(cast.carla) == []


def test_what_one_may_see_no_more_is_gone_from_the_notices_and_from_the_mail(cast: Cast, office: Office) -> None:
    cast.delivery.private = True
    keep_team(cast.delivery, members=[cast.ana, cast.ben], leads=[cast.ben], by=cast.ines, at=NOON)
    conversation = arrives().conversation
    hand_over(conversation, owner=cast.ben, team=cast.delivery, by=cast.ines, at=NOON)
    write_note(conversation, author=cast.ben, text="@Ana", at=NOON)
    office.reacts(NOON)
    assert told(cast.ana) == ["Ben Okoro mentions you"]

    keep_team(cast.delivery, members=[cast.ben], leads=[], by=cast.ines, at=NOON)

    assert told(cast.ana) == []
    assert queries.unread(cast.ana) == 0
    assert [mail["To"] for mail in office.writes_mails(NOON + minutes(2))] == ["Ben Okoro <ben@courier.test>"]


def test_a_promise_warns_its_owner_once_before_it_breaks_and_says_when_it_broke(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    due = conversation.promises.get().due_at
    for before in (minutes(31), minutes(29), minutes(28)):
        watching.tell_what_is_about_to_break(at=due - before, within=minutes(30))
    assert told(cast.ines) == ["A promised answer is due soon"]

    promises.tick(at=due)
    office.reacts(due)

    assert told(cast.ines)[-1] == "The time we promised passed without an answer"
    assert "A promised answer is due soon" not in told(cast.ines)


def test_a_promise_that_is_kept_needs_nobody_any_more(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    due = conversation.promises.get().due_at
    watching.tell_what_is_about_to_break(at=due - minutes(10), within=minutes(30))

    answers(cast.ines, conversation, "It comes today.", at=due - minutes(5))
    office.reacts(due)

    assert "A promised answer is due soon" not in told(cast.ines)


def test_a_promise_made_late_is_told_as_what_it_is_and_not_twice(cast: Cast) -> None:
    conversation = arrives().conversation

    watching.tell_what_is_about_to_break(at=NOON + minutes(1), within=timedelta(hours=3))

    assert conversation.promises.count() == 1
    assert told(cast.ines) == []


def test_author_and_owner_hear_that_a_reply_failed_where_and_what_to_do(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    hand_over(conversation, owner=cast.ben, team=None, by=cast.ben, at=NOON)
    message = answers(cast.ines, conversation, "It comes today.", at=NOON)
    failed = Delivery.objects.get(message=message)
    Delivery.objects.filter(pk=failed.pk).update(answer="550 5.1.1 No such user here")
    journal.note("delivery.failed", subject=conversation, at=NOON, delivery=failed.pk, message=message.pk)

    office.reacts(NOON)

    assert told(cast.ines)[-1] == told(cast.ben)[-1] == "A reply did not reach ada@example.org"


def test_a_mail_that_waits_tells_those_who_look_after_mail_until_it_is_decided(cast: Cast, office: Office) -> None:
    raw = RawMail.objects.create(digest="0" * 64, size=3, content=b"???")
    mail = Mail.objects.create(raw=raw, source="test", accepted_at=NOON, due_at=NOON)
    journal.note("mail.held", subject=mail, at=NOON, why="forged-reply")
    office.reacts(NOON)
    assert [told(one) for one in (cast.ines, cast.ana, cast.carla)] == [["A mail waits for a decision"]] * 2 + [[]]

    journal.note("mail.decided", subject=mail, actor=cast.ana, at=NOON, decision="open")
    office.reacts(NOON)

    assert told(cast.ines) == []


def test_administrators_hear_of_a_mailbox_in_trouble_each_time_until_it_is_well(cast: Cast, office: Office) -> None:
    box = Mailbox.objects.get()
    journal.note("mailbox.troubled", subject=box, at=NOON, address=HELP, trouble="The password is wrong.")
    office.reacts(NOON)
    assert told(cast.ines) == ["No mail comes in for help@courier.test"]
    assert told(cast.ana) == []

    journal.note("mailbox.recovered", subject=box, at=NOON)
    office.reacts(NOON)
    assert told(cast.ines) == []

    journal.note("mailbox.troubled", subject=box, at=NOON, address=HELP, trouble="The password is wrong.")
    office.reacts(NOON)
    assert told(cast.ines) == ["No mail comes in for help@courier.test"]


def test_whoever_wants_to_hear_nothing_of_a_kind_hears_nothing(cast: Cast, office: Office) -> None:
    silence = {Kind.MINE: Ways(app=False, mail=MailPace.NEVER, push=False)}
    choose(cast.ines, silence, rest=Rest(member=cast.ines), at=NOON)

    arrives()
    office.reacts(NOON)

    assert all_told() == 0


def test_history_that_is_brought_in_tells_nobody(cast: Cast, office: Office) -> None:
    receive(letter(), channel="email", at=NOON, answered_from=HELP, silent=True)

    office.reacts(NOON)

    assert all_told() == 0


def test_what_happened_days_ago_is_on_the_page_and_wakes_nobody(cast: Cast, office: Office) -> None:
    arrives()

    office.reacts(NOON + timedelta(days=2))

    assert told(cast.ines) == ["A new conversation is yours"]
    assert office.writes_mails(NOON + timedelta(days=3)) == []


def test_notices_that_were_read_are_removed_after_some_time_and_unread_ones_never(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    note = write_note(conversation, author=cast.ana, text="Hm.", at=NOON)
    office.reacts(NOON)
    notices.read(Notice.objects.filter(message=note), by=cast.ines, at=NOON)

    after = timedelta(days=30)
    assert notices.forget_old(at=NOON + timedelta(days=29), after=after) == 0
    assert notices.forget_old(at=NOON + timedelta(days=31), after=after) == 1
    assert told(cast.ines) == ["A new conversation is yours"]


def test_a_closed_conversation_withdraws_its_promise_and_the_worry_about_it(cast: Cast, office: Office) -> None:
    conversation = arrives().conversation
    due = conversation.promises.get().due_at
    watching.tell_what_is_about_to_break(at=due - minutes(10), within=minutes(30))

    close(conversation, by=cast.ana, at=due - minutes(5))
    office.reacts(due)

    assert "A promised answer is due soon" not in told(cast.ines)


def test_many_facts_cost_as_many_statements_as_a_few(cast: Cast, office: Office) -> None:
    """What a thousand customers write must not keep the worker from filing the next."""

    def statements(mails: int) -> int:
        for number in range(mails):
            received = receive(letter(f"Number {number}."), channel="email", at=NOON, answered_from=HELP)
            following.follow(received.conversation, member=cast.ben, at=NOON)
            receive(letter("Still none."), channel="email", at=NOON, answered_from=HELP, proof=received.conversation.pk)
        with CaptureQueriesContext(connection) as asked:
            office.reacts(NOON)
        return len(asked)

    few, many = statements(2), statements(20)

    assert len(told(cast.ben)) == 22
    assert many <= few
