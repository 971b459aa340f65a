"""Every example and tutorial runs as it stands; examples have one idea and at most 40 lines."""

import runpy

import matplotlib
import matplotlib.pyplot as plt
import pytest
from site_pages import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
TUTORIALS = sorted((ROOT / "tutorials").glob("*.py"))


@pytest.mark.parametrize("script", [*EXAMPLES, *TUTORIALS], ids=lambda script: script.stem)
def test_it_runs_and_draws(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn = []
    monkeypatch.setattr(plt, "show", lambda: drawn.extend(plt.get_fignums()))
    with matplotlib.rc_context({"backend": "agg"}):
        runpy.run_path(str(script), run_name="__main__")
        plt.close("all")
    assert drawn, "a page without a picture"


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_an_example_is_short(script):
    lines = script.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
