"""What a call leaves behind in memory serves the next one: no page is fetched from the system anew."""

import platform
import subprocess
import sys
import weakref

import numpy as np
import pytest

from cnn_core.ops._memory import LINE, Room
from cnn_core.ops._steps import Blocks, Steps, run

# In a process that has freed nothing large: the pages fetched by 50 calls, after a few that do so once and for all.
COUNT_PAGES = """
import resource
import numpy as np
import cnn_core

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

x, weight = (np.random.default_rng(0).random(shape, dtype=np.float32) for shape in {shapes})
for _ in range(5):
    cnn_core.conv2d(x, weight, padding={padding})
before = pages()
for _ in range(50):
    cnn_core.conv2d(x, weight, padding={padding})
print(pages() - before)
"""


# The same of 20 steps of training that hold more than 50 MB each until they are over.
COUNT_PAGES_OF_STEPS = """
import resource
import numpy as np
import cnn_core

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

network = cnn_core.Sequential([cnn_core.ReLU() for _ in range(10)])
x = np.ones((32, 10, 62, 62), np.float32)

def step():
    trace = network.trace(x, training=True)
    network.backward(trace, trace.output, keep_stages=False)

for _ in range(5):
    step()
before = pages()
for _ in range(20):
    step()
print(pages() - before)
"""
WITH_GLIBC = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another C library goes about its memory in another way"
)


@WITH_GLIBC
@pytest.mark.parametrize(
    ("shapes", "padding"),
    [(((1, 1, 480, 640), (1, 1, 3, 3)), 1), (((128, 6, 14, 14), (16, 6, 5, 5)), 0)],
    ids=["grey 3×3", "LeNet's second"],
)
def test_from_call_to_call_memory_is_not_fetched_anew(shapes: tuple[tuple[int, ...], ...], padding: int):
    code = COUNT_PAGES.format(shapes=shapes, padding=padding)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) < 50 * 20


@WITH_GLIBC
def test_from_step_to_step_memory_is_not_fetched_anew():
    told = subprocess.run([sys.executable, "-c", COUNT_PAGES_OF_STEPS], capture_output=True, text=True, check=True)
    assert int(told.stdout) < 20 * 20


def test_memory_that_was_given_back_is_lent_again():
    room = Room(1000)
    piece = room.lend(10)
    room.take_back(piece)
    assert room.keeps(piece)
    assert room.lend(1000) is piece


def test_no_piece_of_memory_is_lent_twice_at_a_time():
    room = Room(1000)
    assert not np.shares_memory(room.lend(1000), room.lend(1000))


def test_pieces_that_are_too_large_or_too_many_are_not_kept():
    room = Room(1000, most=1)
    large, one, other = room.lend(1001), room.lend(1), room.lend(1)
    for piece in (large, one, other):
        room.take_back(piece)
    assert large.nbytes >= 1001
    assert not room.keeps(large)
    assert room.lend(1) is one
    assert room.lend(1) is not other


def test_many_threads_leave_no_more_pieces_behind_than_are_kept():
    to_do = Steps(np.dtype(np.uint8), (8,), (8,), (8,))
    to_do.copy(to_do.parts[1], to_do.parts[0])
    to_do.copy(to_do.parts[2], to_do.parts[0])
    room, cells = Room(1000, most=2), np.zeros((1, 8), np.uint8)
    plans, alive = [to_do.plan() for _ in range(5)], []
    for _ in range(3):
        pieces = [room.lend(10) for _ in plans]
        for plan, piece in zip(plans, pieces, strict=True):
            same = 2 if room.keeps(piece) else None
            run(plan, (cells, cells.copy(), piece), (Blocks(0, 8), Blocks(0, 8), Blocks(0, 0)), 1, same)
        alive += [weakref.ref(piece) for piece in pieces]
        for piece in pieces:
            room.take_back(piece)
        del piece, pieces
    assert len({id(made()) for made in alive if made() is not None}) == 2


def test_a_piece_that_was_lost_is_made_up_for():
    room = Room(1000, most=1)
    room.lend(10)  # whoever had it met an error
    assert room.keeps(room.lend(10))


@pytest.mark.parametrize("size", [1, 1000, 1001])
def test_what_is_lent_begins_with_a_line_of_memory(size):
    assert Room(1000).lend(size).__array_interface__["data"][0] % LINE == 0


@pytest.mark.parametrize("count", [1, 3])
def test_steps_are_taken_in_memory_met_before_as_in_any_other(count):
    dtype = np.dtype(np.float32)
    to_do = Steps(dtype, (4,), (4,), (8,))
    given, made, space = to_do.parts
    to_do.copy(space[2:6], given)
    to_do.add(np.add, space[1:5], space[3:7], made)
    plan, pieces = to_do.plan(), [np.zeros(32, np.uint8) for _ in range(2)]
    for piece in (0, 0, 1, 1, 0, None):
        memory = np.zeros(8, dtype) if piece is None else pieces[piece]
        cells = np.random.default_rng(piece).normal(size=(count, 4)).astype(np.float32)
        out = np.empty_like(cells)
        blocks = Blocks(0, 16), Blocks(0, 16), Blocks(0, 0)
        run(plan, (cells, out, memory), blocks, count, None if piece is None else 2)
        around = np.pad(cells, ((0, 0), (1, 1)))
        np.testing.assert_array_equal(out, around[:, :4] + around[:, 2:])
