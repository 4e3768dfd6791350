"""What callers of a group may rely on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.collector.grouping import Busy, Grouper

PATIENCE_SECS = 60.0


class Work:
    """Work that waits until it may go on, and notes what it was given."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.has_begun = threading.Semaphore(0)
        self.may_go_on = threading.Semaphore(0)

    def __call__(self, items: list[str]) -> None:
        self.groups.append(items)
        self.has_begun.release()
        assert self.may_go_on.acquire(timeout=PATIENCE_SECS)
        if "poison" in items:
            raise ValueError("poison")
        if "exit" in items:
            raise SystemExit


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def grouper(work: Work) -> Grouper[str]:
    return Grouper(work, name="test")


def wait_for_queue(grouper: Grouper[str], length: int) -> None:
    waited = threading.Event()
    for _ in range(int(PATIENCE_SECS * 100)):
        if grouper._waiting.qsize() >= length:
            return
        waited.wait(0.01)
    raise AssertionError("Nobody queued up.")


def test_what_gathers_during_one_group_is_the_next(grouper: Grouper[str], work: Work) -> None:
    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(grouper.submit, "first")]
        assert work.has_begun.acquire(timeout=PATIENCE_SECS)
        callers += [pool.submit(grouper.submit, item) for item in ("a", "b", "c")]
        wait_for_queue(grouper, 3)
        work.may_go_on.release(2)
        for caller in callers:
            caller.result(PATIENCE_SECS)

    assert [sorted(group) for group in work.groups] == [["first"], ["a", "b", "c"]]


def test_an_error_reaches_each_caller_of_its_group_and_no_other(grouper: Grouper[str], work: Work) -> None:
    with ThreadPoolExecutor(3) as pool:
        before = pool.submit(grouper.submit, "before")
        assert work.has_begun.acquire(timeout=PATIENCE_SECS)
        together = [pool.submit(grouper.submit, item) for item in ("poison", "neighbour")]
        wait_for_queue(grouper, 2)
        work.may_go_on.release(2)

        before.result(PATIENCE_SECS)
        for caller in together:
            with pytest.raises(ValueError, match="poison"):
                caller.result(PATIENCE_SECS)


def test_who_waits_too_long_is_told_and_is_not_worked_for_any_more(grouper: Grouper[str], work: Work) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(grouper.submit, "first")
        assert work.has_begun.acquire(timeout=PATIENCE_SECS)

        with pytest.raises(Busy):
            grouper.submit("late", timeout_secs=0.01)

        work.may_go_on.release(3)
        first.result(PATIENCE_SECS)
        grouper.submit("next")

    assert all("late" not in group for group in work.groups)


def test_a_thread_that_died_is_started_again(grouper: Grouper[str], work: Work) -> None:
    work.may_go_on.release(2)
    with pytest.raises(Busy):
        grouper.submit("exit", timeout_secs=0.2)
    assert grouper._thread is not None
    grouper._thread.join(PATIENCE_SECS)

    grouper.submit("next")

    assert work.groups[-1] == ["next"]


def test_who_comes_alone_does_not_wait_for_others(grouper: Grouper[str], work: Work) -> None:
    for item in ("a", "b"):
        work.may_go_on.release()
        grouper.submit(item)

    assert grouper._pause_secs == 0


def test_a_group_ends_when_its_room_is_filled(work: Work) -> None:
    grouper = Grouper(work, name="test", weigh=len, room=4)
    with ThreadPoolExecutor(6) as pool:
        callers = [pool.submit(grouper.submit, "first")]
        assert work.has_begun.acquire(timeout=PATIENCE_SECS)
        for place, item in enumerate(("aa", "bb", "c", "dddddddd", "e"), start=1):
            callers.append(pool.submit(grouper.submit, item))
            wait_for_queue(grouper, place)
        for _ in range(4):
            work.may_go_on.release()
        for caller in callers:
            caller.result(PATIENCE_SECS)

    assert work.groups == [["first"], ["aa", "bb"], ["c", "dddddddd"], ["e"]]
