"""The commands that pages show: each is one that the command line takes, with parameters that its model has."""

import re
import shlex

import pytest
from site_pages import ROOT

from spikelearn import experiments as ex
from spikelearn.cli.command import command_parser
from spikelearn.cli.sweep import pairs

MODELS = {each.name for each in ex.list_experiments()}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = [
    pytest.param(line, id=f"{path.name}: {line.strip()[:60]}")
    for path in PAGES
    for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("spikelearn ")
]


def test_pages_show_commands():
    assert len(SHOWN) > 10


@pytest.mark.parametrize("line", SHOWN)
def test_the_command_is_one(line):
    options = command_parser().parse_args(shlex.split(line, comments=True)[1:])
    model = getattr(options, "model", None)
    assert model is None or model in MODELS or "." in model or "/" in model
    if model in MODELS:
        given = [text for what in ("settings", "grid", "search") for text in getattr(options, what, [])]
        known = ex.parameter_names(ex.load_experiment(model))
        assert {name for name, _ in pairs(given, line)} <= set(known)
