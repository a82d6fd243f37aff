"""A script that builds a network in another framework and compares each of its stages with the run's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnn_core.export.arrays import ARCHIVE, BESIDE, Written, beyond_numbers

_TELL = '''
def tell(name, x):
    """The stage, and how far it is from the run's own where that is at hand."""
    print(name, x.shape)
    if name in data:
        ours = data[name]
        same = (ours == x) | (np.isnan(ours) & np.isnan(x))
        print("    at most", np.abs(np.where(same, 0, ours - x)).max(initial=0), "from Kernelscope's")
    else:
        print(x.tolist() if x.size < 1000 else x)

'''
_IF_THERE = (
    f"beside = {BESIDE}",
    "archive = sys.argv[1] if len(sys.argv) > 1 else beside if beside.exists() else None",
    "data = np.load(archive) if archive else {}",
)


def comparing(
    written: Written, framework: str, imports: Sequence[str], parts: Mapping[str, str], body: Sequence[str]
) -> str:
    """The script's text.

    Args:
        written: the arrays, all of them written into ``body``.
        framework: its name, which the file has in small letters; a file named as a package alone would hide that.
        imports: the lines that bring it in.
        parts: the classes and functions that ``body`` may call, by name; those that it does call are written too.
        body: the lines that build the network and give each stage to ``tell`` as an array ``(N, C, H, W)``.
    """
    needed = [part for name, part in parts.items() if any(f"{name}(" in line for line in body)]
    file = f"in_{framework.lower()}.py"
    return "\n".join(
        [
            f'"""The network of Kernelscope\'s run in {framework}.',
            "",
            f"Run:  python {file} [trace.npz]",
            "",
            "Prints how far each stage is from the run's own, which the archive holds: the one named, or the one beside"
            + " this file."
            + ("" if written.external else "\nWithout one it prints every stage."),
            '"""',
            "",
            "import sys",
            "from pathlib import Path",
            "",
            *imports,
            "",
            *([ARCHIVE] if written.external else _IF_THERE),
            "",
            *beyond_numbers(body),
            "".join([*needed, _TELL]),
            *body,
            "",
        ]
    )
