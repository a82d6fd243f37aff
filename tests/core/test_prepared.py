"""What is kept of weights is found for these alone, whatever is written to them, and stays within its bounds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cnn_core import conv2d
from cnn_core.ops import _prepared
from cnn_core.ops._prepared import Store, prepared, same_bits
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from cnn_core.ops.conv.execute import correlate


@pytest.fixture(autouse=True)
def store(monkeypatch):
    empty = Store()
    monkeypatch.setattr(_prepared, "STORE", empty)
    return empty


def counted():
    made = []

    @prepared
    def double(weight, times=2):
        made.append(weight.copy())
        return weight * times

    return double, made


def weights(seed=0, size=400):
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


def test_weights_that_came_twice_are_made_no_third_time():
    double, made = counted()
    first, second, third = (double(weights()) for _ in range(3))
    assert len(made) == 2
    assert third is second
    assert (third == first).all()


def test_other_settings_shapes_and_types_are_other_questions():
    double, made = counted()
    for _ in range(3):
        double(weights())
        assert (double(weights(), 3) == 3 * weights()).all()
        assert double(weights().reshape(20, 20)).shape == (20, 20)
        assert double(weights().astype(np.float64)).dtype == np.float64
    assert len(made) == 8


@pytest.mark.parametrize("place", [0, 1, 57, 399])
def test_one_number_written_makes_them_other_weights(place):
    double, _ = counted()
    weight = weights()
    for _ in range(3):
        double(weight)
    weight[place] += 1
    assert (double(weight) == 2 * weight).all()
    weight[place] -= 1
    assert (double(weight) == 2 * weight).all()


def test_what_is_kept_cannot_be_written_to():
    double, _ = counted()
    for _ in range(3):
        assert not double(weights()).flags.writeable


@pytest.mark.parametrize(
    ("one", "other", "same"), [(0.0, -0.0, False), (np.nan, np.nan, True), (1.0, 1.0, True), (1.0, 1.0000001, False)]
)
def test_weights_are_the_same_where_every_bit_is(one, other, same):
    pair = (np.array([3, value], dtype=np.float32) for value in (one, other))
    assert same_bits(*pair) is same


def test_weights_that_are_written_to_while_they_are_worked_on_are_never_mistaken_for_what_they_become():
    @prepared
    def double(weight):
        made = weight * 2
        theirs[1] = 7  # as a training thread would
        return made

    for _ in range(2):
        theirs = weights()
        double(theirs)
    assert theirs[1] == 7
    assert (double(theirs) == 2 * theirs).all()


def test_what_never_comes_again_is_not_kept(store):
    double, _ = counted()
    for step in range(50):
        double(weights(step))
    assert len(store) == 0


def test_a_full_store_keeps_what_is_in_use_and_lets_go_of_what_is_not(store):
    double, made = counted()
    store.most = 3 * 2 * weights().nbytes
    for _ in range(6):  # five in turn: there is room for three
        for seed in range(5):
            double(weights(seed))
    assert len(store) == 3
    assert store.size == store.most
    assert len(made) == 2 * 5 + 4 * 2
    for _ in range(3):  # three are not asked for any more
        for seed in (3, 4):
            double(weights(seed))
    before = len(made)
    double(weights(3)), double(weights(4))
    assert len(made) == before
    assert store.size <= store.most


def test_weights_that_come_again_and_again_are_kept_at_the_third_time_though_others_fill_the_store(store):
    double, made = counted()
    store.most = 2 * weights().nbytes
    for _ in range(3):
        double(weights(0))
    made.clear()
    for _ in range(5):
        double(weights(1))
    assert len(made) == 3


def test_two_in_turn_where_there_is_room_for_one_do_not_drive_each_other_out(store):
    double, made = counted()
    store.most = 2 * weights().nbytes
    for _ in range(20):
        double(weights(0)), double(weights(1))
    assert len(made) == 2 + 20


def test_what_is_larger_than_the_store_is_made_each_time(store):
    store.most = 100
    double, made = counted()
    for _ in range(3):
        double(weights())
    assert (len(made), len(store), store.size) == (3, 0, 0)


@pytest.mark.parametrize("most", [100, 3 * 400 * 4])
def test_weights_without_room_are_not_copied(store, most):
    store.most = most
    met = []

    @prepared
    def double(weight):
        met.append(weight)
        return weight * 2

    other = weights(1)
    for _ in range(3):
        double(other)  # in the second case these fill the store
    given = weights()
    met.clear()
    for _ in range(4):
        double(given), double(other)
    assert [each is given for each in met if (each == given).all()] == [True] * 4


def test_what_is_made_of_the_same_weights_in_several_ways_shares_one_copy(store):
    double, _ = counted()
    for _ in range(3):
        double(weights()), double(weights(), 3), double(weights(), 4)
    assert len(store) == 3
    assert store.size == (1 + 3) * weights().nbytes
    assert len({id(kept.weight) for kept in store._kept.values()}) == 1
    for key in list(store._kept):
        store._drop(key)
    assert store.size == 0


def test_several_threads_may_ask_at_once(store):
    double, _ = counted()
    store.most = 4 * 2 * weights().nbytes

    def ask(turn):
        seed = turn % 6
        return bool((double(weights(seed)) == 2 * weights(seed)).all())

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(600)))
    assert store.size <= store.most


@pytest.mark.parametrize(
    ("branch", "x_shape", "weight_shape"),
    [
        (Branch.WINOGRAD, (1, 32, 9, 9), (32, 32, 3, 3)),
        (Branch.SPECTRAL, (1, 2, 40, 40), (2, 1, 9, 9)),
        (Branch.SEPARABLE, (1, 2, 40, 40), (2, 1, 9, 9)),
    ],
)
def test_a_convolution_follows_weights_that_are_written_to_between_its_calls(store, branch, x_shape, weight_shape):
    rng = np.random.default_rng(1)
    x = rng.normal(size=x_shape).astype(np.float32)
    weight = rng.normal(size=(*weight_shape[:3], 1)) * rng.normal(size=(1, 1, 1, weight_shape[3]))
    weight = weight.astype(np.float32)
    groups = x_shape[1] // weight_shape[1]
    sliding = conv_window(x_shape, weight_shape, 1, 0, 1, groups, "zeros")
    for factor in (1, 1, 1, 2, 1, -1, -1, -1):
        np.multiply(weight, factor, out=weight)
        ours = correlate(x, weight, None, sliding, groups, sliding.output_size(*x_shape[2:]), branch=branch)
        expected = conv2d(x.astype(np.float64), weight.astype(np.float64), groups=groups)
        assert np.abs(ours - expected).max() < 1e-4 * np.abs(expected).max()
    assert len(store) > 0
