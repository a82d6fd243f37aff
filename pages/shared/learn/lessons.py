"""The lessons: each idea in a few steps, with the live page under it."""

from __future__ import annotations

from pages.shared.backward import Target
from pages.shared.learn.lesson import Lesson, Step
from pages.shared.learn.scenes import (
    AS_IS,
    KERNEL,
    POOL,
    RELU,
    dot,
    grid,
    kernel,
    pattern,
    photo,
    scene,
    setting,
)

_LOOK = frozenset({"weights", "library"})


def _lesson(title: str, about: str, *steps: Step) -> Lesson:
    return Lesson(title, steps, about, "lesson")


_KERNEL = _lesson(
    "What a kernel does",
    "Nine weights, laid on nine cells: multiply, add up, move on.",
    Step(
        title="One number of the feature map",
        text="A kernel is a small table of weights. It is laid on the input, so that each weight meets one cell. "
        "Multiply every pair and add up the products: that is one number of the feature map.\n\n"
        "Point at any cell of the feature map, or tap it: its window lights up on the input, and the sum "
        "stands below.",
        scenario=scene(pin=(0, (0, 0, 0, 1))),
        show=frozenset(),
        columns=KERNEL,
        formulas=("cell",),
    ),
    Step(
        title="The weights decide what it sees",
        text="This kernel subtracts the right neighbours from the left ones. Where both sides are equal, the "
        "result is 0; it is far from 0 where the input changes from left to right.\n\n"
        "Choose other kernels from the menu, or drag a weight: the whole map follows.",
        scenario=scene(pattern("disc", 12), pin=(0, (0, 0, 4, 1))),
        show=_LOOK,
        columns=KERNEL,
        formulas=("cell",),
    ),
    Step(
        title="On a photograph",
        text="On a photograph only the number of cells is different. Vertical edges stand out, horizontal ones "
        "vanish.\n\n"
        "Choose “Horizontal edges” from the menu and see which lines of mortar stand out now. Zoom in until "
        "the numbers appear.",
        scenario=scene(photo("brick", 128)),
        show=_LOOK | {"pictures"},
        columns=KERNEL,
    ),
)

_SLIDING = _lesson(
    "Sliding, stride and padding",
    "How many positions a kernel has, and what happens at the border.",
    Step(
        title="One result for every position",
        text="The window slides over the input, cell by cell and row by row, and leaves one number at every "
        "position where it fits. A window of 3 fits a row of 5 at three positions, so the map is smaller than "
        "the input.\n\n"
        "Press ▶ and watch the map fill in.",
        scenario=scene(pin=(0, (0, 0, 0, 0))),
        show=frozenset({"kernel_size"}),
        columns=KERNEL,
        formulas=("size",),
    ),
    Step(
        title="Padding: room at the border",
        text="Without padding, cells at the border are looked at less often than those in the middle, and the map "
        "shrinks. A ring of zeros around the input gives the window more positions.\n\n"
        "Raise and lower the padding. With a padding of 1 a 3 × 3 kernel keeps the size.",
        scenario=scene(setting("padding", 1), pin=(0, (0, 0, 0, 0))),
        show=frozenset({"padding", "kernel_size"}),
        columns=KERNEL,
        formulas=("size",),
    ),
    Step(
        title="Stride: fewer positions",
        text="With a stride of 2 the window moves two cells at a time: about half as many positions down and "
        "across, a quarter of the numbers, a quarter of the work.\n\n"
        "Where the last stride does not fit, cells at the end are never looked at: that is why ⌊ ⌋ rounds "
        "down.",
        scenario=scene(pattern("gradient", 12), setting("stride", 2), pin=(0, (0, 0, 1, 1))),
        show=frozenset({"stride", "padding", "kernel_size"}),
        columns=KERNEL,
        formulas=("size",),
    ),
)


def _at_the_centre(weight: float) -> list[list[float]]:
    """One plane's weights of a kernel that looks at the cell in its middle alone."""
    return [[0, 0, 0], [0, weight, 0], [0, 0, 0]]


_CHANNELS = _lesson(
    "Channels",
    "Three planes in, many maps out, and one sum over all of them.",
    Step(
        title="A colour picture is three planes",
        text="Red, green and blue are three planes of numbers. The kernel lies on all three at once, with "
        "its own weights for each, and all the products add up to one number. This one takes red less blue: "
        "yellow comes out positive, blue negative, and grey 0.\n\n"
        "Choose R, G and B below the kernel to see the weights of each. Choose a cell of the map: its sum has a part "
        "for each plane.",
        scenario=scene(
            photo("shapes", 64, "rgb"),
            {"op": "bank", "value": [[_at_the_centre(1), _at_the_centre(0), _at_the_centre(-1)]]},
            pin=(0, (0, 0, 20, 48)),
        ),
        show=_LOOK | {"bank"},
        columns=KERNEL,
        formulas=("channels",),
    ),
    Step(
        title="Several kernels, several maps",
        text="Every kernel gives a map of its own: four kernels, four maps. They are the channels that the "
        "next layer reads.\n\n"
        "Choose one of the small pictures below the map to see its kernel and its numbers.",
        scenario=scene(
            photo("shapes", 64),
            kernel(
                [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
                [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
                [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
                [[1 / 9] * 3] * 3,
            ),
            pin=(0, (0, 0, 45, 38)),
        ),
        show=_LOOK | {"bank"},
        columns=RELU,
        formulas=("channels",),
    ),
)

_RELU = _lesson(
    "ReLU",
    "Why a nonlinear function follows every convolution.",
    Step(
        title="Below zero becomes zero",
        text="ReLU keeps positive numbers and turns negative ones into 0. After an edge kernel it keeps only one "
        "kind of edge: those that are brighter on the left stay, those that are brighter on the right are gone.\n\n"
        "Raise the bias: every cell grows, and fewer become 0. Lower it: more cells become 0.",
        scenario=scene(pattern("disc", 10), pin=(0, (0, 0, 4, 6))),
        show=frozenset({"bias", "weights"}),
        columns=RELU,
        formulas=("activation",),
    ),
    Step(
        title="Why it must not be linear",
        text="Two convolutions in a row are one convolution with a larger kernel: without a nonlinear "
        "function between them, depth would add nothing. ReLU lets a network say “this edge, and not that one”.\n\n"
        "Compare the other activations: leaky ReLU lets a fraction of each negative number through; sigmoid "
        "and tanh squeeze every number into a fixed range.",
        scenario=scene(pattern("square", 10), pin=(1, (0, 0, 3, 6))),
        show=frozenset({"activation", "bias"}),
        columns=RELU,
        formulas=("activation",),
    ),
)


_POOLING = _lesson(
    "Pooling and invariance",
    "Fewer numbers, and less dependence on where exactly something is.",
    Step(
        title="The largest of each window",
        text="Max pooling cuts the map into windows and keeps the largest number of each. Here a single bright "
        "cell passes through a kernel that changes nothing, so that only the pooling acts.\n\n"
        "Remember which pooled cell is bright.",
        scenario=scene(grid(dot(6, 6, 2, 2)), AS_IS, pin=(2, (0, 0, 1, 1))),
        show=frozenset({"pooling"}),
        columns=("input", "activation", "pool"),
        formulas=("pooling", "pooled_size"),
    ),
    Step(
        title="The input moves by one cell",
        text="The bright cell has moved one to the right. The map before the pooling moved with it. The pooled "
        "map is the same as in the step before.\n\n"
        "As long as the largest number stays within its window, max pooling does not notice: this makes a "
        "network tolerant of small shifts.",
        scenario=scene(grid(dot(6, 6, 2, 3)), AS_IS, pin=(2, (0, 0, 1, 1))),
        show=frozenset({"pooling"}),
        columns=("input", "activation", "pool"),
        formulas=("pooling",),
    ),
    Step(
        title="And by one more",
        text="One cell further and the dot has crossed into the next window: now the pooled map changes. "
        "Invariance holds within a window, no further.\n\n"
        "Draw the dot elsewhere yourself, and try average pooling: it divides the dot's number by the "
        "size of the window.",
        scenario=scene(grid(dot(6, 6, 2, 4)), AS_IS, pin=(2, (0, 0, 1, 2))),
        show=frozenset({"pooling", "input"}),
        columns=("input", "activation", "pool"),
        formulas=("pooling",),
    ),
)

_SHARING = _lesson(
    "Sharing weights",
    "One kernel for every position, instead of one weight for every pair of numbers.",
    Step(
        title="What a convolution saves",
        text="A convolution uses the same few weights at every position. A fully connected layer from the same "
        "input to as many numbers would have a weight for every pair of them.\n\n"
        "Make the kernel larger or add kernels, and compare the two lines.",
        scenario=scene(pattern("disc", 28), pin=(0, (0, 0, 12, 4))),
        show=frozenset({"kernel_size", "bank", "stride"}),
        columns=KERNEL,
        formulas=("shared",),
    ),
    Step(
        title="What is learned in one place holds in all",
        text="Draw a dot anywhere: the kernel answers in the same way everywhere, with the same pattern around "
        "the dot (rotated by 180°). A fully connected layer would have to learn it anew at every position.",
        scenario=scene(grid(dot(9, 9, 2, 2)), pin=(0, (0, 0, 1, 1))),
        show=frozenset({"input", "weights", "library"}),
        columns=KERNEL,
    ),
)

_FIELD = _lesson(
    "The growing receptive field",
    "How much of the input a number deep in the network has seen.",
    Step(
        title="From cell to cell",
        text="A cell of the feature map sees a 3 × 3 window. A pooled cell looks at four of those, side by "
        "side, so it sees 4 × 4 of the input. Every layer widens the view.\n\n"
        "Point at a pooled cell, or tap it: everything that it has seen lights up.",
        scenario=scene(pattern("cross", 12), pin=(2, (0, 0, 1, 1))),
        show=frozenset({"kernel_size", "pooling"}),
        columns=POOL,
        formulas=("fields",),
    ),
    Step(
        title="Stride and dilation widen it faster",
        text="With a dilation of 2 the kernel's weights lie two cells apart: nine weights, and a view of 5 × "
        "5. A stride makes every later layer see further.\n\n"
        "Try both, and read what a pooled cell sees.",
        scenario=scene(pattern("cross", 14), setting("dilation", 2), pin=(2, (0, 0, 1, 1))),
        show=frozenset({"kernel_size", "pooling", "stride", "dilation"}),
        columns=POOL,
        formulas=("fields",),
    ),
)

_CLASS = _lesson(
    "From maps to a class",
    "Flatten, weigh, compare: how numbers become an answer.",
    Step(
        title="A score is one more sum",
        text="The pooled map is written as one long column, row after row. Each class has a weight for every "
        "number of it; the products are added up, and that is the class's score, also called its logit.\n\n"
        "Choose a score: its sum stands below. These weights are untrained, so the answer means nothing "
        "yet.",
        scenario=scene(pattern("cross", 8), setting("seed", 3), pin=(4, (0, 0))),
        show=frozenset({"classes", "dense", "input"}),
        # Not the kernel, which cannot be changed here: a fifth column would send the words above the stages, and the
        # next step's back beside them.
        columns=("input", "pool", "flat", "scores"),
    ),
    Step(
        title="Softmax turns scores into probabilities",
        text="Softmax raises e to the power of each score and divides the results by their sum: they add up to 1. "
        "Adding the same number to every score changes nothing; doubling them all makes the largest win by more.\n\n"
        "Choose a probability and read where it came from.",
        scenario=scene(
            grid([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]), setting("seed", 3), pin=(5, (0, 0))
        ),
        show=frozenset({"classes", "input", "weights"}),
        columns=("input", "kernel", "scores", "probabilities"),
        formulas=("softmax",),
    ),
)

LEARNER = (
    grid([[0, 0, 0, 2, 2, 2]] * 6),
    kernel([[0.5, -0.5, 0.5], [0, 0.5, -0.5], [0.5, 0, 0.5]]),
    setting("seed", 7),
)
TELLING = (0, (0, 0, 2, 3))  # a cell that the loss depends on: of most it does not, and their gradient is 0
READ = (-1, (0, 0, 2, 3))  # a cell that several of these read: its gradient is a sum over what the step shows
# Not the scores: a fifth column would send the words above the stages, and out of sight where a gradient's sum is read.
_LEARNT = ("input", "kernel", "conv", "probabilities")

_LEARNING = _lesson(
    "How a weight learns",
    "Which way is downhill, and what one small step does.",
    Step(
        title="The loss has a slope",
        text="Say the right class is A. The loss is −log of A's probability (log to base e, “ln” on a "
        "calculator): it is 0 when that probability is 1. Each "
        "weight's gradient tells how fast the loss grows with that weight.\n\n"
        "The small map under the kernel shows these gradients. Choose one: it is a sum too, one term "
        "for every place where the weight was used.",
        scenario=scene(*LEARNER, pin=READ, target=Target("loss", 0)),
        show=frozenset(),
        columns=_LEARNT,
        formulas=("learning",),
    ),
    Step(
        title="A step downhill",
        text="Gradient descent moves each weight a little against its gradient. Press “One step downhill” a "
        "few times: the loss falls, and A's probability grows.\n\n"
        "Nobody told the weights what to look for. Ctrl+Z goes back uphill.",
        scenario=scene(*LEARNER, pin=TELLING),
        show=frozenset({"weights", "bias"}),
        columns=_LEARNT,
        formulas=("learning",),
    ),
)

LESSONS: dict[str, Lesson] = {
    "kernel": _KERNEL,
    "sliding": _SLIDING,
    "channels": _CHANNELS,
    "relu": _RELU,
    "pooling": _POOLING,
    "sharing": _SHARING,
    "field": _FIELD,
    "class": _CLASS,
    "learning": _LEARNING,
}
"""Each lesson by the name that an address has for it."""
