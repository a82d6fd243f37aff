"""Benchmarks run when they are named: ``pytest tests/benchmarks``. They print one table of ratios at the end."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NEEDED = ("pytest_benchmark", "torch", "onnxruntime", "cv2", "threadpoolctl")

TABLE = pytest.StashKey[list]()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave everything here alone unless the command line names it and the ``benchmark`` extra is installed."""
    named = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    if not any(path.is_relative_to(HERE) for path in named):
        return True
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise pytest.UsageError(f"benchmarks need {', '.join(missing)}: pip install -e '.[benchmark]'")
    return None


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Everybody on one thread."""
    from tests.benchmarks import peers

    peers.one_thread()


@pytest.fixture
def table(request) -> list[tuple[str, str, float, str, float]]:
    """The rows measured so far: kind, name, our seconds, the fastest peer and its seconds."""
    return request.config.stash.setdefault(TABLE, [])


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """The tables of ratios, as Markdown, as README has them."""
    measured = config.stash.get(TABLE, [])
    if not measured:
        return
    from tests.benchmarks.peers import NAMES
    from tests.benchmarks.rows import KINDS
    from tests.benchmarks.timing import geometric_mean

    terminalreporter.section("ratios to the fastest peer, one thread, float32")
    for kind, heading in KINDS.items():
        rows = [row for row in measured if row[0] == kind]
        if not rows:
            continue
        terminalreporter.write_line(f"| {heading} | `cnn_core`, ms | fastest peer, ms | ratio |")
        terminalreporter.write_line("|---|---|---|---|")
        for _, name, ours, peer, theirs in rows:
            line = f"| {name} | {ours * 1e3:.3f} | {theirs * 1e3:.3f} {NAMES[peer]} | {ours / theirs:.2f} |"
            terminalreporter.write_line(line)
        mean = geometric_mean([row[2] / row[4] for row in rows])
        terminalreporter.write_line(f"| **geometric mean** | | | **{mean:.2f}** |")
        terminalreporter.write_line("")
