"""Brunel's phase diagram: 575 networks of 12,500 neurons, each classified into one of five states.

    python scripts/brunel_diagram.py [--out out/brunel_diagram] [--workers 2] [--write] [--quick]

Computes what is missing from the store, then draws. --write puts table and figures into docs/studies. The states are
distinguished by four thresholds, which were set before the sweep and are the same for all points; see docs/studies/
brunel_phase_diagram.md. Lines are from mean-field theory, independently of the simulations.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

import spikelearn as sl
from spikelearn import experiments as ex
from spikelearn import sweep
from spikelearn.analysis.mean_field import SparseNetwork, oscillation, stationary_rate
from spikelearn.plots.style import ACCENT, INK, TEXT_SIZE, clean, save

DOCS = Path(__file__).resolve().parent.parent / "docs" / "studies"
GRID = {
    "g": [round(2.0 + 0.25 * k, 2) for k in range(25)],
    "eta": [round(0.5 + 0.1 * k, 1) for k in range(10)] + [round(1.6 + 0.2 * k, 1) for k in range(13)],
}
SETTINGS = {"duration": 1000.0, "rate_from": 200.0, "threads": 1}
IN_DEGREE = 0.1 * 2500  # epsilon * order, the same in networks of other sizes
ORDERS = (1250, 2500, 5000)
QUICK = {"order": 100, "J": 1.0, "duration": 150.0, "rate_from": 50.0, "threads": 1}
QUICK_GRID = {"g": [3.0, 4.5, 6.0], "eta": [0.5, 2.0]}

SILENT_HZ = 0.1
REGULAR_CV = 0.25
SYNCHRONOUS = 0.5**0.5
FAST_HZ = 100.0
COLOURS = {
    "silent": "#f4f4f4", "AI": "#f3dfa2", "AR": "#8fb8de", "SI slow": "#e07b39", "SI fast": "#8c2d5a", "SR": "#1b3f73",
}  # fmt: skip
STATES = tuple(COLOURS)
PAPER = {"A": (3.0, 2.0, "SR"), "B": (6.0, 4.0, "SI fast"), "C": (5.0, 2.0, "AI"), "D": (4.5, 0.9, "SI slow")}
MEASURED = (
    "rate_hz", "rate_inh_hz", "cv_isi", "synchrony", "rate_modulation", "oscillation_hz", "control_rate_modulation",
)  # fmt: skip


def state_of(rate: float, cv: float, modulation: float, hertz: float) -> str:
    """The state of a network by its rate (Hz), CV of intervals, and modulation and frequency (Hz) of the common rate.

    A neuron of an active network with too few spikes for a CV does not fire regularly.
    """
    if rate < SILENT_HZ:
        return "silent"
    if cv < REGULAR_CV:
        return "SR" if modulation > SYNCHRONOUS else "AR"
    if modulation > SYNCHRONOUS:
        return "SI fast" if hertz > FAST_HZ else "SI slow"
    return "AI"


def with_states(table: Any) -> Any:
    """A DataFrame of the points of a store: measures, states, those of the control, and values from theory."""
    found = table.to_pandas()[["g", "eta", *MEASURED]]
    for name, modulation in (("state", found.rate_modulation), ("control_state", found.control_rate_modulation)):
        found[name] = list(map(state_of, found.rate_hz, found.cv_isi, modulation, found.oscillation_hz))
    networks = [SparseNetwork(g=g, eta=eta) for g, eta in zip(found.g, found.eta, strict=True)]
    found["theory_rate_hz"] = rates = [stationary_rate(network) for network in networks]
    answers = [oscillation(network, rate) for network, rate in zip(networks, rates, strict=True)]
    found["theory_gain"], found["theory_hz"] = np.array(answers).T
    return found


def borders(values: np.ndarray) -> np.ndarray:
    """Midpoints between values, extended by half a step at both ends."""
    half = np.diff(values) / 2
    return np.concatenate([[values[0] - half[0]], values[:-1] + half, [values[-1] + half[-1]]])


def diagram(found: Any) -> Figure:
    """The states, and the three measures that distinguish them."""
    figure = Figure(figsize=(7.4, 6.8), layout="constrained", facecolor="white")
    axes = [clean(ax) for ax in figure.subplots(2, 2, sharex=True, sharey=True).flat]
    g, eta = np.unique(found.g), np.unique(found.eta)
    few = found.state == "silent"  # a few spikes in the whole window have no meaningful modulation
    found = found.assign(
        number=[STATES.index(state) for state in found.state], rate_modulation=found.rate_modulation.mask(few)
    )

    def on_grid(name: str) -> np.ndarray:
        return np.ma.masked_invalid(found.pivot(index="eta", columns="g", values=name).to_numpy(dtype=float))

    n = len(STATES)
    axes[0].pcolormesh(
        borders(g), borders(eta), on_grid("number"), cmap=ListedColormap(COLOURS.values()),
        norm=BoundaryNorm(np.arange(n + 1) - 0.5, n),
    )  # fmt: skip
    figure.legend(
        handles=[Patch(fc=COLOURS[each], ec=INK, lw=0.5, label=each) for each in STATES if each in set(found.state)],
        loc="outside upper center", ncols=n, frameon=False, fontsize=TEXT_SIZE + 1,
    )  # fmt: skip
    for ax, name, label, style in (
        (axes[1], "rate_hz", "rate (Hz)", {"norm": LogNorm(1.0, 500.0), "cmap": "viridis", "extend": "min"}),
        (axes[2], "cv_isi", "CV of intervals", {"vmin": 0.0, "vmax": 1.0, "cmap": "cividis", "extend": "max"}),
        (
            axes[3],
            "rate_modulation",
            "modulation of the rate",
            {"vmin": 0, "vmax": 2, "cmap": "magma", "extend": "max"},
        ),
    ):
        extend = style.pop("extend")
        mesh = ax.pcolormesh(borders(g), borders(eta), on_grid(name), **style)
        bar = figure.colorbar(mesh, ax=ax, extend=extend, aspect=25)
        bar.set_label(label, size=TEXT_SIZE + 1, color=INK)
        bar.ax.tick_params(labelsize=TEXT_SIZE)
    gain = np.ma.masked_where(~(on_grid("theory_rate_hz") >= SILENT_HZ), on_grid("theory_gain"))
    for ax, title in zip(axes, ("state", "rate", "irregularity", "synchrony"), strict=True):
        line = "white" if ax in (axes[1], axes[3]) else INK
        if min(gain.shape) > 3:
            ax.contour(g, eta, gain, [1.0], colors=line, linewidths=1.4)
        ax.axvline(4.0, color=line, lw=0.9, ls=(0, (4, 3)))
        ax.axhline(1.0, color=line, lw=0.9, ls=(0, (1, 2)))
        for letter, (x, y, _) in PAPER.items():
            ax.plot(x, y, "o", ms=9, mfc="white", mec=ACCENT, mew=1.2)
            ax.text(x, y, letter, ha="center", va="center_baseline", size=TEXT_SIZE - 1, color=INK)
        ax.set_title(title, loc="left", size=TEXT_SIZE + 1, color=INK)
    for ax in axes[2:]:
        ax.set_xlabel("ratio of inhibition to excitation $g$")
    for ax in axes[::2]:
        ax.set_ylabel(r"ratio of external to threshold rate $\eta$")
    return figure


def four_states(settings: dict[str, Any]) -> Figure:
    """The paper's four networks: spikes of 50 neurons above the rate of all excitatory neurons."""
    model = ex.load_experiment("brunel_2000")
    figure = Figure(figsize=(7.4, 4.6), layout="constrained", facecolor="white")
    columns = figure.subplots(2, 4, height_ratios=(2.0, 1.0), sharex="col").T
    for (letter, (g, eta, state)), (above, below) in zip(PAPER.items(), columns, strict=True):
        parameters = ex.set_parameters(model, {**settings, "g": g, "eta": eta})
        run = ex.run_experiment(model, parameters, 1, progress=False).run
        shown, bin = (300.0, 2.0) if state == "SI slow" else (60.0, 0.5)
        start = max(0.0, run.t_stop - shown)
        times, ids = run.spikes("excitatory")
        few = (times >= start) & (ids < 50)
        clean(above).plot(times[few] - start, ids[few], ls="none", marker="|", ms=2.6, mew=0.7, color=INK)
        bins = np.arange(start, run.t_stop + 1e-6, bin)
        rate = sl.analysis.binned_rate(times, 4 * parameters.order, bins)
        clean(below).stairs(rate, bins - start, color=INK, lw=0.8, baseline=None)
        above.set_title(f"{letter}: {state}\n$g$ {g:g}, $\\eta$ {eta:g}", loc="left", size=TEXT_SIZE + 1, color=INK)
        below.set(xlabel="time (ms)", xlim=(0, run.t_stop - start), ylim=(0, None))
    columns[0][0].set_ylabel("neuron")
    columns[0][1].set_ylabel("rate (Hz)")
    return figure


def summary(found: Any) -> str:
    """The numbers of the page, in Markdown."""
    lines = ["| point | g | eta | paper | found | rate (Hz) | theory | CV | modulation | frequency (Hz) | theory |"]
    lines.append("|---" * 11 + "|")
    for letter, (g, eta, state) in PAPER.items():
        for row in found[(found.g == g) & (found.eta == eta)].itertuples():
            cells = (
                letter, f"{g:g}", f"{eta:g}", state, row.state, f"{row.rate_hz:.1f}", f"{row.theory_rate_hz:.1f}",
                f"{row.cv_isi:.2f}", f"{row.rate_modulation:.2f}", f"{row.oscillation_hz:.0f}", f"{row.theory_hz:.0f}",
            )  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| state | points | rate (Hz) | CV | modulation | frequency (Hz) | control's modulation |",
        "|---" * 7 + "|",
    ]
    for state, rows in found[found.state != "silent"].groupby("state"):
        spans = (
            f"{rows[name].min():.{digits}f} to {rows[name].max():.{digits}f}"
            for name, digits in (("rate_hz", 1), ("cv_isi", 2), ("rate_modulation", 2), ("oscillation_hz", 0),
                                 ("control_rate_modulation", 3))
        )  # fmt: skip
        lines.append(f"| {state} | {len(rows)} | {' | '.join(spans)} |")
    active = found[found.state != "silent"]
    for side, rows in (("g up to 4", active[active.g <= 4]), ("g above 4", active[active.g > 4])):
        unstable, synchronous = rows.theory_gain > 1, rows.rate_modulation > SYNCHRONOUS
        without, beyond = rows[~unstable & synchronous].theory_gain, rows[unstable & ~synchronous].theory_gain
        lines += [
            "",
            f"{side}, not silent: {len(rows)} points; theory and simulation agree on whether the rate oscillates at "
            f"{(unstable == synchronous).sum()}. Only in the simulation: {len(without)}, where the theory's gain is "
            f"{without.min():.2f} to {without.max():.2f}; only in the theory: {len(beyond)}, with a gain of "
            f"{beyond.min():.2f} to {beyond.max():.2f}.",
        ]
    still = active[active.state == "AI"]
    ratio = still.rate_hz / still.theory_rate_hz
    silent = found[found.state == "silent"]
    lines += [
        "",
        f"Silent: {len(silent)} points, at most {silent.rate_hz.max():.3f} Hz, eta up to {silent.eta.max():g}.",
    ]
    lines.append(f"Ratio of the rate of AI points to that of the theory: {ratio.min():.3f} to {ratio.max():.3f}, "
                 f"median {ratio.median():.3f}.")  # fmt: skip
    lines.append(f"Synchronous points of the control: {found.control_state.str.startswith('S').sum()} of {len(found)}.")
    return "\n".join(lines)


def sizes(out: Path, workers: int | None) -> str:
    """Effect of size: networks with half and twice as many neurons and the same number of synapses per neuron."""
    rows = [
        {"order": order, "epsilon": IN_DEGREE / order, "g": PAPER[letter][0], "eta": PAPER[letter][1]}
        for letter in "BC" for order in ORDERS
    ]  # fmt: skip
    done = sweep.run("brunel_2000", out, rows=rows, replicates=3, settings=SETTINGS, workers=workers)
    found = done.table().to_pandas().groupby(["g", "order"]).rate_modulation
    lines = ["| g | neurons | modulation of three seeds |", "|---|---|---|"]
    lines += [f"| {g:g} | {5 * n:,} | {each.min():.2f} to {each.max():.2f} |" for (g, n), each in found]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/brunel_diagram"))
    parser.add_argument("--workers", type=int)
    parser.add_argument("--write", action="store_true", help="into docs/studies")
    parser.add_argument("--quick", action="store_true", help="six networks of 500 neurons, as a check only")
    options = parser.parse_args(arguments)
    grid, settings = (QUICK_GRID, QUICK) if options.quick else (GRID, SETTINGS)
    done = sweep.run("brunel_2000", options.out, grid=grid, settings=settings, workers=options.workers)
    print(f"{done.points} points, {done.computed} computed now in {done.seconds:.0f} s\n")
    found = with_states(done.table())
    folder = DOCS if options.write else options.out
    found.round(4).to_parquet(folder / "brunel_phase_diagram.parquet", index=False)
    save(diagram(found), folder / "brunel_phase_diagram.png", dpi=150)
    save(four_states(settings), folder / "brunel_four_states.png", dpi=150)
    print(summary(found))
    if not options.quick:
        print(sizes(options.out / "sizes", options.workers))


if __name__ == "__main__":
    main()
