"""How a number is written within a sentence or a formula."""

# From here on what stands before the point is not written out where it has more digits than are asked for.
MOST = 1e7


def written(x: float, digits: int) -> str:
    """A number with so many significant digits and no idle zeros, and always with all that stand before its point.

    99999 to four digits is 99999, not 1e+05. Below 0.0001, and from ten million on where it has more digits before its
    point than these, there is a power of ten, as in 1.2e7 and 1e-9.

    Args:
        x: any number; infinities and NaN are ``inf`` and ``nan``.
        digits: at least 1.
    """
    text = f"{x:.{digits}g}"
    if "e" not in text:
        return text
    mantissa, power = text.split("e")
    return f"{x:.0f}" if int(power) > 0 and abs(x) < MOST else f"{mantissa}e{int(power)}"
