"""What a refusal says would work does work: every setting, input or weight that a message names, tried."""

import ast
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import (
    BatchNorm2d,
    CnnCoreError,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Linear,
    LPPool2d,
    MaxPool2d,
    ReLU,
    Sequential,
    ShapeError,
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    cross_entropy,
    flatten,
    kernels,
    linear,
    lp_pool2d,
    max_pool2d,
)
from cnn_core.attribution import occlusion
from cnn_core.shapes import PADDING_MODES

SMALL = st.integers(1, 4)
SIDE = st.integers(0, 4)
PADDINGS = st.one_of(SIDE, st.tuples(SIDE, SIDE), st.tuples(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE)))
SPANS = st.one_of(SMALL, st.tuples(SMALL, SMALL))


def advised(message: str) -> Iterator[dict]:
    """What each alternative of a message's end would set: settings by name, an input's ``size``, a weight's shape."""
    found = re.fullmatch(r".*?; (.*) works?", message)
    assert found, message
    for alternative in found[1].split(" or "):
        named = re.findall(r'(\w+)=(\([\d, ()]*\)|"\w+"|\d+)', alternative)
        change = {name: ast.literal_eval(value) for name, value in named}
        if size := re.search(r"an input of at least (\d+)×(\d+)", alternative):
            change["size"] = (int(size[1]), int(size[2]))
        if shape := re.search(r"a weight of shape (\([\d, ]*\))", alternative):
            change["weight"] = ast.literal_eval(shape[1])
        assert change, f"{alternative!r} of {message!r}"
        yield change


def assert_advice_works(
    call: Callable[..., object], arguments: dict, followed: frozenset[str] = frozenset()
) -> str | None:
    """What ``call`` refused, if anything: each piece of its advice is followed.

    Where something else is wrong too, the next refusal says that; of a setting that was advised it has nothing to say.
    """
    refused = None
    try:
        call(**arguments)
    except ShapeError as refusal:
        refused = str(refusal)
    if refused is not None:
        for change in advised(refused):
            assert change.keys() <= arguments.keys(), f"{refused!r} advises what there is not"
            assert not change.keys() & followed, f"{arguments} were advised, and now {refused!r}"
            assert_advice_works(call, {**arguments, **change}, followed | change.keys())
    return refused


def convolve(size, weight, **given_settings):
    return conv2d(np.ones((1, 4, *size)), np.ones(weight), **given_settings)


def spread(size, weight, **given_settings):
    return conv_transpose2d(np.ones((1, 4, *size)), np.ones(weight), **given_settings)


@given(
    size=st.tuples(SMALL, SMALL),
    weight=st.tuples(st.sampled_from([1, 2, 3, 4, 6]), SMALL, st.integers(1, 6), st.integers(1, 6)),
    stride=SPANS,
    padding=st.one_of(PADDINGS, st.sampled_from(["same", "valid"])),
    dilation=SPANS,
    groups=SMALL,
    padding_mode=st.sampled_from(PADDING_MODES),
)
@settings(max_examples=600)
def test_a_convolution_s_advice_works(**arguments):
    assert_advice_works(convolve, arguments)


@given(
    size=st.tuples(SMALL, SMALL),
    weight=st.tuples(st.sampled_from([1, 2, 3, 4, 6]), SMALL, SMALL, SMALL),
    stride=SPANS,
    padding=PADDINGS,
    output_padding=st.one_of(SIDE, st.tuples(SIDE, SIDE)),
    dilation=SPANS,
    groups=SMALL,
)
@settings(max_examples=600)
def test_a_transposed_convolution_s_advice_works(**arguments):
    assert_advice_works(spread, arguments)


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
@given(
    size=st.tuples(SMALL, SMALL),
    kernel_size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    stride=st.one_of(st.none(), SPANS),
    padding=PADDINGS,
    dilation=SPANS,
    ceil_mode=st.booleans(),
)
@settings(max_examples=300)
def test_a_pooling_s_advice_works(pool, **arguments):
    def run(size, kernel_size, **given_settings):
        return pool(np.ones((1, 1, *size)), kernel_size, **given_settings)

    assert_advice_works(run, arguments)


@pytest.mark.parametrize("kernel_size", [0, -1, (0, 2), (2, -3), 1.5, "3"])
@pytest.mark.parametrize("padding", [0, 1, (0, 1), ((0, 0), (2, 0)), "same", "valid"])
@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d, MaxPool2d])
def test_a_pooling_s_window_that_is_none_is_advised_with_a_padding_that_it_has_room_for(pool, kernel_size, padding):
    x = () if pool is MaxPool2d else (np.ones((1, 1, 4, 5)),)
    with pytest.raises(ShapeError) as refused:
        pool(*x, kernel_size, padding=padding)
    for change in advised(str(refused.value)):
        pool(*x, **({"kernel_size": kernel_size, "padding": padding} | change))


@given(size=st.tuples(SMALL, SMALL), window=st.tuples(st.integers(1, 6), st.integers(1, 6)), ceil_mode=st.booleans())
def test_what_has_no_padding_is_not_advised_to_take_one(size, window, ceil_mode):
    def pool(size, ceil_mode):
        return lp_pool2d(np.ones((1, 1, *size)), 2, window, ceil_mode=ceil_mode)

    def layer(size, ceil_mode):
        return LPPool2d(2, window, ceil_mode=ceil_mode).output_shape((1, 1, *size))

    def cover(size):
        network = Sequential([Flatten(), Linear(size[0] * size[1], 2)])
        return occlusion(network, np.ones((1, 1, *size)), 0, size=window)

    refused = assert_advice_works(pool, {"size": size, "ceil_mode": ceil_mode})
    assert assert_advice_works(layer, {"size": size, "ceil_mode": ceil_mode}) == refused
    assert_advice_works(cover, {"size": size})


@given(channels=st.tuples(SMALL, SMALL), groups=SMALL, padding_mode=st.sampled_from([*PADDING_MODES, "mirror"]))
def test_a_layer_s_advice_works(channels, groups, padding_mode):
    def convolution(**given_settings):
        return Conv2d(*channels, 2, **given_settings)

    def transposed(**given_settings):
        return ConvTranspose2d(*channels, 2, **given_settings)

    assert_advice_works(convolution, {"groups": groups, "padding_mode": padding_mode})
    assert_advice_works(transposed, {"groups": groups})


@pytest.mark.parametrize("far", [2**31, 2**62])
def test_advice_where_memory_ends_works(far):
    weight, size = (4, 4, 3, 3), (2, 5)
    assert assert_advice_works(convolve, {"size": size, "weight": weight, "padding": far})
    for name in ("stride", "dilation"):
        given_settings = {"size": size, "weight": weight, "stride": 1, "dilation": 1, "output_padding": 0, "padding": 0}
        assert assert_advice_works(spread, {**given_settings, name: far})


def test_reflected_padding_is_not_advised_where_the_window_would_then_not_fit():
    image, kernel = np.ones((1, 1, 1, 5)), np.ones((1, 1, 3, 3))
    for padding in (0, 1):
        with pytest.raises(ShapeError, match=r'; (padding=1 with )?padding_mode="replicate"'):
            conv2d(image, kernel, padding=padding, padding_mode="reflect")


IMAGES, NETWORK = np.ones((2, 3, 4, 4)), Sequential([Linear(3, 2)])
TRACE = NETWORK.trace(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("refused", "says", "works"),
    [
        (lambda: linear(IMAGES, np.ones(4)), "shape (1, 4) works for this x", lambda: linear(IMAGES, np.ones((1, 4)))),
        (
            lambda: linear(IMAGES, np.ones((2, 48))),
            "flatten(x) works",
            lambda: linear(flatten(IMAGES), np.ones((2, 48))),
        ),
        (
            lambda: linear(IMAGES, np.ones((2, 9))),
            "x of shape (1, 9) works",
            lambda: linear(np.ones((1, 9)), np.ones((2, 9))),
        ),
        (lambda: linear(1.0, np.ones(4)), "shape (1, 1) works", lambda: linear([1.0], np.ones((1, 1)))),
        (
            lambda: linear(IMAGES, np.ones((2, 4)), [1]),
            "np.ones(2) works",
            lambda: linear(IMAGES, np.ones((2, 4)), np.ones(2)),
        ),
        (
            lambda: conv2d(IMAGES, np.ones(3)),
            "shape (1, 3, 1, 1) with groups=1 works",
            lambda: conv2d(IMAGES, np.ones((1, 3, 1, 1))),
        ),
        (
            lambda: conv_transpose2d(IMAGES, np.ones(3)),
            "shape (3, 1, 1, 1) with groups=1 works",
            lambda: conv_transpose2d(IMAGES, np.ones((3, 1, 1, 1))),
        ),
        (lambda: max_pool2d(IMAGES[:, :0], 1), "shape (2, 1, 4, 4) works", lambda: max_pool2d(IMAGES[:, :1], 1)),
        (
            lambda: Conv2d(3, 1, 1).output_shape((3, 4, 4)),
            "shape (1, 3, 4, 4) works",
            lambda: Conv2d(3, 1, 1).output_shape((1, 3, 4, 4)),
        ),
        (
            lambda: BatchNorm2d(5).output_shape((1, 3, 4, 4)),
            "BatchNorm2d(3) works",
            lambda: BatchNorm2d(3).output_shape((1, 3, 4, 4)),
        ),
        (
            lambda: Linear(48, 2).output_shape((1, 3, 4, 4)),
            "Flatten() before it works",
            lambda: Sequential([Flatten(), Linear(48, 2)]).summary((1, 3, 4, 4)),
        ),
        (
            lambda: Linear(7, 2).output_shape((1, 3)),
            "Linear(3, 2) works",
            lambda: Linear(3, 2).output_shape((1, 3)),
        ),
        (lambda: Flatten().output_shape(()), "shape (1,) works", lambda: Flatten().output_shape((1,))),
        (
            lambda: setattr(Linear(3, 2), "weight", [1]),
            "np.ones((2, 3)) works",
            lambda: setattr(Linear(3, 2), "weight", np.ones((2, 3))),
        ),
        (
            lambda: setattr(Linear(3, 2, bias=False), "bias", [1, 2]),
            "bias=True works",
            lambda: setattr(Linear(3, 2, bias=True), "bias", [1, 2]),
        ),
        (
            lambda: cross_entropy(np.ones((2, 3)), [0]),
            "np.zeros(2, int) works",
            lambda: cross_entropy(np.ones((2, 3)), np.zeros(2, int)),
        ),
        (
            lambda: cross_entropy(np.ones((2, 3)), [0, 3]),
            "scores of 4 classes work",
            lambda: cross_entropy(np.ones((2, 4)), [0, 3]),
        ),
        (
            lambda: cross_entropy(np.ones((2, 3)), np.array([0, 255], np.uint8)),
            "scores of 256 classes work",
            lambda: cross_entropy(np.ones((2, 256)), np.array([0, 255], np.uint8)),
        ),
        (
            lambda: cross_entropy(np.ones((2, 3)), [0, -1]),
            "0 works for the first class",
            lambda: cross_entropy(np.ones((2, 3)), [0, 0]),
        ),
        (lambda: Sequential([None]), "at place 0; ReLU() works", lambda: Sequential([ReLU()])),
        (lambda: TRACE.values(5), "stage=-1 works", lambda: TRACE.values(-1)),
        (lambda: TRACE.explain(0, (0, 2)), "(1, 1) works", lambda: TRACE.explain(0, (1, 1))),
        (lambda: kernels.check([[1], [2, 3]]), "[[1, 2], [3, 4]] works", lambda: kernels.check([[1, 2], [3, 4]])),
        (lambda: kernels.check([["a"]]), "these are <U1; [[1, 2.5]] works", lambda: kernels.check([[1, 2.5]])),
    ],
)
def test_a_message_ends_in_what_works(refused, says, works):
    with pytest.raises(CnnCoreError, match=re.escape(says)):
        refused()
    works()
