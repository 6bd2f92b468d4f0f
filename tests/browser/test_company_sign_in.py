"""The company's own sign-in in a real browser, which holds forms, cookies and where they lead against its own rules."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

from playwright.sync_api import Page, Route

from tests.servers import saml
from tests.servers.everyhand import RunningEveryhand
from tests.servers.saml import IdentityProvider


def test_somebody_signs_in_at_the_company_and_comes_back_as_a_form_from_another_site(
    start_everyhand: Callable[..., RunningEveryhand], visit: Callable[..., Page], tmp_path: Path
) -> None:
    provider = IdentityProvider()
    provider.sign_in_at = "https://localhost/sso"  # to a browser another site than 127.0.0.1
    (tmp_path / "metadata.xml").write_text(provider.metadata)
    everyhand = start_everyhand(EVERYHAND_SAML_METADATA=str(tmp_path / "metadata.xml"), EVERYHAND_SAML_NAME="Courier")
    everyhand.run("member", "add", "ana@courier.test", "Ana Silva")

    def signs_in(route: Route) -> None:
        """Their page, with the form that brings the answer by itself."""
        says = provider.reads(route.request.url)
        says.attributes = {saml.MAIL: "ana@courier.test"}
        fields = f'<input type="hidden" name="SAMLResponse" value="{escape(provider.answers(says))}">'
        form = f'<form method="post" action="{escape(says.recipient)}">{fields}<button>Go on</button></form>'
        route.fulfill(
            content_type="text/html", body=f"<title>Courier</title>{form}<script>document.forms[0].submit()</script>"
        )

    window = visit()
    window.route(f"{provider.sign_in_at}**", signs_in)
    window.goto(f"{everyhand.url}/sign-in")
    window.get_by_role("button", name="Sign in with Courier").click()
    window.wait_for_url("**/inbox/**")
    assert "Ana Silva" in window.content()
    assert "saml-answer" not in {cookie["name"] for cookie in window.context.cookies()}
