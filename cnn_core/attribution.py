"""Which cells of an image a network's score came from: gradients, their refinements, Grad-CAM and occlusion.

Every function asks for one score an image, ``target``: a class for all, or one for each image. The network is run at
inference and nothing of it changes. Maps have the network's own precision and signs: positive where a cell spoke for
the class, negative where against it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError, ShapeError, shown
from cnn_core.layers import Conv2d
from cnn_core.network import Sequential
from cnn_core.ops._arrays import Array, array_of, images, real
from cnn_core.settings import held, setting, whole
from cnn_core.shapes import Pair, window

Target = int | npt.ArrayLike


def input_gradient(network: Sequential, x: npt.ArrayLike, target: Target) -> Array:
    """How fast the score grows with each input cell (Simonyan, Vedaldi and Zisserman, 2014, section 3).

    Args:
        network: ends in ``(N, K)`` scores or probabilities.
        x: ``(N, C, H, W)``, or what the first layer takes.
        target: the class asked for, from 0 to K - 1, or ``(N,)`` of them.

    Returns:
        the gradient of the score, of ``x``'s shape.

    Raises:
        ShapeError: where ``x`` or ``target`` does not fit.
        ModelError: where the network does not end in ``(N, K)``.
    """
    trace = _checked(network).trace(x)
    grad = _one_hot(trace.output, _classes(trace.output, target))
    return np.asarray(network.backward(trace, grad).input)


def gradient_times_input(network: Sequential, x: npt.ArrayLike, target: Target) -> Array:
    """Each cell times the gradient there: its part of the score where the network is linear (Shrikumar et al., 2016).

    Args:
        network: as for :func:`input_gradient`.
        x: as there.
        target: as there.

    Returns:
        of ``x``'s shape.

    Raises:
        ShapeError: where ``x`` or ``target`` does not fit.
        ModelError: where the network does not end in ``(N, K)``.
    """
    return np.asarray(input_gradient(network, x, target) * real(x, "x"))


def integrated_gradients(
    network: Sequential, x: npt.ArrayLike, target: Target, *, baseline: npt.ArrayLike = 0.0, steps: int = 50
) -> Array:
    """The gradient gathered on the straight way from a baseline to ``x`` (Sundararajan, Taly and Yan, 2017).

    Complete: over all cells it adds up to ``score(x) - score(baseline)``, as closely as the integral is computed, here
    by Gauss and Legendre's rule, which is exact where the score is a polynomial along the way, of degree ``2 * steps``
    for up to 100 steps.

    Args:
        network: as for :func:`input_gradient`.
        x: as there.
        target: as there.
        baseline: what stands for nothing to see: a number, or an array that broadcasts to ``x``'s shape.
        steps: points on the way, at least 1, rounded up to equal parts of at most 100; the time grows with it.

    Returns:
        of ``x``'s shape.

    Raises:
        ShapeError: where ``x``, ``target`` or ``baseline`` does not fit.
        ModelError: where the network does not end in ``(N, K)``, or ``steps`` is no such number.
    """
    end = real(x, "x")
    start = real(baseline, "baseline").astype(end.dtype, copy=False)
    try:
        difference = end - np.broadcast_to(start, end.shape)
    except ValueError as error:
        raise ShapeError(f"baseline must fit x of shape {end.shape}, got {start.shape}; baseline=0 works") from error
    total = np.zeros_like(end)
    for point, weight in zip(*_gauss_legendre(whole(steps, "steps", least=1, works=50, error=ModelError)), strict=True):
        # A point nearer the end is reached from the end, so that neither end is moved by rounding.
        between = end - float(1 - point) * difference
        total = total + float(weight) * input_gradient(network, between, target)
    return np.asarray(total * difference)


def _gauss_legendre(steps: int) -> tuple[Array, Array]:
    """Points in [0, 1] and weights that add up to 1; more than 100 in equal parts, as finding n of them costs n**3."""
    parts = -(-steps // 100)
    points, weights = np.polynomial.legendre.leggauss(-(-steps // parts))
    # [-1, 1] -> each of the parts of [0, 1]: (parts, points) -> (parts * points,)
    moved = (np.arange(parts)[:, None] + (points + 1) / 2) / parts
    return moved.ravel(), np.tile(weights / (2 * parts), parts)


def smooth_grad(
    network: Sequential, x: npt.ArrayLike, target: Target, *, seed: int, noise: float = 0.15, samples: int = 50
) -> Array:
    """The mean gradient over noisy copies of ``x``, which calms what changes from cell to cell (Smilkov et al., 2017).

    Args:
        network: as for :func:`input_gradient`.
        x: as there.
        target: as there.
        seed: of the noise, a whole number, 0 or larger.
        noise: its standard deviation, as a part of each image's largest minus smallest number; 0 or more.
        samples: how many copies, at least 1.

    Returns:
        of ``x``'s shape.

    Raises:
        ShapeError: where ``x`` or ``target`` does not fit.
        ModelError: where the network does not end in ``(N, K)``, or a setting is of no such form.
    """
    given = real(x, "x")
    copies = whole(samples, "samples", least=1, works=50, error=ModelError)
    part = setting(noise, "noise", works=0.15, least=0, below=np.inf, error=ModelError)
    rng = np.random.default_rng(whole(seed, "seed", least=0, error=ModelError))
    inner = tuple(range(1, given.ndim))
    spread = part * np.ptp(given, axis=inner, keepdims=True) if given.size else 0.0
    total = np.zeros_like(given)
    for _ in range(copies):
        noisy = given + spread * rng.standard_normal(given.shape).astype(given.dtype)
        total = total + input_gradient(network, noisy, target)
    return np.asarray(total / copies)


def grad_cam(network: Sequential, x: npt.ArrayLike, target: Target, *, stage: int | None = None) -> Array:
    """Where a convolution's maps spoke for the class (Selvaraju et al., "Grad-CAM", 2017, equations 1 and 2).

    ``max(0, sum over k of a_k * map_k)``, where ``a_k`` is the mean of the score's gradient over map k.

    Args:
        network: as for :func:`input_gradient`.
        x: as there.
        target: as there.
        stage: the number of a convolution in the network; None means the last one.

    Returns:
        ``(N, H, W)`` of that stage, not negative, not scaled; ``network.summary`` tells which part of the input each
        cell sees.

    Raises:
        ShapeError: where ``x`` or ``target`` does not fit.
        ModelError: where the network does not end in ``(N, K)``, or there is no such convolution.
    """
    found = [number for number, layer in enumerate(_checked(network).layers) if isinstance(layer, Conv2d)]
    if not found:
        raise ModelError("stage must be a convolution, and this network has none; occlusion works with any layers")
    last = found[-1]
    number = last if stage is None else whole(stage, "stage", least=0, works=last, error=ModelError)
    if number not in found:
        raise ModelError(f"stage must be one of {found}, the convolutions, got {shown(stage)}; stage={last} works")
    trace = network.trace(x)
    grad = _one_hot(trace.output, _classes(trace.output, target))
    at_stage = np.asarray(network.backward(trace, grad).stages[number])
    maps = trace.stages[number].output
    # (N, K, H, W) -> (N, K, 1, 1): one weight a map
    importance = at_stage.mean(axis=(2, 3), keepdims=True)
    return np.asarray(np.maximum((importance * maps).sum(axis=1), 0))


def occlusion(
    network: Sequential,
    x: npt.ArrayLike,
    target: Target,
    *,
    size: Any,
    stride: Any = None,
    fill: float = 0.0,
    batch_size: int = 64,
) -> Array:
    """How far the score falls when a patch is covered (Zeiler and Fergus, 2014, section 4.2).

    Args:
        network: as for :func:`input_gradient`.
        x: ``(N, C, H, W)``.
        target: as for :func:`input_gradient`.
        size: of the patch: a whole number or a pair, no larger than the image; it covers all channels.
        stride: cells from one patch to the next, a whole number or a pair; None means ``size``.
        fill: the number it is covered with, in every channel.
        batch_size: covered images that are run together.

    Returns:
        ``(N, OH, OW)``: for each place of the patch, ``score(x) - score(x covered there)``.

    Raises:
        ShapeError: where ``x``, ``target`` or the patch does not fit, or ``fill`` is no number of ``x``'s type.
        ModelError: where the network does not end in ``(N, K)``, or a setting is of no such form.
    """
    given = images(x)
    each = whole(batch_size, "batch_size", least=1, works=64, error=ModelError)
    cover = held(setting(fill, "fill", works=0, error=ModelError), "fill", given.dtype, works=0)
    height, width = given.shape[2:]
    patch = window(size, stride=size if stride is None else stride, input_size=(height, width))
    rows, columns = patch.output_size(height, width)
    scored = _checked(network).forward(given)
    classes = _classes(scored, target)
    picked = scored[np.arange(len(given)), classes]
    places: list[Pair] = [patch.origin(i, j) for i in range(rows) for j in range(columns)]
    falls = np.empty((len(given), rows * columns), dtype=scored.dtype)
    for number, image in enumerate(given):
        for first in range(0, len(places), each):
            some = places[first : first + each]
            covered = np.repeat(image[None], len(some), axis=0)  # (C, H, W) -> (places, C, H, W)
            for copy, (top, left) in zip(covered, some, strict=True):
                copy[:, top : top + patch.extent[0], left : left + patch.extent[1]] = cover
            scores = network.forward(covered)[:, classes[number]]
            falls[number, first : first + len(some)] = picked[number] - scores
    return falls.reshape(len(given), rows, columns)  # (N, OH*OW) -> (N, OH, OW)


def _checked(network: Sequential) -> Sequential:
    """``network``, refused where it is no ``Sequential``."""
    if not isinstance(network, Sequential):
        raise ModelError(
            f"network must be a Sequential, got {type(network).__name__}; Sequential([Flatten(), Linear(9, 2)]) works"
        )
    return network


def _classes(output: Array, target: Target) -> npt.NDArray[np.intp]:
    """``target`` as one class for each image of ``(N, K)``."""
    if output.ndim != 2:
        raise ModelError(
            f"a class is asked of (N, K) scores, this network ends in shape {output.shape}; Flatten and Linear at its "
            "end work"
        )
    count, classes = output.shape
    chosen = array_of(target, "target")
    integers = chosen.dtype.kind in "iu" and chosen.shape in ((), (count,))
    if not integers or (chosen.size and not 0 <= chosen.min() <= chosen.max() < classes):
        raise ShapeError(
            f"target must be a class from 0 to {classes - 1}, or one for each of {count} images, got {shown(target)}; "
            "target=0 works"
        )
    return np.broadcast_to(chosen, (count,)).astype(np.intp)


def _one_hot(output: Array, classes: npt.NDArray[np.intp]) -> Array:
    """The gradient of each image's chosen score at all of them."""
    grad = np.zeros_like(output)
    grad[np.arange(len(classes)), classes] = 1
    return grad
