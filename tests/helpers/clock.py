"""How long something takes of the processor, whatever else the machine and the test run do."""

import time
from collections.abc import Callable


def quickest(action: Callable[[], object], tries: int = 3) -> float:
    """The fewest seconds of several tries: a collection of all that a long test run has left falls into one of them."""
    taken = []
    for _ in range(tries):
        began = time.process_time()
        action()
        taken.append(time.process_time() - began)
    return min(taken)
