"""The marks that mail programs leave in HTML. The text has no quotation signs, as when only the HTML was sent."""

from __future__ import annotations

import pytest

from everyhand.channels.email.parsing import replies

# Program; HTML; the same as text; what Mia newly wrote. The languages of the attributions are ones we do not know, so
# that nothing but the HTML can tell.
CLIENTS = [
    (
        "Gmail",
        (
            '<div dir="ltr">Yes, it works.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
            'class="gmail_attr">Jonas saepsis (jonas@shop.example):<br></div><blockquote class="gmail_quote" '
            'style="margin:0px 0px 0px 0.8ex"><div>Does it work?</div></blockquote></div>'
        ),
        "Yes, it works.\n\nJonas saepsis (jonas@shop.example):\n\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Gmail, answered below",
        (
            '<div class="gmail_quote"><div class="gmail_attr">Jonas saepsis:</div><blockquote class="gmail_quote">Does it '
            "work?</blockquote><div>Yes, it works.</div></div>"
        ),
        "Jonas saepsis:\nDoes it work?\nYes, it works.",
        "Yes, it works.",
    ),
    (
        "Gmail, answered between the lines",
        (
            '<div class="gmail_attr">Jonas saepsis:</div><blockquote class="gmail_quote">Which lamp?</blockquote><div>Blue.'
            '</div><blockquote class="gmail_quote">Since when?</blockquote><div>Monday.</div><blockquote '
            'class="gmail_quote">Regards</blockquote>'
        ),
        "Jonas saepsis:\nWhich lamp?\nBlue.\nSince when?\nMonday.\nRegards",
        "Which lamp?\nBlue.\nSince when?\nMonday.",
    ),
    (
        "Apple Mail",
        (
            '<html><head><style>body{}</style></head><body>Yes, it works.<br><div><br><blockquote type="cite"><div>Jonas '
            "saepsis:</div><br><div>Does it work?</div></blockquote></div></body></html>"
        ),
        "Yes, it works.\n\nJonas saepsis:\n\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Thunderbird",
        (
            '<p>Yes, it works.</p><div class="moz-cite-prefix">Jonas saepsis:<br></div><blockquote type="cite" '
            'cite="mid:1@shop.example"><p>Does it work?</p></blockquote><div class="moz-signature">-- <br>Mia</div>'
        ),
        "Yes, it works.\n\nJonas saepsis:\n\nDoes it work?\n\n-- \nMia",
        "Yes, it works.",
    ),
    (
        "Outlook on the web",
        (
            '<div class="elementToProof">Yes, it works.</div><div id="appendonsend"></div><hr style="display:inline-block">'
            '<div id="divRplyFwdMsg" dir="ltr"><b>Fom:</b> Jonas<br><b>Sen:</b> Monday</div><div>Does it work?</div>'
        ),
        "Yes, it works.\n\nFom: Jonas\nSen: Monday\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Outlook on the web, answered from Outlook again",
        '<div>Yes, it works.</div><div id="x_divRplyFwdMsg"><b>Fom:</b> Jonas</div><div>Does it work?</div>',
        "Yes, it works.\nFom: Jonas\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Outlook for the desktop",
        (
            '<p class="MsoNormal">Yes, it works.</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:'
            '3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>Fom:</b> Jonas<br><b>Sen:</b> Monday</p></div></div><p>Does it '
            "work?</p>"
        ),
        "Yes, it works.\n\nFom: Jonas\nSen: Monday\n\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Outlook Express",
        '<div>Yes, it works.</div><table class="OutlookMessageHeader"><tr><td>Jonas</td></tr></table><p>Does it work?</p>',
        "Yes, it works.\nJonas\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Outlook on a phone",
        (
            '<div>Yes, it works.</div><div id="ms-outlook-mobile-signature">Mia, on the way</div><div '
            'id="mail-editor-reference-message-container"><div>Jonas</div><div>Does it work?</div></div>'
        ),
        "Yes, it works.\nMia, on the way\nJonas\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Yahoo",
        (
            '<div>Yes, it works.</div><div id="ydp4711yahoo_quoted_1" class="yahoo_quoted"><div>Jonas saepsis</div><div>Does '
            "it work?</div></div>"
        ),
        "Yes, it works.\nJonas saepsis\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Proton Mail",
        (
            '<div>Yes, it works.</div><div class="protonmail_quote">Jonas saepsis:<blockquote class="protonmail_quote" '
            'type="cite">Does it work?</blockquote></div>'
        ),
        "Yes, it works.\nJonas saepsis <jonas@shop.example> wrote:\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Zoho",
        (
            '<div>Yes, it works.</div><div class="zmail_extra"><div>Jonas saepsis</div><blockquote>Does it work?'
            "</blockquote></div>"
        ),
        "Yes, it works.\nJonas saepsis\nDoes it work?",
        "Yes, it works.",
    ),
    (
        "Tutanota",
        (
            '<div>Yes, it works.</div><div>Jonas saepsis <jonas@shop.example> wrote:</div><blockquote class="tutanota_quote">'
            "Does it work?</blockquote>"
        ),
        "Yes, it works.\nJonas saepsis <jonas@shop.example> wrote:\nDoes it work?",
        "Yes, it works.",
    ),
]


@pytest.mark.parametrize(("html", "text", "reply"), [case[1:] for case in CLIENTS], ids=[case[0] for case in CLIENTS])
def test_what_a_program_encloses_is_quoted(html: str, text: str, reply: str) -> None:
    found, quoted = replies.split(text, html)
    assert found.strip() == reply
    assert sorted((found + " " + quoted).split()) == sorted(text.split())


def test_an_indented_paragraph_of_the_customer_is_theirs() -> None:
    html = '<div>My list:</div><blockquote style="margin:0 0 0 40px;border:none"><div>a blue lamp</div></blockquote>'
    assert replies.split("My list:\na blue lamp", html) == ("My list:\na blue lamp", "")


def test_a_signature_that_programs_mark_goes() -> None:
    html = '<div>It works.</div><div class="gmail_signature" data-smartmail="gmail_signature">Mia<br>Berlin</div>'
    assert replies.split("It works.\n\nMia\nBerlin", html) == ("It works.", "Mia\nBerlin")


def test_a_question_typed_into_the_signature_stays() -> None:
    html = '<div>It works.</div><div class="gmail_signature">Mia<br>But why is it hot?</div>'
    assert "But why is it hot?" in replies.split("It works.\n\nMia\nBut why is it hot?", html)[0]


def test_a_text_that_differs_from_the_html_is_shown() -> None:
    html = '<div>Fine.</div><blockquote type="cite">The offer stands.</blockquote>'
    text = "Cancel my order at once.\nI never agreed to any of this."
    assert replies.split(text, html) == (text, "")


def test_words_that_stand_in_the_answer_and_in_the_quotation_are_told_apart() -> None:
    html = '<div>The blue lamp works again.</div><blockquote type="cite">Which lamp works again? The blue lamp?</blockquote>'
    text = "The blue lamp works again.\n\nWhich lamp works again? The blue lamp?"
    assert replies.split(text, html) == ("The blue lamp works again.", "Which lamp works again? The blue lamp?")


def test_entities_comments_and_styles_do_not_disturb_the_comparison() -> None:
    html = (
        "<!-- a > b --><style>p > a { color: red }</style><p>R&eacute;parez &amp; renvoyez&nbsp;!</p>"
        "<blockquote type=cite><p>C&rsquo;est cass&#233;</p></blockquote>"
    )
    assert replies.split("Réparez & renvoyez !\n\nC’est cassé", html)[0] == "Réparez & renvoyez !"


def test_broken_html_does_not_disturb_the_text() -> None:
    for html in ("<", "<div", "<!--", "<blockquote type=cite", "</div></div>", "<a <b <c>", "<blockquote type='cite>x"):
        assert replies.split("It works.", html) == ("It works.", "")
