"""How a number is written within a sentence or a formula."""

# From here on a whole number is written with a power of ten.
MOST = 1e7


def written(x: float, digits: int) -> str:
    """A number with so many significant digits and no idle zeros, and always with all that stand before its point.

    99999 to four digits is 99999, not 1e+05. From ten million on, and below 0.0001, there is a power of ten, as in
    1.2e7 and 1e-9.

    Args:
        x: any number; infinities and NaN are ``inf`` and ``nan``.
        digits: at least 1.
    """
    text = f"{x:.{digits}g}"
    if "e" not in text:
        return text
    mantissa, power = text.split("e")
    return f"{x:.0f}" if int(power) > 0 and abs(x) < MOST else f"{mantissa}e{int(power)}"
