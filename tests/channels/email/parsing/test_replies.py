"""What a customer newly wrote. Mia Bergmann bought a lamp; Jonas Weber answers for the shop."""

from __future__ import annotations

from everyhand.channels.email.parsing import replies

QUESTION = "On Mon, 3 May 2021 at 10:12, Jonas Weber <jonas@shop.example> wrote:"


def reply_to(text: str, html: str = "") -> str:
    return replies.split(text, html)[0]


def test_a_mail_without_history_is_all_reply() -> None:
    text = "Hello,\n\nthe lamp flickers.\n\nMia"
    assert replies.split(text) == (text, "")


def test_line_ends_of_every_kind_are_read() -> None:
    assert replies.split(f"Yes\r\n\r\n{QUESTION}\r\n> Still broken?\r\n") == ("Yes", f"{QUESTION}\n> Still broken?")
    assert reply_to(f"Yes\r\r{QUESTION}\r> Still broken?") == "Yes"


def test_an_answer_above_the_quotation() -> None:
    assert replies.split(f"It works.\n\n{QUESTION}\n\n> Does it work?\n>\n> Jonas") == (
        "It works.",
        f"{QUESTION}\n\n> Does it work?\n>\n> Jonas",
    )


def test_an_answer_below_the_quotation() -> None:
    assert reply_to(f"{QUESTION}\n> Does it work?\n> Jonas\n\nIt works.\n\nMia").strip() == "It works.\n\nMia"


def test_answers_between_the_lines_keep_the_questions_they_answer() -> None:
    text = f"{QUESTION}\n> Which lamp?\n\nThe blue one.\n\n> Since when?\n\nSince Monday.\n\n> Regards\n> Jonas"
    reply, quoted = replies.split(text)
    assert reply.strip() == "> Which lamp?\n\nThe blue one.\n\n> Since when?\n\nSince Monday."
    assert quoted == f"{QUESTION}\n\n> Regards\n> Jonas"


def test_a_greeting_above_and_answers_inside_are_both_kept() -> None:
    reply = reply_to(f"Hello Jonas,\n\n{QUESTION}\n> Which lamp?\nThe blue one.\n> Since when?\nMonday.")
    assert reply == "Hello Jonas,\n\n> Which lamp?\nThe blue one.\n> Since when?\nMonday."


def test_an_answer_that_follows_a_quotation_from_a_broken_line_is_never_lost() -> None:
    # A transport wrapped the quoted line; its end looks like words of the sender, so both are shown.
    reply = reply_to(
        f"Yes.\n\n{QUESTION}\n> a very long question that somebody on the way wrapped at the 72nd\nsign\n> Jonas"
    )
    assert reply.startswith("Yes.")
    assert "sign" in reply


def test_a_quotation_without_attribution_stays_with_its_answer() -> None:
    text = "> Does it work?\n\nIt works."
    assert replies.split(text) == (text, "")


def test_a_mail_that_is_only_a_quotation_is_shown() -> None:
    assert replies.split("> Does it work?") == ("> Does it work?", "")
    assert reply_to(f"{QUESTION}\n\n> Does it work?").strip() == "> Does it work?"


def test_a_mail_that_is_only_a_phones_signature_is_shown() -> None:
    assert replies.split("Sent from my iPhone") == ("Sent from my iPhone", "")


def test_blank_mails_have_no_reply() -> None:
    assert replies.split("") == ("", "")
    assert replies.split(" \n\t\n")[0].strip() == ""


def test_an_attribution_wrapped_in_the_middle_is_found_whole() -> None:
    wrapped = "On Mon, 3 May 2021 at 10:12, Jonas Weber of the shop\nfor lamps <\njonas@shop.example\n> wrote:"
    assert replies.split(f"Yes.\n\n{wrapped}\n\n> Still broken?") == ("Yes.", f"{wrapped}\n\n> Still broken?")
    wrapped = "Am Mo., 3. Mai 2021\num 10:12 Uhr schrieb Jonas Weber\n<jonas@shop.example>:"
    assert reply_to(f"Ja.\n\n{wrapped}\n\nNoch kaputt?") == "Ja."


def test_an_attribution_wrapped_over_many_lines_is_found_whole() -> None:
    for wrapped in (
        "On Mon, May 3, 2021 at\n10:12 AM Jonas Weber <\njonas@shop.example>\nwrote:",
        "On Mon, May 3, 2021,\n10:12 Jonas Weber\n<jonas@shop.example> wrote:",
        "On Thu, Jan 28, 2021 at 10:00 AM, Jonas Weber\n<reply+1@shop.example\n<mailto:reply+1@shop.example>> wrote:",
    ):
        assert replies.split(f"Yes.\n\n{wrapped}\n\nStill broken?") == ("Yes.", f"{wrapped}\n\nStill broken?")


def test_a_sentence_above_a_wrapped_attribution_stays() -> None:
    text = (
        "I ordered on 3 May.\nPlease help.\nOn Mon, 3 May 2021 at 10:12, Jonas Weber\n<jonas@shop.example> wrote:\n> Hi"
    )
    assert reply_to(text) == "I ordered on 3 May.\nPlease help."


def test_what_the_customer_reports_that_others_wrote_stays() -> None:
    for sentence in (
        "On 12 May 2021 at 10:30 I wrote to jonas@shop.example:",
        "On 12 May 2021 at 10:30 your colleague wrote:",
        "On 12 May 2021 at 10:30 from my account mia@home.example these were ordered:",
        "Here is what your colleague wrote:",
        "Your colleague Jonas (jonas@shop.example) wrote:",
        "My order 1234 of 12.05.2021, placed at 10:30 by mia@home.example:",
        "Am 12.05.2021 um 10:30 Uhr habe ich Ihnen geschrieben:",
    ):
        text = f"Hello,\n\n{sentence}\n\nThe lamp flickers.\n\nMia"
        assert replies.split(text) == (text, "")


def test_outlooks_header_ends_the_reply() -> None:
    header = "From: Jonas Weber <jonas@shop.example>\nSent: Monday, 3 May 2021 10:12\nTo: Mia\nSubject: Lamp"
    assert replies.split(f"Yes.\n\n{header}\n\nStill broken?") == ("Yes.", f"{header}\n\nStill broken?")


def test_outlooks_header_with_a_wrapped_list_of_recipients_is_one() -> None:
    header = (
        "From: Jonas Weber <jonas@shop.example>\nSent: Monday, 3 May 2021 10:12\nTo: Mia <mia@home.example>;\n"
        "Ann <ann@home.example>;\nBen <ben@home.example>\nSubject: Lamp and\nother things\nImportance: High"
    )
    assert replies.split(f"Yes.\n\n{header}\n\nStill broken?") == ("Yes.", f"{header}\n\nStill broken?")


def test_headers_with_empty_lines_between_them_are_one_block() -> None:
    header = "From: Jonas Weber <jonas@shop.example>\n\nSent: Monday, 3 May 2021 10:12\n\nTo: Mia\n\nSubject: Lamp"
    assert reply_to(f"Yes.\n\n{header}\n\nStill broken?") == "Yes."


def test_a_travel_wish_is_not_a_header() -> None:
    text = "I want to change my ticket.\n\nFrom: Berlin\nTo: Paris\nDate: 3 May\nSubject: window seat\n\nThank you"
    assert replies.split(text) == (text, "")


def test_a_contact_form_is_not_a_header() -> None:
    text = "Name: Mia Bergmann\nEmail: mia@home.example\nSubject: Lamp\nMessage: it flickers\nat 10:12"
    assert replies.split(text) == (text, "")


def test_a_forward_with_a_remark_has_the_remark_as_its_reply() -> None:
    forwarded = "---------- Forwarded message ---------\nFrom: Ann <ann@home.example>\nDate: 3 May\nSubject: Lamp\n\nIt flickers."
    assert replies.split(f"Please help her.\n\n{forwarded}") == ("Please help her.", forwarded)


def test_a_forward_without_a_remark_shows_what_was_forwarded() -> None:
    forwarded = "---------- Forwarded message ---------\nFrom: Ann <ann@home.example>\nDate: 3 May\nSubject: Lamp\n\nIt flickers."
    assert reply_to(forwarded).strip() == "It flickers."


def test_the_signature_below_the_delimiter_is_not_the_reply() -> None:
    assert replies.split("It works.\n\n-- \nMia Bergmann\nTel. 030 123456") == (
        "It works.",
        "-- \nMia Bergmann\nTel. 030 123456",
    )
    assert reply_to(f"It works.\n--\nMia Bergmann\n\n{QUESTION}\n> Does it work?") == "It works."


def test_an_answer_below_a_signature_and_a_quotation_is_kept() -> None:
    reply = reply_to(f"See my answer.\n-- \nMia\n\n{QUESTION}\n> Which lamp?\n\nThe blue one.")
    assert "The blue one." in reply
    assert "See my answer." in reply


def test_two_dashes_above_a_long_text_are_a_drawn_line() -> None:
    text = "First part.\n--\n" + "\n".join(f"Sentence {number} of a long story." for number in range(30))
    assert replies.split(text) == (text, "")


def test_two_dashes_above_a_question_are_a_drawn_line() -> None:
    text = "First part.\n--\nAnd when will it come?"
    assert replies.split(text) == (text, "")


def test_a_drawn_line_above_a_contact_is_a_signature_and_above_words_is_not() -> None:
    assert reply_to("It works.\n______________\nMia Bergmann\nwww.home.example") == "It works."
    for text in (
        "The lamp:\n----------\nit flickers\n==========\nThe cable:\nit is hot",
        "A fax has arrived.\n----------\nTime: 3/9/2021 3:50:52 PM\nPages: 1",
        "This is the one I mean:\n----------\nhttps://shop.example/lamps/blue-lamp-with-switch",
    ):
        assert replies.split(text) == (text, "")


def test_lines_drawn_at_the_end_are_dropped() -> None:
    assert reply_to("It works.\n\n----------\n***\n") == "It works."


def test_a_disclaimer_at_the_end_is_not_the_reply() -> None:
    disclaimer = (
        "This e-mail is confidential and intended solely for the individual or entity to whom it is addressed. If you\n"
        "have received this email in error, please notify the sender."
    )
    assert replies.split(f"It works.\n\nMia\n\n{disclaimer}") == ("It works.\n\nMia", disclaimer)
    german = (
        "Diese E-Mail enthält vertrauliche und rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat\n"
        "sind, informieren Sie bitte den Absender und vernichten Sie diese Mail."
    )
    assert reply_to(f"Es geht.\n\n{german}\n\n{QUESTION}\n> Geht es?") == "Es geht."


def test_a_disclaimer_below_a_signature_takes_nothing_else_with_it() -> None:
    disclaimer = "\n".join(["This e-mail is confidential. If you are not the intended recipient, delete it."] * 12)
    assert reply_to(f"It works.\n--\nMia Bergmann\nwww.home.example\n\n{disclaimer}") == "It works."


def test_a_customer_who_speaks_of_confidence_keeps_their_words() -> None:
    text = "Please treat this as confidential.\n\nI received this email in error and am not the intended recipient. Whose is it?"
    assert replies.split(text) == (text, "")


def test_a_footer_of_a_scanner_is_not_the_reply() -> None:
    assert reply_to("It works.\n\nVirus-free. www.avast.com <https://www.avast.com/sig-email>") == "It works."


def test_code_between_fences_is_the_customers_own() -> None:
    text = (
        "Look:\n\n```\n> npm start\n# On 3 May 2021 at 10:12, root <root@home.example> wrote:\n--\nerror\n```\n\nWhy?"
    )
    assert replies.split(text) == (text, "")


def test_a_table_drawn_with_bars_stays() -> None:
    text = "My orders:\n\n| number | lamp |\n| 1234 | blue |"
    assert replies.split(text) == (text, "")


def test_a_quotation_marked_with_bars_goes() -> None:
    assert reply_to("Yes.\n\n2021/5/3 Jonas Weber <jonas@shop.example>\n\n| Still broken?\n| Jonas") == "Yes."


def test_a_quotation_marked_with_initials_goes_below_an_attribution() -> None:
    assert reply_to(f"{QUESTION}\nJW> Still broken?\nJW> Since when?\n\nYes.").strip() == "Yes."
    text = "I see:\n\nSQL> select 1\n\nSQL> select 2"
    assert replies.split(text) == (text, "")


def test_quotations_enclosed_in_angles_and_supercited_ones_go() -> None:
    assert reply_to("Yes.\n\n>>> Jonas Weber >>>\nStill broken?\nSince when?\n<<< Jonas Weber <<<") == "Yes."
    reply = reply_to('>>>>> "JW" == Jonas Weber <jonas@shop.example> writes:\n\n  > Still broken?\n\nYes.')
    assert reply.strip() == "Yes."


def test_the_one_quotation_between_a_greeting_and_the_answer_goes() -> None:
    assert reply_to(f"Hello Jonas,\n\n{QUESTION}\n> Still broken?\n\nYes.").split() == ["Hello", "Jonas,", "Yes."]


def test_a_greeting_alone_above_an_unmarked_history_is_not_the_answer() -> None:
    text = f"Dear Jonas,\n\n{QUESTION.replace('Weber ', 'Weber <jonas@shop.example> ')}\n\nStill broken?\n\nYes, it is."
    assert "Yes, it is." in reply_to(text)


def test_a_wish_below_a_drawn_line_is_not_a_header() -> None:
    text = "I want to travel:\n-----\nFrom: Berlin\nTo: Paris\n\nThank you"
    assert replies.split(text) == (text, "")


def test_a_line_that_asks_to_answer_above_ends_the_reply() -> None:
    text = "Yes.\n\n##- Please type your reply above this line -##\n\nYour request was updated.\n\nJonas"
    assert reply_to(text) == "Yes."


def test_answers_announced_inside_an_unmarked_history_are_shown() -> None:
    header = "From: Jonas Weber <jonas@shop.example>\nSent: Monday, 3 May 2021 10:12\nTo: Mia\nSubject: Lamp"
    reply = reply_to(
        f"Hi Jonas, my answers are in red below.\n\n{header}\n\nWhich lamp?\nThe blue one.\nSince when?\nMonday."
    )
    assert "The blue one." in reply
    assert "Monday." in reply


def test_answers_announced_inside_an_element_that_encloses_the_history_are_shown() -> None:
    html = (
        "<div>See my answers below.</div><div class=yahoo_quoted><div>Which lamp?</div><div>The blue one.</div></div>"
    )
    assert reply_to("See my answers below.\n\nWhich lamp?\nThe blue one.", html).endswith("The blue one.")
    assert (
        reply_to("The blue one.\n\nWhich lamp?", html.replace("See my answers below", "The blue one"))
        == "The blue one."
    )


def test_a_red_lamp_does_not_open_the_history() -> None:
    header = "From: Jonas <jonas@shop.example>\nSent: Monday, 3 May 2021 10:12\nTo: Mia\nSubject: Lamp"
    assert reply_to(f"I want the lamp in red, inline with the sofa.\n\n{header}\n\nWhich lamp?").endswith("the sofa.")


def test_a_signed_mail_loses_only_its_armour() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIt works.\n-----BEGIN PGP SIGNATURE-----\n\n"
        "iQIzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----"
    )
    assert reply_to(text).strip() == "It works."


def test_the_history_of_a_history_is_cut_once_at_the_top() -> None:
    text = (
        "Yes.\n\nOn Mon, 3 May 2021 at 10:12 Jonas <jonas@shop.example> wrote:\n\nStill broken?\n\n"
        "On Sun, 2 May 2021 at 09:00 Mia <mia@home.example> wrote:\n\nIt is broken."
    )
    assert reply_to(text) == "Yes."


def test_an_emoji_is_an_answer() -> None:
    assert reply_to(f"👍\n\n{QUESTION}\n> Fine?") == "👍"
    assert reply_to(f"?\n\n{QUESTION}\n> Fine?") == "?"
