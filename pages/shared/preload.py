"""What a browser is told to fetch while the framework itself still loads, so that the first picture waits for less.

Without it everything is found one import after another, and only once the first run of a page has come in.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import streamlit

# What the first page shows of the framework's own, each in a file that it loads late: headings, upload, components.
_LATE = ("Html", "FileUploader", "BidiComponent")

# Styles are fetched ahead and not preloaded: a browser complains of a preloaded style that this page does not use.
_WAYS = {".js": "rel=modulepreload; fetchpriority=low", ".css": "rel=prefetch"}

_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")


@cache
def header(components: Path, ui_path: str) -> bytes:
    """The value of a ``Link`` header.

    Args:
        components: the folder of the components' modules and styles.
        ui_path: the path under which they are served.
    """
    own = sorted(file for file in components.rglob("*") if file.suffix in _WAYS)
    ours = [f"<{ui_path}/{file.relative_to(components).as_posix()}>; {_WAYS[file.suffix]}" for file in own]
    base = ui_path.rpartition("/")[0]
    theirs = [f"<{base}/static/js/{name}>; {_WAYS['.js']}" for name in late_modules()]
    return ", ".join([*theirs, *ours]).encode()


def late_modules() -> list[str]:
    """The framework's modules that its own page does not announce and ours need: names in its ``static/js`` folder.

    Nothing but time depends on them: a release that names its files otherwise is merely not helped.
    """
    root = Path(streamlit.__file__).parent / "static"
    modules = root / "static" / "js"
    try:
        announced = set(re.findall(r"static/js/([\w.-]+\.js)", (root / "index.html").read_text(encoding="utf-8")))
        first = [file.name for name in _LATE for file in modules.glob(f"{name}.*.js")]
        return sorted(_with_imports(modules, first, announced))
    except OSError:
        return []


def _with_imports(folder: Path, names: Iterable[str], known: set[str]) -> set[str]:
    """Modules and all that they import, directly or not, but those that are ``known``."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found | known:
            found.add(name)
            waiting += _IMPORT.findall((folder / name).read_text(encoding="utf-8"))
    return found
