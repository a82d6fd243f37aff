"""What a call leaves behind in memory serves the next one: no page is fetched from the system anew."""

import platform
import subprocess
import sys

import pytest

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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library goes about its memory in another way")
@pytest.mark.parametrize(
    ("shapes", "padding"),
    [(((1, 1, 480, 640), (1, 1, 3, 3)), 1), (((128, 6, 14, 14), (16, 6, 5, 5)), 0)],
    ids=["grey 3×3", "LeNet's second"],
)
def test_from_call_to_call_memory_is_not_fetched_anew(shapes: tuple[tuple[int, ...], ...], padding: int):
    code = COUNT_PAGES.format(shapes=shapes, padding=padding)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) < 50 * 20
