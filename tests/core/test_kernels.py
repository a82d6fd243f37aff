"""The kernel library: what the eight are, what they answer to, and what typed text becomes."""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cnn_core import kernels
from cnn_core.errors import CnnCoreError, ModelError, ShapeError

# Written out by hand, as a textbook prints them: the module builds them from parts instead.
TEXTBOOK = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box_blur": [[1 / 9] * 3] * 3,
    "gaussian_blur": [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "prewitt_x": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "sobel_x": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "sobel_y": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
}

LEFT_BRIGHT = np.array([[1.0, 0.5, 0.0]] * 3)


def response(name: str, window: np.ndarray) -> float:
    """One step of cross-correlation: the window times the kernel, unflipped, summed."""
    return float((kernels.get(name).weights * window).sum())


def test_the_library_is_the_eight_textbook_kernels_in_menu_order():
    assert kernels.names() == tuple(TEXTBOOK)
    assert tuple(kernel.name for kernel in kernels.LIBRARY) == kernels.names()


@pytest.mark.parametrize("name", TEXTBOOK)
def test_each_kernel_equals_the_textbook_to_the_last_bit(name):
    np.testing.assert_array_equal(kernels.get(name).weights, TEXTBOOK[name])


@pytest.mark.parametrize("kernel", kernels.LIBRARY, ids=kernels.names())
def test_each_kernel_is_float64_and_cannot_be_changed(kernel):
    assert kernel.weights.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        kernel.weights[0, 0] = 7
    with pytest.raises(dataclasses.FrozenInstanceError):
        kernel.name = "other"
    assert not np.signbit(kernel.weights[kernel.weights == 0]).any(), "a minus zero would be shown as -0"


def test_a_kernel_keeps_no_hold_on_the_array_it_was_made_from():
    mine = np.ones((2, 2))
    kernel = kernels.Kernel(name="mine", title="Mine", weights=mine, sentence="", parts="")
    mine[0, 0] = 5
    assert kernel.weights[0, 0] == 1
    assert mine.flags.writeable


@pytest.mark.parametrize("kernel", kernels.LIBRARY, ids=kernels.names())
def test_each_kernel_says_in_one_or_two_short_sentences_what_it_does(kernel):
    assert kernel.title
    assert 1 <= len(re.findall(r"\.(?:\s|$)", kernel.sentence)) <= 2
    assert len(kernel.sentence) < 200
    assert kernel.sentence.endswith(".")


def part(text: str) -> np.ndarray:
    """The kernel that a "parts" text of products describes, read back independently of how it was built."""
    total = np.zeros((3, 3))
    for down, across in re.findall(r"\[([^\]]*)\] down × \w+ \[([^\]]*)\] across", text.replace("−", "-")):
        total += np.outer(np.array(down.split(), float), np.array(across.split(), float))
    divisor = re.search(r"divided by (\d+)", text)
    return total / (int(divisor[1]) if divisor else 1)


@pytest.mark.parametrize("name", [name for name in TEXTBOOK if name != "sharpen"])
def test_the_parts_on_screen_multiply_out_to_the_kernel(name):
    np.testing.assert_array_equal(part(kernels.get(name).parts), kernels.get(name).weights)


def test_sharpen_is_the_identity_minus_the_laplacian_as_its_parts_say():
    assert kernels.get("sharpen").parts == "identity − Laplacian"
    difference = kernels.get("identity").weights - kernels.get("laplacian").weights
    np.testing.assert_array_equal(kernels.get("sharpen").weights, difference)


@pytest.mark.parametrize("name", ["prewitt_x", "sobel_x"])
def test_a_vertical_edge_kernel_is_bright_where_the_left_is_brighter(name):
    assert response(name, LEFT_BRIGHT) > 0 > response(name, LEFT_BRIGHT[:, ::-1])
    assert response(name, LEFT_BRIGHT.T) == 0


def test_sobel_y_is_bright_where_the_top_is_brighter():
    assert response("sobel_y", LEFT_BRIGHT.T) > 0 > response("sobel_y", LEFT_BRIGHT.T[::-1])
    assert response("sobel_y", LEFT_BRIGHT) == 0


def test_the_laplacian_is_bright_on_a_dark_dot_and_zero_on_an_even_slope():
    dark_dot = np.ones((3, 3))
    dark_dot[1, 1] = 0
    assert response("laplacian", dark_dot) > 0
    assert response("laplacian", LEFT_BRIGHT) == 0


def test_blurs_and_sharpening_keep_the_brightness_of_a_flat_area():
    flat = np.ones((3, 3))
    assert response("gaussian_blur", flat) == 1
    assert response("sharpen", flat) == 1
    assert response("box_blur", flat) == pytest.approx(1, abs=1e-15)


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(ModelError, match="sobel_x"):
        kernels.get("sobel")


@pytest.mark.parametrize("kernel", kernels.LIBRARY, ids=kernels.names())
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_a_library_kernel_is_recognised_in_any_float_precision(kernel, dtype):
    assert kernels.match(kernel.weights.astype(dtype)) is kernel


def test_whole_numbers_in_plain_lists_are_recognised():
    assert kernels.match([[1, 0, -1]] * 3) is kernels.get("prewitt_x")
    assert kernels.match(np.array([[1, 0, -1]] * 3, dtype=np.int8)) is kernels.get("prewitt_x")


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((3, 3), dtype=int),
        -kernels.get("sobel_x").weights,
        np.nextafter(kernels.get("box_blur").weights, 1),
        np.zeros((2, 2)),
        [[1, 2], [3]],
        [],
        "sobel_x",
        np.full((3, 3), np.nan),
    ],
    ids=["integer zeros", "negated", "one bit off", "another size", "ragged", "empty", "text", "nan"],
)
def test_what_is_no_library_kernel_matches_none(other):
    assert kernels.match(other) is None


@pytest.mark.parametrize(
    "text",
    [
        "1 0 -1; 2 0 -2; 1 0 -1",
        "1,0,-1;2,0,-2;1,0,-1",
        "1\t0\t-1\n2\t0\t-2\n1\t0\t-1\n",
        "  1, 0, -1,\r\n 2, 0, -2,\r\n\r\n 1, 0, -1,  ",
        "1 0 −1\n2 0 −2\n1 0 −1",
        "+1 0. -1e0; 4/2 .0 -2.0; 1 0 -3 / 3",
    ],
)
def test_rows_are_read_however_they_are_separated(text):
    assert kernels.match(kernels.parse(text)) is kernels.get("sobel_x")


def test_fractions_are_read_as_the_nearest_float():
    assert kernels.match(kernels.parse("\n".join(["1/9 1/9 1/9"] * 3))) is kernels.get("box_blur")
    assert kernels.parse("0.5/2")[0, 0] == 0.25


def test_a_kernel_need_not_be_square():
    assert kernels.parse("1 0 -1").shape == (1, 3)
    assert kernels.parse("1;0;-1").shape == (3, 1)


@pytest.mark.parametrize(
    "text", ["nan", "inf 1", "-Infinity", "1e999", "1/0", "1/1e999", "x", "1_0", "1//2", "0x1", "٣"]
)
def test_what_is_no_finite_number_is_refused_with_a_sentence(text):
    with pytest.raises(ModelError) as refused:
        kernels.parse(text)
    assert_one_sentence(refused.value)


@pytest.mark.parametrize(
    "text", ["", " \n;\t, ", "1 2; 3", "1 2\n3 4 5", " ".join(["1"] * 12), ";".join(["1"] * 12), "1 " * 100_000]
)
def test_ragged_empty_or_too_large_text_is_refused_with_a_sentence(text):
    with pytest.raises(ShapeError) as refused:
        kernels.parse(text)
    assert_one_sentence(refused.value)


def test_a_long_wrong_word_is_not_quoted_whole():
    with pytest.raises(ModelError) as refused:
        kernels.parse("spam" * 1000)
    assert len(str(refused.value)) < 100


def assert_one_sentence(error: Exception) -> None:
    text = str(error)
    assert text.endswith(".")
    assert len(text) < 200
    assert "\n" not in text


def test_the_largest_kernel_is_eleven_by_eleven():
    assert kernels.check(np.ones((11, 11))).shape == (11, 11)
    with pytest.raises(ShapeError, match="12 rows"):
        kernels.check(np.ones((12, 11)))


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        (1.0, ShapeError),
        ([1.0, 2.0], ShapeError),
        (np.ones((1, 1, 3)), ShapeError),
        (np.ones((0, 3)), ShapeError),
        ([[1.0], [1.0, 2.0]], ShapeError),
        ([["a"]], ModelError),
        ([[1j]], ModelError),
        ([[None]], ModelError),
        ([[1.0, np.inf]], ModelError),
        ([[np.nan]], ModelError),
    ],
)
def test_an_array_that_is_no_kernel_is_refused(weights, error):
    with pytest.raises(error):
        kernels.check(weights)


def test_checking_copies_and_leaves_the_input_alone():
    mine = np.array([[1, 2], [3, 4]])
    checked = kernels.check(mine)
    assert checked.dtype == np.float64
    assert not checked.flags.writeable
    mine[0, 0] = 9
    assert checked[0, 0] == 1


@given(npst.arrays(np.float64, st.tuples(st.integers(1, 11), st.integers(1, 11)), elements=st.floats(-1e300, 1e300)))
def test_any_kernel_survives_being_written_out_and_read_back(weights):
    text = ";".join(" ".join(repr(float(value)) for value in row) for row in weights)
    np.testing.assert_array_equal(kernels.parse(text), weights)


@given(st.text(alphabet="0123456789.,;/-+eE \t\n\rinfa−", max_size=60) | st.text(max_size=60))
def test_any_text_becomes_a_usable_kernel_or_a_refusal(text):
    try:
        weights = kernels.parse(text)
    except CnnCoreError as refusal:
        assert_one_sentence(refusal)
    else:
        np.testing.assert_array_equal(kernels.check(weights), weights)
