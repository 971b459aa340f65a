"""The benchmark: that it runs here, and the arithmetic of its report, on measurements that are made up."""

import importlib
import importlib.util
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

from benchmarks import agreement, goals, in_auryn, learner_speed, networks, report, session
from benchmarks.figures import draw, style_of

SCRIPT = Path(session.ROOT) / "scripts" / "benchmark.py"
BRUNEL = replace(networks.quick()[1], name="brunel", duration=1000.0)
SEEN = {"E": 400, "I": 100}


def script():
    spec = importlib.util.spec_from_file_location("benchmark_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measured(seconds, rates=None, missing=(), **of_run):
    """Records of a session of BRUNEL in which simulator s took seconds[s][k] in round k; with its rate, or 20 Hz."""
    records = [
        {
            "what": "session", "at": "2026-01-01T00:00:00", "load": 1.0, "arguments": [],
            "machine": {"processor": "P", "cores": 2, "python": "3", "packages": {"numpy": "2"}},
            "simulators": {name: None if name in missing else "1" for name in (*seconds, *missing)},
        }
    ]  # fmt: skip
    for simulator, each in seconds.items():
        for k, value in enumerate(each):
            rate = (rates or {}).get(simulator, 20.0) * (1.0 + 0.001 * (-1) ** k)
            dynamics = {
                name: {"spikes": rate * size, "rate": rate, "cv": 0.7, "synchrony": 5.0} for name, size in SEEN.items()
            }
            result = {"error": "stopped"} if value is None else {"simulate_s": value, "dynamics": dynamics}
            records.append({
                "what": "run", "network": BRUNEL.name, "simulator": simulator, "threads": 1, "repeat": k, "load": 1.0,
                "round": f"round {k}", "members": sorted(f"{name} 1" for name in seconds), "build_s": 1.0,
                "peak_bytes": 1e8, "at": "2026-01-01T00:01:00", **of_run, **result,
            })  # fmt: skip
    return records


def test_ratios_are_taken_round_by_round():
    records = measured({"spikelearn": [1.0, 2.0, 4.0], "nest": [10.0, 24.0, 36.0]})
    found = report.compare(BRUNEL, records)
    EXACT.check(found.ratios["nest", 1], [10.0, 12.0, 9.0])
    lines = report.report([BRUNEL], records)
    assert "10.00 (9.00 to 12.00)" in "\n".join(lines)
    [row] = [line for line in lines if "| NEST | 1 |" in line and "10.00" in line]
    seconds = BRUNEL.duration / 1000.0
    assert float(row.split("|")[4].split()[0]) == pytest.approx(24.0 / seconds, rel=5e-3)


def test_a_simulator_that_fires_otherwise_is_reported_and_has_no_ratio():
    records = measured({"spikelearn": [1.0] * 4, "nest": [10.0] * 4, "brian2": [5.0] * 4}, rates={"nest": 30.0})
    found = report.compare(BRUNEL, records)
    assert set(found.ratios) == {("brian2", 1)}
    assert {each.statistic for each in found.differs["nest", 1]} == {"rate"}
    assert "no ratio, different dynamics: rate of E: 30 instead of 20" in "\n".join(report.report([BRUNEL], records))


def test_one_run_of_each_is_not_called_agreement():
    text = "\n".join(report.report([BRUNEL], measured({"spikelearn": [1.0], "nest": [10.0]})))
    assert "one run of each: not compared" in text and "agrees |" not in text


def test_a_missing_peer_is_said_to_be_missing():
    text = "\n".join(report.report([BRUNEL], measured({"spikelearn": [1.0]}, missing=("nest",))))
    assert "NEST is not installed here" in text
    assert "no peer to compare with" in text


def test_a_run_that_failed_is_reported_and_the_others_are_kept():
    records = measured({"spikelearn": [1.0, 1.0], "nest": [10.0, None], "brian2": [None, None]})
    found = report.compare(BRUNEL, records)
    EXACT.check(found.ratios["nest", 1], [10.0])
    text = "\n".join(report.report([BRUNEL], records))
    assert "some runs failed: stopped" in text and "failed: stopped |" in text


def test_a_round_that_is_not_complete_counts_for_nothing():
    records = measured({"spikelearn": [1.0, 1.0], "nest": [10.0, 10.0]})[:-1]
    assert set(session.complete_rounds(records, BRUNEL.name)) == {0}
    assert len(report.compare(BRUNEL, records).runs["spikelearn", 1]) == 1


def test_peers_of_the_other_machine_are_reached_through_nest():
    records = measured({"spikelearn": [1.0] * 3, "nest": [8.0] * 3})
    found = report.compare(BRUNEL, records)
    there = goals.SECONDS_ON_OTHER_MACHINE["brunel"]
    nest, genn = there["NEST"][0], there["GeNN"][0]
    ULP(4).check(report.through_nest(found, 1)["GeNN"], [8.0 * genn / nest] * 3)
    text = "\n".join(report.report([BRUNEL], records))
    assert "| GeNN | 1 | 8.4 on the other machine | indirect: 2.71 (2.71 to 2.71) |" in text
    best = report.best_peer(found, 1)
    assert (best.peer, best.indirect) == ("GeNN", True)
    assert "indirect: 2.71 (2.71 to 2.71) (GeNN) | missed by a factor of 1.48" in "\n".join(
        report.goals_table([found], records)
    )


def test_without_nest_the_other_machine_is_quoted_and_compared_with_nothing():
    text = "\n".join(report.report([BRUNEL], measured({"spikelearn": [1.0]}, missing=("nest",))))
    assert "| GeNN | 1 | 8.4 on the other machine |  |" in text and "indirect: 2" not in text


def test_auryn_is_found_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.delenv("AURYN", raising=False)
    assert dict((name, found) for name, _, found in session.interpreters(["auryn"], {}))["auryn"] is None
    monkeypatch.setenv("AURYN", str(tmp_path))
    source = tmp_path / "src" / "auryn" / "AurynVersion.cpp"
    source.parent.mkdir(parents=True)
    source.write_text("int AurynVersion::version = 0;\nint AurynVersion::subversion = 8;\n"
                      "int AurynVersion::revision_number = 3;\n")  # fmt: skip
    assert in_auryn.version() is None
    (tmp_path / "libauryn.a").touch()
    assert in_auryn.version() == "0.8.3"


def test_spikes_of_auryn_have_the_numbers_of_all_populations(tmp_path):
    for name, pairs in (
        ("exc.0", [[10000, 1], [5, 2]]),
        ("exc.1", [[10000, 1], [3, 1]]),
        ("inh.0", [[10000, 1], [4, 0]]),
    ):
        np.asarray(pairs, np.uint32).tofile(tmp_path / name)
    times, ids = in_auryn.spikes(tmp_path, 0.1, 10)
    ULP(4).check(np.sort(times), [0.3, 0.4, 0.5])
    assert sorted(ids) == [1, 2, 10]


@pytest.mark.parametrize("simulator", ["spikelearn", "nest", "brian2"])
def test_a_simulator_builds_every_network_in_which_it_takes_part(simulator):
    if simulator == "brian2":
        pytest.importorskip("brian2")
    module = importlib.import_module(
        "benchmarks.brian2_networks" if simulator == "brian2" else f"benchmarks.in_{simulator}"
    )
    families = {each.family for each in networks.full() + networks.quick() if simulator in each.simulators}
    assert families <= set(module.FAMILIES)


def test_every_simulator_has_a_title_a_marker_and_a_version():
    assert set(networks.TITLES) == set(networks.SIMULATORS) == {*session.PACKAGES, "auryn"}
    assert len({str(style_of(each)["marker"]) for each in networks.SIMULATORS}) == len(networks.SIMULATORS)


def test_a_peer_is_found_in_its_own_interpreter():
    nowhere = dict((name, found) for name, _, found in session.interpreters(["brainpy"], {"brainpy": "/no/python"}))
    assert nowhere["brainpy"] is None


def test_a_nest_compiled_here_is_looked_for_only_where_it_is_said_to_be(tmp_path):
    (tmp_path / "nest.py").write_text("print('a banner'); build_info = {'version': '3.10.0'}")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    assert next(found for name, _, found in session.interpreters(["nest_host"], {}) if name == "nest_host") is None
    (_, (name, where, found)) = session.interpreters(["nest_host"], {"nest_host": str(python)})
    assert (name, where, found) == ("nest_host", str(python), "3.10.0")


def test_the_kick_of_coba_is_that_of_the_model():
    coba = next(each for each in networks.full() if each.name == "coba_4000")
    kick, model = coba.numbers["kick"], coba.numbers["model"]
    assert (kick["n"], kick["rate"]) == (model["kicked"], model["kick_rate"]) == (200, 1000.0)
    EXACT.check([coba.numbers["neuron"][name] for name in ("g_L", "E_exc", "E_inh")], [10.0, 0.0, -80.0])


def test_a_goal_is_reached_at_its_value():
    assert goals.verdict(4.0, 4.0, at_least=True) == goals.verdict(8.0, 8.0, at_least=False) == "reached"
    assert goals.verdict(16.0, 8.0, at_least=False) == "missed by a factor of 2.00"


def test_bytes_are_the_growth_between_two_sizes():
    record = {"what": "memory", "simulator": "spikelearn", "kind": "stdp"}
    records = [record | {"peak_bytes": [1.4e8, 2.6e8], "synapses": [4e6, 16e6]}]
    ULP(4).check(report.bytes_per_synapse(records, "spikelearn")["stdp"], 10.0)


def test_the_tolerance_follows_students_t():
    # P(|t| < x) in closed form: x / sqrt(2 + x^2) for 2 degrees of freedom, s (3 - s^2 / 4) / 4 with
    # s = x / sqrt(1 + x^2 / 4) for 4. The grid of angles is right to 1e-5.
    two, four = agreement.standard_errors(2), agreement.standard_errors(4)
    s = four / math.sqrt(1.0 + four**2 / 4.0)
    within = [two / math.sqrt(2.0 + two**2), s * (3.0 - s**2 / 4.0) / 4.0]
    METHOD(1, 1e-5, 0.1).check(within, [1.0 - agreement.BY_CHANCE] * 2)
    assert math.isinf(agreement.standard_errors(0))


def test_dynamics_are_those_of_each_population_within_the_window():
    times, ids = np.array([5.0, 10.0, 20.0, 30.0, 30.0]), np.array([0, 0, 0, 0, 3])
    found = agreement.dynamics(times, ids, {"E": 2, "I": 2}, 10.0, 40.0)
    assert (found["E"]["spikes"], found["I"]["spikes"]) == (3.0, 1.0)
    ULP(4).check([found["E"]["rate"], found["I"]["rate"]], [50.0, 1000.0 / 60.0])
    assert found["I"]["cv"] is None


@pytest.mark.parametrize("network", networks.full() + networks.quick(), ids=lambda each: each.name)
def test_what_a_process_receives_of_a_network_is_plain(network):
    request = networks.as_request(network)
    assert json.loads(json.dumps(request)) == request
    assert 0.0 <= network.rates_from < network.duration


def test_a_quick_session_measures_compares_and_draws(tmp_path, capsys):
    arguments = ["--quick", "--peers", "nest", "--threads", "1", "--repeats", "1", "--out", str(tmp_path)]
    script().main([*arguments, "--only", "brunel_500", "cuba_400", "coba_quick"])
    said = capsys.readouterr().out
    assert "| Brunel, 500 | spikelearn | 1 |" in said
    records = session.read(tmp_path / "raw.jsonl")
    runs = [r for r in records if r["what"] == "run"]
    assert not [r["error"] for r in runs if "error" in r]
    simulators = {"spikelearn"} | ({"nest"} if importlib.util.find_spec("nest") else set())
    assert {r["simulator"] for r in runs} == simulators
    for run in runs:
        assert run["dynamics"]["E"]["rate"] > 1.0

    # Nothing is missing, so that going on measures nothing.
    script().main([*arguments, "--only", "brunel_500", "cuba_400", "coba_quick", "--resume"])
    assert [r for r in session.read(tmp_path / "raw.jsonl") if r["what"] == "run"] == runs

    pictures = draw(networks.quick(), records, tmp_path)
    assert [name for name, _ in pictures] == ["benchmarks_networks.png", "benchmarks_scaling.png"]
    assert all((tmp_path / name).stat().st_size > 10_000 for name, _ in pictures)


def test_an_unknown_network_is_an_error_that_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        script().options_of(["--only", "brunell"])
    assert "--only: unknown brunell; expected some of" in capsys.readouterr().err


@pytest.mark.parametrize("tool", ["numpy", "fa"])
def test_learners_are_timed_in_a_process_of_their_own(tool, capsys):
    assert learner_speed.main(["--one", tool, "4-30-3", "1"]) == 0
    assert float(capsys.readouterr().out) > 0.0


def test_nest_builds_the_synapses_and_inputs_of_brunel():
    from oracles.nest_oracle import fresh_kernel

    from benchmarks import in_nest

    [network] = [each for each in networks.quick() if each.name == "brunel_500"]
    numbers, nest = network.numbers, fresh_kernel(0.1)
    exc, inh = in_nest.brunel(nest, numbers, list(network.populations.values()))
    for source, degree, weight in zip((exc, inh), numbers["in_degrees"], numbers["weights"], strict=True):
        made = nest.GetConnections(source, exc + inh)
        assert len(made) == degree * network.neurons
        EXACT.check(np.unique(made.weight), weight)
    [noise] = nest.GetNodes({"model": "poisson_generator"})
    external = numbers["external"]
    p = networks.model("brunel_2000").Parameters()
    EXACT.check(noise.rate, external["n"] * external["rate"])
    # eta times the rate at which the mean potential reaches the threshold (Brunel 2000)
    ULP(10).check(noise.rate, 1000.0 * p.eta * p.V_th / (numbers["weights"][0] * p.tau_m))
