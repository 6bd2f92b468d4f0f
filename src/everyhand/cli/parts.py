"""The parts of the program: what each process of it does until it is told to end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from typing import Final, Protocol

from django.conf import settings

from everyhand.cli.doors import Doors

# By name, as uvicorn takes it: the settings and addresses of the web are above this floor.
WEB = "everyhand.config.asgi:application"


def run_web(doors: Doors) -> None:
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
    uvicorn.Server(config).run(sockets=[doors["web"]])


def run_smtp(doors: Doors) -> None:
    from everyhand.channels.email.listener import listen

    listen.run_forever(**{name: door for name, door in doors.items() if name != "web"})


def run_filing(_doors: Doors) -> None:
    from everyhand.cli import worker

    _until_told_to_end(worker.filing())


def run_worker(_doors: Doors) -> None:
    from everyhand.cli import worker

    _until_told_to_end(worker.everything_else())


def run_worker_and_fetchers(_doors: Doors) -> None:
    """Both in one process: they wait most of the time, and each process takes some 20 MB."""
    from everyhand.channels.email.fetching.fetchers import Fetchers
    from everyhand.cli import worker

    _until_told_to_end(worker.everything_else(), Fetchers())


def run_fetchers(_doors: Doors) -> None:
    from everyhand.channels.email.fetching.fetchers import Fetchers

    _until_told_to_end(Fetchers())


def greet(_doors: Doors) -> None:
    from everyhand.cli import greeting

    greeting.greet()


Part = Callable[[Doors], None]

PARTS: Final[dict[str, Part]] = {
    "web": run_web,
    "smtp": run_smtp,
    "filing": run_filing,
    "worker": run_worker,
    "worker-and-fetchers": run_worker_and_fetchers,
    "greeting": greet,
}


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


def alone(part: Part, doors: Doors) -> None:
    """A part that nobody keeps: the whole of what this process does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    part(doors)
