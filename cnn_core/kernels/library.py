"""The named kernels, each built from the parts that give it its meaning.

Orientation: kernels are used by cross-correlation, unflipped, as in PyTorch. The edge part is ``[1, 0, -1]``, so an
edge kernel answers brightly where the left (or upper) side of its window is brighter than the right (or lower) one.

Sources: R. C. Gonzalez and R. E. Woods, "Digital Image Processing", 4th ed., sections 3.5 (smoothing), 3.6 (Laplacian,
sharpening, unsharp masking) and 10.2 (lines, Roberts, Prewitt, Sobel, Laplacian of Gaussian), with signs turned to the
orientation above; H. Scharr, "Optimale Operatoren in der Digitalen Bildverarbeitung", 2000; J. G. Daugman,
"Uncertainty relation for resolution in space, spatial frequency, and orientation", 1985 (Gabor).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError, ShapeError
from cnn_core.kernels.checks import Weights, check, quoted, read_only


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel with a name and a meaning.

    Attributes:
        name: the id, in snake_case.
        title: what the screen calls it.
        weights: ``(KH, KW)`` float64, read-only.
        sentence: what it does and what comes out bright.
        parts: the one-dimensional parts it is the product of, or the kernels it is the sum of.
        family: the heading it stands under in a menu.
    """

    name: str
    title: str
    weights: Weights
    sentence: str
    parts: str
    family: str = ""

    def __post_init__(self) -> None:
        # A frozen field still lets its array be written to; every session shares this one.
        object.__setattr__(self, "weights", read_only(self.weights))


# The one-dimensional parts. Written down a column or along a row they keep their meaning.
_KEEP = np.array([0.0, 1.0, 0.0])  # the middle value, unchanged
_SUM = np.array([1.0, 1.0, 1.0])  # all three alike
_SMOOTH = np.array([1.0, 2.0, 1.0])  # three, the middle one twice: the smallest binomial, close to a Gaussian
_EDGE = np.array([1.0, 0.0, -1.0])  # before minus after: the first difference
_BEND = np.array([1.0, -2.0, 1.0])  # both neighbours minus twice the middle: the second difference
_SCHARR = np.array([3.0, 10.0, 3.0])  # smoothing chosen so that edges of every direction answer alike
_KEEP_5 = np.array([0.0, 0.0, 1.0, 0.0, 0.0])
_SUM_5 = np.array([1.0, 1.0, 1.0, 1.0, 1.0])
_SMOOTH_5 = np.array([1.0, 4.0, 6.0, 4.0, 1.0])  # smooth, smoothed: the binomial of five
_BEND_5 = np.array([1.0, 0.0, -2.0, 0.0, 1.0])  # bend, smoothed: [1 -2 1] * [1 2 1]


def _product(down: Weights, across: Weights) -> Weights:
    return np.outer(down, across)  # (KH,), (KW,) -> (KH, KW)


_IDENTITY = _product(_KEEP, _KEEP)
_LAPLACIAN = _product(_BEND, _KEEP) + _product(_KEEP, _BEND)
_GAUSSIAN_5 = _product(_SMOOTH_5, _SMOOTH_5) / 256


def _gabor(size: int, wavelength: float, sigma: float) -> Weights:
    """A wave across under a round bell, ``exp(-(x^2 + y^2) / (2 sigma^2)) * (cos(2 pi x / wavelength) - k)``.

    ``k`` is such that flat areas vanish. Rounded to 64ths, which floats hold exactly, so that the weights sum to 0
    exactly; the middle takes what the rounding left over.
    """
    place = np.arange(size) - size // 2
    bell, wave = np.exp(-(place**2) / (2 * sigma**2)), np.cos(2 * np.pi * place / wavelength)
    parts = np.rint(64 * _product(bell, bell * (wave - (bell * wave).sum() / bell.sum())))
    parts[size // 2, size // 2] -= parts.sum()
    return parts / 64


LIBRARY: tuple[Kernel, ...] = (
    Kernel(
        name="identity",
        title="Identity",
        weights=_IDENTITY,
        sentence="Copies each pixel and ignores its neighbours. The picture comes out as it went in.",
        parts="keep [0 1 0] down × keep [0 1 0] across",
        family="Blur and sharpen",
    ),
    Kernel(
        name="box_blur",
        title="Box blur",
        # Divided last: each weight is then the float nearest to 1/9, as a person would type it.
        weights=_product(_SUM, _SUM) / 9,
        sentence="Replaces each pixel by the plain average of its 3×3 neighbourhood. "
        "Detail melts away, and wide bright areas stay bright.",
        parts="sum [1 1 1] down × sum [1 1 1] across, divided by 9",
        family="Blur and sharpen",
    ),
    Kernel(
        name="box_blur_5",
        title="Box blur 5 × 5",
        weights=_product(_SUM_5, _SUM_5) / 25,
        sentence="The plain average of 25 pixels. It blurs more than 3×3 does, and leaves boxy traces of small lights.",
        parts="sum [1 1 1 1 1] down × sum [1 1 1 1 1] across, divided by 25",
        family="Blur and sharpen",
    ),
    Kernel(
        name="gaussian_blur",
        title="Gaussian blur",
        weights=_product(_SMOOTH, _SMOOTH) / 16,
        sentence="Averages the neighbourhood with more weight on near pixels, so it blurs without boxy traces. "
        "Wide bright areas stay bright.",
        parts="smooth [1 2 1] down × smooth [1 2 1] across, divided by 16",
        family="Blur and sharpen",
    ),
    Kernel(
        name="gaussian_blur_5",
        title="Gaussian blur 5 × 5",
        weights=_GAUSSIAN_5,
        sentence="A wider bell of weights: the 3×3 Gaussian applied twice. Fine grain and noise go, broad shapes stay.",
        parts="smooth [1 4 6 4 1] down × smooth [1 4 6 4 1] across, divided by 256",
        family="Blur and sharpen",
    ),
    Kernel(
        name="motion_blur",
        title="Motion blur",
        weights=np.diag(_SUM_5) / 5,
        sentence="Averages along one diagonal, as a camera does when it moves while the shutter is open. "
        "Lines along that diagonal stay sharp.",
        parts="sum [1 1 1 1 1] along the diagonal, divided by 5",
        family="Blur and sharpen",
    ),
    Kernel(
        name="sharpen",
        title="Sharpen",
        weights=_IDENTITY - _LAPLACIAN,
        sentence="Adds to each pixel what sets it apart from its four neighbours. "
        "The bright side of every edge comes out brighter, the dark side darker.",
        parts="identity − Laplacian",
        family="Blur and sharpen",
    ),
    Kernel(
        name="unsharp",
        title="Unsharp mask",
        weights=2 * _product(_KEEP_5, _KEEP_5) - _GAUSSIAN_5,
        sentence="Adds to each pixel what a Gaussian blur would take from it. "
        "Sharpens more gently than Sharpen and amplifies noise less.",
        parts="identity + (identity − Gaussian blur 5 × 5)",
        family="Blur and sharpen",
    ),
    Kernel(
        name="prewitt_x",
        title="Vertical edges",
        weights=_product(_SUM, _EDGE),
        sentence="Subtracts the column on the right from the column on the left. "
        "Positive where the left is brighter than the right, and zero where nothing changes from left to right.",
        parts="sum [1 1 1] down × edge [1 0 −1] across",
        family="Edges",
    ),
    Kernel(
        name="prewitt_y",
        title="Horizontal edges",
        weights=_product(_EDGE, _SUM),
        sentence="Subtracts the row below from the row above. "
        "Positive where the top is brighter than the bottom, and zero where nothing changes from top to bottom.",
        parts="edge [1 0 −1] down × sum [1 1 1] across",
        family="Edges",
    ),
    Kernel(
        name="sobel_x",
        title="Sobel x",
        weights=_product(_SMOOTH, _EDGE),
        sentence="Finds vertical edges, with the middle row counting twice to reduce noise. "
        "Positive where the left is brighter than the right.",
        parts="smooth [1 2 1] down × edge [1 0 −1] across",
        family="Edges",
    ),
    Kernel(
        name="sobel_y",
        title="Sobel y",
        weights=_product(_EDGE, _SMOOTH),
        sentence="Finds horizontal edges, with the middle column counting twice to reduce noise. "
        "Positive where the top is brighter than the bottom.",
        parts="edge [1 0 −1] down × smooth [1 2 1] across",
        family="Edges",
    ),
    Kernel(
        name="scharr_x",
        title="Scharr x",
        weights=_product(_SCHARR, _EDGE),
        sentence="Sobel with weights tuned so that slanted edges come out as strong as vertical ones. "
        "Positive where the left is brighter than the right.",
        parts="smooth [3 10 3] down × edge [1 0 −1] across",
        family="Edges",
    ),
    Kernel(
        name="scharr_y",
        title="Scharr y",
        weights=_product(_EDGE, _SCHARR),
        sentence="Sobel with weights tuned so that slanted edges come out as strong as horizontal ones. "
        "Positive where the top is brighter than the bottom.",
        parts="edge [1 0 −1] down × smooth [3 10 3] across",
        family="Edges",
    ),
    Kernel(
        name="roberts_1",
        title="Roberts ↘",
        weights=np.diag([1.0, -1.0]),
        sentence="The smallest edge finder: one pixel minus its neighbour below to the right. Sensitive to noise.",
        parts="edge [1 −1] along the diagonal",
        family="Edges",
    ),
    Kernel(
        name="roberts_2",
        title="Roberts ↙",
        weights=np.diag([1.0, -1.0])[:, ::-1],
        sentence="One pixel minus its neighbour below to the left: the other half of the Roberts cross.",
        parts="edge [1 −1] along the other diagonal",
        family="Edges",
    ),
    Kernel(
        name="emboss",
        title="Emboss",
        weights=_IDENTITY + _product(_SUM, _EDGE) + _product(_EDGE, _SUM),
        sentence="Adds the slope from the upper left to the picture, so that shapes stand out like a relief.",
        parts="identity + vertical edges + horizontal edges",
        family="Edges",
    ),
    Kernel(
        name="laplacian",
        title="Laplacian",
        weights=_LAPLACIAN,
        sentence="Compares each pixel with its four neighbours, in every direction at once. "
        "Positive where a pixel is darker than they are, and zero on flat areas and even slopes.",
        parts="(bend [1 −2 1] down × keep [0 1 0] across) + (keep [0 1 0] down × bend [1 −2 1] across)",
        family="Second derivative",
    ),
    Kernel(
        name="laplacian_8",
        title="Laplacian, 8 neighbours",
        weights=_product(_SUM, _SUM) - 9 * _IDENTITY,
        sentence="The Laplacian with the diagonal neighbours too. Slanted detail counts as much as any other.",
        parts="(sum [1 1 1] down × sum [1 1 1] across) − 9 × identity",
        family="Second derivative",
    ),
    Kernel(
        name="log",
        title="Laplacian of Gaussian",
        weights=(_product(_BEND_5, _SMOOTH_5) + _product(_SMOOTH_5, _BEND_5)) / 8,
        sentence="Blurs first, then compares with the surroundings: finds blobs and edges and ignores fine noise. "
        "Positive inside small dark spots.",
        parts="(bend [1 0 −2 0 1] down × smooth [1 4 6 4 1] across + the same turned), divided by 8",
        family="Second derivative",
    ),
    Kernel(
        name="ridge",
        title="Ridge",
        weights=-_product(_SMOOTH, _BEND),
        sentence="Finds the crests of vertical ridges: bright where a smoothed line is brighter than both its sides.",
        parts="−(smooth [1 2 1] down × bend [1 −2 1] across)",
        family="Second derivative",
    ),
    Kernel(
        name="line_h",
        title="Horizontal lines",
        weights=-_product(_BEND, _SUM),
        sentence="Positive on horizontal lines, one pixel wide, that are brighter than what lies above and below.",
        parts="−(bend [1 −2 1] down × sum [1 1 1] across)",
        family="Lines, corners, texture",
    ),
    Kernel(
        name="line_v",
        title="Vertical lines",
        weights=-_product(_SUM, _BEND),
        sentence="Positive on vertical lines, one pixel wide, that are brighter than what lies left and right.",
        parts="−(sum [1 1 1] down × bend [1 −2 1] across)",
        family="Lines, corners, texture",
    ),
    Kernel(
        name="line_diagonal",
        title="Diagonal lines",
        weights=3 * np.diag(_SUM) - _product(_SUM, _SUM),
        sentence="Positive on thin lines that fall from the upper left to the lower right.",
        parts="3 × sum [1 1 1] along the diagonal − (sum [1 1 1] down × sum [1 1 1] across)",
        family="Lines, corners, texture",
    ),
    Kernel(
        name="corner",
        title="Corner",
        weights=_product(_EDGE, _EDGE),
        sentence="An edge of edges: zero along vertical or horizontal edges, strong where the two meet in a corner.",
        parts="edge [1 0 −1] down × edge [1 0 −1] across",
        family="Lines, corners, texture",
    ),
    Kernel(
        name="gabor",
        title="Gabor 7 × 7",
        weights=_gabor(7, wavelength=4.0, sigma=2.0),
        sentence="Responds to vertical stripes four pixels apart and to little else, as cells of the visual cortex do.",
        parts="bell down × (bell × wave of 4 pixels, less its mean) across, rounded to 64ths that sum to 0",
        family="Lines, corners, texture",
    ),
)
"""The library, in the order a menu shows it."""

_BY_NAME = {kernel.name: kernel for kernel in LIBRARY}


def names() -> tuple[str, ...]:
    """The library's ids, in its order."""
    return tuple(_BY_NAME)


def get(name: str) -> Kernel:
    """The library kernel called ``name``.

    Args:
        name: an id, such as ``"sobel_x"``.

    Raises:
        ModelError: where the library has no such kernel; the message lists those it has.
    """
    kernel = _BY_NAME.get(name) if isinstance(name, str) else None
    if kernel is None:
        raise ModelError(f"There is no kernel named {quoted(name)}; the library has {', '.join(_BY_NAME)}.")
    return kernel


def match(weights: npt.ArrayLike) -> Kernel | None:
    """The library kernel that ``weights`` is, or None.

    Every weight must be equal. A float32 or float16 array is compared with the library rounded to its own precision,
    so a network's float32 box blur is still recognised.

    Args:
        weights: ``(KH, KW)`` numbers.

    Returns:
        the kernel; None too where ``weights`` are none that :func:`check` takes.
    """
    try:
        checked = check(weights)
    except (ModelError, ShapeError):
        return None
    dtype = np.asarray(weights).dtype
    for kernel in LIBRARY:
        # Whole numbers are compared as they are: rounding 1/9 to an integer would make a box blur of zeros.
        library = kernel.weights.astype(dtype) if dtype.kind == "f" else kernel.weights
        if np.array_equal(library, checked):
            return kernel
    return None
