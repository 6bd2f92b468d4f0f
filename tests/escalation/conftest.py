"""What tests of escalations ask for."""

from __future__ import annotations

import pytest

from everyhand.escalation.models import Whom
from tests.cast import Cast
from tests.escalation.night import Night, a_ladder


@pytest.fixture
def night() -> Night:
    return Night()


@pytest.fixture
def chair(cast: Cast) -> Cast:
    """Ana answers, Ben leads her team, Carla writes a column, Ines has the chair."""
    a_ladder(cast.ines, (Whom.OWNER, 10), (Whom.LEADS, 10), (cast.carla, 20), (Whom.ADMINS, 20))
    return cast
