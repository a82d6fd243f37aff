"""Charts with axes, for what is opened large: arrays in, Plotly figures out; no page is touched here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from pages.shared.chain import Chain

# The stops of the small maps' diverging scale, as common/scale.js has them; a test holds the two together.
SIGNED = {
    "light": ["#144a8f", "#4a8fd0", "#a9cbe9", "#f6f6f4", "#f6c08a", "#dd7a24", "#8f3d00"],
    "dark": ["#8ac6ff", "#3f8ede", "#1d4a7c", "#20242c", "#7c4413", "#e0812f", "#ffc58a"],
}
_BINS = 60
_HALVES = 2.0**51  # up to here a float tells where the middle between two whole numbers is
_EACH_MOST = 12  # whole numbers that each get a tick below their bar
_LARGEST_SIDE = 640  # px
_NUMBERS_MOST = 400  # cells: the numbers of more would lie over each other
_TICKS_MOST = 32  # rows or columns that each get a tick


def shown(chain: Chain, view: str, output: int, plane: int | None = None) -> tuple[str, npt.NDArray[np.float64]] | None:
    """A stage's title and the map that is looked at, ``(H, W)`` or ``(K,)``; None where it is missing.

    Args:
        chain: what is shown.
        view: which stage.
        output: which kernel's map.
        plane: which plane of the input; of a picture in colour None stands for the mean of all three.
    """
    if view == "input":
        given = np.asarray(chain.trace.input[0], dtype=np.float64)
        if len(given) == 1:
            return "Input", given[0]
        if plane is None:
            return "Input, the mean of R, G and B", given.mean(axis=0)
        return f"Input {'RGB'[plane]}", given[plane]
    for step, stage in zip(chain.steps, chain.trace.stages, strict=False):
        if step.view == view:
            values = np.asarray(stage.output[0], dtype=np.float64)
            return step.title, values[min(output, len(values) - 1)] if values.ndim == 3 else values
    return None


def heatmap(values: npt.NDArray[np.float64], *, dark: bool = False) -> go.Figure:
    """A map with its axes, every cell's number under the pointer: ``(H, W)``, or ``(K,)`` as one column."""
    plane = values if values.ndim == 2 else values[:, None]
    low, high = float(plane.min()), float(plane.max())
    reach = max(abs(low), abs(high)) or 1.0
    colours: dict[str, Any] = {"colorscale": "Gray", "zmin": min(low, 0.0), "zmax": max(high, 1e-12)}
    if low < 0:
        colours = {"colorscale": SIGNED["dark" if dark else "light"], "zmin": -reach, "zmax": reach}
    hover = "row %{y}, column %{x}<br>%{z}<extra></extra>"
    few = plane.size <= _NUMBERS_MOST
    written = {"texttemplate": "%{z:.4~g}"} if few else {}
    figure = go.Figure(go.Heatmap(z=plane, hovertemplate=hover, **colours, **written))
    # Below the map, where it takes no width from it on a phone.
    figure.update_traces(
        colorbar={"orientation": "h", "thickness": 10, "yref": "container", "y": 0.02, "yanchor": "bottom"}
    )
    side = min(_LARGEST_SIDE, max(410, 14 * max(plane.shape)))
    if max(plane.shape) <= _TICKS_MOST:
        figure.update_xaxes(dtick=1)
        figure.update_yaxes(dtick=1)
    figure.update_yaxes(autorange="reversed", title="row", constrain="domain")
    figure.update_xaxes(title="column", constrain="domain")
    if values.ndim == 2:
        figure.update_yaxes(scaleanchor="x", scaleratio=1)
    figure.update_layout(height=side, margin={"l": 40, "r": 10, "t": 10, "b": 90})
    return figure


def histogram(values: npt.NDArray[np.float64]) -> go.Figure:
    """How often which numbers occur, in up to 60 bins of equal width, that hold as many whole numbers each."""
    bins = min(_BINS, max(5, values.size // 4))
    whole = _whole_edges(values, bins)
    edges = _edges(values, bins) if whole is None else whole
    counts, _ = np.histogram(values.ravel(), edges)
    bounds = np.stack([edges[:-1], edges[1:]], axis=1)
    told = "%{customdata[0]:.4g} to %{customdata[1]:.4g}"
    if whole is not None:
        bounds += [0.5, -0.5]  # the first and the last number of a bin
        told = "%{x}" if edges[1] - edges[0] == 1 else "%{customdata[0]} to %{customdata[1]}"
    hover = f"{told}<br>%{{y}} cells<extra></extra>"
    bars = go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        customdata=bounds,
        hovertemplate=hover,
        marker_color="#6b7685",
    )
    figure = go.Figure(bars)
    figure.update_layout(height=320, margin={"l": 40, "r": 10, "t": 10, "b": 40}, bargap=0)
    figure.update_xaxes(title="value")
    if whole is not None and whole[-1] - whole[0] <= _EACH_MOST:
        figure.update_xaxes(dtick=1)
    # Zoomed in on their height, bars would end beyond the frame or begin below it.
    figure.update_yaxes(title="cells", fixedrange=True)
    return figure


def _whole_edges(values: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.float64] | None:
    """Between which numbers bins of whole numbers end, None where not all are: any other width makes a comb of them."""
    low, high = float(values.min()), float(values.max())
    if low == high or max(abs(low), abs(high)) > _HALVES or np.any(values != np.round(values)):
        return None
    numbers = high - low + 1
    width = 1.0 if numbers <= _BINS else float(np.ceil(numbers / bins))
    edges: npt.NDArray[np.float64] = low - 0.5 + width * np.arange(np.ceil(numbers / width) + 1)
    return edges


def _edges(values: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    if low == high:  # all alike: a bar as wide as is seen beside the number
        bins, half = 1, 0.5 * max(1.0, abs(low) / 1000)
        low, high = low - half, high + half
    # Numbers so close together that floats between them run out are told apart in fewer bins.
    while bins > 1 and np.any(np.diff(np.linspace(low, high, bins + 1)) <= 0):
        bins //= 2
    edges: npt.NDArray[np.float64] = np.histogram_bin_edges(values.ravel(), bins, (low, high))
    return edges


def hold_still(figure: go.Figure) -> None:
    """Have a finger that is drawn over the chart scroll the page, as it does everywhere else, and zoom nothing."""
    figure.update_layout(dragmode=False)
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
