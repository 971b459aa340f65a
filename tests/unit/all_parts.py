"""A small network with every part of the engine in it. Run as a script it prints what came out, for test_engines."""

import hashlib
import sys

import numpy as np

import spikelearn as sl

DURATION = 120.0
PLASTIC = ("STDP", "dendritic STDP", "DopamineSTDP", "Clopath", "learned values", "DopamineBursts")


def network(seed=1, record_weights=True, dt=0.1, plastic=True, threads=1, shareable=False):
    """shareable: without what keeps a network on one thread."""
    net = sl.Network(dt=dt, seed=seed, threads=threads)
    dopamine = net.modulator("dopamine", tau=50.0)
    net.release(dopamine, [20.0, 45.0, 80.0], [0.05, 0.02, 0.05])
    poisson = net.population(20, sl.Poisson(80.0), name="poisson")
    timed = net.population(5, sl.Poisson(sl.Timed([20.0, 200.0], 30.0)), name="timed")
    listed = net.population(3, sl.SpikeList([5.0, 30.0, 30.0, 70.0], [0, 1, 2, 0]), name="listed")
    lif = net.population(8, sl.LIF(tau_m=np.linspace(8, 15, 8)), name="lif", initial={"V_m": sl.Uniform(-70, -56)})
    cells = net.population(6, sl.Pyramidal(), name="pyramidal")
    p = sl.FixedProbability(0.5)
    net.connect(poisson, lif, "exc", p, weight=sl.Normal(250, 50), delay=sl.Uniform(0.1, 3.0), name="static")
    net.connect(timed, lif, "exc", weight=150.0, delay=1.0, synapse=sl.TsodyksMarkram(), name="short term")
    net.connect(lif, lif, "inh", sl.FixedInDegree(3, autapses=False), weight=-100.0, delay=1.5, name="recurrent")
    net.connect(
        poisson, lif, "exc", p, weight=sl.Uniform(0, 100), delay=1.0, plasticity=sl.STDP(lambda_=0.05), plastic=plastic,
        name="STDP",
    )  # fmt: skip
    net.connect(
        poisson, lif, "exc", p, weight=50.0, axonal_delay=0.3, dendritic_delay=1.2, plasticity=sl.STDP(lambda_=0.05),
        plastic=plastic, name="dendritic STDP",
    )  # fmt: skip
    net.connect(
        poisson, cells, "basal", p, weight=sl.Uniform(50, 150), delay=sl.Uniform(0.1, 2.0),
        plasticity=sl.DopamineSTDP(dopamine, tau_c=10.0, b=0.001, A_plus=5.0), plastic=plastic, name="DopamineSTDP",
    )  # fmt: skip
    net.connect(
        poisson, lif, "exc", p, weight=50.0, axonal_delay=sl.Uniform(0.1, 1.0), dendritic_delay=0.4, name="Clopath",
        plasticity=sl.Clopath(A_LTD=0.5, A_LTP=0.5, theta_plus=-62.0, tau_x=2.0), plastic=plastic,
    )  # fmt: skip
    if not shareable:
        net.connect(
            poisson, cells, "basal", p, weight=100.0, delay=0.5,
            plasticity=sl.DopamineBursts(dopamine, tau_c=30.0, A_plus=5.0), plastic=plastic, name="DopamineBursts",
        )  # fmt: skip
    net.connect(cells, cells, "apical", on="burst", weight=sl.Uniform(0, 50), delay=2.0, name="bursts")
    net.connect(listed, dopamine, weight=0.01, delay=1.0, name="reward")
    net.connect(listed, cells[:3], "apical", sl.OneToOne(), weight=500.0, delay=1.0, name="teacher")
    net.connect(
        poisson, lif, "exc", sl.FixedOutDegree(2), weight=sl.Normal(50, 10), delay=sl.Uniform(0.1, 3.0),
        procedural=True, name="procedural",
    )  # fmt: skip
    net.connect(
        cells, cells, "basal", payload="V_d", weight=sl.Uniform(-1, 0), delay=sl.Uniform(0.1, 2.0), name="values"
    )
    net.connect(
        lif, lif, "exc", payload="V_m", weight=-0.1, delay=1.0, name="learned values", plastic=plastic,
        plasticity=sl.Clopath(A_LTD=1e-4, A_LTP=1e-4, theta_plus=-62.0, W_min=-1.0, W_max=0.0),
    )  # fmt: skip
    net.drive(cells, sl.NoiseCurrent(std=200.0, tau=5.0, mean=250.0))
    net.drive(cells, sl.StepCurrent([10.0, 60.0], [300.0, 800.0]), "apical")
    net.drive(lif, sl.PoissonInput(300.0, n=4), weight=40.0)
    for population in (poisson, timed, listed, lif):
        net.record(population)
    net.record(cells, ["spikes", "events", "bursts", "plateaus", "V_s"], every=1.0)
    net.record(dopamine, "n", every=1.0)
    if record_weights:
        for name in PLASTIC[: -1 if shareable else None]:
            net.record(net._projections[name], ["weight"], every=3.0)
    return net


def outcome(net, runs):
    """name -> array, of all that one or more runs in a row recorded, and the weights at their end."""
    result = {}
    for key in runs[0].spike_data:
        for part, values in zip(
            ("times", "ids"), zip(*(run.spike_data[key] for run in runs), strict=True), strict=True
        ):
            result[f"{key} {part}"] = np.concatenate(values)
    for key in runs[0].trace_data:
        result[f"{key} values"] = np.concatenate([run.trace_data[key].values for run in runs])
    return result | weights(net, runs[-1])


def weights(net, run):
    return {f"weights of {name}": run.weights(name) for name in net._projections}


def digest(values):
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


if __name__ == "__main__":
    duration, engine = float(sys.argv[1]), sys.argv[2]
    built = network()
    for name, values in outcome(built, [built.run(duration, engine=engine)]).items():
        print(name, len(values), digest(values), sep="|")
