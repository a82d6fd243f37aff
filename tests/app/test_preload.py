"""What a browser is told to fetch ahead is there to be fetched."""

import re
from pathlib import Path

import pytest
import streamlit

from pages.shared import navigation, preload, web
from pages.shared.web import COMPONENTS_FOLDER
from tests.app.test_answers import post

STATIC = Path(streamlit.__file__).parent / "static"
LINK = re.compile(r'<link (rel="(?:modulepreload" fetchpriority="low|preload" as="style)") href="([^"]+)">')


def announced(component: str, ui_path: str = "/ui") -> dict[str, str]:
    """How each file is to be fetched ahead for a page that shows a component, by its address."""
    return {address: way for way, address in LINK.findall(preload.document(COMPONENTS_FOLDER, ui_path, component))}


def test_every_module_and_style_of_the_components_is_announced():
    folders = {"explore", "gallery", "keeper", "convolution", "layers", "pooling"}
    assert folders == {entry.component for entry in navigation.PAGES}
    for folder in folders:
        told = announced(folder, "/base/ui")
        files = [file for name in ("common", folder) for file in (COMPONENTS_FOLDER / name).iterdir()]
        for file in files:
            way = {".js": "modulepreload", ".css": 'preload" as="style'}.get(file.suffix)
            if way:
                assert way in told[f"/base/ui/{file.relative_to(COMPONENTS_FOLDER).as_posix()}"]
        assert not any(f"/{other}/" in address for other in folders - {folder} for address in told)


@pytest.mark.parametrize("entry", navigation.PAGES, ids=lambda entry: entry.name)
def test_a_page_s_entry_says_which_component_it_shows(entry: navigation.Entry):
    text = entry.file.read_text(encoding="utf-8")
    shown = set(re.findall(r"^from pages\.components\.(\w+) import", text, re.MULTILINE))
    assert shown == {entry.component}
    fetched = post(f"/{entry.name}", b"", "GET")[2].decode()
    assert f"/ui/{entry.component}/component.js" in fetched


def test_the_framework_s_late_modules_are_found_and_none_is_announced_twice():
    late = preload.late_modules()
    index = (STATIC / "index.html").read_text()
    assert any(name.startswith("BidiComponent.") for name in late)
    assert all((STATIC / "static" / "js" / name).is_file() for name in late)
    assert not any(name in index for name in late)
    addresses = [address for _, address in LINK.findall(preload.document(COMPONENTS_FOLDER, "/ui", "explore"))]
    assert len(addresses) == len(set(addresses))
    assert all(f"/static/js/{name}" in addresses for name in late)


@pytest.mark.parametrize("base", ["", "courses/vision/of/a/department/with/a/long/name"])
@pytest.mark.parametrize("page", ["", *(entry.name for entry in navigation.PAGES)])
def test_a_page_is_the_framework_s_own_with_little_in_its_headers(
    monkeypatch: pytest.MonkeyPatch, base: str, page: str
):
    monkeypatch.setattr(web.st, "get_option", {"server.baseUrlPath": base}.get)
    status, headers, body = post(f"/{base}/{page}".replace("//", "/"), b"", "GET")
    assert status == 200
    assert headers[b"content-type"].startswith(b"text/html")
    assert headers[b"cache-control"] == b"no-cache"
    # A proxy's buffer for them holds 4 kB.
    assert sum(len(name) + len(value) for name, value in headers.items()) < 3000
    text = body.decode()
    assert len(LINK.findall(text)) > 50
    assert all(address.startswith(f"/{base}/".replace("//", "/")) for _, address in LINK.findall(text))
    script = f' *<script type="module" src="{f"/{base}/ui/common/leaving.js".replace("//", "/")}"></script>\n'
    own, scripts = re.subn(script, "", text)
    assert scripts == 1
    assert (
        re.sub(r" *<link rel=\S+ (fetchpriority|as=\"style\")[^\n]*\n", "", own) == (STATIC / "index.html").read_text()
    )


def test_a_framework_that_names_its_files_otherwise_is_not_helped_and_nothing_breaks(monkeypatch, tmp_path):
    monkeypatch.setattr(preload, "_STATIC", tmp_path)
    assert preload.late_modules() == []
    assert post("/", b"", "GET")[0] == 404  # which leaves the page to the framework
