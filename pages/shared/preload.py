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

_WAYS = {".js": "rel=modulepreload; fetchpriority=low", ".css": "rel=preload; as=style"}

# The component of each page but the first, by the end of its address: a browser complains of a style that was preloaded
# and is not used.
_COMPONENTS = {
    "convolution": "convolution",
    "pooling": "pooling",
    "layers": "layers",
    "kernels": "gallery",
    "engine": "keeper",
}

_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")


def header(components: Path, ui_path: str, page: str) -> bytes:
    """The value of a ``Link`` header.

    Args:
        components: the folder of the components' modules and styles.
        ui_path: the path under which they are served.
        page: the end of the page's address, "" for the first page.
    """
    return _written(components, ui_path, _COMPONENTS.get(page, "explore"))


@cache
def _written(components: Path, ui_path: str, component: str) -> bytes:
    own = [
        file for name in ("common", component) for file in sorted((components / name).iterdir()) if file.suffix in _WAYS
    ]
    own.sort(key=lambda file: file.suffix)  # styles before scripts: nothing is drawn without them
    ours = [f"<{ui_path}/{file.relative_to(components).as_posix()}>; {_WAYS[file.suffix]}" for file in own]
    base = ui_path.rpartition("/")[0]
    theirs = [f"<{base}/static/js/{name}>; {_WAYS['.js']}" for name in late_modules()]
    return ", ".join([*ours, *theirs]).encode()


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
