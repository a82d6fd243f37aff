"""One kernel made from another, and what is told of one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cnn_core import conv2d, kernels
from cnn_core.errors import ModelError, ShapeError

SIZES = st.tuples(st.integers(1, 11), st.integers(1, 11))
WEIGHTS = npst.arrays(np.float64, SIZES, elements=st.integers(-20, 20).map(lambda n: n / 4))


def sobel(name: str) -> np.ndarray:
    return kernels.get(name).weights


def test_turning_sobel_x_gives_sobel_y_and_flipping_it_turns_its_signs():
    np.testing.assert_array_equal(kernels.rotated(sobel("sobel_x")), sobel("sobel_y"))
    np.testing.assert_array_equal(kernels.transposed(sobel("sobel_x")), sobel("sobel_y"))
    np.testing.assert_array_equal(kernels.flipped(sobel("sobel_x")), -sobel("sobel_x"))
    np.testing.assert_array_equal(kernels.mirrored(sobel("sobel_x")), -sobel("sobel_x"))
    np.testing.assert_array_equal(kernels.negated(sobel("sobel_x")), -sobel("sobel_x"))


def test_a_quarter_turn_is_clockwise():
    np.testing.assert_array_equal(kernels.rotated([[1, 2, 3], [4, 5, 6]]), [[4, 1], [5, 2], [6, 3]])


@given(WEIGHTS)
def test_changes_undo_themselves(weights):
    for change in (kernels.flipped, kernels.mirrored, kernels.transposed, kernels.negated):
        np.testing.assert_array_equal(change(change(weights)), weights)
    turned = weights
    for _ in range(4):
        turned = kernels.rotated(turned)
    np.testing.assert_array_equal(turned, weights)


@given(WEIGHTS)
def test_no_change_leaves_a_minus_zero_or_an_array_that_can_be_written_to(weights):
    for change in (kernels.flipped, kernels.mirrored, kernels.rotated, kernels.transposed, kernels.negated):
        changed = change(weights)
        assert not np.signbit(changed[changed == 0]).any()
        assert not changed.flags.writeable


@given(WEIGHTS, SIZES)
def test_a_kernel_that_grew_is_cut_back_to_what_it_was(weights, more):
    shape = (max(weights.shape[0], more[0]), max(weights.shape[1], more[1]))
    grown = kernels.resized(weights, shape)
    assert grown.shape == shape
    assert np.count_nonzero(grown) == np.count_nonzero(weights)
    np.testing.assert_array_equal(kernels.resized(grown, weights.shape), weights)


def test_rows_are_added_about_the_upper_left_of_the_middle_as_same_padding_does():
    np.testing.assert_array_equal(kernels.resized([[1]], (2, 2)), [[1, 0], [0, 0]])
    np.testing.assert_array_equal(kernels.resized([[1, 2], [3, 4]], (3, 3)), [[0, 0, 0], [0, 1, 2], [0, 3, 4]])
    np.testing.assert_array_equal(kernels.resized(sobel("sobel_x"), (1, 1)), [[0]])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (4, 4), (5, 5)])
@pytest.mark.parametrize("more", [(1, 0), (0, 1), (1, 1), (2, 3)])
def test_a_kernel_with_zeros_around_it_gives_the_same_map_under_same_padding(size, more):
    rng = np.random.default_rng(sum(size))
    x, weights = rng.normal(size=(1, 1, 9, 8)), rng.normal(size=size)
    larger = kernels.resized(weights, (size[0] + more[0], size[1] + more[1]))
    maps = [conv2d(x, kernel[None, None], padding="same") for kernel in (weights, larger)]
    np.testing.assert_allclose(maps[1], maps[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("wanted", range(1, 12))
def test_row_by_row_a_kernel_comes_to_the_same_as_in_one_step(size, wanted):
    weights = np.arange(1.0, size * 2 + 1).reshape(size, 2)
    now = weights
    for rows in range(size, wanted, 1) if wanted > size else range(size, wanted, -1):
        now = kernels.resized(now, (rows + (1 if wanted > size else -1), 2))
    np.testing.assert_array_equal(now, kernels.resized(weights, (wanted, 2)))
    if size % 2 and wanted % 2 and wanted > size:
        above = (wanted - size) // 2
        np.testing.assert_array_equal(now, np.pad(weights, ((above, above), (0, 0))))


@pytest.mark.parametrize("shape", [(0, 1), (1, 12), (12, 1)])
def test_no_kernel_is_made_of_a_size_there_is_none_of(shape):
    with pytest.raises(ShapeError):
        kernels.resized([[1]], shape)
    with pytest.raises(ShapeError):
        kernels.random(shape)


@given(WEIGHTS)
def test_normalised_weights_sum_to_one_or_their_positive_ones_do(weights):
    if not weights.any() or (weights.sum() == 0 and not (weights > 0).any()):
        with pytest.raises(ModelError):
            kernels.normalised(weights)
        return
    once = kernels.normalised(weights)
    if weights.sum():
        assert once.sum() == pytest.approx(1)
    else:
        assert once.sum() == pytest.approx(0, abs=1e-12)
        assert once[once > 0].sum() == pytest.approx(1)
    np.testing.assert_allclose(kernels.normalised(once), once, rtol=1e-12)


def test_zeros_cannot_be_normalised_and_the_refusal_says_what_to_do():
    with pytest.raises(ModelError, match="set at least one"):
        kernels.normalised([[0, 0], [0, 0]])


def test_random_kernels_are_readable_tenths_and_the_same_for_a_seed():
    first = kernels.random((4, 7), seed=3)
    assert first.shape == (4, 7)
    assert abs(first).max() <= 1
    np.testing.assert_array_equal(first, np.round(first, 1))
    np.testing.assert_array_equal(first, kernels.random((4, 7), seed=3))
    assert not np.array_equal(first, kernels.random((4, 7), seed=4))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "sobel_x",
            "Weights sum to 0. Unchanged when mirrored top to bottom. Changes sign when mirrored left to right. "
            "Separable: [1 2 1] down × [1 0 −1] across.",
        ),
        (
            "box_blur",
            "Weights sum to 1. Unchanged when mirrored left to right, mirrored top to bottom and transposed. "
            "Separable: [1 1 1] down × [1 1 1] across, times 1/9.",
        ),
        (
            "roberts_1",
            "Weights sum to 0. Unchanged when transposed. Changes sign when rotated by 180°. Not separable.",
        ),
    ],
)
def test_a_kernel_s_facts_are_told_in_plain_words(name, sentence):
    assert kernels.facts(sobel(name)).sentence == sentence


@pytest.mark.parametrize("kernel", kernels.LIBRARY, ids=lambda kernel: kernel.name)
def test_what_a_library_kernel_is_made_of_is_said_once(kernel):
    told = kernels.facts(kernel.weights).told(kernel.parts)
    assert told.count(kernel.parts) == 1
    assert ("Separable: " in told) == kernels.facts(kernel.weights).separable != ("Made of: " in told)
    # The one product of vectors that a separable kernel is, and no other beside it.
    if "Separable: " in told:
        assert told.count(" down × ") == told.count(" across") == 1


@given(WEIGHTS)
def test_what_is_told_of_a_kernel_holds(weights):
    told = kernels.facts(weights)
    assert told.total == weights.sum()
    assert ("left to right" in told.symmetry) == (
        bool(weights.any()) and weights.shape[1] > 1 and np.array_equal(weights, weights[:, ::-1])
    )
    if told.column is not None:
        product = np.outer(told.column, told.row) * float(told.scale)
        np.testing.assert_allclose(product, weights, rtol=1e-9, atol=1e-9)
    elif min(weights.shape) > 1:
        assert not weights.any() or np.linalg.matrix_rank(weights) > 1


@given(
    st.lists(st.integers(-9, 9), min_size=2, max_size=7).filter(any),
    st.lists(st.integers(-9, 9), min_size=2, max_size=7).filter(any),
)
def test_a_product_of_two_parts_is_told_as_separable(down, across):
    assert kernels.facts(np.outer(down, across)).separable


def test_of_a_single_row_and_of_zeros_only_the_sum_is_worth_telling():
    assert kernels.facts([[1, 2, 3]]).sentence == "Weights sum to 6."
    assert kernels.facts([[1, 2, 1]]).sentence == "Weights sum to 4. Unchanged when mirrored left to right."
    assert kernels.facts(np.zeros((3, 3))).sentence == "Weights sum to 0."
    assert kernels.facts([[99999, 2, 3]]).sentence == "Weights sum to 100004."
    assert kernels.facts([[-2e-9, 2, -2]]).sentence == "Weights sum to −2e−9."
