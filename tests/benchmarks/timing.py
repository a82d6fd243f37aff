"""Times of several runs of the same work, taken in turns so that a busy machine slows all of them alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median

Run = Callable[[], object]


def interleaved(runs: dict[str, Run], *, rounds: int = 15, least: float = 0.002) -> dict[str, float]:
    """The median processor time of one call of each, in seconds: what others take of the machine is not in it.

    Args:
        runs: by name.
        rounds: how often each has its turn.
        least: seconds that a turn takes at least; short work is repeated within its turn.
    """
    repeats = {}
    for name, run in runs.items():
        run()
        repeats[name] = max(1, round(least / max(1e-7, _time(run, 1))))
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(_time(run, repeats[name]))
    return {name: median(taken) for name, taken in times.items()}


def geometric_mean(ratios: list[float]) -> float:
    """The mean that treats twice as fast and twice as slow alike."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def _time(run: Run, repeats: int) -> float:
    begin = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - begin) / repeats
