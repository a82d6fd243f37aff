"""The exercises: something to find out or to bring about, each checked by ``cnn_core``."""

from __future__ import annotations

from typing import Any

from pages.shared.backward import Target
from pages.shared.learn.lesson import Goal, Lesson, Step
from pages.shared.learn.lessons import LEARNER, TELLING
from pages.shared.learn.scenes import AS_IS, KERNEL, RELU, grid, kernel, pattern, photo, scene, setting
from pages.shared.scenario import Scenario

_NOTHING: frozenset[str] = frozenset()
_SMALL = grid([[2, 0, 1, 3], [1, 4, 0, 2], [0, 1, 5, 1], [3, 0, 2, 4]])


def _exercise(title: str, text: str, scenario: Scenario, goal: Goal, **how: Any) -> Lesson:
    return Lesson(title, (Step(text=text, scenario=scenario, goal=goal, **how),), goal.task, "exercise")


def _predict(task: str, cells: int) -> Goal:
    return Goal("predict", task, {"cells": cells})


EXERCISES: dict[str, Lesson] = {
    "one_cell": _exercise(
        "Compute one cell",
        "The feature map is hidden. Work out the number under the frame by hand: each cell times the weight on "
        "it, all added up. Type it after “Feature map [0, 0] =”, under the maps, and press Enter.",
        scene(_SMALL, kernel([[1, 0], [0, -1]]), pin=(0, (0, 0, 0, 0))),
        _predict("Predict one cell of the feature map.", 1),
        show=_NOTHING,
        columns=KERNEL,
        hidden="conv",
    ),
    "a_row": _exercise(
        "Slide along a row",
        "The same kernel, place after place. Watch the signs, and do not forget the bias.",
        scene(
            _SMALL,
            kernel([[1, -1], [2, 0]]),
            {"op": "bias", "output": 0, "value": 1},
            pin=(0, (0, 0, 0, 0)),
        ),
        _predict("Predict three cells of the feature map.", 3),
        show=_NOTHING,
        columns=KERNEL,
        hidden="conv",
    ),
    "the_rim": _exercise(
        "At the border",
        "Around the input lies a ring of zeros. Weights that lie on it add nothing.",
        scene(
            _SMALL,
            kernel([[0, 1, 0], [1, 2, 1], [0, 1, 0]]),
            setting("padding", 1),
            pin=(0, (0, 0, 0, 0)),
        ),
        _predict("Predict the corner and two more cells of the padded map.", 3),
        show=_NOTHING,
        columns=KERNEL,
        hidden="conv",
    ),
    "after_relu": _exercise(
        "What ReLU lets through",
        "The feature map is given; ReLU is hidden. Half of these need no arithmetic at all.",
        scene(pin=(1, (0, 0, 0, 0))),
        _predict("Predict four cells after ReLU.", 4),
        show=_NOTHING,
        columns=RELU,
        hidden="activation",
    ),
    "max_pooling": _exercise(
        "The largest of each window",
        "Windows of 2 × 2, side by side. The map before them is on screen; say what max pooling keeps.",
        scene(_SMALL, AS_IS, pin=(2, (0, 0, 0, 0))),
        _predict("Predict all four pooled cells.", 4),
        show=_NOTHING,
        columns=("input", "activation", "pool"),
        hidden="pool",
    ),
    "average_pooling": _exercise(
        "The mean of each window",
        "The same windows, and their mean. A fraction will do: 7/4.",
        scene(_SMALL, AS_IS, setting("pooling", "average"), pin=(2, (0, 0, 0, 0))),
        _predict("Predict all four pooled cells.", 4),
        show=_NOTHING,
        columns=("input", "activation", "pool"),
        hidden="pool",
    ),
    "softmax": _exercise(
        "Softmax by hand",
        "The scores are given. How probable is each class? Type it after “Probability A =”, under the maps. A "
        "calculator is allowed; two decimals are enough.",
        scene(grid([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]), setting("seed", 3), pin=(5, (0, 0))),
        _predict("Predict two probabilities.", 2),
        show=_NOTHING,
        columns=("input", "scores", "probabilities"),
        hidden="probabilities",
    ),
    "halve": _exercise(
        "28 becomes 14",
        "Many networks halve their maps with a strided convolution instead of pooling. The kernel stays 3 × 3.",
        scene(pattern("disc", 28)),
        Goal(
            "size",
            "Choose stride and padding so that the feature map is 14 × 14.",
            {"view": "conv", "size": [14, 14]},
            (
                "A stride of 2 comes close.",
                "With a stride of 2 it is 13 × 13: one row and one column of positions are still missing.",
            ),
        ),
        show=frozenset({"stride", "padding"}),
        columns=KERNEL,
        formulas=("size",),
    ),
    "keep": _exercise(
        "Nothing lost at the border",
        "A 5 × 5 kernel without padding would take four rows and four columns from the map.",
        scene(pattern("square", 12), setting("kernel_size", [5, 5])),
        Goal(
            "size",
            "Pad the input so that the feature map stays 12 × 12.",
            {"view": "conv", "size": [12, 12]},
            ("The middle of the kernel has to reach the corner cell.",),
        ),
        show=frozenset({"padding"}),
        columns=KERNEL,
        formulas=("size",),
    ),
    "see_seven": _exercise(
        "Nine weights that see 7 × 7",
        "Dilation spreads the weights out without adding any.",
        scene(pattern("cross", 12)),
        Goal(
            "field",
            "Choose a dilation with which a cell of the feature map sees 7 × 7 of the input.",
            {"view": "conv", "size": [7, 7]},
            ("From the first to the third weight there are two gaps.",),
        ),
        show=frozenset({"dilation"}),
        columns=KERNEL,
    ),
    "as_it_was": _exercise(
        "A kernel that does nothing",
        "The map should be the input again, with only the border missing.",
        scene(_SMALL, pin=(0, (0, 0, 0, 0))),
        Goal(
            "does",
            "Set the weights so that every number of the map is the cell under the kernel's middle.",
            {"kernel": [[0, 0, 0], [0, 1, 0], [0, 0, 0]]},
            ("All weights but one are 0.",),
        ),
        show=frozenset({"weights"}),
        columns=KERNEL,
    ),
    "mean": _exercise(
        "The mean of nine",
        "The simplest blur there is: every number of the map is the mean of its window.",
        scene(_SMALL, pin=(0, (0, 0, 0, 0))),
        Goal(
            "does",
            "Set the weights so that the map holds the means of its windows.",
            {"kernel": [[1 / 9] * 3] * 3},
            (
                "A mean is a sum divided by the number of its terms.",
                "All nine weights are equal. “More…” can make weights sum to 1.",
            ),
        ),
        show=frozenset({"weights"}),
        columns=KERNEL,
    ),
    "one_to_the_right": _exercise(
        "One cell to the right",
        "With padding the map is as large as the input. A kernel can move the whole picture.",
        scene(_SMALL, setting("padding", "same"), pin=(0, (0, 0, 0, 1))),
        Goal(
            "does",
            "Set the weights so that the map is the input, moved one cell to the right.",
            {"kernel": [[0, 0, 0], [1, 0, 0], [0, 0, 0]], "padding": 1},
            ("Each number of the map has to be the cell to the left of its own place.",),
        ),
        show=frozenset({"weights"}),
        columns=KERNEL,
    ),
    "upright": _exercise(
        "Vertical edges only",
        "An edge kernel gives 0 where the picture is flat, and 0 along edges of the other direction.",
        scene(pattern("square", 12), kernel([[1, 1, 1], [1, 1, 1], [1, 1, 1]])),
        Goal(
            "edges",
            "Draw a kernel that responds to a vertical edge, but not to a flat picture or a horizontal edge.",
            {},
            (
                "On a flat picture the result is its brightness times the sum of the weights.",
                "At a horizontal edge the cells of a row are equal: what must the weights of each row sum to?",
            ),
        ),
        show=frozenset({"weights"}),
        columns=KERNEL,
    ),
    "corner": _exercise(
        "Find this corner",
        "The bright square begins at row 3, column 3. Edges are all around it, but only one upper left corner.",
        scene(
            grid([[9.0 if i >= 3 and j >= 3 else 0.0 for j in range(8)] for i in range(8)]),
            kernel([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
            pin=(0, (0, 0, 2, 2)),
        ),
        Goal(
            "peak",
            "Draw a kernel whose map is largest at [2, 2], and nowhere else more than half of that.",
            {"view": "conv", "cell": [2, 2]},
            (
                "At [2, 2] four cells of the window are bright: those at the lower right.",
                "Weights above 0 there, and below 0 where an edge or the inside would be bright too.",
            ),
        ),
        show=frozenset({"weights"}),
        columns=KERNEL,
    ),
    "five_silent": _exercise(
        "Exactly five zeros",
        "The bias is added before ReLU: it decides how many cells pass.",
        scene(pin=(1, (0, 0, 1, 1))),
        Goal(
            "count",
            "Choose a bias for which exactly 5 of the 9 cells are 0 after ReLU.",
            {"view": "activation", "value": 0, "cells": 5},
            ("Three are 0 already. Which are the next two to go?",),
        ),
        show=frozenset({"bias"}),
        columns=RELU,
    ),
    "unnoticed": _exercise(
        "What max pooling does not notice",
        "A pooled number stays the same as long as the largest number of its window does.",
        scene(_SMALL, AS_IS, pin=(2, (0, 0, 0, 0))),
        Goal(
            "unchanged",
            "Change at least four cells of the input so that the pooled map stays exactly as it is.",
            {"view": "pool", "cells": 4},
            ("Leave the winners alone.", "A loser may be anything up to its winner."),
        ),
        show=frozenset({"input"}),
        columns=("input", "activation", "pool"),
    ),
    "count_weights": _exercise(
        "How many weights",
        "Four kernels of 3 × 3 over a picture in colour, each with a bias. Red, green and blue have weights of "
        "their own.",
        scene(
            photo("colours", 32, "rgb"),
            {"op": "bank", "value": [[[[1, 0, -1]] * 3] * 3] * 4},
        ),
        Goal(
            "answer",
            "How many numbers does this convolution learn, biases included?",
            {
                "quantity": "parameters",
                "slips": {"weights": "The biases are missing.", "one_kernel": "That is one kernel: there are four."},
            },
            ("One kernel: 3 · 3 weights for each of 3 planes, and 1 bias.",),
        ),
        show=_NOTHING,
        columns=KERNEL,
    ),
    "count_work": _exercise(
        "How much work",
        "Every number of the feature map takes as many multiplications as the kernel has weights.",
        scene(pattern("disc", 28)),
        Goal(
            "answer",
            "How many multiplications does the whole feature map take?",
            {
                "quantity": "multiplications",
                "slips": {
                    "cells": "That is how many numbers the map has: each takes as many as the kernel has weights.",
                    "weights_of_one": "That is one number of the map: there are more of them.",
                },
            },
            ("The map is 26 × 26.",),
        ),
        show=_NOTHING,
        columns=KERNEL,
    ),
    "c_wins": _exercise(
        "Let C win",
        "The last layer weighs every pooled number for each class. Open “Fully connected layer” at the foot "
        "of the page and draw on its weights.",
        scene(pattern("cross", 8), setting("seed", 3), pin=(4, (0, 2))),
        Goal(
            "wins",
            "Change the weights of the fully connected layer until C has a probability of at least 0.9.",
            {"class": 2, "share": 0.9},
            ("More weight where the pooled map is large.",),
        ),
        show=frozenset({"dense"}),
        columns=("input", "kernel", "pool", "scores", "probabilities"),
    ),
    "downhill": _exercise(
        "Downhill by hand",
        "The maps show gradients of the loss for class A. Raising a weight whose gradient is negative lowers the loss.",
        scene(*LEARNER, pin=TELLING, target=Target("loss", 0)),
        Goal(
            "loss",
            "Change the kernel's weights until the loss for class A is below 0.5.",
            {"class": 0, "below": 0.5},
            ("Move each weight against the sign of its gradient.",),
        ),
        show=frozenset({"weights"}),
        columns=("input", "kernel", "conv", "scores", "probabilities"),
    ),
}
"""Each exercise by the name that an address has for it."""
