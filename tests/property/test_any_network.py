"""Any small network: states are finite, weights within limits, and neither engine nor pause makes a difference."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tolerances import EXACT

import spikelearn as sl

DT, STEPS = 0.5, 80
# Few models and rules, for each combination of the kernels that print is compiled once; the rest is arguments.
NEURONS = {
    "LIF": (sl.LIF, {"exc": 300.0, "inh": -200.0}),
    "Pyramidal": (sl.Pyramidal, {"basal": 400.0, "apical": 300.0, "soma": 400.0}),
    "AdEx": (sl.AdEx, {"exc": 500.0, "inh": -300.0}),
    "Parrot": (sl.Parrot, {"exc": 1.0, "ignored": 1.0}),
}
RULES = [
    sl.AllToAll(), sl.AllToAll(autapses=False), sl.FixedProbability(0.4), sl.FixedInDegree(2),
    sl.FixedInDegree(1, multapses=False), sl.FixedOutDegree(3), sl.FixedTotalNumber(5), sl.FixedTotalNumber(0),
]  # fmt: skip
W_MAX = 1000.0

projections = st.fixed_dictionaries(
    {
        "ends": st.tuples(st.integers(0, 3), st.integers(0, 1)),
        "port": st.integers(0, 2),
        "rule": st.sampled_from(RULES),
        "scale": st.floats(0.0, 1.0),
        "spread": st.booleans(),
        "axonal": st.sampled_from([0.5, 1.0, 3.5]),
        "dendritic": st.sampled_from([0.0, 0.0, 0.5, 2.0]),
        "learning": st.sampled_from(["", "", "STDP", "DopamineSTDP", "DopamineBursts", "TsodyksMarkram"]),
        "plastic": st.booleans(),
        "rate": st.floats(0.0, 5.0),
        "tau": st.sampled_from([0.6, 7.0, 40.0]),
    }
)
networks = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**62),
        "models": st.tuples(*[st.sampled_from(sorted(NEURONS))] * 2),
        "sizes": st.tuples(*[st.integers(1, 5)] * 4),
        "rate": st.floats(0.0, 2000.0),
        "spikes": st.sets(st.tuples(st.integers(1, STEPS), st.integers(0, 4)), max_size=60),
        "released": st.lists(st.tuples(st.integers(1, STEPS), st.floats(-0.5, 0.5)), max_size=5),
        "projections": st.lists(projections, min_size=1, max_size=5),
    }
)


def build(given):
    net = sl.Network(dt=DT, seed=given["seed"])
    dopamine = net.modulator("dopamine", tau=20.0)
    for step, amount in given["released"]:
        net.release(dopamine, step * DT, amount)
    *n_cells, n_poisson, n_listed = given["sizes"]
    cells = [
        net.population(n, NEURONS[m][0](), name=f"{m} {k}")
        for k, (m, n) in enumerate(zip(given["models"], n_cells, strict=True))
    ]
    listed = sorted((s, i) for s, i in given["spikes"] if i < n_listed)
    sources = [
        net.population(n_poisson, sl.Poisson(given["rate"]), name="poisson"),
        net.population(n_listed, sl.SpikeList([s * DT for s, _ in listed], [i for _, i in listed]), name="listed"),
    ]
    everyone = [*sources, *cells]
    learning = []
    for k, p in enumerate(given["projections"]):
        source, target = everyone[p["ends"][0]], cells[p["ends"][1]]
        ports = NEURONS[given["models"][p["ends"][1]]][1]
        port = list(ports)[p["port"] % len(ports)]
        rules = {
            "STDP": lambda p: sl.STDP(lambda_=0.1 * p["rate"], tau_plus=p["tau"], W_max=W_MAX),
            "DopamineSTDP": lambda p: sl.DopamineSTDP(
                dopamine, A_plus=10 * p["rate"], tau_c=p["tau"], b=0.01, W_max=W_MAX
            ),
            "DopamineBursts": lambda p: sl.DopamineBursts(dopamine, A_plus=10 * p["rate"], tau_c=p["tau"], W_max=W_MAX),
        }
        rule = rules[p["learning"]](p) if p["learning"] in rules else None
        weight = p["scale"] * (ports[port] if rule is None else W_MAX)
        dendritic = 0.0 if p["learning"] == "DopamineBursts" else p["dendritic"]
        added = net.connect(
            source, target, port, p["rule"],
            weight=sl.Uniform(min(0, weight), max(0, weight)) if p["spread"] else weight,
            axonal_delay=p["axonal"], dendritic_delay=dendritic, plasticity=rule, plastic=p["plastic"],
            learns_from="spike" if rule is not None else None,
            synapse=sl.TsodyksMarkram() if p["learning"] == "TsodyksMarkram" else None, name=f"projection {k}",
        )  # fmt: skip
        if rule is not None:
            learning.append(added)
            net.record(added, "weight", every=5 * DT)
    for population in everyone:
        net.record(population)
    for population in cells:
        net.record(population, list(population.model.model.state), every=4 * DT)
    return net, learning


def outcome(net, runs):
    result = {}
    for key in runs[0].spike_data:
        for part in ("times", "ids"):
            result[key, part] = np.concatenate([getattr(run.spike_data[key], part) for run in runs])
    for key in runs[0].trace_data:
        result[key, "values"] = np.concatenate([run.trace_data[key].values for run in runs])
    return result | {name: runs[-1].weights(name) for name in runs[-1].projections}


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(given=networks, pause=st.integers(0, STEPS))
def test_any_network_is_finite_and_bounded_and_one_however_it_is_run(given, pause):
    net, learning = build(given)
    whole = outcome(net, [net.run(STEPS * DT)])
    for name, values in whole.items():
        assert np.all(np.isfinite(values)), name
    for projection in learning:
        recorded = whole[(projection.name, "weight"), "values"]
        for weights in (recorded, whole[projection.name]):
            assert np.all((weights >= 0.0) & (weights <= W_MAX)), projection.name
        if not projection.plastic and recorded.size:
            EXACT.check(recorded, np.broadcast_to(recorded[0], recorded.shape), projection.name)
    for how in ("stepper", "pieces"):
        net, _ = build(given)
        if how == "stepper":
            runs = [net.run(STEPS * DT, engine="stepper")]
        else:
            runs = [net.run(pause * DT), net.run((STEPS - pause) * DT)]
        other = outcome(net, runs)
        for name, values in whole.items():
            EXACT.check(other[name], values, f"{name} by {how}")
