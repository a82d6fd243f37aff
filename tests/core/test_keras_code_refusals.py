"""What the script in Keras refuses, and how it reads: no Keras is needed for that."""

import ast

import numpy as np
import pytest

from cnn_core import AvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ModelError, ReLU, Sequential, Softmax
from cnn_core.export import keras_script
from tests.core.layer_cases import CASES, given

# Layers of the table that Keras has no counterpart of, and a part of what is said of them.
REFUSED = {
    "Conv2d reflecting": "padding_mode='reflect' has no layer in Keras; use \"zeros\"",
    "Conv2d replicating": "padding_mode='replicate'",
    "Conv2d going round": "padding_mode='circular'",
    "ConvTranspose2d": "no line of Keras for ConvTranspose2d yet",
    "ConvTranspose2d with everything": "no line of Keras for ConvTranspose2d yet",
    "ConvTranspose2d depthwise": "no line of Keras for ConvTranspose2d yet",
    "MaxPool2d padded": "ceil_mode=False, dilation=1, count_include_pad=True works",
    "MaxPool2d dilated": "ceil_mode=False, dilation=1, count_include_pad=True works",
    "AvgPool2d padded": "ceil_mode=False, dilation=1, count_include_pad=True works",
    "AvgPool2d without padding": "ceil_mode=False, dilation=1, count_include_pad=True works",
    "LPPool2d": "no line of Keras for LPPool2d yet",
    "LPPool2d overhanging": "no line of Keras for LPPool2d yet",
    "LPPool2d of the sum": "no line of Keras for LPPool2d yet",
    "LPPool2d to the fourth": "no line of Keras for LPPool2d yet",
    "AdaptiveMaxPool2d of areas that overlap": "output_size=1 works",
    "AdaptiveAvgPool2d of areas that overlap": "output_size=1 works",
    "Softplus sharp, with a threshold": "no beta and no threshold",
}


@pytest.mark.parametrize("name", CASES)
def test_every_layer_is_written_or_refused_by_name(name: str):
    make, shape = CASES[name]
    if name not in REFUSED:
        ast.parse(keras_script(Sequential([make()]), given(shape)))
        return
    with pytest.raises(ModelError) as refusal:
        keras_script(Sequential([make()]), given(shape))
    assert REFUSED[name] in str(refusal.value)


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (Linear(5, 2), "a Flatten before it works"),
        (Softmax(axis=0), "no softmax over the batch; axis=-1 works"),
    ],
)
def test_what_other_axes_or_settings_would_make_something_else_of_is_refused(layer, why: str):
    with pytest.raises(ModelError, match=why):
        keras_script(Sequential([layer]), given((1, 4, 6, 5)))


def test_a_script_reads_as_one_writes_keras():
    network = Sequential(
        [Conv2d(1, 2, 3, padding="same"), ReLU(), MaxPool2d(2), AvgPool2d((2, 1), stride=1), Flatten()]
    )
    lines = keras_script(network, np.ones((1, 1, 6, 8))).splitlines()
    made = [line.split("  #")[0].strip() for line in lines if "->" in line]
    assert made == [
        "keras.Sequential([layers.ZeroPadding2D(((1, 1), (1, 1))), layers.Conv2D(2, (3, 3))]),",
        "layers.ReLU(),",
        "layers.MaxPooling2D((2, 2), strides=(2, 2)),",
        "layers.AveragePooling2D((2, 1), strides=(1, 1)),",
        "keras.Sequential([layers.Permute((3, 1, 2)), layers.Flatten()]),",
    ]
    assert "        keras.Input((6, 8, 1))," in lines


def test_momentum_is_what_stays_of_the_statistics():
    script = keras_script(Sequential([BatchNorm2d(4, momentum=0.25)]), given((2, 4, 3, 3)))
    assert "layers.BatchNormalization(momentum=0.75, epsilon=1e-05)" in script
