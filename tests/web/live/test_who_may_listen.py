"""Who may listen, and for how long."""

from __future__ import annotations

from django.contrib.sessions.models import Session

from everyhand.people.models import Member, Membership, Role
from tests.web.live.company import Company


def test_without_a_session_nobody_listens(company: Company) -> None:
    refused = company.listen(None)
    assert refused.status == 401
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in refused.headers["content-security-policy"]
    assert company.listen(None, session="made-up").status == 401


def test_a_page_of_another_site_may_not_listen(company: Company) -> None:
    for headers in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "https://evil.test"}):
        assert company.listen(company.ana, **headers).status == 403
    assert company.listen(company.ana, host="evil.test").status == 403
    own = f"http://127.0.0.1:{company.port}"
    assert company.listen(company.ana, sec_fetch_site="same-origin", origin=own).status == 200


def test_whoever_may_not_listen_any_more_is_let_go_within_five_seconds(company: Company) -> None:
    signing_out, disabled, promoted, moving, renewing, removed, demoted, leaving = (
        Member.objects.create_member(f"{name}@company.test", name.title())
        for name in ("dora", "emil", "fay", "gus", "hana", "ivo", "jana", "kai")
    )
    Member.objects.filter(pk=demoted.pk).update(role=Role.SPECIALIST)
    Membership.objects.create(team=company.field, member=leaving)
    session = company.sign_in(signing_out)
    pages = [company.listen(signing_out, session=session)]
    pages += [company.listen(member) for member in (disabled, promoted, moving, renewing, removed, demoted, leaving)]
    elsewhere = company.listen(signing_out)
    Session.objects.filter(session_key=session).delete()
    Member.objects.filter(pk=disabled.pk).update(is_active=False)
    Member.objects.filter(pk=promoted.pk).update(role=Role.SPECIALIST)
    Member.objects.filter(pk=demoted.pk).update(role=Role.MEMBER)
    Membership.objects.filter(member=leaving).delete()
    Membership.objects.create(team=company.field, member=moving)
    renewing.set_password("a new long password")
    renewing.save()
    removed.delete()
    for page in pages:
        assert page.ends_within(5)
    assert elsewhere.is_quiet_for(0.5)
    assert company.listen(signing_out, session=session).status == 401
    assert company.listen(promoted).status == 200


def test_one_member_cannot_open_streams_without_end(company: Company) -> None:
    session = company.sign_in(company.cleo)
    pages = [company.listen(company.cleo, session=session) for _ in range(12)]
    assert {page.status for page in pages} == {200}
    assert company.listen(company.cleo, session=session).status == 429
    assert company.listen(company.ana).status == 200
    pages[0].close()
    # The place is free once the server noticed that the page left.
    assert any(company.listen(company.cleo, session=session).status == 200 for _ in range(20))
