"""Words and texts of a company that does not exist: drawn by Zipf's law from a vocabulary of 50,000.

In every natural language the n-th most frequent word comes about 1/n as often as the first (Zipf 1949; the 2.7 is
Mandelbrot's correction of 1953 for the most frequent). For a full-text index this is what matters: a few words stand in
nearly every message and most of the vocabulary in hardly any.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, product
from random import Random
from typing import Final

VOCABULARY: Final = 50_000
_ONSETS: Final = "b br ch d dr f fl g gr h j k kl l m n p pl pr qu r s sh sl st t tr v w z".split()  # noqa: SIM905 (to be read)
_NUCLEI: Final = "a e i o u ai ea ee ie oa ou".split()  # noqa: SIM905
_CODAS: Final = ["", "l", "m", "n", "nd", "r", "rk", "s", "st", "t"]
_WORDS_A_DRAW: Final = 50_000
_SENTENCES: Final = 100_000
_LONGEST: Final = 800  # words of a text

FIRST_NAMES: Final = """
Ada Ben Carla Dora Emil Finn Gita Hana Ines Jonas Kaya Leo Mia Nils Olga Pavel Rosa Sam Tara Uma Vera Will Yara Zeno
Amir Bela Chen Dina Ewa Fadi Greta Hugo Ida Jana Kofi Lena Marek Nora Omar Priya
""".split()  # noqa: SIM905
LAST_NAMES: Final = """
Abel Brown Costa Diaz Eriksen Fischer Garcia Hart Ito Jensen Keller Lang Moreau Novak Okoro Petrov Quist Rossi Silva
Tanaka Unger Vogel Weiss Xu Young Zimmer Adler Bauer Conti Dubois Evans Fontaine Gruber Holm Ivanov Jung Kim Larsen
Meyer Nagy Olsen Park Reyes Sato Thomas Ullrich Varga Wagner Yilmaz Ziegler
""".split()  # noqa: SIM905


class Writer:
    """Writes texts, the same ones for the same `rng`. They are made of sentences that were thought up beforehand: each
    text takes some that follow each other, from anywhere among them.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.vocabulary = _vocabulary(rng)
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
        self._drawn: list[str] = []
        # Each with the number of words that were written before it.
        self._sentences: list[str] = []
        self._words_before: list[int] = [0]
        for _ in range(_SENTENCES):
            words = self.words(rng.randint(5, 16))
            self._sentences.append(" ".join(words).capitalize() + ".")
            self._words_before.append(self._words_before[-1] + len(words))

    def text(self) -> str:
        """A message: half of them under 45 words, a few of several hundred, in sentences and paragraphs."""
        length = min(max(int(self._rng.lognormvariate(3.8, 0.7)), 4), _LONGEST)
        start = int(self._rng.random() * (_SENTENCES - _LONGEST))
        end = bisect_left(self._words_before, self._words_before[start] + length, start)
        sentences = self._sentences[start:end]
        return "\n\n".join(" ".join(sentences[at : at + 4]) for at in range(0, len(sentences), 4))

    def subject(self) -> str:
        return " ".join(self.words(self._rng.randint(2, 8))).capitalize()

    def name(self) -> str:
        return f"{self._rng.choice(FIRST_NAMES)} {self._rng.choice(LAST_NAMES)}"

    def words(self, number: int) -> list[str]:
        if len(self._drawn) < number:
            self._drawn += self._rng.choices(self.vocabulary, cum_weights=self._weights, k=_WORDS_A_DRAW)
        drawn, self._drawn[-number:] = self._drawn[-number:], []
        return drawn


def _vocabulary(rng: Random) -> list[str]:
    """Words one can pronounce; the frequent ones are short, as everywhere."""
    syllables = ["".join(parts) for parts in product(_ONSETS, _NUCLEI, _CODAS)]
    rng.shuffle(syllables)
    words = dict.fromkeys(syllables)
    while len(words) < VOCABULARY:
        length = 2 if len(words) < VOCABULARY // 2 else 3
        words["".join(rng.choices(syllables, k=length))] = None
    return list(words)[:VOCABULARY]
