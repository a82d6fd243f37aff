"""Random but valid operations for the tests of ``cnn_core``, and arrays in every layout."""

import numpy as np
from hypothesis import strategies as st


def frozen(x: np.ndarray) -> np.ndarray:
    """A copy that cannot be written to."""
    copy = x.copy()
    copy.setflags(write=False)
    return copy


LAYOUTS = {
    "C": lambda x: x,
    "Fortran": np.asfortranarray,
    "reversed": lambda x: x[..., ::-1, ::-1],
    "every other": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "channels last": lambda x: np.ascontiguousarray(np.moveaxis(x, 1, -1)).swapaxes(-1, 1).swapaxes(-1, -2),
    "read-only": frozen,
}

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
sides = st.tuples(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.tuples(st.integers(0, 2), st.integers(0, 2)))


def integers(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Small whole numbers: sums of their products are exact in any order."""
    return rng.integers(-9, 10, shape).astype(np.float64)


@st.composite
def convolutions(draw):
    """``(x, weight, bias, settings)`` whose kernel fits the padded input."""
    groups = draw(st.integers(1, 3))
    each, outputs = draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))
    kernel, stride, dilation, around = draw(pairs), draw(pairs), draw(pairs), draw(sides)
    least = [
        max(1, (k - 1) * d + 1 - before - after) for k, d, (before, after) in zip(kernel, dilation, around, strict=True)
    ]
    size = [low + draw(st.integers(0, 5)) for low in least]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = integers(rng, (draw(st.integers(0, 2)), groups * each, *size))
    weight = integers(rng, (outputs, each, *kernel))
    bias = integers(rng, (outputs,)) if draw(st.booleans()) else None
    return x, weight, bias, {"stride": stride, "padding": around, "dilation": dilation, "groups": groups}


@st.composite
def poolings(draw):
    """``(x, kernel_size, settings)`` of a pooling that fits."""
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    around = tuple(tuple(draw(st.integers(0, min(2, e - 1))) for _ in range(2)) for e in extent)
    ceil_mode = draw(st.booleans())
    # The only window may overhang, by less than a stride.
    over = [step - 1 if ceil_mode else 0 for step in stride]
    least = [max(1, e - sum(side) - more) for e, side, more in zip(extent, around, over, strict=True)]
    size = [low + draw(st.integers(0, 5)) for low in least]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = integers(rng, (draw(st.integers(0, 2)), draw(st.integers(1, 3)), *size))
    settings = {"stride": stride, "padding": around, "dilation": dilation, "ceil_mode": ceil_mode}
    return x, kernel, settings
