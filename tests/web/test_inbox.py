"""The inbox shows who waits, what breaks first on top, and nothing that is not theirs to see."""

from __future__ import annotations

from tests.cast import Cast, writes
from tests.web.conftest import SignedIn


def test_ana_finds_ada_in_her_inbox(cast: Cast, as_member: SignedIn) -> None:
    writes("My paper did not come today.")
    page = as_member(cast.ana).get("/inbox/mine")
    assert page.status_code == 200
    assert "My paper did not come today." in page.content.decode()
