"""Running: everything with one command, or one part each."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import sys
import threading
import time
from datetime import timedelta
from functools import partial
from typing import Protocol

import click
import structlog
from django.conf import settings
from django.db import connections
from django.urls import get_resolver
from django.utils import timezone
from uvicorn.importer import import_from_string

from everyhand.channels.email.listener.certificate import Certificate, CertificateUnusable
from everyhand.cli import loading, setting_up, supervisor
from everyhand.people.models import Member, Role

log = structlog.get_logger(__name__)

# By name, as uvicorn takes it: the settings and addresses of the web are above this floor.
WEB = "everyhand.config.asgi:application"


@click.command()
@click.option("--with-demo", is_flag=True, help="On the first start, load the demo company.")
def serve(with_demo: bool) -> None:
    """Run everything: web, live hub, worker, mail listener and fetchers, as a small supervised process tree."""
    parts = []
    try:
        if settings.EVERYHAND.web:
            door = supervisor.open_door("EVERYHAND_WEB", settings.EVERYHAND.web)
            parts.append(supervisor.Part("web", partial(run_web, door)))
        if doors := _mail_doors():
            parts.append(supervisor.Part("smtp", partial(run_smtp, doors)))
    except (supervisor.PortTaken, CertificateUnusable) as wrong:
        click.echo(f"everyhand: {wrong}", err=True)
        sys.exit(os.EX_CONFIG)
    parts += [supervisor.Part("filing", run_filing), supervisor.Part("worker", run_worker_and_fetchers)]
    parts.append(supervisor.Part("greeting", _greet, once=True))
    if setting_up.set_up() and with_demo:
        from everyhand.cli.demo import company

        company.load(at=timezone.now())
    _load_program()
    supervisor.Supervisor(parts).run()


@click.command()
def web() -> None:
    """Run the web server and the live hub alone."""
    setting_up.set_up()
    if settings.EVERYHAND.web is None:
        setting_up.stop("EVERYHAND_WEB is off, so there is nothing to run.")
    try:
        door = supervisor.open_door("EVERYHAND_WEB", settings.EVERYHAND.web)
    except supervisor.PortTaken as taken:
        setting_up.stop(str(taken))
    connections.close_all()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run_web(door)


@click.command()
def smtp() -> None:
    """Run the listener for SMTP and LMTP alone."""
    setting_up.set_up()
    try:
        doors = _mail_doors()
    except (supervisor.PortTaken, CertificateUnusable) as wrong:
        setting_up.stop(str(wrong))
    if not doors:
        setting_up.stop("EVERYHAND_SMTP and EVERYHAND_LMTP are off, so there is nothing to run.")
    connections.close_all()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run_smtp(doors)


@click.command()
def worker() -> None:
    """Run the worker alone. On PostgreSQL several may run, on several machines."""
    setting_up.set_up()
    import everyhand.cli.worker  # noqa: F401 (before it is forked)

    supervisor.Supervisor([supervisor.Part("filing", run_filing), supervisor.Part("worker", run_worker)]).run()


@click.command()
def fetch() -> None:
    """Fetch the mail of connected mailboxes alone."""
    setting_up.set_up()
    run_fetch()


def run_web(door: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        WEB,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.EVERYHAND.trusted_proxy),
        forwarded_allow_ips=settings.EVERYHAND.trusted_proxy,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=30,
        lifespan="on",
    )
    uvicorn.Server(config).run(sockets=[door])


def run_smtp(doors: dict[str, socket.socket]) -> None:
    from everyhand.channels.email.listener import listen

    listen.run_forever(**doors)


def run_filing() -> None:
    from everyhand.cli import worker

    _until_told_to_end(worker.filing())


def run_worker() -> None:
    from everyhand.cli import worker

    _until_told_to_end(worker.everything_else())


def run_worker_and_fetchers() -> None:
    """Both in one process: they wait most of the time, and each process takes some 20 MB."""
    from everyhand.channels.email.fetching.fetchers import Fetchers
    from everyhand.cli import worker

    _until_told_to_end(worker.everything_else(), Fetchers())


def run_fetch() -> None:
    from everyhand.channels.email.fetching.fetchers import Fetchers

    _until_told_to_end(Fetchers())


class _Working(Protocol):
    """Works in `run` until `stop` is called."""

    def run(self) -> None: ...

    def stop(self) -> None: ...


def _until_told_to_end(*working: _Working) -> None:
    """Have all of these work until SIGTERM or SIGINT. In threads, because a signal may not set an event that the
    interrupted thread is about to wait for.
    """

    def stop(*_: object) -> None:
        for one in working:
            one.stop()

    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, stop)
    threads = [threading.Thread(target=one.run, name=type(one).__name__.lower()) for one in working]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _mail_doors() -> dict[str, socket.socket]:
    """The listening sockets for mail by protocol, "smtp" and "lmtp", of those that are set.

    Raises `PortTaken` and `CertificateUnusable`: both are known before anything runs.
    """
    if certificate := Certificate.from_settings():
        certificate.context()
    wanted = {"smtp": settings.EVERYHAND.smtp, "lmtp": settings.EVERYHAND.lmtp}
    return {
        protocol: supervisor.open_door(f"EVERYHAND_{protocol.upper()}", address)
        for protocol, address in wanted.items()
        if address
    }


def _load_program() -> None:
    """Import what the parts need once, before they are forked. A part that was forked before the rest is loaded would
    share less, and pages would come no sooner.
    """
    with loading.for_good():
        import everyhand.channels.email.fetching.fetchers
        import everyhand.channels.email.listener.listen
        import everyhand.cli.worker  # noqa: F401

        import_from_string(WEB)
        # The addresses and all that they lead to, which Django imports when the first page is asked for.
        get_resolver().url_patterns  # noqa: B018


def _greet() -> None:
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
