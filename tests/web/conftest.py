"""What tests of the pages ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.databases import DATABASE
from tests.web.house import House, nobody_was_here
from tests.web.scene import Scene, scene

collect_ignore = [] if DATABASE == "sqlite" else ["test_indexes.py"]


@pytest.fixture
def house(db: None) -> House:
    nobody_was_here()
    return House()


@pytest.fixture
def public_scene(house: House) -> Scene:
    return scene(house, to="help@courier.test", about="your column", owner=house.carla)


@pytest.fixture
def standing_scene(scene_of_a_module: Scene, db: None) -> Scene:
    """The public scene, made once for a whole module: what a test does to it is taken back at its end."""
    return scene_of_a_module


@pytest.fixture(scope="module")
def scene_of_a_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """Within one transaction: no test of that module may ask for `transactional_db`, nor for a `house` of its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        nobody_was_here()
        house = House()
        yield scene(house, to="help@courier.test", about="your column", owner=house.carla)
        transaction.set_rollback(True)
