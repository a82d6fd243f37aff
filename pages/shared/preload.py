"""What a browser is told to fetch while the framework itself still loads, so that the first picture waits for less.

Without it everything is found one import after another, and only once the first run of a page has come in. It stands in
the head of the framework's own page: a hundred addresses in a header of the answer were 7 kB, which a proxy refuses
whose buffer for headers holds 4.
"""

import html
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import streamlit

# What the first page shows of the framework's own, each in a file that it loads late: headings, upload, components.
_LATE = ("Html", "FileUploader", "BidiComponent")

_FIRST = "common/leaving.js"  # run before the framework draws its first link: it knows which of them is pressed

_WAYS = {".js": 'rel="modulepreload" fetchpriority="low"', ".css": 'rel="preload" as="style"'}
_STATIC = Path(streamlit.__file__).parent / "static"


def found() -> bool:
    """Whether the framework's own page is where it is looked for."""
    return (_STATIC / "index.html").is_file()


_IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")


@cache
def document(components: Path, ui_path: str, component: str) -> str:
    """The framework's own page, its head naming what one of ours needs.

    No more than that: a browser complains of a style that was preloaded and is not used.

    Args:
        components: the folder of the components' modules and styles.
        ui_path: the path under which they are served.
        component: that the page shows, by its folder.
    """
    tags = [
        *_links(components, ui_path, component),
        f'<script type="module" src="{html.escape(ui_path)}/{_FIRST}"></script>',
    ]
    head = "".join(f"    {tag}\n" for tag in tags)
    return (_STATIC / "index.html").read_text(encoding="utf-8").replace("  </head>", f"{head}  </head>", 1)


def _links(components: Path, ui_path: str, component: str) -> list[str]:
    own = [
        file for name in ("common", component) for file in sorted((components / name).iterdir()) if file.suffix in _WAYS
    ]
    own.sort(key=lambda file: file.suffix)  # styles before scripts: nothing is drawn without them
    ours = [(_WAYS[file.suffix], f"{ui_path}/{file.relative_to(components).as_posix()}") for file in own]
    base = ui_path.rpartition("/")[0]
    theirs = [(_WAYS[".js"], f"{base}/static/js/{name}") for name in late_modules()]
    return [f'<link {way} href="{html.escape(address)}">' for way, address in (*ours, *theirs)]


def late_modules() -> list[str]:
    """The framework's modules that its own page does not announce and ours need: names in its ``static/js`` folder.

    Nothing but time depends on them: a release that names its files otherwise is merely not helped.
    """
    modules = _STATIC / "static" / "js"
    try:
        announced = set(re.findall(r"static/js/([\w.-]+\.js)", (_STATIC / "index.html").read_text(encoding="utf-8")))
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
