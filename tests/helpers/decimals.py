"""Functions by their definitions, in decimals so many that no rounding counts."""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import lru_cache

# Far out on the left 330 of them cancel.
DIGITS = 400


@lru_cache
def pi() -> Decimal:
    """By Machin's formula, pi = 16 arctan(1/5) - 4 arctan(1/239)."""

    def arctan_of_one_over(n: int) -> Decimal:
        total, power, k = Decimal(0), Decimal(1) / n, 0
        while power > Decimal(10) ** -(DIGITS + 5):
            total += (-1) ** k * power / (2 * k + 1)
            power, k = power / (n * n), k + 1
        return total

    with localcontext() as exact:
        exact.prec = DIGITS + 10
        return 16 * arctan_of_one_over(5) - 4 * arctan_of_one_over(239)


def normal(x: float) -> tuple[Decimal, Decimal]:
    """The share of a standard normal distribution below x, and its density there.

    By the series of the share, 1/2 + density * (x + x**3 / 3 + x**5 / (3 * 5) + ...).
    """
    with localcontext() as exact:
        exact.prec = DIGITS
        at = Decimal(x)
        density = (-at * at / 2).exp() / (2 * pi()).sqrt()
        total = term = at
        n = 1
        while abs(term) > Decimal(10) ** -DIGITS * abs(total):
            n += 2
            term *= at * at / n
            total += term
        return Decimal(1) / 2 + density * total, density


def gelu(x: float, approximate: str = "none") -> tuple[float, float]:
    """GELU at x and its derivative, by their definitions in decimals."""
    with localcontext() as exact:
        exact.prec = DIGITS
        at = Decimal(x)
        if approximate == "none":
            share, growth = normal(x)
        else:
            root, cubic = (2 / pi()).sqrt(), Decimal("0.044715")
            power = (2 * root * (at + cubic * at**3)).exp()
            bent = (power - 1) / (power + 1)  # tanh
            share, growth = (1 + bent) / 2, (1 - bent * bent) / 2 * root * (1 + 3 * cubic * at * at)
        return float(at * share), float(share + at * growth)
