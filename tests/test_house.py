"""The house: which room may import which, what lies at the top, and that everything public is written down."""

import ast
import dataclasses
import enum
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnn_core
from cnn_core import kernels
from tests.benchmarks.rows import KINDS, rows
from tests.benchmarks.timing import geometric_mean

ROOT = Path(__file__).parents[1]


# --- arrows ----------------------------------------------------------------------------------------------------------

# Who may import whom inside cnn_core. A new module is given its place here.
_BASE = {"errors", "settings", "shapes"}
_RUN = {"network", "gradients", "model_file", "trace", "layers", "ops", *_BASE}
CORE = {
    "errors": set(),
    "settings": {"errors"},
    "shapes": {"settings", "errors"},
    "digits": set(),
    "kernels": {"kernels", "digits", "errors"},
    "images": {"errors"},
    "reference": {"errors"},
    "ops": {"ops", *_BASE},
    "trace": {"ops", *_BASE},
    "rational": {"trace", "ops", *_BASE},
    "receptive": {"trace", "ops", *_BASE},
    "layers": {"layers", "digits", "trace", "ops", *_BASE},
    "model_file": {"layers", "ops", *_BASE},
    "gradients": {"trace", "ops", *_BASE},
    "network": {"gradients", "model_file", "trace", "layers", "ops", *_BASE},
    "training": _RUN | {"training"},
    "attribution": _RUN,
    "export": _RUN | {"export"},
}
# Outside packages, by the room that may use them; everyone has the standard library.
OUTSIDE = {"core": {"numpy"}, "images": {"PIL"}}
_ROOMS = {
    "app": {"shared"},
    "page": {"shared", "components", "core"},
    "shared": {"shared", "components", "core"},
    "components": {"components", "core"},
}


def imports(file: Path, root: Path) -> Iterator[str]:
    """Every module that ``file`` imports, anywhere in it, by its full dotted name; ``from a import b`` gives a.b."""
    package = file.relative_to(root).with_suffix("").parts
    package = package[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            base += node.module.split(".") if node.module else []
            yield from (".".join([*base, alias.name]) for alias in node.names)


def room(module: str) -> tuple[str, str]:
    """The room a dotted name of this project belongs to, and the part of cnn_core where that is the room."""
    parts = module.split(".")
    if parts[0] == "cnn_core":
        return "core", parts[1] if len(parts) > 1 else ""
    if parts[0] == "pages":
        return (parts[1], "") if len(parts) > 1 and parts[1] in ("shared", "components") else ("page", "")
    return (parts[0], "") if parts[0] in ("app", "tests") else ("outside", parts[0])


def wrong_imports(root: Path) -> list[str]:
    """Every import against the arrows in the tree at ``root``, as "file imports module"."""
    wrong = []
    for file in [root / "app.py", *sorted((root / "pages").rglob("*.py")), *sorted((root / "cnn_core").rglob("*.py"))]:
        if not file.exists():
            continue
        name = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        own, part = room(name)
        for target in imports(file, root):
            other, other_part = room(target)
            if own == "core":
                fits = _fits_in_core(part, other, other_part)
            elif name == "pages":
                fits = False  # the package itself holds nothing
            else:
                fits = other == "outside" or other in _ROOMS[own]
            if not fits:
                wrong.append(f"{file.relative_to(root).as_posix()} imports {target}")
    return wrong


def _fits_in_core(part: str, other: str, other_part: str) -> bool:
    if other == "outside":
        allowed = OUTSIDE["core"] | OUTSIDE.get(part, set())
        return other_part in sys.stdlib_module_names or other_part in allowed
    if other != "core":
        return False
    if part == "":  # cnn_core/__init__.py gathers the public names
        return True
    return other_part in CORE.get(part, set())


def test_every_import_follows_the_arrows():
    assert wrong_imports(ROOT) == []


def test_every_module_of_the_core_has_a_place_in_the_table():
    found = {module.name for module in pkgutil.iter_modules(cnn_core.__path__) if not module.name.startswith("_")}
    assert found == set(CORE)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("cnn_core/network.py", "import streamlit"),
        ("cnn_core/ops/conv.py", "import plotly.graph_objects as go"),
        ("cnn_core/kernels.py", "from PIL import Image"),
        ("cnn_core/ops/conv.py", "from cnn_core.layers import Conv2d"),
        ("cnn_core/ops/conv.py", "from ..layers import Conv2d"),
        ("cnn_core/ops/conv.py", "from .. import layers"),
        ("cnn_core/shapes.py", "from cnn_core import network"),
        ("cnn_core/shapes.py", "import cnn_core.ops.conv"),
        ("cnn_core/trace.py", "from cnn_core.network import Sequential"),
        ("cnn_core/layers.py", "from pages.shared import session"),
        ("cnn_core/layers.py", "def late():\n    import streamlit"),
        ("cnn_core/novelty.py", "from cnn_core import shapes"),
        ("pages/explore.py", "from pages import kernels"),
        ("pages/explore.py", "import app"),
        ("pages/shared/session.py", "from pages.explore import strip"),
        ("pages/shared/session.py", "from .. import explore"),
        ("pages/components/explore/__init__.py", "from pages.shared import session"),
        ("pages/components/explore/__init__.py", "from pages.explore import strip"),
        ("app.py", "from pages.explore import strip"),
        ("app.py", "import cnn_core"),
        ("pages/explore.py", "from tests.helpers import oracle"),
    ],
)
def test_the_checker_catches_a_forbidden_import(tmp_path: Path, file: str, line: str):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(line + "\n")
    assert len(wrong_imports(tmp_path)) == 1


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("cnn_core/__init__.py", "from cnn_core import kernels"),
        ("cnn_core/network.py", "from cnn_core.layers import Layer"),
        ("cnn_core/ops/pool.py", "from .conv import conv2d\nimport numpy as np\nimport math"),
        ("cnn_core/images.py", "from PIL import Image"),
        ("pages/explore.py", "import streamlit as st\nfrom cnn_core import Conv2d\nfrom pages.shared import session"),
        ("pages/components/explore/__init__.py", "from pages.components.register import component"),
        ("app.py", "import streamlit\nfrom pages.shared import navigation"),
    ],
)
def test_the_checker_lets_the_arrows_through(tmp_path: Path, file: str, line: str):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(line + "\n")
    assert wrong_imports(tmp_path) == []


# --- the tree --------------------------------------------------------------------------------------------------------

TOP = {
    ".ci",
    ".gitignore",
    ".streamlit",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "app.py",
    "assets",
    "cnn_core",
    "pages",
    "pyproject.toml",
    "tests",
}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files under version control, as they are now."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout, so nothing tells which files belong to it")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


def test_the_top_of_the_tree_holds_only_what_belongs_there(tracked):
    assert {file.relative_to(ROOT).parts[0] for file in tracked} == TOP


SOURCES = {".py", ".js", ".css", ".html", ".md", ".toml", ".json", ".yml", ".yaml", ".sh", ""}


def test_no_file_names_a_place_on_somebodys_machine(tracked):
    place = re.compile(r"(?<![\w.])/(?:home|root|work|Users|tmp|var/folders)/|[A-Z]:\\Users\\")
    found = [
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in tracked
        if file.suffix in SOURCES and file != Path(__file__)
        for match in place.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


# The name of a vocabulary, which no browser fetches.
NAMESPACES = ("http://www.w3.org/",)
ADDRESS = re.compile(r"(?:https?|wss?):/?/?[^\s\"'`)]*|(?<=[\"'`(])//[\w-]+\.[^\s\"'`)]*")


def fetched_addresses(text: str, suffix: str) -> list[str]:
    """The outside addresses in a source text, comments and docstrings aside."""
    if suffix == ".py":
        tree = ast.parse(text)
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        strings = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
        ]
        code = "\n".join(strings)
        found = re.findall(r"https?://[^\s\"'`)]*", code)
    else:
        code = re.sub(r"/\*.*?\*/|<!--.*?-->", "", text, flags=re.DOTALL)
        code = re.sub(r"(^|\s)//.*", "", code) if suffix == ".js" else code
        found = [match for match in ADDRESS.findall(code) if match.startswith("//") or "://" in match]
    return [address for address in found if not address.startswith(NAMESPACES)]


def test_nothing_is_fetched_from_outside_at_run_time(tracked):
    run = [file for file in tracked if file.relative_to(ROOT).parts[0] in ("app.py", "pages", "cnn_core")]
    assert len(run) > 20
    found = [
        f"{file.relative_to(ROOT)}: {address}"
        for file in run
        if file.suffix in (".py", ".js", ".css", ".html")
        for address in fetched_addresses(file.read_text(encoding="utf-8"), file.suffix)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('import x from "https://cdn.example/x.js";', ".js"),
        ('import x from "//cdn.example/x.js";', ".js"),
        ("@import url(//fonts.example/a.css);", ".css"),
        ("body { background: url('http://a.example/b.png'); }", ".css"),
        ('URL = "https://a.example"', ".py"),
    ],
)
def test_an_outside_address_is_found(text, suffix):
    assert len(fetched_addresses(text, suffix)) == 1


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("// see https://a.example\nlet a = 1; // http://b.example\n/* https://c.example */", ".js"),
        ('h("http://www.w3.org/2000/svg")', ".js"),
        ("/* https://a.example */", ".css"),
        ('"""See https://a.example."""\n# https://b.example', ".py"),
    ],
)
def test_an_address_in_a_comment_or_of_a_vocabulary_is_let_through(text, suffix):
    assert fetched_addresses(text, suffix) == []


_JS_IMPORT = re.compile(
    r"""^\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)""",
    re.MULTILINE,
)


def test_javascript_modules_import_only_modules_that_exist(tracked):
    modules = [file for file in tracked if file.suffix == ".js" and file.is_relative_to(ROOT / "pages")]
    assert modules
    wrong = []
    for module in modules:
        for groups in _JS_IMPORT.findall(module.read_text(encoding="utf-8")):
            target = next(filter(None, groups))
            file = (module.parent / target).resolve()
            inside = target.startswith(".") and file.is_relative_to(ROOT / "pages" / "components")
            # A component reaches its own folder and the common one, never another component's.
            near = inside and file.parent in (module.parent, ROOT / "pages" / "components" / "common")
            if not near or not file.is_file():
                wrong.append(f"{module.relative_to(ROOT)} imports {target}")
    assert wrong == []


_CLASS = re.compile(r"\bks-[\w-]+")


def leaking_selectors(folder: Path) -> list[str]:
    """Selectors of a page's stylesheet that another page's elements may match: they name no class of its own."""
    wrong = []
    for sheet in sorted(folder.glob("*/*.css")):
        if sheet.parent.name == "common":
            continue
        others = [file for file in folder.glob("*/*.js") if file.parent != sheet.parent]
        foreign = {name for file in others for name in _CLASS.findall(file.read_text(encoding="utf-8"))}
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", text):
            # What stands in brackets are other ways to match, or what must not be.
            plain = re.sub(r":(?:is|where|not)\((?:[^()]|\([^()]*\))*\)", "", selectors)
            for selector in re.split(r",(?![^(]*\))", plain):
                if not set(_CLASS.findall(selector)) - foreign:
                    wrong.append(f"{sheet.parent.name}: {selectors.strip()}")
    return wrong


def test_the_stylesheet_of_a_page_changes_no_other_page():
    assert leaking_selectors(ROOT / "pages" / "components") == []


@pytest.mark.parametrize(
    ("selector", "leaks"),
    [
        (".ks-own", False),
        (".ks-own .ks-map, .ks-own:not(.ks-map)", False),
        (".ks-map:has(> .ks-own)", False),
        (".ks-own, .ks-map", True),
        (":is(.ks-own, .ks-map) .ks-sign", True),
        ("@media (max-width: 9px) { .ks-map { } }\n.ks-own", True),
    ],
)
def test_the_checker_of_stylesheets_sees_what_matches_elsewhere(tmp_path: Path, selector: str, leaks: bool):
    for file, text in (
        ("page/page.js", 'h("div", { class: "ks-own" })'),
        ("page/page.css", f"{selector} {{ color: red; }}"),
        ("common/grid.js", 'h("div", { class: "ks-map ks-sign" })'),
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    assert bool(leaking_selectors(tmp_path)) is leaks


# --- written down ----------------------------------------------------------------------------------------------------

README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = README.split("\n## Reference\n")[1].split("\n## ")[0]


def core_modules() -> list[str]:
    found = pkgutil.walk_packages(cnn_core.__path__, "cnn_core.")
    return ["cnn_core", *(module.name for module in found)]


def undocumented(module) -> list[str]:
    """What is public in a module, made there, and has no docstring; a class's public methods included."""
    missing = [] if inspect.getdoc(module) else [module.__name__]
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            members = {name: value}
            if inspect.isclass(value):
                made = vars(value).items()
                members |= {f"{name}.{n}": v for n, v in made if not n.startswith("_") and inspect.isfunction(v)}
            # A method that fulfils a promise of its base inherits the words; getdoc finds them.
            missing += [
                f"{module.__name__}.{label}"
                for label, member in members.items()
                if not (
                    inspect.getdoc(member)
                    or (inspect.isclass(value) and inspect.getdoc(getattr(value, label.split(".")[-1], None)))
                )
            ]
    return missing


@pytest.mark.parametrize("name", core_modules())
def test_everything_public_in_the_core_has_a_docstring(name):
    assert undocumented(importlib.import_module(name)) == []


def test_a_missing_docstring_is_found():
    module = type(sys)("bare", "A module.")
    exec(
        "def told():\n    'Words.'\ndef untold(): pass\nclass Kind:\n    'Words.'\n    def method(self): pass",
        vars(module),
    )
    for member in (module.told, module.untold, module.Kind):
        member.__module__ = "bare"
    assert undocumented(module) == ["bare.untold", "bare.Kind.method"]


# Sections of a docstring: what they tell of, by their heading.
_SECTION = re.compile(r"^(Args|Returns|Yields|Raises|Attributes):$", re.MULTILINE)


def sections_missing(value) -> list[str]:
    """What a docstring does not tell: arguments by name, that they may be refused, and what comes back.

    What holds results alone, and a choice of several, has attributes and no arguments; an error takes what any error
    does.
    """
    text = inspect.getdoc(value) or ""
    parts = _SECTION.split(text)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    if inspect.isclass(value) and (dataclasses.is_dataclass(value) or issubclass(value, Exception | enum.Enum)):
        return [] if issubclass(value, Exception) or "Attributes" in found else ["Attributes"]
    signature = inspect.signature(value)
    names = [name for name in signature.parameters if name != "self"]
    missing = [name for name in names if not re.search(rf"^ +{name}: ", found.get("Args", ""), re.MULTILINE)]
    if names and "Raises" not in found:
        missing.append("Raises")
    if inspect.isfunction(value) and signature.return_annotation not in (None, "None"):
        missing += [] if {"Returns", "Yields"} & set(found) else ["Returns"]
    return missing


@pytest.mark.parametrize("name", [name for name in cnn_core.__all__ if callable(getattr(cnn_core, name))])
def test_what_is_public_tells_its_arguments_its_result_and_that_it_may_refuse(name):
    assert sections_missing(getattr(cnn_core, name)) == []


def test_a_missing_section_is_found():
    def told(x: int, y: int) -> int:
        """Words.

        Args:
            x: a number.
        """

    assert sections_missing(told) == ["y", "Raises", "Returns"]


def named(name: str) -> bool:
    return re.search(rf"`{re.escape(name)}`", REFERENCE) is not None


@pytest.mark.parametrize("name", cnn_core.__all__)
def test_every_public_name_of_the_core_exists_and_is_in_the_readmes_reference(name):
    assert hasattr(cnn_core, name)
    assert named(name)


@pytest.mark.parametrize("name", kernels.names())
def test_every_kernel_is_in_the_readmes_reference(name):
    assert named(name)


@pytest.mark.parametrize("file", sorted((ROOT / "pages").glob("[!_]*.py")), ids=lambda file: file.stem)
def test_every_page_has_a_docstring_and_is_in_the_readmes_reference(file):
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    assert named(file.stem)


def test_the_readmes_reference_names_nothing_that_is_gone():
    table = REFERENCE.split("**cnn_core:**")[1]
    methods = {"forward", "trace", "params", "summary", "backward", "save", "load"}
    names = set(re.findall(r"`(\w+)`", table)) - methods
    assert names == set(cnn_core.__all__)


def test_every_runtime_dependency_has_its_reason_in_contributing():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement)[0]
        assert re.search(rf"^\| {name} \| .{{20,}} \|$", contributing, re.MULTILINE), name


def test_every_file_of_the_convolutions_stands_on_their_map():
    folder = ROOT / "cnn_core" / "ops" / "conv"
    named = set(re.findall(r"``(\w+)``", ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))))
    assert named == {file.stem for file in folder.glob("[!_]*.py")}


def test_every_module_of_the_core_stands_on_the_map_of_arrows():
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    arrows = contributing.split("Inside `cnn_core`:")[1].split("\n\n")[0]
    modules = {path.stem for path in (ROOT / "cnn_core").iterdir() if path.suffix in ("", ".py")} - {"py"}
    assert {name for name in modules if not name.startswith("_")} <= set(re.findall(r"`(\w+)`", arrows))


@pytest.mark.parametrize("module", ["export", "rational"])
def test_a_module_to_import_from_is_named_in_the_reference(module):
    assert module in cnn_core.__all__
    assert f"`{module}`" in REFERENCE


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_links_and_rooms_named_in_the_documents_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    paths = re.findall(r"`((?:cnn_core|pages|tests|assets)/[\w/.]+)`", text)
    missing = [p for p in links + paths if not (ROOT / p).exists()]
    assert missing == []


# --- the tables of speed ---------------------------------------------------------------------------------------------

SPEED = [
    [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
    for block in README.split("\n## Speed\n")[1].split("\n## ")[0].split("\n\n")
    if block.startswith("|")
]


@pytest.mark.parametrize("kind", ["forward", "step"])
def test_a_table_of_speed_has_the_rows_that_are_measured(kind):
    (table,) = [table for table in SPEED if table[0][0] == KINDS[kind]]
    assert [cells[0] for cells in table[2:-1]] == [row.name for row in rows() if row.kind == kind]


@pytest.mark.parametrize("table", SPEED, ids=lambda table: table[0][0])
def test_a_ratio_is_that_of_its_times_and_the_mean_that_of_its_rows(table):
    rounded = 0.0005  # of the times, in milliseconds
    ratios = []
    for name, ours, theirs, ratio in table[2:-1]:
        mine, peer = float(ours), float(theirs.split()[0])
        assert (
            (mine - rounded) / (peer + rounded) - 0.005 <= float(ratio) <= (mine + rounded) / (peer - rounded) + 0.005
        ), name
        ratios.append(float(ratio))
    assert geometric_mean(ratios) == pytest.approx(float(table[-1][-1].strip("*")), abs=0.01)


# --- the two commands ------------------------------------------------------------------------------------------------


def code_blocks() -> list[tuple[str, list[str]]]:
    """The README's fenced blocks: language and lines."""
    return [
        (kind, body.splitlines())
        for kind, body in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    ]


SET_UP = "python3 -m venv .venv && .venv/bin/python -m pip install --quiet -e "


def test_the_first_command_is_one_line_alone_in_its_block_and_sets_everything_up():
    first = next(line for line in README.splitlines() if "streamlit run app.py" in line)
    assert ("sh", [first]) in code_blocks()
    assert first == SET_UP + ". && .venv/bin/streamlit run app.py"  # so it fixes no port and opens a browser


def test_the_second_command_is_one_line_alone_in_its_block_and_runs_the_tests():
    first = next(line for line in README.splitlines() if "pytest" in line)
    assert ("sh", [first]) in code_blocks()
    assert first == SET_UP + '".[dev]" && .venv/bin/python -m pytest'


def test_the_readmes_example_runs_and_its_sum_adds_up(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (lines,) = [lines for kind, lines in code_blocks() if kind == "python"]
    exec("\n".join(lines), {})
    value, terms = capsys.readouterr().out.split(" = ")
    products = [float(value) * float(weight) for value, weight in (term.split(" × ") for term in terms.split(" + "))]
    assert len(products) == 9
    assert float(value) == pytest.approx(sum(products), abs=0.01)


def test_both_commands_are_given_for_powershell():
    (lines,) = [lines for kind, lines in code_blocks() if kind == "powershell"]
    for line, end in zip(lines, ("streamlit run app.py", "python -m pytest"), strict=True):
        assert line.endswith(end)
        assert "&&" not in line  # PowerShell 5, which Windows ships, does not know it


def test_ci_runs_the_readmes_own_test_line_and_runs_it_last():
    lines = [line for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert any(line.startswith("test_line=$(grep") and "README.md" in line for line in lines)
    assert lines[-1] == 'bash -c "$test_line"'
    code = [line for line in lines if not line.lstrip().startswith("#")]
    assert sum("pytest" in line for line in code) == 1  # the pattern that finds the README's line, and no other command
    assert "set -euo pipefail" in code[0]
