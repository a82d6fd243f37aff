"""Training as a generator of reports: whoever asks for the next one sets the pace, and may stop at any."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError, ShapeError
from cnn_core.layers import BatchNorm2d, Softmax
from cnn_core.network import Sequential
from cnn_core.ops._arrays import Array, array_of, real
from cnn_core.ops.loss import class_labels, cross_entropy
from cnn_core.settings import flag, whole
from cnn_core.trace import Trace
from cnn_core.training.optimizers import Optimizer


@dataclass(frozen=True)
class Report:
    """How training goes: after a batch, or after an epoch.

    Two runs of one seed give equal reports, as long as no number of theirs is NaN, which equals nothing.

    Attributes:
        epoch: from 0.
        batch: from 0 within its epoch; None in the report that closes an epoch.
        batches: how many an epoch has.
        loss: the mean over the batch, before its step; over the epoch's images in an epoch's report.
        accuracy: the part of those images whose largest score was the label's.
        gradient_norms: of a batch, the Euclidean length of each parameter's gradient, by name; empty for an epoch.
        validation_loss: over the validation data after an epoch, if there are any; else None.
        validation_accuracy: likewise.
        seconds: that the batch or epoch took, waiting for the next to be asked for left out; not compared.
    """

    epoch: int
    batch: int | None
    batches: int
    loss: float
    accuracy: float
    gradient_norms: dict[str, float] = field(default_factory=dict)
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, eq=False)
class _Plan:
    """A run whose settings were found to work."""

    body: Sequential
    x: npt.NDArray[Any]
    y: npt.NDArray[np.intp]
    optimizer: Optimizer
    epochs: int
    batch_size: int
    rng: np.random.Generator
    shuffle: bool
    validation: tuple[npt.NDArray[Any], npt.NDArray[np.intp]] | None


def fit(
    network: Sequential,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int,
    seed: int,
    shuffle: bool = True,
    validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> Generator[Report, None, None]:
    """Teach a network to classify, by cross-entropy; a report after each batch and after each epoch.

    Nothing happens until a report is asked for, and nothing between two of them: not asking is a pause. ``close()``
    stops for good. At every report the network is whole: parameters, running statistics and optimiser have all
    taken the same steps. One seed gives the same run, bit for bit, on one machine. Parameters move in place: another
    thread that runs the network meanwhile may meet a step half done.

    A network whose last layer is Softmax along the scores is taught through what that layer is given: cross-entropy
    has softmax in it.

    Args:
        network: ends in ``(N, K)`` scores, or their Softmax; its parameters and running statistics are moved.
        x: ``(M, C, H, W)`` images, or what the first layer takes; not to be changed while training goes on.
        y: ``(M,)`` integer labels from 0 to K - 1.
        optimizer: of this network.
        epochs: how often all images are seen, at least 1.
        batch_size: images a step, at least 1; the last batch of an epoch may be smaller.
        seed: a whole number, 0 or larger: the order of the images and what is dropped.
        shuffle: whether each epoch has an order of its own; else the images come as they are.
        validation: images and labels that are only looked at, after each epoch.

    Returns:
        a generator of :class:`Report`.

    Raises:
        ModelError: at the call, where a setting cannot work.
        ShapeError: at the call, where images or labels do not fit the network.
    """
    if not isinstance(network, Sequential):
        raise ModelError(f"fit teaches a Sequential, got {type(network).__name__}")
    if not isinstance(optimizer, Optimizer) or optimizer.network is not network:
        raise ModelError("optimizer must be one of this network; optimizer=SGD(network, lr=0.01) works")
    body = _before_softmax(network)
    images, labels = _examples(body, x, y, "x and y")
    size = whole(batch_size, "batch_size", least=1, works=32, error=ModelError)
    _check_spread(body, images.shape, size)
    checked = None
    if validation is not None:
        try:
            held_x, held_y = validation
        except (TypeError, ValueError) as error:
            raise ModelError("validation must be images and labels; validation=(x, y) works") from error
        checked = _examples(body, held_x, held_y, "validation")
    rng = np.random.default_rng(whole(seed, "seed", least=0, works=0, error=ModelError))
    plan = _Plan(
        body,
        images,
        labels,
        optimizer,
        whole(epochs, "epochs", least=1, works=5, error=ModelError),
        size,
        rng,
        flag(shuffle, "shuffle", error=ModelError),
        checked,
    )
    return _run(plan)


def _run(plan: _Plan) -> Generator[Report, None, None]:
    for epoch in range(plan.epochs):
        loss, right, seconds = 0.0, 0, 0.0
        for report, correct, count in _epoch(plan, epoch):
            loss, right, seconds = loss + report.loss * count, right + correct, seconds + report.seconds
            yield report
        total = len(plan.x)
        closing = Report(epoch, None, -(-total // plan.batch_size), loss / total, right / total, seconds=seconds)
        if plan.validation is not None:
            began = time.perf_counter()
            seen_loss, seen_accuracy = _evaluate(plan.body, *plan.validation, plan.batch_size)
            seconds += time.perf_counter() - began
            closing = replace(closing, validation_loss=seen_loss, validation_accuracy=seen_accuracy, seconds=seconds)
        yield closing


def _epoch(plan: _Plan, epoch: int) -> Iterator[tuple[Report, int, int]]:
    """Each batch's report, how many of its images were right, and how many it had."""
    total = len(plan.x)
    order = plan.rng.permutation(total) if plan.shuffle else np.arange(total)
    batches = -(-total // plan.batch_size)
    for batch in range(batches):
        began = time.perf_counter()
        chosen = order[batch * plan.batch_size : (batch + 1) * plan.batch_size]
        labels = plan.y[chosen]
        trace = plan.body.trace(plan.x[chosen], training=True, rng=plan.rng)
        loss, grad = cross_entropy(trace.output, labels)
        gradients = plan.body.backward(trace, grad, needs_input=False, keep_stages=False)
        plan.optimizer.step(gradients)
        observe(trace)
        with np.errstate(invalid="ignore", over="ignore"):
            # In single precision the squares of what is below 1e-23 are 0, and of what is above 1e19 infinite.
            norms = {name: float(np.linalg.norm(each.astype(np.float64))) for name, each in gradients.params.items()}
        right = _right(trace.output, labels)
        seconds = time.perf_counter() - began
        yield Report(epoch, batch, batches, loss, right / len(chosen), norms, seconds=seconds), right, len(chosen)


def observe(trace: Trace) -> None:
    """Move the running statistics of a network towards what a run in training saw; a trace alone never does.

    Args:
        trace: from ``network.trace(x, training=True)``; one that is not in training changes nothing.

    Raises:
        ModelError: where it is no trace.
    """
    if not isinstance(trace, Trace):
        raise ModelError(f"observe takes a trace, got {type(trace).__name__}; network.trace(x, training=True) works")
    for stage in trace.stages:
        stage.layer.observe(stage.saved)


def evaluate(network: Sequential, x: npt.ArrayLike, y: npt.ArrayLike, *, batch_size: int = 256) -> tuple[float, float]:
    """A network's loss and accuracy over labelled images, at inference; nothing changes.

    Args:
        network: ends in ``(N, K)`` scores, or their Softmax.
        x: ``(M, C, H, W)`` images, or what the first layer takes, M at least 1.
        y: ``(M,)`` integer labels from 0 to K - 1.
        batch_size: images looked at together.

    Returns:
        the mean cross-entropy, and the part of the images whose largest score is the label's.

    Raises:
        ModelError: where a setting cannot work.
        ShapeError: where images or labels do not fit the network.
    """
    if not isinstance(network, Sequential):
        raise ModelError(f"evaluate looks at a Sequential, got {type(network).__name__}")
    body = _before_softmax(network)
    images, labels = _examples(body, x, y, "x and y")
    return _evaluate(body, images, labels, whole(batch_size, "batch_size", least=1, works=256, error=ModelError))


def _evaluate(body: Sequential, x: Array, y: npt.NDArray[np.intp], size: int) -> tuple[float, float]:
    loss, right = 0.0, 0
    for first in range(0, len(x), size):
        labels = y[first : first + size]
        scores = body.forward(x[first : first + size])
        loss += cross_entropy(scores, labels)[0] * len(labels)
        right += _right(scores, labels)
    return loss / len(x), right / len(x)


def _right(scores: Array, labels: npt.NDArray[np.intp]) -> int:
    """How many rows of ``(N, K)`` scores are largest at their label; in a row with NaN, which argmax finds, none is."""
    best = scores.argmax(axis=1)
    return int(np.count_nonzero((best == labels) & ~np.isnan(scores[np.arange(len(scores)), best])))


def _before_softmax(network: Sequential) -> Sequential:
    """The same layers without a Softmax along the scores at the end, which cross-entropy has in it."""
    last = network.layers[-1] if network.layers else None
    if not isinstance(last, Softmax) or last.axis not in (-1, 1):
        return network
    if last.temperature != 1:
        raise ModelError(
            f"cross-entropy has a softmax of temperature 1 in it, got {last!r} at the end; Softmax() works, and its "
            "temperature may be set afterwards"
        )
    return Sequential(network.layers[:-1])


def _examples(
    body: Sequential, x: npt.ArrayLike, y: npt.ArrayLike, name: str
) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Images and labels after checking that the network takes them; images stay of their type until their batch."""
    images = array_of(x, "x")
    if images.ndim == 0 or len(images) == 0:
        raise ShapeError(f"{name} must hold at least one image, got shape {images.shape}; one and its label work")
    real(images[:1], name)
    shape: tuple[int, ...] = images.shape
    for stage, layer in body.named():
        try:
            shape = layer.output_shape(shape)
        except ShapeError as error:
            raise ShapeError(f"{name}: {stage}: {error}") from error
    if len(shape) != 2:
        raise ShapeError(
            f"a classifier ends in (N, K) scores, this network in {shape}; Flatten and Linear at its end work"
        )
    return images, class_labels(y, len(images), shape[1])


def _check_spread(body: Sequential, shape: tuple[int, ...], size: int) -> None:
    """Refuse, before it is met in the middle of an epoch, a batch in which batch norm has one number a channel."""
    smallest = shape[0] % size or min(size, shape[0])
    for position, layer in enumerate(body.layers):
        if isinstance(layer, BatchNorm2d) and smallest * math.prod(shape[2:]) == 1:
            raise ModelError(
                f"{position}.BatchNorm2d needs more than one number a channel, and a batch of one image gives "
                f"it one; {_without_rest_of_one(shape[0])}"
            )
        shape = layer.output_shape(shape)


def _without_rest_of_one(total: int) -> str:
    """What works so that no batch has one image alone: all of them at once, if need be."""
    if total == 1:
        return "two images a batch work, and so do larger maps"
    return f"batch_size={next((size for size in (32, 31, 30) if total > size and total % size != 1), total)} works"
