"""Words and texts of a company that does not exist: drawn by Zipf's law from a vocabulary of 50,000.

In every natural language the n-th most frequent word comes about 1/n as often as the first (Zipf 1949; the 2.7 is
Mandelbrot's correction of 1953 for the most frequent). For a full-text index this is what matters: a few words stand in
nearly every message and most of the vocabulary in hardly any.
"""

from __future__ import annotations

from itertools import accumulate, product
from random import Random
from typing import Final

VOCABULARY: Final = 50_000
_ONSETS: Final = "b br ch d dr f fl g gr h j k kl l m n p pl pr qu r s sh sl st t tr v w z".split()  # noqa: SIM905 (to be read)
_NUCLEI: Final = "a e i o u ai ea ee ie oa ou".split()  # noqa: SIM905
_CODAS: Final = ["", "l", "m", "n", "nd", "r", "rk", "s", "st", "t"]
_WORDS_A_DRAW: Final = 50_000

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
    """Writes texts, the same ones for the same `rng`."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.vocabulary = _vocabulary(rng)
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
        self._drawn: list[str] = []

    def text(self) -> str:
        """A message: half of them under 45 words, a few of several hundred, in sentences and paragraphs."""
        words = self.words(min(max(int(self._rng.lognormvariate(3.8, 0.7)), 4), 800))
        sentences = []
        start = 0
        while start < len(words):
            end = start + self._rng.randint(5, 16)
            sentences.append(" ".join(words[start:end]).capitalize() + ".")
            start = end
        paragraphs = [" ".join(sentences[at : at + 4]) for at in range(0, len(sentences), 4)]
        return "\n\n".join(paragraphs)

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
