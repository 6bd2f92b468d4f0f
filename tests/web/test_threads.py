"""The threads that make pages: whoever was just here still knows what is needed, so that one goes first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from everyhand.config.threads import LastFirst

PATIENCE = 10.0


@pytest.fixture
def threads() -> Iterator[LastFirst]:
    made = LastFirst(2, name="page")
    yield made
    made.shutdown()


class Held:
    """A task that goes on until it is let go."""

    def __init__(self, threads: LastFirst) -> None:
        self._begun, self._let_go = threading.Event(), threading.Event()
        self.done: Future[str] = threads.submit(self._do)
        assert self._begun.wait(PATIENCE)

    def _do(self) -> str:
        self._begun.set()
        assert self._let_go.wait(PATIENCE)
        return threading.current_thread().name

    def let_go(self) -> str:
        self._let_go.set()
        return self.done.result(PATIENCE)


def who(threads: LastFirst) -> str:
    return threads.submit(lambda: threading.current_thread().name).result(PATIENCE)


def test_one_page_after_the_other_is_made_by_the_same_thread(threads: LastFirst) -> None:
    assert {who(threads) for _ in range(50)} == {"page-0"}


def test_a_page_that_takes_long_holds_up_no_other_and_whoever_was_here_last_goes_on(threads: LastFirst) -> None:
    long = Held(threads)
    assert who(threads) == "page-1"
    assert long.let_go() == "page-0"
    assert [who(threads) for _ in range(3)] == ["page-0"] * 3


def test_while_all_are_busy_tasks_wait_in_their_order(threads: LastFirst) -> None:
    busy = [Held(threads), Held(threads)]
    order: list[int] = []
    later = [threads.submit(order.append, number) for number in range(5)]
    assert not order
    busy[0].let_go()
    for one in later:
        one.result(PATIENCE)
    assert order == [0, 1, 2, 3, 4]
    busy[1].let_go()


def test_what_goes_wrong_is_raised_where_it_is_waited_for_and_the_thread_goes_on(threads: LastFirst) -> None:
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 // 0).result(PATIENCE)
    assert who(threads) == "page-0"


def test_what_was_called_off_while_it_waited_is_not_done(threads: LastFirst) -> None:
    busy = [Held(threads), Held(threads)]
    done: list[str] = []
    assert threads.submit(done.append, "called off").cancel()
    last = threads.submit(done.append, "wanted")
    for one in busy:
        one.let_go()
    last.result(PATIENCE)
    assert done == ["wanted"]


def test_at_the_end_what_waits_is_done_and_nothing_more_is_taken() -> None:
    threads = LastFirst(1, name="page")
    busy, done = Held(threads), list[str]()
    threads.submit(done.append, "what waited")
    ending = threading.Thread(target=threads.shutdown)
    ending.start()
    busy.let_go()
    ending.join(PATIENCE)
    assert done == ["what waited"]
    with pytest.raises(RuntimeError):
        threads.submit(print)
