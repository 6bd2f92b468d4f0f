"""Every string can be translated, and every catalogue we ship is complete."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest
from babel.messages import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from everyhand.config import languages
from everyhand.web.told import told

HOUSE = Path(__file__).parent.parent / "src" / "everyhand"
LOCALE = HOUSE / "locale"
CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
TEMPLATES = sorted(path for path in (HOUSE / "web" / "templates").rglob("*") if path.is_file())

# Where sentences are kept for later, and how such a sentence looks: it begins like one and ends like one.
KEEPERS = [
    *(HOUSE / "channels/email/parsing").glob("*.py"),
    *(HOUSE / "channels/email/outbound").glob("*.py"),
    HOUSE / "core/work.py",
]
SENTENCE = re.compile(r"[A-Z“](?=.* .* ).*(?:\.|: …)", re.DOTALL)
NOBODY_KEEPS = {"The parser process could not be started. Is the installation complete?"}

# A place for a name or a number, or what was meant as one.
PLACE = re.compile(r"%\(\w*\)?[a-z]?")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every string of the program, gathered as `make messages` gathers them."""
    file = tmp_path_factory.mktemp("messages") / "found.pot"
    order = ["extract", "--mapping-file", str(LOCALE / "gathering.cfg"), "--keywords", "gettext_lazy gettext_noop"]
    pybabel: Any = CommandLineInterface()  # it tells no types
    pybabel.run(["pybabel", "--quiet", *order, "--output-file", str(file), str(HOUSE)])
    return read(file)


def read(file: Path) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, domain="django") if file.suffix != ".mo" else read_mo(opened)


def strings_of(catalogue: Catalog) -> dict[str, Message]:
    return {forms_of(message.id)[0]: message for message in catalogue if message.id}


def forms_of(words: object) -> tuple[str, ...]:
    return tuple(words) if isinstance(words, (list, tuple)) else (str(words),)


def places_of(form: str) -> list[str]:
    return sorted(PLACE.findall(form))


def test_german_is_among_the_catalogues() -> None:
    assert LOCALE / "de" / "LC_MESSAGES" / "django.po" in CATALOGUES


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: str(file.parent.parent.name))
def test_a_catalogue_has_every_string_and_no_other(file: Path, found: Catalog) -> None:
    there, wanted = strings_of(read(file)), strings_of(found)

    assert sorted(wanted.keys() - there.keys()) == [], "missing; run `make messages` and translate them"
    assert sorted(there.keys() - wanted.keys()) == [], "not in the program any more; run `make messages`"
    assert [text for text in wanted if forms_of(there[text].id) != forms_of(wanted[text].id)] == []


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: str(file.parent.parent.name))
def test_every_string_of_a_catalogue_is_translated_for_sure(file: Path) -> None:
    catalogue = read(file)
    doubtful = [text for text, message in strings_of(catalogue).items() if message.fuzzy]
    plural_forms = {
        text: len(forms_of(message.string)) for text, message in strings_of(catalogue).items() if message.pluralizable
    }

    assert doubtful == []
    assert [text for text, message in strings_of(catalogue).items() if not all(forms_of(message.string))] == []
    assert set(plural_forms.values()) == {catalogue.num_plurals}


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: str(file.parent.parent.name))
def test_a_translation_says_the_same_names_and_numbers(file: Path) -> None:
    others = [
        form
        for text, message in strings_of(read(file)).items()
        for form in forms_of(message.string)
        if places_of(form) != places_of(forms_of(message.id)[-1])
    ]

    assert others == []


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: str(file.parent.parent.name))
def test_what_is_compiled_is_what_is_written(file: Path) -> None:
    written, compiled = strings_of(read(file)), strings_of(read(file.with_suffix(".mo")))

    assert {text: forms_of(message.string) for text, message in compiled.items()} == {
        text: forms_of(message.string) for text, message in written.items()
    }, "run `make messages`"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(HOUSE / "web/templates")))
def test_a_template_has_no_words_that_cannot_be_translated(template: Path) -> None:
    assert bare_words_of(template.read_text(encoding="utf-8")) == []


def test_bare_words_would_be_found() -> None:
    assert bare_words_of('{% if a %}<p title="Who">{{ _("Said") }} and heard</p>{% endif %}') == ["Who", "and heard"]


class Words(HTMLParser):
    """What a reader of the page gets to read or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        for name, value in attrs:
            if name in ("title", "aria-label", "placeholder", "alt"):
                self.handle_data(value or "")

    def handle_data(self, data: str) -> None:
        if re.search(r"[^\W\d_]{2}", data):
            self.words.append(" ".join(data.split()))


def bare_words_of(template: str) -> list[str]:
    """What the template says by itself, but for the product's name."""
    tokens = jinja2.Environment(autoescape=True).lex(template)
    reader = Words()
    reader.feed("".join(text if kind == "data" else " " for _line, kind, text in tokens))
    reader.close()
    return [words for words in reader.words if words.strip(" ·:") != "Everyhand"]


@pytest.mark.parametrize("file", KEEPERS, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_sentence_that_is_kept_can_be_told_in_every_language(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everyhand.web.told.gettext", lambda sentence: f"Told: {sentence}")

    assert [sentence for sentence in sentences_of(file) if not told(sentence).startswith("Told: ")] == []


def test_a_sentence_that_is_kept_would_be_found() -> None:
    found = {sentence for file in KEEPERS for sentence in sentences_of(file)}

    assert "The mail has more than … parts." in found
    assert "The mail server can't be reached: …" in found
    assert told("The mail went to the moon.") == "The mail went to the moon."


def sentences_of(file: Path) -> Iterator[str]:
    """The sentences a module says, with … for what is put into them."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    # Docstrings, expressions that nobody uses, and what is translated where it is said.
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "_"]
    skipped |= {id(said) for call in calls for said in call.args}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.replace("{how}", "…")
        else:
            continue
        if SENTENCE.fullmatch(text) and text not in NOBODY_KEEPS:
            yield text


def test_a_further_language_needs_its_catalogue_alone(tmp_path: Path) -> None:
    for folder in ("fr", "pt_BR"):
        (tmp_path / folder / "LC_MESSAGES").mkdir(parents=True)
        (tmp_path / folder / "LC_MESSAGES" / "django.mo").touch()

    assert languages.installed(tmp_path) == [("en", "English"), ("fr", "Français"), ("pt-br", "Português (Brasil)")]
    assert ("de", "Deutsch") in languages.installed(LOCALE)
