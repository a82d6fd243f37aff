"""What Kernelscope asks of the framework beyond its documentation, held so that an upgrade cannot take it silently."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).parents[2]


def flat(table: dict, prefix: str = "") -> dict[str, object]:
    """Nested tables as "section.option" names, the way the framework calls its options."""
    result = {}
    for name, value in table.items():
        result |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return result


SETTINGS = flat(tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def in_force() -> dict[str, object]:
    """Each option's value in a process started in the project's folder, as the app is."""
    code = (
        "import json, sys; from streamlit import config; "
        "print(json.dumps({name: config.get_option(name) for name in sys.argv[1:]}))"
    )
    done = subprocess.run([sys.executable, "-c", code, *SETTINGS], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", SETTINGS)
def test_every_option_we_set_is_one_the_framework_still_knows(name):
    # An unknown one would only be logged, and forgotten.
    assert name in config.get_config_options(force_reparse=False)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_option_has_the_value_we_set(in_force, name):
    assert in_force[name] == SETTINGS[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("runner.postScriptGC", False),
        ("server.showEmailPrompt", False),
        ("browser.gatherUsageStats", False),
        ("server.address", "localhost"),
    ],
)
def test_speed_privacy_and_an_unasked_start_are_set(name, value):
    assert SETTINGS[name] == value


def test_the_collection_after_each_run_is_still_an_option_on_by_default():
    # Hidden, so no release note will tell; with it on, an edit takes three times as long.
    template = config._config_options_template["runner.postScriptGC"]
    assert template.visibility == "hidden"
    assert template.default_val is True


def test_the_installed_framework_is_the_minor_release_we_pin():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pin,) = [requirement for requirement in project["dependencies"] if requirement.startswith("streamlit")]
    major_minor = re.fullmatch(r"streamlit~=(\d+\.\d+)\.\d+", pin)[1]
    assert version("streamlit").startswith(major_minor + ".")
