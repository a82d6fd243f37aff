"""Whatever is passed by mistake, wherever, is taken or refused in words: no error of NumPy's reaches a user."""

import contextlib
import decimal
import fractions
import re
import warnings

import numpy as np
import pytest

import cnn_core as cc
from cnn_core import ImageError, ModelError, ShapeError, attribution, export, training

IMAGES, ROWS = np.ones((2, 3, 4, 4)), np.ones((2, 3))
NETWORK = cc.Sequential([cc.Flatten(), cc.Linear(48, 3)])
MAPS = cc.Sequential([cc.Conv2d(3, 2, 2), cc.Flatten(), cc.Linear(18, 3)])
TRACE = NETWORK.trace(IMAGES)
GRADIENTS = NETWORK.backward(TRACE, ROWS)


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
    "a number that Python does not write": 10**5000,
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


class Held:
    """What holds numbers but does not hand them out, as a tensor with a gradient or a sparse one does."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def __array__(self, *_, **__):
        raise self.error("not like this")

    def __bool__(self):
        raise self.error("of many numbers there is no truth")


ODD |= {
    "a tensor that learns": Held(RuntimeError),
    "a sparse tensor": Held(TypeError),
    "texts of any length": np.array(["a", "b"], dtype=np.dtypes.StringDType()),
    "a matrix of NumPy's own kind": np.ones((2, 3)).view(np.matrix),
    "a set": {1, 2},
    "changeable bytes": bytearray(b"ab"),
    "a fraction": fractions.Fraction(1, 2),
    "a decimal number": decimal.Decimal("0.5"),
    "a complex number": 2 + 0j,
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
    "conv2d": (
        lambda x, w, b, s, p, d, g, m: cc.conv2d(x, w, b, stride=s, padding=p, dilation=d, groups=g, padding_mode=m),
        [IMAGES, np.ones((4, 3, 3, 3)), np.ones(4), 1, 1, 1, 1, "zeros"],
    ),
    "conv2d_backward": (
        lambda grad, x, w, s, p, need: cc.conv2d_backward(grad, x, w, stride=s, padding=p, needs_input=need),
        [np.ones((2, 4, 2, 2)), IMAGES, np.ones((4, 3, 3, 3)), 1, 0, True],
    ),
    "conv_transpose2d": (
        lambda x, w, b, s, p, o, d: cc.conv_transpose2d(x, w, b, stride=s, padding=p, output_padding=o, dilation=d),
        [IMAGES, np.ones((3, 2, 3, 3)), np.ones(2), 2, 1, 1, 1],
    ),
    "max_pool2d": (
        lambda x, k, s, p, d, up: cc.max_pool2d(x, k, stride=s, padding=p, dilation=d, ceil_mode=up),
        [IMAGES, 2, 1, 1, 1, False],
    ),
    "avg_pool2d_backward": (
        lambda grad, x, k, s, up, pad: cc.avg_pool2d_backward(
            grad, x, k, stride=s, ceil_mode=up, count_include_pad=pad
        ),
        [np.ones((2, 3, 3, 3)), IMAGES.shape, 2, 1, False, True],
    ),
    "linear_backward without": (
        lambda need: cc.linear_backward(np.ones((2, 4)), ROWS, np.ones((4, 3)), needs_input=need),
        [False],
    ),
    "Conv2d's geometry": (
        lambda s, p, d, g, m, rng: cc.Conv2d(
            3, 3, 2, stride=s, padding=p, dilation=d, groups=g, padding_mode=m, rng=rng
        ),
        [1, 0, 1, 1, "zeros", 0],
    ),
    "ConvTranspose2d's geometry": (
        lambda p, o, rng: cc.ConvTranspose2d(3, 2, 2, padding=p, output_padding=o, rng=rng),
        [0, 0, 0],
    ),
    "MaxPool2d": (lambda k, s, p, up: cc.MaxPool2d(k, stride=s, padding=p, ceil_mode=up), [2, 1, 0, False]),
    **{
        f"{type(layer).__name__}.output_shape": (layer.output_shape, [shape])
        for layer, shape in (
            (cc.Conv2d(3, 2, 2), IMAGES.shape),
            (cc.ConvTranspose2d(3, 2, 2), IMAGES.shape),
            (cc.MaxPool2d(2), IMAGES.shape),
            (cc.AdaptiveAvgPool2d(1), IMAGES.shape),
            (cc.BatchNorm2d(3), IMAGES.shape),
            (cc.Linear(3, 2), ROWS.shape),
            (cc.Flatten(), IMAGES.shape),
            (cc.Softmax(), ROWS.shape),
            (cc.ReLU(), ROWS.shape),
        )
    },
    "a parameter": (lambda value: setattr(cc.Linear(3, 2), "weight", value), [ROWS]),
    "reference.convolve2d": (cc.reference.convolve2d, [ROWS, ROWS]),
    "reference.max_pooling": (cc.reference.max_pooling, [ROWS, 2, 1]),
    "reference.fully_connected": (cc.reference.fully_connected, [ROWS, np.ones((6, 2)), np.ones(2)]),
    "Sequential": (cc.Sequential, [[cc.ReLU()]]),
    "forward": (NETWORK.forward, [IMAGES]),
    "trace": (lambda x, rng: NETWORK.trace(x, training=True, rng=rng), [IMAGES, 0]),
    "backward": (NETWORK.backward, [TRACE, ROWS]),
    "trace in training": (lambda training: NETWORK.trace(IMAGES, training=training), [True]),
    "backward, what for": (
        lambda stage, need, keep: NETWORK.backward(TRACE, ROWS, stage=stage, needs_input=need, keep_stages=keep),
        [1, True, True],
    ),
    "Gradients.explain": (lambda stage, index, most: GRADIENTS.explain(stage, index, most=most), [0, (0, 0), 2]),
    "explain_param": (
        lambda name, index, most: GRADIENTS.explain_param(name, index, most=most),
        ["1.weight", (0, 0), 2],
    ),
    "observe": (training.observe, [TRACE]),
    "receptive.axes": (cc.receptive.axes, [MAPS.trace(IMAGES), 0]),
    "receptive.field": (cc.receptive.field, [MAPS.trace(IMAGES), 0, (0, 0, 0, 0)]),
    "rational.fraction": (cc.rational.fraction, [0.5, 10]),
    "rational.common_denominator": (cc.rational.common_denominator, [[0.5, 0.25], 10]),
    "rational.exact_total": (cc.rational.exact_total, [TRACE.explain(1, (0, 0)), 10]),
    "whose gradient": (attribution.input_gradient, [NETWORK, IMAGES, 0]),
    "whose maps": (attribution.grad_cam, [MAPS, IMAGES, 0]),
    "whose score": (lambda network: attribution.occlusion(network, IMAGES, 0, size=2), [NETWORK]),
    "shuffle": (
        lambda each: cc.fit(
            NETWORK, IMAGES, [0, 1], optimizer=cc.SGD(NETWORK, 0), epochs=1, batch_size=2, seed=0, shuffle=each
        ),
        [True],
    ),
    "a true convolution": (
        lambda flipped: cc.reference.convolve2d(ROWS, ROWS, true_convolution=flipped),
        [True],
    ),
    "load_image": (lambda mode: cc.load_image(b"x", mode=mode), ["L"]),
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
    "export.torch_script": (lambda n, x, most: export.torch_script(n, x, inline=most), [NETWORK, IMAGES, 10]),
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
        with warnings.catch_warnings(), contextlib.suppress(ImageError):
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)  # half of the numbers would be lost
            refused = ""
            try:
                function(*given)
            except (ShapeError, ModelError) as error:
                refused = str(error)
        assert len(refused) < 600, "a sentence, not all the numbers"


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


@pytest.mark.parametrize("far", [2**31, 2**59, 2**60, 2**62, 2**63, 10**30])
def test_a_stride_beyond_every_image_leaves_one_window_however_far_it_goes(far):
    corner = IMAGES[:, :, :2, :2]
    one = {"stride": 2, "dilation": 1}
    for settings in ({"stride": far}, {"stride": (1, far)}, {"stride": (far, far)}):
        cut = IMAGES[:, :, : 2 if settings["stride"] != (1, far) else None, :2]
        few = {"stride": (1, 2)} if settings["stride"] == (1, far) else {"stride": 2}
        weight = np.ones((4, 3, 2, 2))
        np.testing.assert_array_equal(cc.conv2d(IMAGES, weight, **settings), cc.conv2d(cut, weight, **few))
        for pool in (cc.max_pool2d, cc.avg_pool2d, lambda x, k, **given: cc.lp_pool2d(x, 2, k, **given)):
            for ceil_mode in (False, True):
                found = pool(IMAGES, 2, ceil_mode=ceil_mode, **settings)
                np.testing.assert_array_equal(found, pool(cut, 2, **few))
        grad = np.ones(cc.avg_pool2d(IMAGES, 2, **settings).shape)
        assert cc.avg_pool2d_backward(grad, IMAGES.shape, 2, **settings).sum() == grad.sum()
    grads = cc.conv2d_backward(np.ones((2, 4, 1, 1)), IMAGES, np.ones((4, 3, 2, 2)), stride=far)
    few = cc.conv2d_backward(np.ones((2, 4, 1, 1)), corner, np.ones((4, 3, 2, 2)), stride=one["stride"])
    for found, expected in zip(grads[1:], few[1:], strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(cc.avg_pool2d(IMAGES, 1, dilation=far), IMAGES)
    for pool in (cc.max_pool2d, cc.avg_pool2d):
        with pytest.raises(ShapeError, match="fit"):
            pool(IMAGES, 2, dilation=far)


def test_sizes_that_no_array_has_are_still_counted_right():
    wide = (1, 1, 2**34 + 1, 1)
    assert cc.Conv2d(1, 1, 1, stride=2**33).output_shape(wide) == (1, 1, 3, 1)
    assert cc.MaxPool2d(1, stride=2**33).output_shape(wide) == (1, 1, 3, 1)
    assert cc.ConvTranspose2d(1, 1, 1, stride=(2**33, 1)).output_shape((1, 1, 2, 1)) == (1, 1, 2**33 + 1, 1)


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


FLAGS = {
    "ceil_mode": lambda flag: cc.max_pool2d(IMAGES, 2, ceil_mode=flag),
    "count_include_pad": lambda flag: cc.avg_pool2d(IMAGES, 2, count_include_pad=flag),
    "bias": lambda flag: cc.Conv2d(3, 2, 2, bias=flag),
    "needs_input": lambda flag: cc.conv2d_backward(np.ones((2, 4, 2, 2)), IMAGES, KERNELS, needs_input=flag),
    "keep_stages": lambda flag: NETWORK.backward(TRACE, ROWS, keep_stages=flag),
    "training": lambda flag: NETWORK.trace(IMAGES, training=flag),
    "true_convolution": lambda flag: cc.reference.convolve2d(ROWS, ROWS, true_convolution=flag),
    "shuffle": lambda flag: cc.fit(
        NETWORK, IMAGES, [0, 1], optimizer=cc.SGD(NETWORK, 0), epochs=1, batch_size=2, seed=0, shuffle=flag
    ),
}


@pytest.mark.parametrize("name", FLAGS)
def test_what_is_neither_true_nor_false_is_not_taken_for_one_of_them(name):
    for odd in ("False", "", 2, -1, float("nan"), None, [], [True, False], np.array([True])):
        with pytest.raises((ShapeError, ModelError), match=f"{name} must be True or False, got .*; {name}=True works"):
            FLAGS[name](odd)
    for plain in (True, False, np.True_, 1, np.int64(0)):
        FLAGS[name](plain)


@pytest.mark.parametrize(
    "odd",
    [{1, 2}, frozenset([2]), bytearray(b"ab"), memoryview(b"ab"), {1: 1, 2: 2}, np.ones((1, 2), int).view(np.matrix)],
)
def test_two_numbers_without_an_order_or_of_another_kind_are_no_pair(odd):
    for call in (
        lambda: cc.conv2d(IMAGES, KERNELS, stride=odd),
        lambda: cc.max_pool2d(IMAGES, odd),
        lambda: cc.Conv2d(3, 2, 2, padding=odd),
    ):
        with pytest.raises(ShapeError, match=r"must be a whole number or a pair of them, got .* works"):
            call()


@pytest.mark.parametrize(
    "odd", [[1, 2], np.array([1, 2]), np.ones((1, 2), int).view(np.matrix), "1", 0.0, True, np.random.RandomState(0)]
)
def test_a_seed_is_one_whole_number(odd):
    for call in (
        lambda: cc.Conv2d(3, 2, 2, rng=odd),
        lambda: cc.Linear(3, 2, rng=odd),
        lambda: NETWORK.trace(IMAGES, training=True, rng=odd),
    ):
        with pytest.raises(ModelError, match=r"rng must be a seed, 0 or larger, or a generator, got .*; rng=0 works"):
            call()


@pytest.mark.parametrize("dtype", [">f2", "<f2", ">f4", ">f8"])
def test_another_machine_s_byte_order_is_read(dtype):
    made = cc.relu(np.array([[-1.5, 2.5]], dtype))
    assert made.tolist() == [[0, 2.5]]
    assert made.dtype == (np.float64 if dtype == ">f8" else np.float32)


@pytest.mark.parametrize("shape", [(), (3,), (5, 4, 3, 2, 1), (1, 1, 2, 3, 4, 4)])
def test_a_rank_that_is_no_batch_of_images_is_told_one_that_is(shape):
    with pytest.raises(ShapeError, match=r"got rank \d .*x\.reshape(\(.*\)) works") as refused:
        cc.max_pool2d(np.ones(shape), 1)
    fitting = re.search(r"x\.reshape\((.*)\) works", str(refused.value))[1]
    assert (
        cc.max_pool2d(np.ones(shape).reshape([int(size) for size in fitting.split(", ")]), 1).size
        == np.ones(shape).size
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32(0.5), 1, np.int64(2)])
def test_what_is_no_small_fraction_is_none_of_them(value):
    found = cc.rational.fraction(value)
    assert found is None if not np.isfinite(value) else float(found) == value


def test_a_tensor_that_learns_is_told_how_it_hands_out_its_numbers():
    torch = pytest.importorskip("torch")
    tensor = torch.ones(2, 3, requires_grad=True)
    with pytest.raises(ShapeError, match=r"x must be a regular array .*, got Tensor; x\.detach\(\) works"):
        cc.relu(tensor)
    assert cc.relu(tensor.detach()).tolist() == [[1, 1, 1]] * 2
    for call in (
        cc.relu,
        lambda x: cc.max_pool2d(IMAGES, x),
        lambda x: cc.max_pool2d(IMAGES, 2, ceil_mode=x),
    ):
        with pytest.raises(ShapeError, match="works"):
            call(torch.ones(2, 3).to_sparse())
