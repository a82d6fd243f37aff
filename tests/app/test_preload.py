"""What a browser is told to fetch ahead is there to be fetched."""

import re
from pathlib import Path

import streamlit

from pages.shared import preload
from pages.shared.web import COMPONENTS_FOLDER

STATIC = Path(streamlit.__file__).parent / "static" / "static" / "js"


def test_every_module_and_style_of_the_components_is_announced():
    folders = {"explore", "gallery", "keeper", "convolution", "layers", "pooling"}
    pages = {
        "": "explore",
        "explore": "explore",
        "convolution": "convolution",
        "layers": "layers",
        "pooling": "pooling",
        "kernels": "gallery",
        "engine": "keeper",
    }
    for page, folder in pages.items():
        told = preload.header(COMPONENTS_FOLDER, "/base/ui", page).decode()
        files = [file for name in ("common", folder) for file in (COMPONENTS_FOLDER / name).iterdir()]
        for file in files:
            way = {".js": "modulepreload", ".css": "preload; as=style"}.get(file.suffix)
            if way:
                assert f"</base/ui/{file.relative_to(COMPONENTS_FOLDER).as_posix()}>; rel={way}" in told
        assert not any(f"/{other}/" in told for other in folders - {folder})


def test_the_framework_s_late_modules_are_found_and_none_is_announced_twice():
    late = preload.late_modules()
    assert any(name.startswith("BidiComponent.") for name in late)
    assert all((STATIC / name).is_file() for name in late)
    assert not any(name in (STATIC.parents[1] / "index.html").read_text() for name in late)
    addresses = re.findall(r"<([^>]+)>", preload.header(COMPONENTS_FOLDER, "/ui", "").decode())
    assert len(addresses) == len(set(addresses))
    assert all(f"/static/js/{name}" in addresses for name in late)


def test_a_framework_that_names_its_files_otherwise_is_not_helped_and_nothing_breaks(monkeypatch, tmp_path):
    monkeypatch.setattr(streamlit, "__file__", str(tmp_path / "__init__.py"))
    assert preload.late_modules() == []
