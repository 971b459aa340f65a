"""SONATA's own examples of point neurons: against the spikes that they ship, NEST live, and IntFire1 written out.

The repository ships spikes of 300_intfire only, by BMTK on NEURON. NEST runs what names NEST as its simulator.
"""

from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT, PRINTED, ULP

import spikelearn as sl

h5py = pytest.importorskip("h5py")
EXAMPLES = Path(__file__).parent / "sonata"
INTFIRE = EXAMPLES / "sim_tests" / "intfire"
SHARED = EXAMPLES / "sim_tests" / "shared_components"
STEPS = ULP(100_000, scale=80.0)
"""Potentials of mV, after as many steps."""


def nest_runs(folder, models, **options):
    pytest.importorskip("nest")
    from oracles.nest_sonata import in_nest

    from spikelearn.backends.nest.simulator import import_nest

    return in_nest(import_nest(), folder, models, **options)


@pytest.mark.parametrize(
    ("case", "models", "n_spikes"),
    [
        ("one_cell_iclamp_nest", "point_neuron_models_dir", 56),
        ("ten_cells_iclamp_nest", "point_neuron_models_dir", 45),
        ("ten_cells_spikes_nest", "nest_models/cell_models", 0),
    ],
)
def test_cases_for_nest_have_the_spikes_and_potentials_of_nest(case, models, n_spikes):
    folder = INTFIRE / case / "input"
    [(name, (times, ids, sampled, potentials))] = nest_runs(folder, SHARED / models).items()
    config = folder / "config.json"
    run = sl.from_sonata(config).run(sl.sonata_duration(config))
    spikes, trace = run.spikes(name), run.trace(name, "V_m")
    assert len(times) == n_spikes
    EXACT.check(spikes.ids, ids)
    ULP(4).check(spikes.times, times)
    EXACT.check(trace.ids, np.arange(potentials.shape[1]))
    ULP(4).check(trace.times[: len(sampled)], sampled)
    STEPS.check(trace.values[: len(sampled)], potentials)
    assert np.ptp(potentials) > 0.5


def test_control_the_current_a_step_later_is_another_result():
    """As BMTK's clamp has it: every spike is one step later, which the tolerance above tells."""
    config = INTFIRE / "one_cell_iclamp_nest" / "input" / "config.json"
    net, later = sl.from_sonata(config), sl.from_sonata(config)
    [drive] = later.description().drives
    later.remove(drive)
    later.drive(drive.target, sl.StepCurrent(drive.source.times + 0.01, drive.source.values))
    one, other = (each.run(1000.0).spikes("one_cell_iclamp").times for each in (net, later))
    PRINTED(9).check(other - one, np.full(56, 0.01))


def test_the_case_for_neuron_has_the_spikes_of_intfire1():
    """IntFire1 as its file says it, one event after the other; zero delays are a microsecond here."""
    folder = INTFIRE / "ten_cells_spikes_nrn" / "input"
    with h5py.File(folder / "tw_spikes.h5") as file:
        times, sources = file["spikes/timestamps"][:], file["spikes/gids"][:]
    with h5py.File(folder / "network" / "pre_post_edges.h5") as file:
        edges = file["edges/pre_to_post"]
        pairs = list(zip(edges["source_node_id"][:], edges["target_node_id"][:], edges["0/nsyns"][:], strict=True))
    expected = []
    for cell in range(5):
        arrivals = sorted(
            (t, 5.0 * n) for t, k in zip(times, sources, strict=True) for a, b, n in pairs if (a, b) == (k, cell)
        )
        m, last, excitable = 0.0, 0.0, -np.inf
        for t, w in arrivals:
            if t < excitable:
                continue
            m, last = m * np.exp(-(t - max(last, excitable)) / 24.0) + w, t
            if m > 1.0:
                expected.append((t, cell))
                m, excitable = 0.0, t + 3.0
    expected_times, expected_ids = map(np.array, zip(*sorted(expected), strict=True))
    config = folder / "config.json"
    net = sl.from_sonata(config, dt=0.001, exact=True, shortest_delay=0.001, reports=False)
    spikes = net.run(sl.sonata_duration(config), engine="events").spikes("post")
    assert len(expected) == 191  # as NEURON 9.0.2 has, at the same times
    EXACT.check(spikes.ids, expected_ids)
    ULP(4).check(spikes.times, expected_times + 0.001)


def test_300_intfire_has_every_spike_that_it_ships():
    with h5py.File(EXAMPLES / "300_intfire" / "output" / "spikes.h5") as file:
        times, ids = file["spikes/v1/timestamps"][:], file["spikes/v1/node_ids"][:]
    config = EXAMPLES / "300_intfire" / "config.json"
    spikes = sl.from_sonata(config, exact=True).run(sl.sonata_duration(config), engine="events").spikes("v1")
    ours, theirs = np.lexsort((spikes.ids, spikes.times)), np.lexsort((ids, times))
    assert len(times) == 4322
    EXACT.check(spikes.ids[ours], ids[theirs])
    ULP(16).check(spikes.times[ours], times[theirs])


def test_control_300_intfire_on_a_grid_of_a_tenth_ms_is_another_network():
    """Volleys that were apart arrive together; NEST has 89,162 spikes, too."""
    config = EXAMPLES / "300_intfire" / "config.json"
    spikes = sl.from_sonata(config).run(sl.sonata_duration(config)).spikes("v1")
    assert len(spikes.times) == 89_162


def test_300_pointneurons_has_the_spikes_of_nest():
    """The first 300 ms; all 1,500 ms have 18,748 spikes, all the same."""
    folder, until = EXAMPLES / "300_pointneurons", 300.0
    models = EXAMPLES / "shared_components" / "nest_models" / "cell_models"
    [(name, (times, ids, *_))] = nest_runs(folder, models, every=100.0, until=until).items()
    spikes = sl.from_sonata(folder / "config.json", reports=False).run(until).spikes(name)
    assert len(times) > 1000
    keep = spikes.times < until  # NEST's recorder misses those of the last step
    EXACT.check(spikes.ids[keep], ids)
    ULP(4).check(spikes.times[keep], times)


def test_defaults_that_files_leave_out_are_those_of_nest():
    pytest.importorskip("nest")
    from spikelearn.backends.nest.simulator import import_nest
    from spikelearn.interop.sonata.models import nest_models, template

    nest = import_nest()
    for name, model in nest_models().items():
        known, kind = nest.GetDefaults(name), template(f"nest:{name}", "here")
        ours = {**model.Parameters()._asdict(), **kind.defaults}
        for theirs, (mine, factor) in kind.names.items():
            assert ours[mine] == pytest.approx(known[theirs] * factor), (name, theirs)
