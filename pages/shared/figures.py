"""Charts with axes, for what is opened large: arrays in, Plotly figures out; no page is touched here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from pages.shared.chain import Chain

# The same two ideas as on the small maps: orange above zero and blue below, or grey where nothing is negative.
_SIGNED = [[0, "#144a8f"], [0.25, "#4a8fd0"], [0.5, "#f6f6f4"], [0.75, "#dd7a24"], [1, "#8f3d00"]]
_BINS = 60
_LARGEST_SIDE = 640  # px
_NUMBERS_MOST = 400  # cells: the numbers of more would lie over each other
_TICKS_MOST = 32  # rows or columns that each get a tick


def shown(chain: Chain, view: str, output: int) -> tuple[str, npt.NDArray[np.float64]] | None:
    """A stage's title and the map that is looked at, ``(H, W)`` or ``(K,)``; None where it is missing."""
    if view == "input":
        return "Input", np.asarray(chain.trace.input[0].mean(axis=0), dtype=np.float64)
    for step, stage in zip(chain.steps, chain.trace.stages, strict=False):
        if step.view == view:
            values = np.asarray(stage.output[0], dtype=np.float64)
            return step.title, values[min(output, len(values) - 1)] if values.ndim == 3 else values
    return None


def heatmap(values: npt.NDArray[np.float64]) -> go.Figure:
    """A map with its axes, every cell's number under the pointer: ``(H, W)``, or ``(K,)`` as one column."""
    plane = values if values.ndim == 2 else values[:, None]
    low, high = float(plane.min()), float(plane.max())
    reach = max(abs(low), abs(high)) or 1.0
    colours: dict[str, Any] = {"colorscale": "Gray", "zmin": min(low, 0.0), "zmax": max(high, 1e-12)}
    if low < 0:
        colours = {"colorscale": _SIGNED, "zmin": -reach, "zmax": reach}
    hover = "row %{y}, column %{x}<br>%{z}<extra></extra>"
    few = plane.size <= _NUMBERS_MOST
    written = {"texttemplate": "%{z:.4~g}"} if few else {}
    figure = go.Figure(go.Heatmap(z=plane, hovertemplate=hover, **colours, **written))
    side = min(_LARGEST_SIDE, max(360, 14 * max(plane.shape)))
    if max(plane.shape) <= _TICKS_MOST:
        figure.update_xaxes(dtick=1)
        figure.update_yaxes(dtick=1)
    figure.update_yaxes(autorange="reversed", title="row", constrain="domain")
    figure.update_xaxes(title="column", constrain="domain")
    if values.ndim == 2:
        figure.update_yaxes(scaleanchor="x", scaleratio=1)
    figure.update_layout(height=side, margin={"l": 40, "r": 10, "t": 10, "b": 40})
    return figure


def histogram(values: npt.NDArray[np.float64]) -> go.Figure:
    """How often which numbers occur, in up to 60 bins of equal width."""
    bins = min(_BINS, max(5, values.size // 4))
    # Numbers so close together that floats between them run out are told apart in fewer bins.
    while bins > 1 and np.any(np.diff(np.linspace(values.min(), values.max(), bins + 1)) <= 0) and np.ptp(values) > 0:
        bins //= 2
    counts, edges = np.histogram(values.ravel(), bins=bins)
    hover = "%{customdata[0]:.4g} to %{customdata[1]:.4g}<br>%{y} cells<extra></extra>"
    bounds = np.stack([edges[:-1], edges[1:]], axis=1)
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
    figure.update_yaxes(title="cells")
    return figure
