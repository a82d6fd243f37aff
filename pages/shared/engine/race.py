"""Loops and fast ways timed in turns, so that a machine busy with something else is busy for all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from pages.shared.engine.textbook import Array, Loops

PART = 0.03  # s: about how long the loops run before others get their turn and progress is told

_LOOPS_FOR = 0.25  # s: quick loops are timed again until they have run for so long
_LOOPS_MOST = 9  # rounds
_WAYS_FOR = 0.4  # s: likewise for all the fast ways together
_WAYS_LEAST, _WAYS_MOST = 3, 25  # rounds; where one takes longer than all of them may, that one is enough

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Timing:
    """How long one contender took.

    Attributes:
        seconds: the median of its runs.
        best: the shortest.
        runs: how many there were.
    """

    seconds: float
    best: float
    runs: int


@dataclass(frozen=True, eq=False)
class Race:
    """What all contenders took and gave: the loops, and each way by its name.

    Attributes:
        loops: their time.
        ways: the ways' times.
        output: the loops' result.
        outputs: the ways' results.
    """

    loops: Timing
    ways: Mapping[str, Timing]
    output: Array
    outputs: Mapping[str, Array]


def cost(loops: Loops) -> float:
    """Seconds of one operation of these loops, measured on a few cells."""
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        count = loops.probe()
        best = min(best, (time.perf_counter() - start) / count)
    return best


def estimate(loops: Loops) -> float:
    """About how many seconds these loops will take."""
    return cost(loops) * loops.operations


def race(loops: Loops, ways: Mapping[str, Callable[[], Array]], progress: Progress) -> Race:
    """Run everything several times in turns, the loops at least once.

    Args:
        loops: the textbook's.
        ways: the fast ones.
        progress: told the share of the loops' first run that is done; what it raises ends the race.
    """
    outputs = {name: way() for name, way in ways.items()}  # a first call warms caches up and is not timed
    part = max(1.0, PART / cost(loops))
    result, seconds = _first_run(loops, part, progress)
    slow, fast = [seconds], {name: [_timed(way)] for name, way in ways.items()}
    loop_rounds = min(_LOOPS_MOST, 1 + int(_LOOPS_FOR / max(seconds, 1e-9)))
    each = sum(times[0] for times in fast.values())
    least = _WAYS_LEAST if each < _WAYS_FOR else 1
    rounds = max(least, loop_rounds, min(_WAYS_MOST, int(_WAYS_FOR / max(each, 1e-9))))
    for number in range(1, rounds):
        if number < loop_rounds:
            slow.append(_timed(loops.run))
        for name, way in ways.items():
            fast[name].append(_timed(way))
        progress(1.0)
    return Race(_timing(slow), {name: _timing(times) for name, times in fast.items()}, result, outputs)


def _timing(times: list[float]) -> Timing:
    return Timing(median(times), min(times), len(times))


def _first_run(loops: Loops, part: float, progress: Progress) -> tuple[Array, float]:
    """The loops' result and the seconds they took, what is told in between aside."""
    out = np.zeros(loops.shape)
    work: Iterator[int] = loops.work(out, part)
    done, seconds = 0, 0.0
    while True:
        start = time.perf_counter()
        count = next(work, None)
        seconds += time.perf_counter() - start
        if count is None:
            return out, seconds
        done += count
        progress(done / loops.operations)
        time.sleep(0)  # whoever else waits for the interpreter may have it


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
