"""How the rows of a depthwise kernel meet those of many small planes, and how many planes are done at a time.

``staggered`` lays planes out by it; what that costs is counted by it before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cnn_core.ops._parts import even_part
from cnn_core.shapes import Pair

# Numbers laid out and summed at a time: with what is read and made they stay in the second-level cache, where 192
# planes of 28×28 take 0.23 ms, 0.35 with four times as many.
NUMBERS = 220_000

# A plane with more is left to other ways.
PLANE_MOST = 1_200_000

# Columns that a product goes through in one step; of a rest, as many or fewer take as long as one half.
STEP = 32

# Columns of a result from which on rows are not put together first: 0.200 against 0.210 ms for a stride of 2 on 144
# planes of 56×56, but 0.094 against 0.085 on 192 of 28×28.
LONG = 20


class Rows(NamedTuple):
    """How the rows of a kernel meet those of its plane.

    Attributes:
        apart: rows of the plane from one that is laid out to the next.
        phases: the first of these rows, for each set of lines.
        moves: by how many rows of sums may belong further up, numbers evenly apart.
        taps: for each row of the kernel which of the moves, and which of the phases.
        made: rows of a plane of sums.
        wanted: how many of them, from the first on, belong to the result.
    """

    apart: int
    phases: tuple[int, ...]
    moves: range
    taps: tuple[Pair, ...]
    made: int
    wanted: int

    @property
    def straight(self) -> bool:
        """Whether all rows that are made are wanted."""
        return self.wanted == self.made

    @property
    def plain(self) -> bool:
        """Whether each row of the kernel is a move, so that the left matrix is the kernel: see ``keeps_apart``."""
        return len(self.phases) == 1 and len(self.moves) == len(self.taps)


def fits(kernel: Pair, top: int, height: int, down: int = 1) -> bool:
    """Whether there is something to add up, and all of it is moved to a neighbouring plane at most.

    Some of it has to be made where it belongs: a bias is made with it.
    """
    return min(kernel) > 1 and 0 <= top < height and (kernel[0] - 1) * down - top < height and top % down == 0


def keeps_apart(kernel_h: int, top: int, step: int, down: int = 1) -> bool:
    """Whether no product has a zero of ours in it: what is not finite in an image stays in the windows that read it.

    Weights have to be finite: they meet no zeros above and below the image, where windows overhang it.
    """
    return step == 1 and 0 <= top <= (kernel_h - 1) * down


@lru_cache(maxsize=1024)
def met(kernel_h: int, top: int, step: int, height: int, size: Pair, down: int = 1) -> Rows:
    """How windows in rows ``step`` apart, from ``top`` rows above on, meet a plane of ``height`` rows.

    Args:
        kernel_h: KH.
        top: rows of zeros above the plane.
        step: the stride down.
        height: H.
        size: ``(OH, OW)``.
        down: rows from one tap to the next; ``top`` is a multiple of it, and more than one only where ``step`` is one.
    """
    places = [divmod(a * down - top, step) for a in range(kernel_h)]
    # A move of 0 is always among them: a bias belongs where it is made.
    phases, moves = tuple(sorted({phase for _, phase in places})), range(places[0][0], max(0, places[-1][0]) + 1, down)
    taps = tuple((moves.index(move), phases.index(phase)) for move, phase in places)
    # What is further down is read by no window, or is not there: zeros.
    there = max(len(range(phase, height, step)) for phase in phases)
    return Rows(step, phases, moves, taps, max(size[0], min(there, size[0] + moves[-1])), size[0])


def puts_together(rows: Rows, width: int, columns: int, step: int) -> bool:
    """Whether rows that lie apart are put together first: short ones, whose numbers are picked in one go then."""
    return rows.apart > 1 and columns < LONG and columns * step == width


def numbers(rows: Rows, kernel_w: int, columns: int) -> int:
    """How many are laid out and summed for a plane."""
    return (len(rows.phases) * kernel_w + len(rows.moves)) * rows.made * columns


def columns_multiplied(cells: int) -> int:
    """How many cells a product takes for a plane: some of the next one's too, where a whole step is faster than a rest.

    What is made of these, the next plane's own product makes anew: 30 against 40 ns for 64 and 49 columns of 3×3.
    """
    rest = cells % STEP
    return cells + STEP - rest if rest > STEP // 2 else cells


def chunk(batch: int, channels: int, each: int) -> Pair:
    """How many images, and planes of each with so many numbers, to do at a time; none where one is too many."""
    if each > PLANE_MOST:
        return 0, 0
    wanted = NUMBERS // each
    planes = even_part(channels, wanted)
    return (even_part(batch, wanted // channels) if planes == channels else 1), planes
