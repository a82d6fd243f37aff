"""Training: it learns, it repeats itself to the bit, it can be paused and stopped, and it refuses at once."""

import copy
import math

import numpy as np
import pytest

from cnn_core import (
    SGD,
    Adam,
    BatchNorm2d,
    CnnCoreError,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ModelError,
    ReLU,
    Sequential,
    ShapeError,
    Softmax,
    cross_entropy,
    fit,
    training,
)


def bars(count: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy 6×6 pictures of a bar, upright (0) or lying (1): two classes that a small network tells apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    x = rng.normal(scale=0.2, size=(count, 1, 6, 6)).astype(np.float32)
    for image, label in zip(x, labels, strict=True):
        place = rng.integers(0, 6)
        image[0, place] += label
        image[0, :, place] += 1 - label
    return x, labels


def small(*, dropout: float = 0.2) -> Sequential:
    rng = np.random.default_rng(1)
    # No bias before batch norm: its gradient would be rounding alone, which Adam blows up to whole steps.
    layers = [Conv2d(1, 4, 3, bias=False, rng=rng), BatchNorm2d(4), ReLU(), MaxPool2d(2), Dropout(dropout), Flatten()]
    return Sequential([*layers, Linear(16, 2, rng=rng)])


def state(network: Sequential) -> list[bytes]:
    return [array.tobytes() for layer in network.layers for array in (layer.params() | layer.buffers()).values()]


def test_it_learns_and_reports_a_batch_at_a_time():
    x, y = bars()
    network = small()
    reports = list(
        fit(
            network,
            x,
            y,
            optimizer=Adam(network, 0.02),
            epochs=8,
            batch_size=16,
            seed=0,
            validation=bars(40, seed=1),
        )
    )
    assert [(report.epoch, report.batch) for report in reports[:6]] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (0, 3),
        (0, None),
        (1, 0),
    ]
    assert len(reports) == 8 * 5
    assert all(report.batches == 4 for report in reports)
    batches, epochs = [r for r in reports if r.batch is not None], [r for r in reports if r.batch is None]
    assert all(set(report.gradient_norms) == set(network.params()) for report in batches)
    assert all(report.validation_loss is None for report in batches)
    assert epochs[-1].loss < epochs[0].loss / 3
    assert epochs[-1].validation_accuracy > 0.9
    assert epochs[-1].validation_loss < 0.4
    assert all(0 <= report.accuracy <= 1 and report.seconds > 0 for report in reports)
    assert training.evaluate(network, x, y)[1] > 0.95


def test_the_first_batch_is_what_its_parts_say():
    x, y = bars(10)
    network = small(dropout=0.0)
    other = copy.deepcopy(network)
    run = fit(network, x, y, optimizer=SGD(network, 0.1), epochs=1, batch_size=10, seed=0, shuffle=False)
    report = next(run)
    trace = other.trace(x, training=True)
    loss, grad = cross_entropy(trace.output, y)
    found = other.backward(trace, grad)
    assert report.loss == loss
    assert report.accuracy == np.mean(trace.output.argmax(axis=1) == y)
    for name, array in found.params.items():
        assert report.gradient_norms[name] == pytest.approx(np.sqrt(np.sum(array.astype(float) ** 2)), rel=1e-5)
    SGD(other, 0.1).step(found)
    training.observe(trace)
    assert state(other) == state(network)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e25])
def test_a_gradient_that_vanishes_or_explodes_has_its_length_told(size: float):
    x = np.float32(size) * np.array([[1, -2, 2], [4, 0, 3]], np.float32)  # rows 3 and 5 long
    network = Sequential([Linear(3, 2)])
    for parameter in network.params().values():
        parameter[...] = 0
    run = fit(network, x, [0, 1], optimizer=SGD(network, 0.0), epochs=1, batch_size=1, seed=0, shuffle=False)
    norms = [next(run).gradient_norms for _ in x]
    # Both classes are as likely, so that each row of the weight's gradient is half the image.
    told = [each["0.weight"] for each in norms]
    assert told == pytest.approx([3 * size / 2**0.5, 5 * size / 2**0.5], rel=1e-6, abs=0)


def test_an_epoch_s_report_is_the_mean_over_its_images():
    x, y = bars(10)
    network = small()
    *batches, epoch = fit(network, x, y, optimizer=SGD(network, 0.1), epochs=1, batch_size=4, seed=0)
    sizes = [4, 4, 2]
    assert epoch.loss == pytest.approx(np.average([r.loss for r in batches], weights=sizes))
    assert epoch.accuracy == pytest.approx(np.average([r.accuracy for r in batches], weights=sizes))
    assert epoch.validation_loss is None
    assert epoch.gradient_norms == {}


@pytest.mark.parametrize("make", [lambda n: SGD(n, 0.1, 0.9, 1e-3), lambda n: Adam(n, 0.01)])
def test_one_seed_gives_one_run_to_the_bit_and_another_seed_another(make):
    x, y = bars(20)

    def run(seed: int):
        network = small()
        reports = list(fit(network, x, y, optimizer=make(network), epochs=2, batch_size=8, seed=seed))
        return reports, state(network)

    reports, after = run(3)
    assert run(3) == (reports, after)
    assert run(4)[1] != after


def test_a_pause_changes_nothing_whatever_else_is_done_in_it():
    x, y = bars(20)
    straight, paused = small(), small()
    list(fit(straight, x, y, optimizer=SGD(straight, 0.1), epochs=1, batch_size=4, seed=0))
    for _ in fit(paused, x, y, optimizer=SGD(paused, 0.1), epochs=1, batch_size=4, seed=0):
        trace = paused.trace(x, training=True, rng=9)
        paused.backward(trace, np.ones(trace.output.shape))
        np.random.default_rng(0).random(10)
    assert state(paused) == state(straight)


def test_stopping_leaves_a_whole_network_that_training_can_go_on_with():
    x, y = bars(20)
    stopped, counted = small(), small()
    optimizer = SGD(stopped, 0.1, momentum=0.9)
    run = fit(stopped, x, y, optimizer=optimizer, epochs=5, batch_size=4, seed=0)
    for _ in range(3):
        next(run)
    run.close()
    assert list(run) == []
    steps = fit(counted, x, y, optimizer=SGD(counted, 0.1, momentum=0.9), epochs=5, batch_size=4, seed=0)
    for _ in range(3):
        next(steps)
    assert state(stopped) == state(counted)
    assert optimizer.steps == 3
    assert len(list(fit(stopped, x, y, optimizer=optimizer, epochs=1, batch_size=10, seed=1))) == 3
    assert optimizer.steps == 5


def test_nothing_happens_before_the_first_report_is_asked_for():
    x, y = bars(8)
    network = small()
    before = state(network)
    run = fit(network, x, y, optimizer=SGD(network, 0.1), epochs=1, batch_size=4, seed=0)
    assert state(network) == before
    next(run)
    assert state(network) != before


def test_examples_are_only_read():
    x, y = bars(8)
    x.setflags(write=False)
    y.setflags(write=False)
    network = small()
    list(fit(network, x, y, optimizer=SGD(network, 0.1), epochs=1, batch_size=4, seed=0, validation=(x, y)))


def test_a_softmax_at_the_end_is_taught_through_what_it_is_given():
    x, y = bars(12)
    plain = small()
    ended = Sequential([*small().layers, Softmax()])
    settings = {"epochs": 1, "batch_size": 4, "seed": 0}
    ours = list(fit(ended, x, y, optimizer=SGD(ended, 0.1), **settings))
    assert ours == list(fit(plain, x, y, optimizer=SGD(plain, 0.1), **settings))
    assert state(ended) == state(plain)
    assert training.evaluate(ended, x, y) == pytest.approx(training.evaluate(plain, x, y, batch_size=5), rel=1e-5)


def test_a_softmax_of_another_temperature_at_the_end_is_refused_with_what_works():
    network = Sequential([*small().layers, Softmax(temperature=2)])
    with pytest.raises(ModelError, match=r"temperature 1 .* Softmax\(\) works"):
        fit(network, np.zeros((2, 1, 6, 6)), [0, 1], optimizer=SGD(network, 0.1), epochs=1, batch_size=2, seed=0)


def test_whole_numbers_are_taught_from_without_a_copy_of_them_all():
    x, y = bars(9)
    pixels = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    network, wide = small(dropout=0), small(dropout=0)
    settings = {"epochs": 1, "batch_size": 4, "seed": 0}
    list(fit(network, pixels, y.tolist(), optimizer=SGD(network, 1e-6), **settings))
    list(fit(wide, pixels.astype(float), y, optimizer=SGD(wide, 1e-6), **settings))
    assert state(network) == state(wide)


def test_an_image_whose_scores_are_no_numbers_is_not_right():
    """Where all scores are NaN, argmax says 0."""
    network = Sequential([Flatten(), Linear(4, 2)])
    x = np.ones((4, 1, 2, 2))
    x[:2] = np.nan
    network.layers[1].weight, network.layers[1].bias = np.zeros((2, 4)), np.array([1.0, 0.0])
    assert training.evaluate(network, x, [0, 0, 0, 1])[1] == 0.25
    report = next(iter(fit(network, x, [0, 0, 0, 1], optimizer=SGD(network, lr=0.1), epochs=1, batch_size=4, seed=0)))
    assert math.isnan(report.loss)
    assert report.accuracy == 0.25


def test_training_that_runs_away_is_reported_and_not_hidden():
    x, y = bars(8)
    network = Sequential([Flatten(), Linear(36, 2), ReLU(), Linear(2, 2)])
    with np.errstate(all="raise", under="ignore"):
        reports = list(fit(network, x * 1e20, y, optimizer=SGD(network, 1e30), epochs=3, batch_size=8, seed=0))
    assert any(not math.isfinite(report.loss) for report in reports)


def arguments(**changed):
    x, y = bars(6)
    network = small()
    given = {
        "network": network,
        "x": x,
        "y": y,
        "optimizer": SGD(network, 0.1),
        "epochs": 1,
        "batch_size": 2,
        "seed": 0,
    }
    return given | changed


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"network": None}, ModelError, "Sequential"),
        ({"optimizer": None}, ModelError, r"SGD\(network"),
        ({"optimizer": SGD(small(), 0.1)}, ModelError, "of this network"),
        ({"epochs": 0}, ModelError, "epochs=5 works"),
        ({"epochs": 1.5}, ModelError, "epochs"),
        ({"batch_size": 0}, ModelError, "batch_size=32 works"),
        ({"batch_size": True}, ModelError, "batch_size"),
        ({"seed": None}, ModelError, "seed=0 works"),
        ({"seed": -1}, ModelError, "seed"),
        ({"x": np.ones((0, 1, 6, 6)), "y": []}, ShapeError, "at least one image"),
        ({"x": np.ones((6, 3, 6, 6))}, ShapeError, r"0\.Conv2d"),
        ({"x": np.ones((6, 1, 9, 9))}, ShapeError, r"6\.Linear.*16 features"),
        ({"x": np.full((6, 1, 6, 6), "a")}, ShapeError, "real numbers"),
        ({"x": [[1, 2], [3]]}, ShapeError, "regular"),
        ({"y": np.zeros(5, int)}, ShapeError, r"shape \(6,\)"),
        ({"y": np.zeros(6)}, ShapeError, "integers"),
        ({"y": np.full(6, 2)}, ShapeError, "from 0 to 1"),
        ({"validation": 5}, ModelError, r"validation=\(x, y\) works"),
        ({"validation": (np.ones((2, 1, 6, 6)), [0, 7])}, ShapeError, "from 0 to 1"),
        ({"validation": (np.ones((2, 1, 5, 6)), [0, 1])}, ShapeError, "validation: "),
    ],
)
def test_what_cannot_work_is_refused_at_the_call(changed, error, says):
    with pytest.raises(error, match=says):
        fit(**arguments(**changed))


def test_a_network_that_ends_in_maps_classifies_nothing():
    network = Sequential([Conv2d(1, 2, 3)])
    with pytest.raises(ShapeError, match="Flatten and Linear"):
        fit(**arguments(network=network, optimizer=SGD(network, 0.1)))


def test_a_rest_of_one_image_without_a_spread_is_refused_at_the_call():
    network = Sequential([Conv2d(1, 2, 6), BatchNorm2d(2), Flatten(), Linear(2, 2)])
    x, y = bars(5)
    given = arguments(network=network, x=x, y=y, optimizer=SGD(network, 0.1))
    with pytest.raises(ModelError, match=r"1\.BatchNorm2d.*batch_size=5 works"):
        fit(**given)
    for size in (5, 3):
        list(fit(**{**given, "batch_size": size}))
    assert issubclass(ModelError, CnnCoreError)


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_to_a_single_image_whose_maps_have_one_cell_no_batch_size_is_advised(batch_size):
    def begin(images, side):
        made = Sequential([Conv2d(1, 2, 3), BatchNorm2d(2), Flatten(), Linear(2 * (side - 2) ** 2, 2)])
        x, y = np.random.default_rng(0).random((images, 1, side, side)), np.arange(images)
        return fit(made, x, y, optimizer=SGD(made, 0.1), epochs=1, batch_size=batch_size, seed=0)

    with pytest.raises(ModelError, match="two images a batch work, and so do larger maps"):
        begin(1, 3)
    assert list(begin(1, 4))
    if batch_size > 1:
        assert list(begin(2, 3))


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_run_is_pytorch_s_run(name):
    torch = pytest.importorskip("torch")
    x, y = bars(32)
    network = small(dropout=0)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, bias=False),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Dropout(0),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 2),
    )
    for key, array in network.params().items():
        layers.state_dict()[key].copy_(torch.tensor(array))
    settings = {"lr": 0.05, "momentum": 0.9} if name == "SGD" else {"lr": 0.01}
    optimizer = getattr(torch.optim, name)(layers.parameters(), **settings)
    mine = {"SGD": SGD, "Adam": Adam}[name](network, **settings)
    reports = fit(network, x, y, optimizer=mine, epochs=3, batch_size=8, seed=0, shuffle=False)
    layers.train()
    for report in (report for report in reports if report.batch is not None):
        part = slice(report.batch * 8, report.batch * 8 + 8)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(layers(torch.tensor(x[part])), torch.tensor(y[part]))
        loss.backward()
        optimizer.step()
        assert report.loss == pytest.approx(float(loss.detach()), rel=2e-4, abs=1e-5)
    layers.eval()
    np.testing.assert_allclose(network.forward(x), layers(torch.tensor(x)).detach().numpy(), rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(network.layers[1].running_var, layers[1].running_var.numpy(), rtol=1e-3)
