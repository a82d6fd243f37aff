"""What the script in PyTorch refuses, and how it reads: no PyTorch is needed for that."""

import ast

import numpy as np
import pytest

from cnn_core import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, ModelError, ReLU, Sequential, ShapeError
from cnn_core.export import torch_script
from tests.core.layer_cases import CASES, given

# Layers of the table whose settings PyTorch's own have not.
REFUSED = {"ConvTranspose2d with everything": r"no padding of \(2, 1, 1, 0\)"}


@pytest.mark.parametrize("name", CASES)
def test_every_layer_is_written_or_refused_with_a_setting_that_works(name: str):
    make, shape = CASES[name]
    if name not in REFUSED:
        ast.parse(torch_script(Sequential([make()]), given(shape)))
        return
    with pytest.raises(ModelError, match=REFUSED[name] + ".*; padding=0 works"):
        torch_script(Sequential([make()]), given(shape))


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (AvgPool2d(2, dilation=2), "AvgPool2d has no dilation; dilation=1 works"),
        (AvgPool2d(3, padding=((1, 0), (0, 0)), count_include_pad=False), "AvgPool2d has no padding of"),
        (MaxPool2d(3, padding=((1, 0), (0, 0)), ceil_mode=True), "MaxPool2d has no padding of"),
        (ConvTranspose2d(4, 1, 3, padding=((1, 0), (0, 0))), "ConvTranspose2d has no padding of"),
    ],
)
def test_a_setting_that_pytorch_has_not_is_refused_with_one_that_works(layer, why: str):
    with pytest.raises(ModelError, match=why):
        torch_script(Sequential([layer]), given((1, 4, 7, 7)))


def test_what_is_no_layer_of_the_table_no_network_or_no_input_is_refused():
    class Own(ReLU):
        pass

    with pytest.raises(ModelError, match=r"no module Own; these can be written: .*ReLU"):
        torch_script(Sequential([Own()]), given((1, 1, 2, 2)))
    with pytest.raises(ModelError, match=r"Sequential\(\[ReLU\(\)\]\) works"):
        torch_script(ReLU(), given((1, 1, 2, 2)))
    with pytest.raises(ShapeError):
        torch_script(Sequential([Conv2d(3, 1, 3)]), given((1, 1, 5, 5)))


def test_a_script_reads_as_one_writes_pytorch():
    network = Sequential([Conv2d(1, 2, 3, padding=1), ReLU(), MaxPool2d(2), AvgPool2d((2, 1), stride=1)])
    lines = torch_script(network, np.ones((1, 1, 6, 6))).splitlines()
    made = [line.split("  #")[0].strip() for line in lines if line.startswith("    nn.")]
    assert made == [
        "nn.Conv2d(in_channels=1, out_channels=2, kernel_size=3, padding=1),",
        "nn.ReLU(),",
        "nn.MaxPool2d(kernel_size=2),",
        "nn.AvgPool2d(kernel_size=(2, 1), stride=1),",
    ]


def test_padding_that_differs_from_side_to_side_is_a_module_before_the_layer():
    conv = Conv2d(1, 1, 3, padding=((1, 2), (3, 0)), padding_mode="reflect")
    script = torch_script(Sequential([conv, MaxPool2d(3, padding=2)]), given((1, 1, 9, 9)))
    assert "nn.Sequential(nn.ReflectionPad2d((3, 0, 1, 2)), nn.Conv2d(" in script
    assert "nn.Sequential(nn.ConstantPad2d((2, 2, 2, 2), -inf), nn.MaxPool2d(kernel_size=3))" in script
    assert "network[0][-1].weight.copy_(" in script
