"""Times of several runs of the same work, taken in turns so that a busy machine slows all of them alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median

Run = Callable[[], object]


def interleaved(
    runs: dict[str, Run], *, rounds: int = 15, least: float = 0.002, hopeless: float = math.inf
) -> dict[str, float]:
    """The median processor time of one call of each, in seconds: what others take of the machine is not in it.

    Args:
        runs: by name.
        rounds: how often each has its turn.
        least: seconds that a turn takes at least; short work is repeated within its turn.
        hopeless: who takes that many times the quickest's time in its first timed call has no further turn: that
            call is its time. (A peer without a path for a shape may take a minute where another takes 0.1 s.)
    """
    first = {}
    for name, run in runs.items():
        run()
        first[name] = max(1e-7, _time(run, 1))
    quickest = min(first.values())
    times = {name: [taken] for name, taken in first.items() if taken > hopeless * quickest}
    repeats = {name: max(1, round(least / taken)) for name, taken in first.items() if name not in times}
    times |= {name: [] for name in repeats}
    for _ in range(rounds):
        for name, count in repeats.items():
            times[name].append(_time(runs[name], count))
    return {name: median(taken) for name, taken in times.items()}


def geometric_mean(ratios: list[float]) -> float:
    """The mean that treats twice as fast and twice as slow alike."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def _time(run: Run, repeats: int) -> float:
    begin = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - begin) / repeats
