"""Networks on several MPI processes (ranks) of NEST, where one with MPI is found: see tests/oracles/mpi_ranks.py."""

import json
import sys
import tracemalloc
import warnings
from types import SimpleNamespace

import pytest
from oracles import failing_ranks, mpi_ranks, network_on_ranks

import spikelearn as sl
from spikelearn.backends import simulator
from spikelearn.backends.nest import ranks
from spikelearn.backends.nest import synapses as nest_synapses
from spikelearn.errors import DescriptionError, ParameterError

KINDS = ("given:4", "rules:4", "sources:4")
CONTROL = "rules:2"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Number of ranks -> for each rank, what it holds of the networks of all kinds."""
    found = {}
    for n in (1, 2, 4):
        folder = tmp_path_factory.mktemp("ranks")
        done = mpi_ranks.run_ranks(n, network_on_ranks.__file__, folder, *KINDS, *([CONTROL] if n == 2 else []))
        assert done.returncode == 0, done.stderr
        found[n] = [json.loads((folder / f"rank_{rank}.json").read_text(encoding="utf-8")) for rank in range(n)]
    return found


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_ranks_give_the_bits_of_one_and_each_of_them_holds_all(kind, n, results):
    """Spikes, potentials, numbers of synapses and weights, learned ones too: all that a run has."""
    (one,) = results[1]
    assert one[kind][0]["spikes of cells"][0] > 30
    for rank in results[n]:
        assert rank[kind] == one[kind]


def test_another_number_of_virtual_processes_is_another_draw(results):
    """The control: NEST promises the same only for the same number, and hashes could differ."""
    for rank in results[2]:
        assert rank[CONTROL][0]["spikes of cells"] != rank["rules:4"][0]["spikes of cells"]


def test_ranks_give_the_spikes_of_the_compiled_engine_if_they_are_given_its_synapses(results):
    net = network_on_ranks.network()
    ours = [network_on_ranks.held(net.run(duration)) for duration in (network_on_ranks.FIRST, network_on_ranks.SECOND)]
    for mine, theirs in zip(ours, results[4][3]["given:4"], strict=True):
        for name in ("spikes of cells", "spikes of others", "spikes of source", "synapses"):
            assert mine[name] == theirs[name]


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("seed", "the network differs between MPI processes 0 and 1"),
        ("duration", "the step to which to run differs between MPI processes 0 and 1: 20 and 30"),
        ("division", "expected a multiple of the 2 MPI processes, got 3"),
        ("build", "building the network failed in MPI process 1: MemoryError: no room here"),
        ("simulate", "MPI process 1 has failed (simulating), and the others do not come"),
        ("script", "ValueError: a mistake in the script of this rank"),
        ("ended", "the script of one has ended: all have to ask for the same"),
        ("exit", "the script of one has ended: all have to ask for the same"),
        ("reading", "waits for the others (reading the synapses of 'synapses'), and the script of one has ended"),
    ],
)
def test_what_fails_in_one_rank_ends_all_with_a_message(case, told):
    """None waits for ever: each case ends far before the time limit of `run_ranks`."""
    done = mpi_ranks.run_ranks(2, failing_ranks.__file__, case)
    assert done.returncode != 0
    assert told in done.stderr


def test_ranks_whose_scripts_all_end_end_well():
    done = mpi_ranks.run_ranks(2, failing_ranks.__file__, "nothing")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_network_of_300_million_synapses_is_described_without_making_one():
    tracemalloc.start()
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(100_000, sl.LIF(), name="cells")
    made = net.connect(
        cells, cells, rule=sl.FixedInDegree(3000), weight=sl.Normal(1.0, 0.1), delay=sl.Uniform(1.0, 2.0)
    )
    net.record(cells[:10])
    description = net.description()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert description.projections == [made] or made in description.projections
    assert peak < 10e6  # bytes: some arrays of the neurons, and no byte for each synapse


def test_with_its_own_rules_nest_draws_all_and_python_none(monkeypatch):
    pytest.importorskip("nest")

    def drawn(*arguments):
        raise AssertionError("a synapse was drawn in Python")

    for module, name in ((nest_synapses, "synapses"), (simulator, "count_alone")):
        monkeypatch.setattr(module, name, drawn)
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(30, sl.LIF(), name="cells")
    net.connect(cells, cells, rule=sl.FixedInDegree(7), weight=sl.Normal(1.0, 0.1), delay=1.0, name="all")
    net.record(cells)
    run = net.run(1.0, engine=sl.NEST(native_rules=True))
    assert run.projections["all"].n_synapses == len(run.weights("all")) == 210
    with pytest.raises(AssertionError, match="drawn in Python"):
        network_on_ranks.network().run(1.0, engine=sl.NEST())


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "2"])
def test_a_number_of_virtual_processes_is_a_whole_number(number):
    with pytest.raises(ParameterError, match="virtual_processes of NEST: expected a whole number of at least 1"):
        sl.NEST(virtual_processes=number)


def test_threads_and_virtual_processes_are_not_given_both():
    with pytest.raises(ParameterError, match="not both"):
        sl.NEST(threads=2, virtual_processes=4)


def test_virtual_processes_of_one_process_are_its_threads():
    pytest.importorskip("nest")
    runs, sources = [], []
    for engine in (sl.NEST(threads=3, native_rules=True), sl.NEST(virtual_processes=3, native_rules=True)):
        runs.append(failing_ranks.network().run(5.0, engine=engine))
        sources.append(runs[-1].synapses("synapses").pre.tolist())
    assert runs[0].versions["nest_run"] == runs[1].versions["nest_run"] == "3 threads"
    assert sources[0] == sources[1]


def test_mpi4py_that_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    ranks._communicator.cache_clear()
    with pytest.raises(DescriptionError, match=r"several MPI processes need mpi4py.*pip install 'spikelearn\[mpi\]'"):
        ranks.Ranks(SimpleNamespace(num_processes=2))


def test_mpirun_with_a_nest_without_mpi_is_told(monkeypatch):
    alone = SimpleNamespace(num_processes=1, build_info={"have_mpi": False})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ranks.Ranks(alone)
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "4")
    with pytest.warns(UserWarning, match="one of 4 processes of mpirun, but NEST has no MPI"):
        ranks.Ranks(alone)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ranks.Ranks(SimpleNamespace(num_processes=1, build_info={"have_mpi": True}))
