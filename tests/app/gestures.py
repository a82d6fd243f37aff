"""What the tests of requests that meet share: a gesture that lasts for as long as someone is kept out by it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, RLock
from typing import Any

from pages.shared.session import Session


class Told:
    """A lock that tells when it is asked for."""

    def __init__(self, lock: RLock, asked: Event) -> None:
        self.lock = lock
        self.asked = asked

    def acquire(self, *how: Any, **options: Any) -> bool:
        self.asked.set()
        return self.lock.acquire(*how, **options)

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()


@contextmanager
def lasting_gesture(session: Session) -> Iterator[None]:
    """Another request tries an edit all the while: until someone asks for the session's lock or all is done.

    Whoever reads the session without its lock finds what is only tried, on a machine of any speed.
    """
    lock = session.lock
    tried, asked = Event(), Event()

    def glimpse() -> None:
        with lock, session.tried({"op": "cells", "cells": [[0, 0, 999]]}):
            tried.set()
            assert asked.wait(60)

    with ThreadPoolExecutor(1) as other:
        lasting = other.submit(glimpse)
        assert tried.wait(10)
        session.lock = Told(lock, asked)
        try:
            yield
        finally:
            asked.set()
            session.lock = lock
        lasting.result()
