"""Networks of several convolutions, asked in a browser: the model behind the ledger counts no layers."""

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from cnn_core import AvgPool2d, Conv2d, Flatten, LeakyReLU, Linear, MaxPool2d, ReLU, Sequential, Softmax, Tanh, Trace
from cnn_core.receptive import field
from pages.shared import describe
from pages.shared.sees import sees
from tests.browser.screen import same_sum

pytestmark = pytest.mark.browser

SCALE = {"group": "maps", "kind": "diverging", "domain": [0, 0]}


def layers(seed: int) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    return {
        "conv, pool, conv, pool, classes": [
            Conv2d(2, 3, 3, padding=1, rng=rng),
            ReLU(),
            MaxPool2d(2),
            Conv2d(3, 4, (2, 3), rng=rng),
            Tanh(),
            AvgPool2d(2, stride=1),
            Flatten(),
            Linear(4 * 2 * 1, 3, rng=rng),
            Softmax(),
        ],
        "three convolutions with stride, dilation and groups": [
            Conv2d(2, 4, 3, stride=(2, 1), padding=1, groups=2, rng=rng),
            LeakyReLU(0.1),
            Conv2d(4, 2, 3, dilation=(1, 2), padding=1, rng=rng),
            Conv2d(2, 2, 2, groups=2, bias=False, rng=rng),
        ],
    }


ASK = """async ([stages, arrays, cells]) => {
  const { Model } = await import("/ui/common/model.js");
  const { relativesOf } = await import("/ui/common/relatives.js");
  const tensor = ({ shape, values }) => ({ shape, values: Float64Array.from(values) });
  const held = new Map(Object.entries(arrays).map(([name, array]) => [name, tensor(array)]));
  const model = new Model(stages, held);
  return cells.map(([stage, index]) => ({
    sum: model.explain(stage, index),
    sees: model.sees(stage, index),
    source: relativesOf(model, stage, index).get(-1) ?? null,
    behind: model.explain(stage, index).terms.filter((term) => term.index).map((term) => {
      const made = model.made(term.stage, term.index);
      return model.value(made.stage.stage, made.index);
    }),
  }));
}"""


def told(trace: Trace) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The stages of any trace, as a page is told of them."""
    arrays: describe.Arrays = {}
    stages = [describe.given(trace.input, arrays, SCALE)]
    for number, (stage, lines) in enumerate(zip(trace.stages, sees(trace), strict=True)):
        reads = stage.inputs[0]
        made = describe.computed(number, stage.layer, trace.values(reads), stage.output, arrays)
        seen = None if lines is None else [describe.keep(each, arrays) for each in lines]
        words = {"view": f"stage_{number}", "title": f"Stage {number}", "names": None, "planes": None, "lens": None}
        stages.append({**made, **words, "reads": reads, "field": None, "sees": seen, "scale": SCALE})
    named = {name: {"shape": list(array.shape), "values": array.ravel().tolist()} for name, array in arrays.items()}
    return json.loads(json.dumps(stages)), named


@pytest.mark.parametrize("name", list(layers(0)))
def test_every_cell_of_a_deep_network_tells_its_sum_and_what_it_saw(modules: Page, name: str):
    x = np.random.default_rng(1).integers(-3, 4, (1, 2, 8, 8)).astype(np.float64)
    network = Sequential(layers(2)[name])
    for layer in network.layers:
        for parameter in ("weight", "bias"):
            if layer.params().get(parameter) is not None:
                setattr(layer, parameter, layer.params()[parameter].astype(np.float64))
    trace = network.trace(x)
    cells = [
        (number, index)
        for number, stage in enumerate(trace.stages)
        for index in list(np.ndindex(*stage.output.shape))[:: max(1, stage.output.size // 24)]
    ]
    stages, arrays = told(trace)
    answers = modules.evaluate(ASK, [stages, arrays, [[number, list(index)] for number, index in cells]])
    for (number, index), answer in zip(cells, answers, strict=True):
        explained = trace.explain(number, index)
        same_sum(answer["sum"], explained)
        # Each term can be followed to the number it was made of.
        assert answer["behind"] == [term.value for term in explained.terms if term.index is not None]
        seen = field(trace, number, index)
        assert seen is not None
        box = answer["sees"]["inside"]
        assert (box["top"], box["bottom"]) == (seen.rows.seen[0], seen.rows.seen[-1])
        assert (box["left"], box["right"]) == (seen.columns.seen[0], seen.columns.seen[-1])
        source = answer["source"]["box"]  # reaches into the padding, too
        assert (max(0, source["top"]), max(0, source["left"])) == (box["top"], box["left"])
        assert (min(7, source["bottom"]), min(7, source["right"])) == (box["bottom"], box["right"])
