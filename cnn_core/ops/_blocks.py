"""Functions of each number, a block at a time where they are many: what a formula makes on the way stays near by."""

from collections.abc import Callable, Iterator

import numpy as np

from cnn_core.ops._arrays import Array, together

# Numbers of a block: with what is made of them in double precision they fit a second-level cache of 1 MB.
BLOCK = 32_768

# Numbers of a block of what is made in place: the result and one operand fit into 1 MB; with half as many ReLU's
# gradient on 32×10 planes of 60×60 takes 0.43 ms, not 0.40. Up to as many are done in one go.
IN_PLACE = 131_072


def in_blocks(formula: Callable[..., Array], *arrays: Array, most: int | None = None) -> Array:
    """``formula(*arrays)`` number by number, a block at a time where they are many: see :func:`blocks`.

    Args:
        formula: of arrays of any one shape; what it is given as ``out`` it makes everything in.
        arrays: of one shape.
        most: numbers of a block.
    """
    dtype, most = together(*arrays), most or IN_PLACE
    if arrays[0].size <= most or any(array.dtype != dtype for array in arrays):
        return formula(*arrays)
    made = np.empty(arrays[0].shape, dtype)
    for *some, into in blocks(*arrays, made, most=most):
        formula(*some, out=into)
    return made


def blocks(*arrays: Array, most: int | None = None) -> Iterator[tuple[Array, ...]]:
    """Arrays of one shape, the last of them new, a block of each at a time; the last is written to.

    What a formula makes on the way then stays near the processor: 6 against 11 ns a number of GELU, 0.5 against 0.85 of
    tanh's gradient.
    """
    lines = [np.ascontiguousarray(array).reshape(-1) for array in arrays[:-1]] + [arrays[-1].reshape(-1)]
    most = most or BLOCK
    for first in range(0, lines[-1].size, most):
        yield tuple(line[first : first + most] for line in lines)
