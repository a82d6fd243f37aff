"""Whatever is passed by mistake, wherever, is taken or refused in words: no error of NumPy's reaches a user."""

import contextlib
import re
import warnings

import numpy as np
import pytest

import cnn_core as cc
from cnn_core import ModelError, ShapeError, attribution, export, training

IMAGES, ROWS = np.ones((2, 3, 4, 4)), np.ones((2, 3))
NETWORK = cc.Sequential([cc.Flatten(), cc.Linear(48, 3)])
MAPS = cc.Sequential([cc.Conv2d(3, 2, 2), cc.Flatten(), cc.Linear(18, 3)])
TRACE = NETWORK.trace(IMAGES)


class Unwilling:
    """Something that refuses to be an array."""

    def __array__(self, *_, **__):
        raise ValueError("no")


ODD = {
    "nothing": None,
    "text": "x",
    "bytes": b"x",
    "a flag": True,
    "minus one": -1,
    "a half": 0.5,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "a huge number": 10**30,
    "an empty list": [],
    "rows of different lengths": [[1, 2], [3]],
    "a dictionary": {"a": 1},
    "an object": object(),
    "a function": abs,
    "a range": range(3),
    "nested pairs": ((1, 2), (3, 4)),
    "no array": Unwilling(),
    "a single number": np.array(1.0),
    "a row": np.ones(3),
    "a matrix": ROWS,
    "images": IMAGES,
    "an empty batch": np.ones((0, 3, 4, 4)),
    "no channels": np.ones((2, 0, 4, 4)),
    "complex numbers": np.ones((2, 3), complex),
    "texts": np.array(["a"]),
    "objects": np.array([None]),
    "a date": np.datetime64("2020-01-01"),
    "a time span": np.timedelta64(3, "s"),
    "half precision": np.float16(2),
    "a masked array": np.ma.masked_array(ROWS, mask=[[True, False, False]] * 2),
    "long doubles": np.ones((2, 3), np.longdouble),
}

# Each function with arguments that it takes; one after the other is replaced by each odd thing.
CALLS = {
    "relu": (cc.relu, [ROWS]),
    "relu_backward": (cc.relu_backward, [ROWS, ROWS]),
    "leaky_relu": (cc.leaky_relu, [ROWS, 0.1]),
    "leaky_relu_backward": (cc.leaky_relu_backward, [ROWS, ROWS, 0.1]),
    "sigmoid": (cc.sigmoid, [ROWS]),
    "sigmoid_backward": (cc.sigmoid_backward, [ROWS, ROWS]),
    "tanh": (cc.tanh, [ROWS]),
    "tanh_backward": (cc.tanh_backward, [ROWS, ROWS]),
    "softplus": (cc.softplus, [ROWS, 1.0, 20.0]),
    "softplus_backward": (cc.softplus_backward, [ROWS, ROWS, 1.0, 20.0]),
    "gelu": (cc.gelu, [ROWS, "tanh"]),
    "gelu_backward": (cc.gelu_backward, [ROWS, ROWS, "none"]),
    "softmax": (lambda x, axis, heat: cc.softmax(x, axis, temperature=heat), [ROWS, -1, 2.0]),
    "softmax_backward": (
        lambda grad, y, axis, heat: cc.softmax_backward(grad, y, axis, temperature=heat),
        [ROWS, ROWS, -1, 2.0],
    ),
    "linear": (cc.linear, [ROWS, np.ones((2, 3)), np.ones(2)]),
    "linear_backward": (cc.linear_backward, [np.ones((2, 4)), ROWS, np.ones((4, 3))]),
    "flatten": (cc.flatten, [IMAGES]),
    "flatten_backward": (cc.flatten_backward, [np.ones((2, 48)), (2, 3, 4, 4)]),
    "dropout": (cc.dropout, [ROWS, 0.5, np.random.default_rng(0)]),
    "dropout_backward": (cc.dropout_backward, [ROWS, ROWS]),
    "batch_norm2d": (cc.batch_norm2d, [IMAGES, *np.ones((4, 3)), 1e-5]),
    "batch_norm2d_backward": (cc.batch_norm2d_backward, [IMAGES, IMAGES, *np.ones((3, 3)), 1e-5]),
    "batch_norm2d_training": (cc.batch_norm2d_training, [IMAGES, *np.ones((2, 3)), 1e-5]),
    "batch_norm2d_training_backward": (
        cc.batch_norm2d_training_backward,
        [IMAGES, IMAGES, cc.batch_norm2d_training(IMAGES)[1], np.ones(3), 1e-5],
    ),
    "cross_entropy": (cc.cross_entropy, [ROWS, [0, 2]]),
    "Linear": (lambda a, b, bias, rng: cc.Linear(a, b, bias=bias, rng=rng), [3, 2, True, 0]),
    "Conv2d": (lambda a, b, size, bias: cc.Conv2d(a, b, size, bias=bias), [3, 2, 3, True]),
    "ConvTranspose2d": (lambda a, b, size, bias: cc.ConvTranspose2d(a, b, size, bias=bias), [3, 2, 3, True]),
    "AvgPool2d": (lambda size, up, pad: cc.AvgPool2d(size, ceil_mode=up, count_include_pad=pad), [2, True, True]),
    "BatchNorm2d": (cc.BatchNorm2d, [3, 1e-5, 0.1]),
    "Dropout": (cc.Dropout, [0.5]),
    "LeakyReLU": (cc.LeakyReLU, [0.1]),
    "Softmax": (lambda axis, heat: cc.Softmax(axis, temperature=heat), [-1, 2.0]),
    "Softplus": (cc.Softplus, [1.0, 20.0]),
    "GELU": (cc.GELU, ["tanh"]),
    "lp_pool2d": (cc.lp_pool2d, [IMAGES, 2, 2]),
    "lp_pool2d_backward": (cc.lp_pool2d_backward, [np.ones((2, 3, 2, 2)), IMAGES, 2, 2]),
    "adaptive_max_pool2d": (cc.adaptive_max_pool2d, [IMAGES, 1]),
    "adaptive_max_pool2d_backward": (cc.adaptive_max_pool2d_backward, [np.ones((2, 3, 1, 1)), IMAGES, 1]),
    "adaptive_avg_pool2d": (cc.adaptive_avg_pool2d, [IMAGES, 1]),
    "LPPool2d": (cc.LPPool2d, [2, 2]),
    "AdaptiveMaxPool2d": (cc.AdaptiveMaxPool2d, [1]),
    "a parameter": (lambda value: setattr(cc.Linear(3, 2), "weight", value), [ROWS]),
    "reference.convolve2d": (cc.reference.convolve2d, [ROWS, ROWS]),
    "reference.max_pooling": (cc.reference.max_pooling, [ROWS, 2, 1]),
    "reference.fully_connected": (cc.reference.fully_connected, [ROWS, np.ones((6, 2)), np.ones(2)]),
    "Sequential": (cc.Sequential, [[cc.ReLU()]]),
    "forward": (NETWORK.forward, [IMAGES]),
    "trace": (lambda x, rng: NETWORK.trace(x, training=True, rng=rng), [IMAGES, 0]),
    "backward": (NETWORK.backward, [TRACE, ROWS]),
    "summary": (NETWORK.summary, [(1, 3, 4, 4)]),
    "explain": (TRACE.explain, [1, (0, 0)]),
    "load": (cc.Sequential.load, [b""]),
    "SGD": (cc.SGD, [NETWORK, 0.1, 0.9, 0.0]),
    "Adam": (cc.Adam, [NETWORK, 0.1, (0.9, 0.999), 1e-8, 0.0]),
    "step": (lambda gradients: cc.SGD(NETWORK, 0.0).step(gradients), [NETWORK.backward(TRACE, ROWS)]),
    "fit": (
        lambda n, x, y, o, e, b, s: cc.fit(n, x, y, optimizer=o, epochs=e, batch_size=b, seed=s),
        [NETWORK, IMAGES, [0, 1], cc.SGD(NETWORK, 0.1), 1, 2, 0],
    ),
    "validation": (
        lambda v: cc.fit(
            NETWORK, IMAGES, [0, 1], optimizer=cc.SGD(NETWORK, 0), epochs=1, batch_size=2, seed=0, validation=v
        ),
        [(IMAGES, [0, 1])],
    ),
    "evaluate": (training.evaluate, [NETWORK, IMAGES, [0, 1]]),
    "input_gradient": (lambda x, target: attribution.input_gradient(NETWORK, x, target), [IMAGES, 0]),
    "integrated_gradients": (
        lambda x, target, b: attribution.integrated_gradients(NETWORK, x, target, baseline=b, steps=2),
        [IMAGES, 0, 0.0],
    ),
    "smooth_grad": (
        lambda x, target, seed, noise: attribution.smooth_grad(NETWORK, x, target, seed=seed, noise=noise, samples=1),
        [IMAGES, 0, 0, 0.1],
    ),
    "grad_cam": (lambda x, target, stage: attribution.grad_cam(MAPS, x, target, stage=stage), [IMAGES, 0, 0]),
    "kernels.check": (cc.kernels.check, [ROWS]),
    "kernels.parse": (cc.kernels.parse, ["1 0; 0 1"]),
    "kernels.get": (cc.kernels.get, ["sharpen"]),
    "kernels.match": (cc.kernels.match, [ROWS]),
    "kernels.facts": (cc.kernels.facts, [ROWS]),
    "kernels.normalised": (cc.kernels.normalised, [ROWS]),
    "kernels.resized": (cc.kernels.resized, [ROWS, (3, 3)]),
    "kernels.random": (lambda shape, seed: cc.kernels.random(shape, seed=seed), [(3, 3), 0]),
    "export.archive": (export.archive, [TRACE]),
    "export.npz": (export.npz, [{"a": ROWS}]),
    "export.to_csv": (export.to_csv, [ROWS[:1], ["a", "b", "c"]]),
    "export.numpy_script": (lambda n, x, most: export.numpy_script(n, x, inline=most), [NETWORK, IMAGES, 10]),
    "occlusion": (
        lambda x, target, size, fill: attribution.occlusion(NETWORK, x, target, size=size, fill=fill),
        [IMAGES, 0, 2, 0.0],
    ),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", CALLS)
def test_odd_arguments_are_taken_or_refused_in_words(name, odd):
    function, arguments = CALLS[name]
    for place in range(len(arguments)):
        given = [ODD[odd] if k == place else argument for k, argument in enumerate(arguments)]
        with warnings.catch_warnings(), contextlib.suppress(ShapeError, ModelError):
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)  # half of the numbers would be lost
            function(*given)


KERNELS, STAMPS, POOLED = np.ones((4, 3, 3, 3)), np.ones((3, 2, 3, 3)), np.ones((2, 3, 2, 2))
SEVERAL = np.array([1, 2])


@pytest.mark.parametrize(
    "call",
    [
        lambda: cc.conv2d(IMAGES, KERNELS, groups=[1, 1]),
        lambda: cc.conv2d_plan(IMAGES, KERNELS, groups=(1, 1)),
        lambda: cc.conv2d_backward(np.ones((2, 4, 2, 2)), IMAGES, KERNELS, groups=(1, 1)),
        lambda: cc.conv2d(IMAGES, KERNELS, padding_mode=SEVERAL),
        lambda: cc.conv_transpose2d(IMAGES, STAMPS, groups=(1, 1)),
        lambda: cc.max_pool2d(IMAGES, 2, ceil_mode=SEVERAL),
        lambda: cc.avg_pool2d(IMAGES, 2, padding=1, count_include_pad=SEVERAL),
        lambda: cc.max_pool2d_backward(POOLED, IMAGES, 2, output=[1, 2]),
        lambda: cc.avg_pool2d_backward(POOLED, None, 2),
        lambda: cc.avg_pool2d_backward(POOLED, (2, 3, 4.0, 4.0), 2),
        lambda: cc.adaptive_avg_pool2d_backward(POOLED, None, 2),
    ],
)
def test_settings_of_another_kind_are_refused_in_words(call):
    with pytest.raises(ShapeError, match="works"):
        call()


@pytest.mark.parametrize("far", [10**6, 2**31, 2**62])
def test_results_larger_than_memory_are_refused_in_words(far):
    for call in (
        lambda: cc.conv2d(IMAGES, KERNELS, padding=far),
        lambda: cc.conv_transpose2d(IMAGES, STAMPS, stride=far),
    ):
        with pytest.raises(ShapeError, match="memory"):
            call()


def test_what_a_pooling_made_may_be_given_back_as_lists():
    made = cc.max_pool2d(IMAGES, 2)
    expected = cc.max_pool2d_backward(POOLED, IMAGES, 2)
    np.testing.assert_array_equal(cc.max_pool2d_backward(POOLED, IMAGES, 2, output=made.tolist()), expected)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda two: cc.Conv2d(two, 2, 3), "in_channels"),
        (lambda two: cc.Conv2d(2, two, 3), "out_channels"),
        (lambda two: cc.Conv2d(2, 2, 3, groups=two), "groups"),
        (lambda two: cc.ConvTranspose2d(two, 2, 3), "in_channels"),
        (lambda two: cc.ConvTranspose2d(2, two, 3), "out_channels"),
        (lambda two: cc.ConvTranspose2d(2, 2, 3, groups=two), "groups"),
        (lambda two: cc.Linear(two, 2), "in_features"),
        (lambda two: cc.Linear(2, two), "out_features"),
        (cc.BatchNorm2d, "channels"),
        (lambda two: cc.AdaptiveAvgPool2d((two, 3)), "output_size"),
        (lambda two: cc.adaptive_max_pool2d(IMAGES, (1, two)), "output_size"),
    ],
)
@pytest.mark.parametrize("two", [(1, 2), [1, 2], np.array([1, 2])])
def test_two_numbers_where_one_is_meant_are_refused(call, name, two):
    with pytest.raises(ShapeError, match=f"{name} must be one whole number.*; {name}=1 works"):
        call(two)


@pytest.mark.parametrize("mask", [False, True, [[True, False, False], [False, False, True]]])
def test_numbers_behind_a_mask_are_not_computed_with(mask):
    masked = np.ma.masked_array(ROWS, mask=mask)
    for call in (
        cc.relu,
        NETWORK.forward,
        cc.Softmax().forward,
        lambda x: cc.linear(ROWS, x),
        lambda x: cc.cross_entropy(ROWS, x[:, 0].astype(int)),
        lambda x: attribution.input_gradient(NETWORK, IMAGES, x[:, 0].astype(int)),
        lambda x: training.evaluate(NETWORK, x, [0, 1]),
        cc.reference.relu,
        cc.kernels.check,
    ):
        with pytest.raises(ShapeError, match=r"mask.*(x|weights?|labels|target|image)\.filled\(0\) works"):
            call(masked)
    np.testing.assert_array_equal(cc.relu(masked.filled(0)), masked.filled(0))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cc.kernels.random((3.5, 3)), "3 × 3 works"),
        (lambda: cc.kernels.resized(ROWS, 3), "3 × 3 works"),
        (lambda: cc.kernels.random(seed=-1), "got -1; seed=0 works"),
        (lambda: cc.kernels.random(seed=None), "got None; seed=0 works"),
        (lambda: cc.kernels.parse(3), "text such as"),
        (lambda: cc.kernels.get(["sobel_x"]), "no kernel named"),
        (lambda: export.to_csv([[1.0, 2.0]], ["a"]), r"names must be 2 .*got \['a'\]; names=None works"),
        (lambda: export.to_csv([[1.0, 2.0]], "ab"), "names=None works"),
        (lambda: export.numpy_script([cc.ReLU()], ROWS), r"Sequential\(\[ReLU\(\)\]\) works"),
        (lambda: export.archive(ROWS), r"network\.trace\(x\) works"),
    ],
)
def test_kernels_and_exports_refuse_in_words(call, says):
    with pytest.raises((ModelError, ShapeError), match=says):
        call()


def test_numbers_to_export_may_be_lists():
    assert export.to_csv([[1]]) == "0,1.0\r\n"
    assert "np.array([[1.0, 2.0]])" in export.numpy_script(cc.Sequential([cc.ReLU()]), [[1, 2]])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda text: cc.softmax(ROWS, temperature=text),
            ShapeError,
            "above 0 and finite, got '1'; temperature=1 works",
        ),
        (lambda text: cc.softplus(ROWS, threshold=text), ShapeError, "threshold must be a number, got '1'"),
        (lambda text: cc.BatchNorm2d(3, momentum=text), ShapeError, "at least 0 and at most 1, got '1'"),
        (cc.Dropout, ModelError, "p must be a number, at least 0 and at most 1, got '1'; p=0.5 works"),
        (lambda text: cc.SGD(NETWORK, text), ModelError, "lr must be a number, at least 0 and finite, got '1'"),
        (
            lambda text: cc.Adam(NETWORK, betas=(0.5, text)),
            ModelError,
            "betas must be a number, at least 0 and below 1, got '1'",
        ),
    ],
)
def test_a_number_in_letters_is_refused_with_the_limits_that_hold(call, error, says):
    with pytest.raises(error, match=re.escape(says)):
        call("1")
