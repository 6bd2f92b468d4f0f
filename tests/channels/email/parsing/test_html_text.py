"""HTML as the text a person reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import html_tags, html_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<b>one</b> <i>two</i>,three", "one two,three"),
        ("  one \n\t two&nbsp;three ", "one two three"),
        ("<ul><li>one<li>two<ul><li>in</ul></ul>", "- one\n- two\n  - in"),
        ("<ol><li>one<li>two</ol>", "1. one\n2. two"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a b\nc d"),
        ("<pre>x  y\n  z</pre>", "x  y\n  z"),
        ("yes<blockquote>asked<blockquote>before</blockquote></blockquote>", "yes\n\n> asked\n>\n>> before"),
        ("<p class=MsoNormal>one</p><p class=MsoNormal>two</p>", "one\ntwo"),
        ("<style>p{}</style><script>x()</script><!-- no --><title>t</title><p>one", "one"),
        ('<p>one<div style="display: none">hidden</div>', "one"),
        ('<div style="display:none">all there is</div>', "all there is"),
        ("&lt;b&gt; &amp; &#128512; &euro;", "<b> & 😀 €"),
        ("3 < 4 and 5 > 2", "3 < 4 and 5 > 2"),
        ("<p>never closed <b>bold", "never closed bold"),
        ('<img alt="Our logo"><img alt="🙂">', "[Our logo]🙂"),
        ("", ""),
    ],
)
def test_paragraphs_lines_lists_and_quotes_are_kept(html: str, text: str) -> None:
    assert html_text.text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://shop.example/17">your order</a>.', "your order <https://shop.example/17>."),
        ('<a href="https://www.shop.example/">shop.example</a>', "shop.example"),
        ('<a href="mailto:ann@example.com?subject=x">ann@example.com</a>', "ann@example.com"),
        ('<a href="mailto:ann@example.com">Ann</a>', "Ann <ann@example.com>"),
        ('<a href="#top">up</a> <a>nowhere</a> <a href="javascript:x()">no</a>', "up nowhere no"),
    ],
)
def test_where_links_lead_is_told_unless_the_words_say_it(html: str, text: str) -> None:
    assert html_text.text(html) == text


@pytest.mark.parametrize(
    "piece", ["<div>", "<a>", "<b><p>", "<table>", "<table><tr><td>", "<font>", "<blockquote>", "<ul><li>"]
)
def test_elements_nested_ten_thousand_deep_are_read(piece: str) -> None:
    assert "the words" in html_text.text(piece * 10_000 + "the words")


@pytest.mark.parametrize("piece", ["<!--", "<style>", "<", "<x ", "&#", "&#99999999999", "<script>", "</"])
def test_tags_that_never_close_are_looked_for_only_once(piece: str) -> None:
    class Counting(str):
        __slots__ = ()
        steps = 0

        def find(self, what: str, start: int = 0, *_: object) -> int:  # type: ignore[override]
            found = str.find(self, what, start)
            Counting.steps += (found if found >= 0 else len(self)) - start
            return found

    once = Counting(piece * 1_000 + "the words >")
    html_tags.removed(once)
    assert Counting.steps < 12 * len(once)


@given(st.text(alphabet="<>/ab=\"' &;#!-pdivtrl\n", max_size=200) | st.text(max_size=200))
def test_any_text_can_be_read_as_html(html: str) -> None:
    for text in (html_text.text(html), html_tags.removed(html)):
        assert "\x00" not in text
        text.encode("utf-8")
