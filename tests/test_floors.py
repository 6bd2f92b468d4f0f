"""The floors of the house, where the import linter can't look: foreign keys and uses of templates."""

from __future__ import annotations

from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
from django.apps import apps
from jinja2 import Environment, meta

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "everyhand"


def floors() -> list[set[str]]:
    """Return the packages on each floor, the highest first, as .importlinter has them."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    layers = contracts["importlinter:contract:floors"]["layers"].split("\n")
    return [{package.strip(" ()") for package in layer.split("|")} for layer in layers if layer.strip()]


def lies_below(package: str, other: str) -> bool:
    height = {package: -depth for depth, packages in enumerate(floors()) for package in packages}
    return height[package] < height[other]


@pytest.mark.parametrize(
    ("package", "other", "below"),
    [
        ("core", "people", True),
        ("people", "conversations", True),
        ("conversations", "people", False),
        ("people", "customers", False),
        ("desk", "desk", False),
    ],
)
def test_the_floors_are_read_as_they_are_written(package: str, other: str, below: bool) -> None:
    assert lies_below(package, other) is below


def test_every_foreign_key_points_down() -> None:
    keys = list(foreign_keys())

    assert keys
    assert [
        f"{key} points up" for key, owner, target in keys if owner != target and not lies_below(target, owner)
    ] == []


def foreign_keys() -> Iterator[tuple[str, str, str]]:
    """Yield each relation between our tables: its name, the package that has it, the package it points to."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            target = field.related_model
            if field.concrete and isinstance(target, type) and is_ours(model) and is_ours(target):
                yield str(field), model.__module__.split(".")[1], target.__module__.split(".")[1]


def is_ours(model: type) -> bool:
    return model.__module__.startswith("everyhand.")


def test_no_template_reaches_through_another_door() -> None:
    assert reaches(PACKAGE) == []


def test_a_template_that_reaches_through_another_door_is_noticed(tmp_path: Path) -> None:
    for path, text in {
        "web/templates/page.html": "{% extends 'frame.html' %}{% include 'channels/email/_mail.html' %}",
        "web/templates/frame.html": "{% trans %}Inbox{% endtrans %}",
        "channels/email/templates/channels/email/_mail.html": "{% from 'frame.html' import title %}{% include other %}",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    assert reaches(tmp_path) == [
        "channels/email/templates/channels/email/_mail.html uses frame.html of another door",
        "web/templates/page.html uses channels/email/_mail.html of another door",
    ]


def reaches(package: Path) -> list[str]:
    """Return every use of a template of ours from under another door's `templates/`. A third party's may be used."""
    roots = sorted(path for path in package.rglob("templates") if path.is_dir())
    environment = Environment(  # noqa: S701 - it reads templates and renders none
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"]
    )
    return [
        f"{path.relative_to(package)} uses {name} of another door"
        for root in roots
        for path in sorted(path for path in root.rglob("*") if path.is_file())
        for name in sorted(filter(None, meta.find_referenced_templates(environment.parse(path.read_text("utf-8")))))
        if not (root / name).exists() and any((other / name).exists() for other in roots)
    ]
