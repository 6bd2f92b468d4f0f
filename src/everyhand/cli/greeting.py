"""What `everyhand serve` says once it answers: where it is, and how to begin."""

from __future__ import annotations

import http.client
import shutil
import sys
import time
from datetime import timedelta

import click
import structlog
from django.conf import settings
from django.db import connections
from django.utils import timezone

from everyhand.cli import setting_up
from everyhand.people.models import Member, Role

log = structlog.get_logger(__name__)


def greet() -> None:
    """Once the web server answers, say where it is and how to begin."""
    if settings.EVERYHAND.web and not _answers(settings.EVERYHAND.web):
        return
    from everyhand.cli.demo import company

    lines = ["", f"  Everyhand is running at {settings.BASE_URL}"]
    admins = Member.objects.filter(role=Role.ADMIN, is_active=True)
    # In the demo company there is more to see through the eyes of somebody who works there.
    admin = admins.filter(email=company.GUIDE).first() or admins.order_by("pk").first()
    if admin and settings.EVERYHAND.web:
        from everyhand.people import actions as people

        token = people.make_sign_in_link(admin, at=timezone.now(), valid_for=timedelta(hours=1))
        lines += [f"  Sign in (once, as {admin.name}): {settings.BASE_URL}/sign-in/{token}"]
    if settings.EVERYHAND.smtp:
        lines += ["  Send it a first mail, from another shell:", f"    {first_mail(*settings.EVERYHAND.smtp)}"]
    if not settings.EVERYHAND.mail_url:
        lines += ["  Replies wait until a mail server is set: EVERYHAND_MAIL_URL=smtp://HOST:PORT"]
    click.echo("\n".join([*lines, "  Ctrl-C ends it.", ""]))
    sys.stdout.flush()
    connections.close_all()


def _answers(address: tuple[str, int]) -> bool:
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        try:
            asked = http.client.HTTPConnection(*address, timeout=2)
            asked.request("GET", "/healthz")
            return asked.getresponse().status < 500
        except OSError:
            time.sleep(0.05)
    log.error("the web server does not answer", address=f"{address[0]}:{address[1]}")
    return False


def first_mail(host: str, port: int) -> str:
    """One shell line that sends a mail with nothing but Python, or with swaks where it is installed."""
    from everyhand.channels.email.models import Mailbox

    boxes = [box for box in Mailbox.objects.values_list("address", flat=True) if not box.startswith("*")]
    to = next((box for box in boxes if not box.endswith("@localhost")), boxes[0] if boxes else setting_up.FIRST_MAILBOX)
    if shutil.which("swaks"):
        return (
            f"swaks --server {host}:{port} --to {to} --from ada@example.org --h-From 'Ada Brown <ada@example.org>' "
            "--h-Subject 'No paper this morning' "
            "--body 'Good morning, Riverside route 4 again: no paper since Monday. Ada Brown'"
        )
    letter = (
        rf"From: Ada Brown <ada@example.org>\nTo: {to}\nSubject: No paper this morning\n\n"
        r"Good morning, Riverside route 4 again: no paper since Monday. Ada Brown\n"
    )
    send = f"smtplib.SMTP('{host}', {port}).sendmail('ada@example.org', ['{to}'], '{letter}')"
    return f'python3 -c "import smtplib; {send}"'
