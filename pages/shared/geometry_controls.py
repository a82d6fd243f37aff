"""The controls of window geometry: they offer only what fits the input, and say why the next value would not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pages.shared.chain import Geometry, geometry, misfit, padding_of
from pages.shared.controls import Control, option, select, stepper
from pages.shared.edits.stages import PADDING_MOST
from pages.shared.experiment import Experiment

_SIDES = ("top", "bottom", "left", "right")


def padding_controls(experiment: Experiment) -> list[Control]:
    """All sides at once; behind "More" the two named paddings and each side alone."""
    sides = [each for axis in padding_of(experiment) for each in axis]
    reach = [
        dilation * (kernel - 1) for dilation, kernel in zip(experiment.dilation, experiment.kernel_size, strict=True)
    ]
    most = max(reach)
    nothing = "windows at the border would see nothing but zeros: type a number to have it all the same"
    same = experiment.padding == "same"
    alike = len(set(sides)) == 1

    def side(sizes: Geometry, k: int, value: int) -> Geometry:
        changed = [*sides]
        changed[k] = value
        top, bottom, left, right = changed
        return sizes._replace(padding=((top, bottom), (left, right)))

    together = stepper(
        {"op": "padding"},
        "padding",
        sides,
        (0, max(most, *sides)),
        allowed=_asks(experiment, lambda sizes, n: sizes._replace(padding=((n, n), (n, n))), "padding"),
        why_low="Padding cannot be negative",
        why_high=f"With padding {most + 1}, {nothing}",
        typed=(0, PADDING_MOST),
        text="same" if same else None if alike else "sides",
        hint="Zeros around the input, in cells on every side",
    )
    named = "same" if same else "valid" if not any(sides) else "own"
    names = [
        option("valid", "valid: none", _padded(experiment, "valid")),
        option("same", "same: output as large as the input, over the stride", _padded(experiment, "same")),
        option("own", "by number", "Set a number of cells instead"),
    ]

    def alone(k: int, name: str) -> Control:
        return stepper(
            {"op": "padding", "side": k},
            f"padding {name}",
            sides[k],
            (0, max(reach[k // 2], sides[k])),
            allowed=_asks(experiment, lambda sizes, n: side(sizes, k, n), f"padding {name}"),
            why_low="Padding cannot be negative",
            why_high=f"With more, {nothing}",
            typed=(0, PADDING_MOST),
            place="more",
        )

    choice = select({"op": "padding"}, "Padding", named, names, place="more")
    return [together, choice, *(alone(k, name) for k, name in enumerate(_SIDES))]


def _padded(experiment: Experiment, name: str) -> str | None:
    """Why a named padding would not fit, or None; where nothing fits as it stands, every one is free."""
    sizes = geometry(experiment)
    return None if misfit(sizes) is not None else misfit(sizes._replace(padding=name))


def library_misfit(experiment: Experiment, shape: tuple[int, int]) -> str | None:
    """Why a library kernel of this shape would not fit the input, or None."""
    sizes = geometry(experiment)
    if misfit(sizes) is not None:
        return None
    alone = experiment.bank.shape[0] == 1
    size = shape if alone else (max(shape[0], sizes.kernel_size[0]), max(shape[1], sizes.kernel_size[1]))
    return misfit(sizes._replace(kernel_size=size))


def pair_steppers(
    experiment: Experiment,
    field: str,
    label: str,
    bounds: tuple[int, int],
    whys: tuple[str, str],
    hint: str,
    place: str,
    typed: tuple[int, int] | None = None,
) -> list[Control]:
    """A setting of both axes at once in ``place``, and behind "More" one of each axis; the rest as a stepper's."""
    value = getattr(experiment, field)
    alike = value[0] == value[1]
    together = stepper(
        {"op": field},
        label,
        value,
        bounds,
        allowed=_asks(experiment, lambda sizes, n: _both(sizes, field, n), label),
        text=None if alike else f"{value[0]} × {value[1]}",
        why_low=whys[0],
        why_high=whys[1],
        typed=typed,
        place=place,
        hint=hint,
    )

    def along(axis: int, name: str) -> Control:
        return stepper(
            {"op": field, "axis": axis},
            f"{label} {name}",
            value[axis],
            bounds,
            allowed=_asks(experiment, lambda sizes, n: _one(sizes, field, axis, n), f"{label} {name}"),
            why_low=whys[0],
            why_high=whys[1],
            typed=typed,
            place="more",
        )

    return [together, along(0, "down"), along(1, "across")]


def _asks(
    experiment: Experiment, change: Callable[[Geometry, int], Geometry], name: str
) -> Callable[[int], str | None]:
    """For a stepper: why a value would not fit. Where nothing fits as it stands, every step is free."""
    sizes = geometry(experiment)
    if misfit(sizes) is not None:
        return lambda _: None

    def allowed(value: int) -> str | None:
        sentence = misfit(change(sizes, value))
        return f"With {name} {value}, {sentence.replace('=', ' ')}" if sentence else None

    return allowed


def _both(sizes: Geometry, field: str, value: int) -> Geometry:
    changes: dict[str, Any] = {field: (value, value)}
    return sizes._replace(**changes)


def _one(sizes: Geometry, field: str, axis: int, value: int) -> Geometry:
    old = getattr(sizes, field)
    changes: dict[str, Any] = {field: (value, old[1]) if axis == 0 else (old[0], value)}
    return sizes._replace(**changes)
