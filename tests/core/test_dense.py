"""Fully connected layers and flattening."""

import numpy as np
import pytest

from cnn_core import ShapeError, flatten, flatten_backward, linear, linear_backward, reference


def test_every_output_weighs_every_input():
    rng = np.random.default_rng(0)
    for count, outputs in ((1, 1), (7, 3), (40, 2)):
        x, weight, bias = rng.normal(size=count), rng.normal(size=(outputs, count)), rng.normal(size=outputs)
        np.testing.assert_allclose(
            linear(x[None], weight, bias)[0], reference.fully_connected(x, weight.T, bias), rtol=1e-12
        )


def test_any_number_of_axes_may_come_before_the_features():
    x, weight = np.arange(24.0).reshape(2, 3, 4), np.arange(8.0).reshape(2, 4)
    np.testing.assert_array_equal(linear(x, weight), np.einsum("abi,oi->abo", x, weight))


def test_flattening_goes_channel_by_channel_row_by_row():
    x = np.arange(24).reshape(2, 3, 2, 2)
    assert flatten(x)[1].tolist() == list(range(12, 24))
    assert flatten(np.asfortranarray(x))[1].tolist() == list(range(12, 24))
    assert flatten(np.ones((0, 3, 2))).shape == (0, 6)
    assert flatten([1, 2]).shape == (2, 1)


def test_what_was_flattened_may_be_written_to_without_touching_what_it_was_made_of():
    x, grad = np.ones((2, 3, 2, 2)), np.ones((2, 12))
    flatten(x)[:] = 7
    flatten_backward(grad, x.shape)[:] = 7
    assert x.max() == grad.max() == 1


@pytest.mark.parametrize(
    ("x", "weight", "bias"),
    [
        (np.ones((1, 3)), np.ones((2, 4)), None),
        (np.ones((1, 4)), np.ones(4), None),
        (np.ones((1, 4)), np.ones((2, 4)), np.ones(3)),
        (1.0, np.ones((2, 4)), None),
        (np.ones((1, 1, 2, 2)), np.ones((2, 4)), None),
    ],
)
def test_shapes_that_do_not_fit_are_refused_without_a_matrix_error(x, weight, bias):
    with pytest.raises(ShapeError) as refusal:
        linear(x, weight, bias)
    assert "matmul" not in str(refusal.value)


def test_a_single_number_has_no_batch_to_flatten():
    with pytest.raises(ShapeError, match="batch"):
        flatten(5)


@pytest.mark.parametrize("rows", [0, 1, 5, 256, 257, 2048, 70_001])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_bias_s_gradient_keeps_its_digits_however_many_rows_there_are(rows, dtype):
    rng = np.random.default_rng(rows)
    for grad in (rng.normal(size=(rows, 3)).astype(dtype), np.full((rows, 3), 0.1, dtype), rng.random((3, rows)).T):
        given = grad.astype(dtype)
        found = linear_backward(given, np.ones((rows, 1), dtype), np.ones((3, 1), dtype))[2]
        assert (found.dtype, found.shape) == (dtype, (3,))
        sizes = np.abs(given).sum(axis=0, dtype=np.longdouble)
        near = 32 * float(np.finfo(dtype).eps) * sizes
        assert (np.abs(found - given.sum(axis=0, dtype=np.longdouble)) <= near).all()
    nothing = linear_backward(np.zeros((rows, 0), dtype), np.ones((rows, 2), dtype), np.ones((0, 2), dtype))
    assert [each.shape for each in nothing] == [(rows, 2), (0, 2), (0,)]


def test_of_one_row_a_weight_s_gradient_is_each_number_times_each(monkeypatch):
    given, x = np.arange(1, 4, dtype=np.float32)[None], np.arange(5, dtype=np.float32)[None]
    products = []

    def matmul(one, other, **settings):
        products.append((one.shape, other.shape))
        return np.dot(one, other, **settings)

    monkeypatch.setattr(np, "matmul", matmul)
    found = linear_backward(given, x, np.ones((3, 5), np.float32), needs_input=False)[1]
    np.testing.assert_array_equal(found, np.outer(given, x))
    assert ((3, 1), (1, 5)) not in products
