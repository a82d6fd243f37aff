"""How numbers are summed, cut, written and read: pure functions, held to Python's own arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_sums_are_rounded_once_as_python_s_fsum_rounds_them(modules: Page):
    rng = np.random.default_rng(3)
    lists = [[1e16, 1, -1e16], [0.1] * 10, [1e308, 1e308, -1e308], [1, 1e-16, 1e-16], [], [-0.0]]
    lists += [(rng.normal(size=20) * 10.0 ** rng.integers(-20, 20, 20)).tolist() for _ in range(300)]
    sums = modules.evaluate(
        """async (lists) => {
          const { fsum } = await import("/ui/common/exact.js");
          return lists.map((list) => fsum(list));
        }""",
        lists,
    )
    for numbers, result in zip(lists, sums, strict=True):
        try:
            expected = math.fsum(numbers)
        except OverflowError:
            continue
        assert float(result) == expected


def test_a_shown_sum_adds_up_in_the_digits_that_are_shown(modules: Page):
    rng = np.random.default_rng(4)
    sums = []
    for size in (1e-8, 3e-7, 0.001, 0.1, 1, 30, 5000):
        for count in (1, 4, 9, 25):
            products = rng.normal(scale=size, size=count)
            bias = float(rng.normal(scale=size)) if count % 2 else 0.0
            sums.append({"products": products.tolist(), "bias": bias, "value": float(products.sum() + bias)})
    sums += [{"products": [1, 0, -3], "bias": 2, "value": 0}, {"products": [0.5, 0.25], "bias": 0, "value": 0.75}]
    shown = modules.evaluate(
        """async (sums) => {
          const { addUp, fixed } = await import("/ui/common/format.js");
          return sums.map((sum) => {
            const told = addUp(sum);
            const numbers = [...told.products, told.bias, told.remainder, told.value];
            return { places: told.places, texts: numbers.map((x) => fixed(x, told.places)), remainder: told.remainder };
          });
        }""",
        sums,
    )
    for sum_, told in zip(sums, shown, strict=True):
        units = [round(float(text.replace("−", "-")) * 10 ** told["places"]) for text in told["texts"]]
        assert sum(units[:-1]) == units[-1]
        # The remainder is what cutting digits costs: at most half a unit of the last place for each number shown.
        assert abs(told["remainder"]) * 10 ** told["places"] <= (len(sum_["products"]) + 2) / 2 + 1e-6
    assert shown[-2]["texts"] == ["1", "0", "−3", "2", "0", "0"]
    assert shown[-1]["texts"] == ["0.50", "0.25", "0.00", "0.00", "0.75"]


def test_a_share_that_is_not_none_or_not_all_is_not_written_so(modules: Page):
    shares = [0, 1e-9, 0.00004, 0.00006, 0.5, 0.99994, 0.99996, 1 - 1e-12, 1]
    told = modules.evaluate(
        """async (shares) => {
          const { share } = await import("/ui/common/format.js");
          return shares.map((x) => share(x, 4));
        }""",
        shares,
    )
    assert told == ["0.0000", "<0.0001", "<0.0001", "0.0001", "0.5000", "0.9999", ">0.9999", ">0.9999", "1.0000"]


def test_a_sum_that_is_not_finite_is_shown_as_it_is(modules: Page):
    shown = modules.evaluate(
        """async () => {
          const { addUp } = await import("/ui/common/format.js");
          return [NaN, Infinity].map((x) => {
            const { products, value, remainder } = addUp({ products: [1, x], bias: 0, value: x });
            return [products[0], remainder, Number.isFinite(value)];
          });
        }"""
    )
    assert shown == [[1, 0, False], [1, 0, False]]


def test_a_shown_sum_adds_up_however_large_or_tiny_its_numbers_are(modules: Page):
    rng = np.random.default_rng(5)
    sums = [{"products": [1406852036501492400.5], "bias": 123456.7, "value": 1406852036501615872.0}]
    for size in range(-40, 26):
        for _ in range(4):
            products = (rng.normal(size=rng.integers(1, 10)) * 10.0 ** (size - rng.integers(0, 4))).tolist()
            bias = float(rng.normal() * 10.0**size)
            sums.append({"products": products, "bias": bias, "value": math.fsum([*products, bias])})
    shown = modules.evaluate(
        """async (sums) => {
          const { addUp, fixed } = await import("/ui/common/format.js");
          return sums.map((sum) => {
            const { places, products, bias, remainder, value } = addUp(sum);
            return [...products, bias, remainder, value].map((x) => fixed(x, places));
          });
        }""",
        sums,
    )
    for given, texts in zip(sums, shown, strict=True):
        *parts, value = (Fraction(text.replace("−", "-")) for text in texts)
        assert sum(parts) == value, texts
        assert float(value) == pytest.approx(given["value"], rel=1e-2, abs=1e-3 * max(map(abs, given["products"])))


@pytest.mark.parametrize(
    ("products", "bias", "texts"),
    [
        ([2, 599994, -1], 1 / 3, ["2.0", "599994.0", "−1.0", "0.3", "0.0", "599995.3"]),
        ([74074.068, 12], -0.001, ["74074.068", "12.000", "−0.001", "0.000", "74086.067"]),
        ([2, 599994], 1e-9, ["2", "599994", "0", "0", "599996"]),  # of so many digits nobody sees the last
        ([2.25, 1], 0, ["2.25", "1.00", "0.00", "0.00", "3.25"]),
        ([0.0012345678], 3e-14, ["0.001235", "0.000000", "0.000000", "0.001235"]),  # beyond all decimals
    ],
)
def test_a_bias_that_was_set_is_never_rounded_away_beside_large_products(modules: Page, products, bias, texts):
    shown = modules.evaluate(
        """async ([products, bias]) => {
          const { addUp, fixed } = await import("/ui/common/format.js");
          const told = addUp({ products, bias, value: products.reduce((a, b) => a + b, bias) });
          return [...told.products, told.bias, told.remainder, told.value].map((x) => fixed(x, told.places));
        }""",
        [products, bias],
    )
    assert shown == texts


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1.845e-8, 11, "1.845e−8"),
        (-1.84e-8, 11, "−1.840e−8"),
        (3e-12, 12, "3e−12"),
        (9.9996e-7, 10, "0.0000010000"),
        (1.25e-6, 9, "0.000001250"),
        (-1e-7, 7, "−0.0000001"),
        (3e-9, 9, "0.000000003"),
        (0, 11, "0"),
        (-0.0, 11, "0"),
        (1e-13, 11, "0.00000000000"),
        (0, 4, "0.0000"),
        (-0.25, 12, "−0.250000000000"),
    ],
)
def test_a_tiny_number_keeps_its_digits_and_has_its_zeros_as_a_power_of_ten(
    modules: Page, value: float, places: int, text: str
):
    script = "async ([value, places]) => (await import('/ui/common/format.js')).fixed(value, places)"
    assert modules.evaluate(script, [value, places]) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), (" -2.5 ", -2.5), ("0,5", 0.5), ("−3", -3), ("1/4", 0.25), ("1e3", 1000), (".5", 0.5), ("2.", 2)]
    + [("1,000,000", 1e6), ("−6,084.5", -6084.5), ("0,125", 0.125), ("12,0845", 12.0845)]
    + [
        (text, None)
        for text in ("6,084", "-1,000", "1,00,000", "", "abc", "NaN", "Infinity", "1/0", "--1", "1 2", "0x10", "1/2/3")
    ],
)
def test_numbers_are_read_as_people_write_them(modules: Page, text: str, value: float | None):
    read = modules.evaluate(
        'async (text) => (await import("/ui/common/format.js")).read(text)',
        text,
    )
    assert read == value


def test_what_may_be_either_of_two_numbers_is_told_as_such_and_in_a_table_a_comma_is_a_decimal_one(modules: Page):
    told = modules.evaluate("""async () => {
      const { notANumber, readRows } = await import("/ui/common/format.js");
      return [notANumber(" 6,084 "), notANumber("6,08x"), readRows("1,125\\t0,5\\n2\\t3").rows];
    }""")
    assert told == ["“6,084” may be 6.084 or 6084", "“6,08x” is not a number", [[1.125, 0.5], [2, 3]]]


@pytest.mark.parametrize(
    ("written", "value", "sign"),
    [
        ("1.5", 1.5, "="),
        ("0.3", 0.1 + 0.2, "="),
        ("−1.27877", -12.7877 * 0.1, "="),
        ("0.333333", 1 / 3, "≈"),
        ("0.3", 0.3 + 1e-12, "≈"),
        ("≈0", 1e-17, "≈"),
        ("0", 0, "="),
    ],
)
def test_a_result_is_equal_where_only_binary_rounding_keeps_it_from_its_digits(
    modules: Page, written: str, value: float, sign: str
):
    script = "async ([written, value]) => (await import('/ui/common/format.js')).equals(written, value)"
    assert modules.evaluate(script, [written, value]) == sign


def test_labels_are_short_and_never_minus_zero(modules: Page):
    numbers = [0, -0.0, 12, -6, 0.000732, 1 / 3, 1e9, -1e-7, 123.456]
    texts = modules.evaluate(
        """async (numbers) => {
          const { short } = await import("/ui/common/format.js");
          return numbers.map((x) => short(x, 3));
        }""",
        numbers,
    )
    assert texts == ["0", "0", "12", "−6", "0.000732", "0.333", "1.0e+9", "−1.0e−7", "123"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-4.898578, "−4.90"),
        (-4.9, "−4.9"),
        (0.149568619, "0.150"),
        (0.15, "0.15"),
        (0.30000000000000004, "0.3"),
        (12.04, "12.0"),
        (12, "12"),
        (1234.5, "1235"),
        (9.996, "10.00"),
        (-0.0, "0"),
        (1e-9, "1.0e−9"),
        (12345678.9, "1.2e+7"),
        (2, "2"),
    ],
)
def test_a_number_that_is_cut_keeps_its_zeros_and_one_that_is_not_has_none(modules: Page, value: float, text: str):
    script = """async (value) => (await import("/ui/common/format.js")).rounded(value, 3)"""
    assert modules.evaluate(script, value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.19, ".19"),
        (-0.02, "−.02"),
        (0.5, ".5"),
        (0.996, "1"),
        (-0.996, "−1"),
        (1.04, "1"),
        (-1.26, "−1.3"),
        (9.96, "10"),
        (12.3, "12"),
        (-999, "−999"),
        (9999, "9999"),
        (0.004, "≈0"),
        (-0.004, "≈0"),
        (1e-9, "≈0"),
        (-1234, "−1e3"),
        (9999.6, "1e4"),
        (10000, "1e4"),
        (-123456, "−1e5"),
        (1e6, "1e6"),
    ],
)
def test_a_weight_that_is_cut_short_has_four_letters_and_is_0_only_where_it_is_0(
    modules: Page, value: float, text: str
):
    script = "async (value) => (await import('/ui/common/kernel.js')).cut(value)"
    assert modules.evaluate(script, value) == text


def test_a_long_sum_tells_its_zeros_one_by_one_only_where_there_is_nothing_else(modules: Page):
    long = np.random.default_rng(8).integers(-40, 41, 500).tolist()
    shown = modules.evaluate(
        """async (long) => {
          const { shownSum } = await import("/ui/common/sum.js");
          const ask = (products) => {
            const terms = products.map((product, k) => ({ product, weight: k, value: 1 }));
            const value = products.reduce((a, b) => a + b, 0);
            const { rows, rest } = shownSum({ terms, bias: 0, value });
            return [rows.map(({ term }) => term.product), rest.count];
          };
          const zeros = (count) => new Array(count).fill(0);
          const sums = [[3, ...zeros(119), -2], zeros(121), [1, ...zeros(26)], new Array(30).fill(1), long];
          return sums.map(ask);
        }""",
        long,
    )
    assert shown[0] == [[3, -2], 119]
    assert shown[1] == [[0] * 24, 97]
    assert shown[2] == [[1, *[0] * 26], 0]  # a sum that is short enough is told whole
    assert shown[3] == [[1] * 24, 6]
    # Of equal products the heavier weight, here the later one, comes first.
    assert shown[4] == [[long[k] for k in sorted(range(500), key=lambda k: (-abs(long[k]), -k))[:24]], 476]
