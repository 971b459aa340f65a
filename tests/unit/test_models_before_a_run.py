"""What models build and draw without a run: networks as their texts say, and empty panels."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

import spikelearn as sl
from tests.tolerances import ULP


def model(name):
    return import_module(f"spikelearn.models.{name}")


class TestNetworks:
    """What is built, as the text of a model says, without a run."""

    @pytest.fixture
    def built(self, monkeypatch):
        """Calls a function until it would run its network, which it returns."""

        class Ready(Exception):
            pass

        def ready(net, *arguments, **options):
            raise Ready(net)

        def build(function, *arguments):
            monkeypatch.setattr(sl.Network, "run", ready)
            with pytest.raises(Ready) as stopped:
                function(*arguments)
            return stopped.value.args[0]

        return build

    @pytest.mark.parametrize("lesion", [False, True])
    def test_of_the_stimuli_and_of_v1_half_end_on_each_cell_and_a_lesion_takes_away_inhibition_alone(
        self, built, lesion
    ):
        module = model("top_down_attention")
        p = module.Parameters()
        net = built(module.compete, p, 1, lesion)
        rules = {each.name: each.rule for each in net.description().projections}
        sparse = {name for name in rules if name.startswith(("stimulus", "V1 to V4"))}
        assert len(sparse) == 4 and all(rules[name] == sl.FixedProbability(0.5) for name in sparse)
        inhibition = set() if lesion else {"inhibition by 0", "inhibition by 1"}
        assert set(rules) - sparse == inhibition

    def test_the_teacher_s_conductance_is_a_sine_that_rises_from_its_mean(self):
        module = model("urbanczik_senn")
        p = module.Parameters(repeats=1, cells=2, untaught=1, n_inputs=3)
        net, _, _ = module.describe(p, 1)
        projections = {each.name: each for each in net.description().projections}
        phases = round(p.period / p.dt)
        teacher = np.asarray(projections["up, taught"].weight.values).reshape(phases, p.cells)
        t = p.dt * np.arange(phases)
        wanted = p.dt / 0.1 * (p.g_exc_offset + p.g_exc_amplitude * np.sin(2 * np.pi * t / p.period))
        ULP(1000, scale=20.0).check(teacher, np.repeat(wanted[:, None], p.cells, axis=1))

    def test_by_their_currents_alone_gpe_and_snr_fire_all_the_time_and_other_nuclei_do_not(self):
        module = model("basal_ganglia_gate")
        net, cells, _ = module.build(module.Parameters(), 1, learns=False)
        tonic = set()
        for name in module.NUCLEI:
            p = cells[name].model.parameters
            assert p.V_reset < p.V_th
            if p.E_L + p.I_e * p.tau_m / p.C_m > p.V_th:
                tonic.add(name)
        assert tonic == {"GPe", "SNr"}


class TestFigures:
    @pytest.mark.parametrize(
        ("name", "data", "panels"),
        [
            ("dendritic_microcircuit", {"learned": {}, "plane": None}, 3),
            ("wang_2002", {"network": None, "control": None}, 3),
            ("resonate_and_fire", {"courses": {}}, 3),
            ("recurrent_recognition", dict.fromkeys(("recurrent", "feedforward", "lesion", "shown")), 4),
            ("htm_segment", dict.fromkeys(("random", "neurons", "noise", "control_noise", "cell", "control_cell")), 4),
        ],
    )
    def test_what_was_not_measured_leaves_its_panel_empty(self, name, data, panels):
        module = model(name)
        figure = module.figure(module.Parameters(), SimpleNamespace(data=data, run=None, metrics={}))
        assert len(figure.axes) == panels
        assert not any(len(line.get_xdata()) > 2 for ax in figure.axes for line in ax.lines)
