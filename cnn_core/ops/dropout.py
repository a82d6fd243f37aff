"""Dropout: leaving numbers out at random while a network learns."""

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError
from cnn_core.ops._arrays import Array, gradient, real, together
from cnn_core.settings import setting


def dropout(x: npt.ArrayLike, p: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Drop each number with probability ``p`` and divide the others by ``1 - p``, so that the mean stays.

    This is the inverted form that PyTorch uses, in which nothing remains to be done at inference (Srivastava et al.,
    "Dropout", 2014, section 10).

    Args:
        x: any shape.
        p: from 0 to 1; 1 drops everything.
        rng: where the choice comes from; it moves on by one number a cell.

    Returns:
        the output, and the mask it was multiplied by: 0 or ``1 / (1 - p)``, of ``x``'s shape and type.

    Raises:
        ModelError: where ``p`` is no probability, or ``rng`` no generator.
    """
    array, rate = real(x, "x"), probability(p)
    if not isinstance(rng, np.random.Generator):
        raise ModelError(f"rng must be a generator, got {type(rng).__name__}; np.random.default_rng(0) works")
    # Drawn in row-major order whatever x's layout, so that one seed drops the same cells.
    mask = np.asarray(rng.random(array.shape, dtype=np.float32) >= rate, dtype=array.dtype)
    if rate < 1:
        mask *= 1 / (1 - rate)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(array * mask), mask


def dropout_backward(grad: npt.ArrayLike, mask: npt.ArrayLike) -> Array:
    """``grad * mask``: what was dropped learns nothing.

    Args:
        grad: of the result's shape.
        mask: of :func:`dropout`.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ.
    """
    mask = real(mask, "mask")
    given = gradient(grad, mask.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.multiply(given, mask, dtype=together(given, mask)))


def probability(p: float) -> float:
    """``p`` as a float from 0 to 1.

    Raises:
        ModelError: where it is no such number.
    """
    return setting(p, "p", works=0.5, least=0, most=1, error=ModelError)
