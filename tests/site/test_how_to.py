"""What how-to pages show does what they say."""

import re
import subprocess
import sys

import numpy as np
from site_pages import ROOT
from tolerances import ULP

import spikelearn as sl


def blocks(page):
    text = (ROOT / "docs" / "how_to" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def ran(page):
    """The variables of the first block of code of a page."""
    names = {}
    exec(compile(blocks(page)[0], f"{page}.md", "exec"), names)
    return names


def test_the_sweep_prints_its_table(tmp_path):
    (tmp_path / "few.py").write_text(blocks("run_a_sweep")[0])
    found = subprocess.run([sys.executable, "few.py"], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert lines[0].split() == ["g", "eta", "rate_hz"] and len(lines) == 5
    rates = [float(line.split()[-1]) for line in lines[1:]]
    assert rates[1] > rates[0] >= 0 and rates[3] > rates[2] >= 0


def test_a_model_from_equations_fires_and_shows_its_step(capsys):
    ran("make_a_model_from_equations")
    n_spikes, source = capsys.readouterr().out.split("\n", 1)
    # 20 mV above rest in the end, 15 mV to threshold: an interval of tau_m ln(20 / 5) and two milliseconds
    assert int(n_spikes) == 10 * int(100.0 // (20.0 * np.log(20.0 / 5.0) + 2.0))
    assert "def step(" in source or "_step(" in source


def test_cells_with_receptors_of_ones_choice_fire(capsys):
    ran("combine_receptors")
    assert int(capsys.readouterr().out) > 10


def test_a_neuron_model_of_ones_own_fires_when_it_is_driven():
    names = ran("write_a_neuron_model")
    net = sl.Network(dt=0.1)
    cells = net.population(2, names["Quadratic"]())
    net.drive(cells[:1], sl.StepCurrent([0.0], [30.0]), port="exc")
    net.record(cells)
    assert set(net.run(200.0).spikes(cells).ids) == {0}


def test_a_rule_of_ones_own_strengthens_what_fires_together_and_weakens_what_fires_alone():
    names = ran("write_a_plasticity_rule")
    net = sl.Network(dt=0.1)
    together = np.arange(10.0, 500.0, 50.0)
    source = net.population(2, sl.SpikeList(np.r_[together, together + 25.0], np.repeat([0, 1], len(together))))
    given = net.population(1, sl.SpikeList(together))
    target = net.population(1, sl.Parrot())
    net.connect(given, target, delay=1.0)
    learned = net.connect(
        source, target, port="ignored", weight=50.0, delay=0.5, plasticity=names["Hebbian"](alpha=0.6)
    )
    first, second = net.run(500.0).weights(learned)
    assert first > 50.0 > second


def test_a_connection_rule_of_ones_own_connects_what_it_says_in_a_network_with_space():
    names = ran("write_a_connection_rule")
    net, sheet = names["net"], names["sheet"]
    run = net.run(0.0)
    near, far = (run.synapses(name) for name in net.projections)
    ahead = (far.post - far.pre) % sheet.size
    assert np.all(np.bincount(far.pre) == 4) and 0.85 < np.mean((ahead >= 1) & (ahead <= 4)) < 0.97
    # neighbours are 0.05 apart
    ULP(20).check(near.weight.max(), 80.0 * np.exp(-0.05 / 0.2))
