"""Simulation: build, run, save and plot a balanced network.

    python scripts/simulate.py [--duration 500] [--out out/simulate]

Open `run.h5` with `spikelearn.io.load`, or plot it with `spikelearn plot raster out/simulate`.
"""

import argparse
from pathlib import Path

import spikelearn as sl


def build(seed: int) -> sl.Network:
    net = sl.Network(dt=0.1, seed=seed)  # ms
    cell = sl.LIF(E_L=-60.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0, tau_syn_exc=5.0, tau_syn_inh=10.0)  # mV, ms
    exc = net.population(800, cell, name="excitatory")
    inh = net.population(200, cell, name="inhibitory")
    for target in (exc, inh):
        net.connect(exc, target, port="exc", rule=sl.FixedProbability(0.1), weight=20.0, delay=1.0)  # pA, ms
        net.connect(inh, target, port="inh", rule=sl.FixedProbability(0.1), weight=-90.0, delay=1.0)
        net.drive(target, sl.NoiseCurrent(mean=220.0, std=120.0, tau=5.0), port="exc")  # pA, ms
        net.record(target)
    net.record(exc[:2], "V_m", every=0.5)
    return net


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--duration", type=float, default=500.0, help="ms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/simulate"))
    options = parser.parse_args(arguments)
    run = build(options.seed).run(options.duration)

    options.out.mkdir(parents=True, exist_ok=True)
    sl.io.save(run, options.out / "run.h5")
    sl.plots.save(sl.plots.raster(run, rates=True).figure, options.out / "raster.png", dpi=150)
    sl.plots.save(sl.plots.voltage(run).figure, options.out / "voltage.png", dpi=150)
    for name, population in run.populations.items():
        spikes = run.spikes(name)
        rate = sl.analysis.rate(spikes, population.size, run.t_start, run.t_stop)
        print(f"{name}: {rate:.2f} Hz, CV {sl.analysis.cv_isi(spikes):.2f}")


if __name__ == "__main__":
    main()
