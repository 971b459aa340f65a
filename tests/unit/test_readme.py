"""What the README shows is run as it stands, and its links lead somewhere, on PyPI too."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = "https://github.com/spikelearn/spikelearn/(?:blob|tree)/main/"
RAW = "https://raw.githubusercontent.com/spikelearn/spikelearn/main/"


def test_the_twenty_line_example_bursts_learns_and_draws_its_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [code] = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    run, cells, learned = names["run"], names["cells"], names["learned"]
    assert len(run.spikes(cells, "burst").times) > 10
    assert run.weights(learned).std() > 0.0
    assert (tmp_path / "raster.png").stat().st_size > 10_000
    assert (tmp_path / "voltage.png").stat().st_size > 10_000


@pytest.mark.parametrize("wanted", ["pip install", "spikelearn run digits", "[test]"])
def test_the_commands_that_set_everything_up_are_there(wanted):
    assert wanted in TEXT


def test_it_fits_a_screen_and_a_half():
    assert len(TEXT.splitlines()) <= 75


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)]+)\)", TEXT))
def test_links_are_absolute_and_lead_to_what_is_here(link):
    found = re.fullmatch(rf"(?:{SHOWN}|{RAW})(.+)", link)
    assert found, f"PyPI shows no {link}"
    assert (ROOT / found.group(1)).exists()
