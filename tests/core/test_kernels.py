"""The kernel library: what its kernels are, what they answer to, and what typed text becomes."""

import dataclasses
import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cnn_core import kernels
from cnn_core.errors import CnnCoreError, ModelError, ShapeError

BRACKETED = json.loads((Path(__file__).parents[1] / "cases" / "bracketed.json").read_text())

# Written out by hand, as a textbook prints them: the module builds them from parts instead.
TEXTBOOK = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box_blur": [[1 / 9] * 3] * 3,
    "box_blur_5": [[1 / 25] * 5] * 5,
    "gaussian_blur": [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]],
    "gaussian_blur_5": np.array(
        [[1, 4, 6, 4, 1], [4, 16, 24, 16, 4], [6, 24, 36, 24, 6], [4, 16, 24, 16, 4], [1, 4, 6, 4, 1]]
    )
    / 256,
    "motion_blur": [
        [0.2, 0, 0, 0, 0],
        [0, 0.2, 0, 0, 0],
        [0, 0, 0.2, 0, 0],
        [0, 0, 0, 0.2, 0],
        [0, 0, 0, 0, 0.2],
    ],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "unsharp": np.array(
        [[1, 4, 6, 4, 1], [4, 16, 24, 16, 4], [6, 24, -476, 24, 6], [4, 16, 24, 16, 4], [1, 4, 6, 4, 1]]
    )
    / -256,
    "prewitt_x": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "prewitt_y": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
    "sobel_x": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "sobel_y": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "scharr_x": [[3, 0, -3], [10, 0, -10], [3, 0, -3]],
    "scharr_y": [[3, 10, 3], [0, 0, 0], [-3, -10, -3]],
    "roberts_1": [[1, 0], [0, -1]],
    "roberts_2": [[0, 1], [-1, 0]],
    "emboss": [[2, 1, 0], [1, 1, -1], [0, -1, -2]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "laplacian_8": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "log": np.array([[1, 2, 2, 2, 1], [2, 0, -4, 0, 2], [2, -4, -12, -4, 2], [2, 0, -4, 0, 2], [1, 2, 2, 2, 1]]) / 4,
    "ridge": [[-1, 2, -1], [-2, 4, -2], [-1, 2, -1]],
    "line_h": [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]],
    "line_v": [[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]],
    "line_diagonal": [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]],
    "corner": [[1, 0, -1], [0, 0, 0], [-1, 0, 1]],
}

LEFT_BRIGHT = np.array([[1.0, 0.5, 0.0]] * 3)


def response(name: str, window: np.ndarray) -> float:
    """One step of cross-correlation: the window times the kernel, unflipped, summed."""
    return float((kernels.get(name).weights * window).sum())


def test_the_library_is_the_textbook_s_kernels_and_one_gabor_in_menu_order():
    assert kernels.names() == (*TEXTBOOK, "gabor")
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
    total: np.ndarray | float = 0.0
    for down, across in re.findall(r"\[([^\]]*)\] down × \w+ \[([^\]]*)\] across", text.replace("−", "-")):
        total = total + np.outer(np.array(down.split(), float), np.array(across.split(), float))
    divisor = re.search(r"divided by (\d+)", text)
    return (-1 if text.startswith("−(") else 1) * total / (int(divisor[1]) if divisor else 1)


PRODUCTS = [
    "identity",
    "box_blur",
    "box_blur_5",
    "gaussian_blur",
    "gaussian_blur_5",
    "prewitt_x",
    "prewitt_y",
    "sobel_x",
    "sobel_y",
    "scharr_x",
    "scharr_y",
    "laplacian",
    "ridge",
    "line_h",
    "line_v",
    "corner",
]


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_parts_on_screen_multiply_out_to_the_kernel(name):
    np.testing.assert_array_equal(part(kernels.get(name).parts), kernels.get(name).weights)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [("sharpen", "identity", "laplacian"), ("unsharp", "identity", "gaussian_blur_5")],
)
def test_kernels_that_are_differences_say_of_which(name, left, right):
    shape = kernels.get(name).weights.shape
    difference = kernels.resized(kernels.get(left).weights, shape) - kernels.get(right).weights
    if name == "unsharp":  # identity + (identity - blur)
        difference = difference + kernels.resized(kernels.get("identity").weights, shape)
    np.testing.assert_array_equal(kernels.get(name).weights, difference)


def test_a_gabor_answers_to_stripes_of_its_own_wavelength_and_direction_and_not_to_flat_areas():
    gabor = kernels.get("gabor").weights
    across = np.broadcast_to(np.cos(2 * np.pi * (np.arange(7) - 3) / 4), (7, 7))
    assert gabor.sum() == 0
    assert (gabor * across).sum() > 5 * abs((gabor * across.T).sum())
    wide = np.broadcast_to(np.cos(2 * np.pi * (np.arange(7) - 3) / 14), (7, 7))
    assert (gabor * across).sum() > 3 * abs((gabor * wide).sum())


def test_every_kernel_is_its_own_and_stands_under_a_heading():
    for kernel in kernels.LIBRARY:
        others = [other for other in kernels.LIBRARY if other is not kernel]
        assert not any(np.array_equal(kernel.weights, other.weights) for other in others)
        assert kernel.family
    families = [kernel.family for kernel in kernels.LIBRARY]
    assert [name for k, name in enumerate(families) if k == 0 or families[k - 1] != name] == list(
        dict.fromkeys(families)
    )


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
        3 * kernels.get("sobel_x").weights,
        np.nextafter(kernels.get("box_blur").weights, 1),
        np.zeros((2, 2)),
        [[1, 2], [3]],
        [],
        "sobel_x",
        np.full((3, 3), np.nan),
    ],
    ids=["integer zeros", "tripled", "one bit off", "another size", "ragged", "empty", "text", "nan"],
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
        "1\u00a00\u00a0-1\u00a0\n2 0 -2\u00a0;\u2003 1\u20090 -1",
        "1 , 0\t,-1\n2 \t 0, \t-2\n\t1  0   -1\t",
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


@pytest.mark.parametrize("text", ["1,,3;4,,6", "1\t\t3\n4\t\t6", "1, ,3", "1\t \t3", "1,\u00a0,3"])
def test_an_empty_cell_between_others_does_not_vanish(text):
    with pytest.raises(ModelError, match=r"Row 1 has nothing between two commas or tabs; 0 works there\.") as refused:
        kernels.parse(text)
    assert_one_sentence(refused.value)
    with pytest.raises(ModelError, match="Row 2 has nothing"):
        kernels.parse(f"1 2 3; {text}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n;\t, ",
        "1 2; 3",
        "1 2\n3 4 5",
        " ".join(["1"] * 12),
        ";".join(["1"] * 12),
        "1 " * 100_000,
        "1" + "\t" * 10**6 + "2",
    ],
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


@pytest.mark.parametrize(
    "weights", [np.full((3, 3), 1e308), [[1.7e308, 0], [0, 0]], [[9e307, -8e307], [1, 1]], [[-np.inf, 1]], [[2e300]]]
)
def test_weights_whose_sum_might_overflow_are_refused_by_whatever_takes_a_kernel(weights):
    for take in (kernels.check, kernels.facts, kernels.normalised, kernels.flipped):
        with pytest.raises(ModelError, match="a weight must be finite, at most"):
            take(weights)


@pytest.mark.parametrize("weights", [np.full((11, 11), 1e300), np.diag([1e300, -1e300, 1e300]), [[1e300, -1e300]] * 2])
def test_the_largest_weights_are_looked_at_and_normalised_without_a_word(weights):
    with np.errstate(all="raise", under="ignore"):
        told = kernels.facts(weights)
        scaled = kernels.normalised(weights)
    assert told.total == float(sum(map(Fraction, np.ravel(weights).tolist())))
    assert np.abs(scaled).max() <= 1
    assert (scaled if told.total else scaled[scaled > 0]).sum() == pytest.approx(1)


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


@pytest.mark.parametrize("case", BRACKETED, ids=lambda case: repr(case["text"]))
def test_rows_in_brackets_are_read_as_python_writes_them(case):
    if case["rows"] is None:
        with pytest.raises((ModelError, ShapeError), match=r"works|not a number|give all rows the same|no numbers"):
            kernels.parse(case["text"])
    else:
        np.testing.assert_array_equal(kernels.parse(case["text"]), case["rows"])
