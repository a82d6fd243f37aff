"""Memory that results were freed from stays with the process, and need not be fetched from the system anew.

The C library hands freed memory back to the system once more lies idle than twice the largest block freed so far, and
each page that is fetched again costs 2 µs: in a process that has freed nothing large before, a 3×3 kernel on 480×640
took five times as long, with 594 such pages a call; a step of TinyVGG on 32 images, which holds more than 32 MB on its
way, took 29 ms with 4500, and takes 24. The price is up to 64 MB that may lie idle.
"""

import weakref
from threading import Lock

import numpy as np

from cnn_core.ops._arrays import Array

# Bytes of a line of the memory near the processor, and of what it reads at once: products take 0.75 of the time where
# both begin together, 171 against 225 ns for kernels of 3×3 on a plane of 28×28.
LINE = 64

# Bytes: up to 2**25, glibc learns from a block; others do not mind. It is not written to, so it takes no memory.
LARGE = 33_000_000


def keep_freed() -> None:
    """Free a large block once."""
    np.empty(LARGE, dtype=np.uint8)


class Room:
    """Memory to work in that is kept from call to call: it is near the processor, and what lies in it is found already.

    Whoever finds all of it lent, as of several threads the second does, has a piece of its own, which is kept as well
    until there are as many as may be. Those beyond are let go of when they are given back, and nobody remembers what
    lay in them: views would hold them in memory.
    """

    def __init__(self, size: int, most: int = 16) -> None:
        """Nothing yet.

        Args:
            size: bytes of a piece; of what is never written to the system gives none.
            most: pieces that are kept.
        """
        self.size, self._most = size, most
        self._idle: list[Array] = []
        self._made: list[weakref.ref[Array]] = []
        self._lock = Lock()

    def lend(self, size: int) -> Array:
        """So many bytes or more, from the beginning of a line of memory on; to be given back."""
        if size > self.size:
            return aligned(size)
        try:
            return self._idle.pop()
        except IndexError:
            return self._one_more(size)

    def _one_more(self, size: int) -> Array:
        """A piece that is kept, while there are few; else one of another length, by which it is known."""
        with self._lock:
            if len(self._made) >= self._most:  # some may have been lost on the way by an error
                self._made = [made for made in self._made if made() is not None]
            if len(self._made) >= self._most:
                return aligned(size if size < self.size else size + LINE)
            piece = aligned(self.size)
            self._made.append(weakref.ref(piece))
            return piece

    def keeps(self, piece: Array) -> bool:
        """Whether what was lent may be lent again."""
        return piece.nbytes == self.size

    def take_back(self, piece: Array) -> None:
        """Keep what was lent for whoever comes next."""
        if self.keeps(piece):
            self._idle.append(piece)


def aligned(size: int) -> Array:
    """So many bytes that begin where a line of memory does."""
    piece = np.empty(size + LINE, dtype=np.uint8)
    start = -piece.__array_interface__["data"][0] % LINE
    return piece[start : start + size]


# Where planes are laid out and summed: one and a half million numbers in single precision.
ROOM = Room(6_000_000)
