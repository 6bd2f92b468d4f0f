"""Search, without knowing what is searched: the same cases hold on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from everyhand.core import search
from everyhand.core.search.words import WORDS_KEPT

TEXTS = {
    1: ["Kettle", "The kettle that came on Monday stays cold. Order A-1234/7."],
    2: ["Invoice", "Herr MÜLLER paid twice; the straße is right."],
    3: ["Kettle again", "Now it boils over. Write to ines.ø@shop.example.com"],
    4: ["注文", "注文したケトルが届きません。東京都"],
    5: ["Чайник", "Ёлка и Йод, Ελλάδα, İstanbul, ŁÓDŹ, 한국어를 씁니다, हिन्दी में"],
    6: ["Cold", "kettle", "monday.pdf"],
    7: ["cold cold cold", "½ price ﬁnally, x² \uff26\uff35\uff2c\uff2c"],
}

CASES = [
    ("kettle", [6, 3, 1]),
    ("KETTLE cold", [6, 1]),
    ("kettle -cold", [3]),
    ('kettle -"boils over"', [6, 1]),
    ('"kettle cold"', []),  # one text ends where the other begins
    ('"cold kettle"', []),
    ('"stays cold"', [1]),
    ('"cold stays"', []),
    ("ket", [6, 3, 1]),  # the last word may go on
    ("ket cold", []),  # others may not
    ("cold ket", [6, 1]),
    ('"ket"', []),
    ("k", []),  # one letter stands for itself
    ("muller", [2]),
    ("MÜLL", [2]),
    ("mu\u0308ller", [2]),
    ("strasse", [2]),
    ("straße", [2]),
    ("A-1234/7", [1]),
    ("1234", [1]),
    ("a-123", [1]),
    ("ines.o@shop.example.com", [3]),
    ("ines.ø@shop", [3]),
    ("shop.com", []),
    ("monday.pdf", [6]),
    ("ケトル", [4]),
    ("トル", [4]),
    ("東京", [4]),
    ("京東", []),
    ("елка", [5]),
    ("ελλαδα", [5]),
    ("istanbul", [5]),
    ("lodz", [5]),
    ("한국", [5]),
    ("हिन्दी", [5]),
    ("finally", [7]),
    ("full", [7]),
    ("1 price", [7]),
    ("-kettle", []),  # to find all that is missing something is no question
    ("", []),
    ('"', []),
    ('kettle "', [6, 3, 1]),
    ('kettle "boils ov', [3]),  # still typing
    ("kettle AND cold", []),
    ("cold OR kettle", []),
    ("NEAR(cold kettle)", []),
    ("words:kettle", []),
    ("kettle*", [6, 3, 1]),
    ("^kettle ' \\ ; -- %", [6, 3, 1]),
    ("¶", []),
]


@pytest.fixture
def texts(db: None) -> None:
    for number, given_texts in TEXTS.items():
        search.put(number, group=number % 2, texts=given_texts)


def found(words: str) -> list[int]:
    return [document.number for document in search.matching(search.read(words))]


@pytest.mark.parametrize(("words", "expected"), CASES)
@pytest.mark.usefixtures("texts")
def test_what_is_found_is_the_same_on_every_database(words: str, expected: list[int]) -> None:
    assert found(words) == expected


@pytest.mark.usefixtures("texts")
def test_what_is_put_again_says_only_the_new() -> None:
    search.put(1, group=1, texts=["A toaster."])
    assert found("toaster") == [1]
    assert found("1234") == []


@pytest.mark.usefixtures("texts")
def test_what_is_put_and_looked_for_again_and_again_stays_found() -> None:
    for _ in range(5):
        search.put(1, group=1, texts=["A toaster."])
        assert found("toa") == [1]
        search.put(1, group=1, texts=["A kettle."])
        assert found("toa") == []


@pytest.mark.usefixtures("texts")
def test_what_is_forgotten_leaves_no_word_behind() -> None:
    search.forget(groups=[0, 1])
    assert [found(words) for words, _ in CASES] == [[]] * len(CASES)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("CREATE VIRTUAL TABLE temp.left_over USING fts5vocab(main, core_document_index, row)")
            cursor.execute("SELECT term FROM temp.left_over")
            assert cursor.fetchall() == []
            cursor.execute("DROP TABLE temp.left_over")


@pytest.mark.django_db
def test_a_very_long_text_is_found_by_its_first_words() -> None:
    long_words = " ".join(f"{number}{'字' * 3}{'ü' * 70}" for number in range(30_000))
    search.put(1, group=1, texts=["the heading", "a" * 1_000_000, "b " * WORDS_KEPT, long_words])
    search.put(2, group=1, texts=[long_words])
    assert found("heading") == [1]
    assert found("a" * 1_000_000) == [1]
    assert found("10字") == [2]
    assert found("29字") == [2]
    assert found("2999字") == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("kettle", "The [kettle] that came on Monday."),
        ("mond", "The kettle that came on [Monday]."),
        ('"came on"', "The kettle that [came on] Monday."),
        ("the monday", "[The] kettle that came on [Monday]."),
        ("nothing", "The kettle that came on Monday."),
    ],
)
def test_an_excerpt_marks_what_was_found(words: str, expected: str) -> None:
    pieces = search.excerpt("The kettle\r\n that came on   Monday.", search.read(words).wanted)
    assert "".join(f"[{piece}]" if marked else piece for piece, marked in pieces) == expected


def test_an_excerpt_of_a_long_text_is_around_the_words() -> None:
    text = "before " * 100 + "the Kettle here " + "after " * 100
    pieces = search.excerpt(text, search.read("kettle").wanted)
    assert ("Kettle", True) in pieces
    whole = "".join(piece for piece, _ in pieces)
    assert whole.startswith("… before")
    assert whole.endswith(" …")
    assert 190 < len(whole) < 220


any_text = st.text(st.characters(), max_size=60)


class AnyTextTest(TestCase):
    @given(any_text)
    def test_every_text_is_a_query(self, words: str) -> None:
        found(words)

    @given(st.lists(any_text, max_size=3), any_text)
    def test_every_text_can_be_put_found_by_its_words_and_forgotten(self, texts: list[str], words: str) -> None:
        search.put(1, group=1, texts=[*texts, words])
        query = search.read(f'"{words.replace(chr(34), " ")}"'[:400])
        assert [document.number for document in search.matching(query)] == ([1] if query.wanted else [])
        search.forget(groups=[1])
        assert list(search.matching(query)) == []

    @given(any_text, any_text)
    def test_an_excerpt_is_a_piece_of_the_text(self, text: str, words: str) -> None:
        pieces = search.excerpt(text, search.read(words).wanted, width=20)
        told = "".join(piece for piece, _ in pieces).removeprefix("… ").removesuffix(" …")
        assert told in " ".join(text.split())
