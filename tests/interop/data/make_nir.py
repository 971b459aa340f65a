"""Models of snnTorch and Norse, exported to NIR, with the spikes and values that they themselves compute.

    python tests/interop/data/make_nir.py            # writes tests/interop/data/nir/*.nir and *.npz

Needs torch, snntorch 1.0, norse 1.1 and nir 1.0.8, which the tests do not: they read what this wrote. Where these
packages are installed, tests/interop/test_nir_live.py runs the models again.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nir
import numpy as np
import torch

FOLDER = Path(__file__).parent / "nir"
STEPS = 200


@dataclass
class Made:
    """given: (STEPS, ...) input. found: node -> (STEPS, n) spikes or values of each step. dt: ms."""

    graph: nir.NIRGraph
    given: np.ndarray
    found: dict[str, np.ndarray]
    dt: float = 0.1


def events(*shape: int, share: float, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random((STEPS, *shape)) < share).astype(np.float32)


def run(module: torch.nn.Module, given: np.ndarray, watched: dict[str, torch.nn.Module]) -> dict[str, np.ndarray]:
    """What the outputs of modules are, step by step, the first of them if they return several."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in watched}

    def hook(name: str) -> Callable[..., None]:
        def keep(_module: object, _given: object, output: torch.Tensor | tuple[torch.Tensor, ...]) -> None:
            output = output[0] if isinstance(output, tuple) else output
            found[name].append(output.detach().numpy().astype(np.float64).ravel())

        return keep

    handles = [each.register_forward_hook(hook(name)) for name, each in watched.items()]
    with torch.no_grad():
        for row in given:
            module(torch.from_numpy(row[None]))
    for handle in handles:
        handle.remove()
    return {name: np.array(rows) for name, rows in found.items()}


# snnTorch: reset to zero in the step of the spike, which is what a NIR graph says


def _snn(kind: str, shape: int | tuple[int, ...], threshold: float = 1.0, **decays: float) -> torch.nn.Module:
    import snntorch

    given = {name: torch.full(np.atleast_1d(shape).tolist(), value) for name, value in decays.items()}
    limit = torch.full(np.atleast_1d(shape).tolist(), threshold)
    how = {"init_hidden": True, "reset_mechanism": "zero", "reset_delay": False}
    return getattr(snntorch, kind)(threshold=limit, **given, **how)


def _exported(module: torch.nn.Module, given: np.ndarray) -> nir.NIRGraph:
    """Its graph, made after it ran, as this calls it once more and leaves its state changed."""
    from snntorch.export_nir import export_to_nir

    return export_to_nir(module, torch.from_numpy(given[:1]), ignore_dims=[0])


def snntorch_dense() -> Made:
    torch.manual_seed(1)
    module = torch.nn.Sequential(
        torch.nn.Linear(20, 15), _snn("Leaky", 15, beta=0.9), torch.nn.Linear(15, 8),
        _snn("Leaky", 8, 0.5, beta=0.8), torch.nn.Linear(8, 4), _snn("Leaky", 4, 0.2, beta=0.4),
    )  # fmt: skip
    given = events(20, share=0.3, seed=1)
    found = run(module, given, {"1": module[1], "3": module[3], "5": module[5]})
    return Made(_exported(module, given), given, found)


def snntorch_synaptic() -> Made:
    torch.manual_seed(2)
    module = torch.nn.Sequential(
        torch.nn.Linear(20, 15), _snn("Synaptic", 15, alpha=0.8, beta=0.9), torch.nn.Linear(15, 8, bias=False),
        _snn("Synaptic", 8, 0.7, alpha=0.5, beta=0.75),
    )  # fmt: skip
    given = events(20, share=0.2, seed=2)
    found = run(module, given, {"1": module[1], "3": module[3]})
    return Made(_exported(module, given), given, found)


def snntorch_conv() -> Made:
    torch.manual_seed(3)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1, stride=(1, 2)), _snn("Leaky", (4, 8, 5), 0.6, beta=0.9),
        torch.nn.AvgPool2d((2, 1)), torch.nn.Conv2d(4, 3, 3), _snn("Leaky", (3, 2, 3), 0.2, beta=0.8),
        torch.nn.Flatten(), torch.nn.Linear(18, 5), _snn("Leaky", 5, 0.2, beta=0.85),
    )  # fmt: skip
    given = events(2, 8, 10, share=0.3, seed=3)
    found = run(module, given, {"1": module[1], "4": module[4], "7": module[7]})
    return Made(_exported(module, given), given, found)


class Recurrent(torch.nn.Module):
    """The network of the Braille task of the NIR paper: a recurrent layer of RSynaptic cells, and one of Synaptic.

    RSynaptic of snnTorch 1.0 gives out the potential as it was before a reset without delay, so it is reset here.
    """

    def __init__(self, n_in: int, n_hidden: int, n_out: int, hidden: dict[str, float], out: dict[str, float]) -> None:
        import snntorch

        super().__init__()
        how = {"reset_mechanism": "zero", "reset_delay": False}
        self.fc1, self.fc2 = torch.nn.Linear(n_in, n_hidden), torch.nn.Linear(n_hidden, n_out)
        self.lif1 = snntorch.RSynaptic(linear_features=n_hidden, **hidden, **how)
        full = {name: torch.full((n_out,), value) for name, value in {**out, "threshold": 1.0}.items()}
        self.lif2 = snntorch.Synaptic(**full, **how)
        self.states = [torch.zeros(1, n_hidden)] * 3, [torch.zeros(1, n_out)] * 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.lif1(self.fc1(x), *self.states[0])
        second = self.lif2(self.fc2(first[0]), *self.states[1])
        spikes, current, potential = first
        self.states = [spikes, current, potential * (1.0 - spikes)], list(second[1:])
        return second[0]


def snntorch_braille() -> Made:
    """The trained graph of the paper, and snnTorch with its weights."""
    graph = nir.read(FOLDER / "braille_noDelay_bias_zero.nir")
    nodes = graph.nodes

    def decays(node: nir.CubaLIF) -> dict[str, float]:
        return {"alpha": 1.0 - 1e-4 / node.tau_syn[0], "beta": 1.0 - 1e-4 / node.tau_mem[0]}

    module = Recurrent(12, 38, 7, decays(nodes["lif1.lif"]), decays(nodes["lif2"]))
    for layer, name in ((module.fc1, "fc1"), (module.lif1.recurrent, "lif1.w_rec"), (module.fc2, "fc2")):
        layer.weight.data = torch.from_numpy(nodes[name].weight)
        layer.bias.data = torch.from_numpy(nodes[name].bias)
    given = events(12, share=0.03, seed=4)
    return Made(graph, given, run(module, given, {"lif1.lif": module.lif1, "lif2": module.lif2}))


def torch_cnn() -> Made:
    """The convolutional graph of the paper, which Sinabs exported, in plain PyTorch.

    r is 1 and a spike moves v by its weight, so that a step is a second long.
    """
    graph = nir.read(FOLDER / "cnn_sinabs.nir")
    given = events(2, 34, 34, share=0.05, seed=7)[:30]
    chain = [name for name in sorted(graph.nodes, key=lambda name: (len(name), name)) if name.isdigit()]
    v: dict[str, torch.Tensor] = {}
    found: dict[str, list[np.ndarray]] = {}
    for row in given:
        x = torch.from_numpy(row[None])
        for name in chain:
            node = graph.nodes[name]
            if isinstance(node, nir.Conv2d):
                weight, bias = torch.from_numpy(node.weight), torch.from_numpy(node.bias)
                x = torch.nn.functional.conv2d(x, weight, bias, tuple(node.stride), tuple(node.padding))
            elif isinstance(node, nir.SumPool2d):
                kernel = tuple(map(int, node.kernel_size))
                x = torch.nn.functional.avg_pool2d(x, kernel, tuple(map(int, node.stride))) * (kernel[0] * kernel[1])
            elif isinstance(node, nir.Flatten):
                x = x.flatten(1)
            elif isinstance(node, nir.Affine):
                x = torch.nn.functional.linear(x, torch.from_numpy(node.weight), torch.from_numpy(node.bias))
            else:
                before = v.get(name, torch.zeros(x.shape)) + x
                x = (before > torch.from_numpy(node.v_threshold)).float()
                v[name] = before * (1.0 - x)
                found.setdefault(name, []).append(x.numpy().astype(np.float64).ravel())
    return Made(graph, given, {name: np.array(rows) for name, rows in found.items()}, dt=1000.0)


# Norse. Its export divides dt by the inverse time constant, so that dt=1 gives seconds


def norse_box() -> Made:
    import norse.torch as norse

    torch.manual_seed(5)

    def full(n: int, value: float) -> torch.Tensor:
        return torch.full((n,), value)

    hidden = norse.LIFBoxParameters(tau_mem_inv=full(15, 100.0), v_th=full(15, 0.1), v_leak=full(15, 0.0))
    readout = norse.LIBoxParameters(tau_mem_inv=full(4, 50.0), v_leak=full(4, 0.0))
    module = norse.SequentialState(
        torch.nn.Linear(20, 15), norse.LIFBoxCell(hidden, dt=0.001), torch.nn.Linear(15, 4),
        norse.LIBoxCell(readout, dt=0.001),
    )  # fmt: skip
    given = events(20, share=0.3, seed=5)
    graph = norse.to_nir(module, torch.from_numpy(given[:1]), dt=1.0)
    state, found = None, {"1": [], "3": []}
    with torch.no_grad():
        for row in given:
            spikes, first = module[1](module[0](torch.from_numpy(row[None])), state and state[0])
            value, second = module[3](module[2](spikes), state and state[1])
            state = first, second
            found["1"].append(spikes.numpy().astype(np.float64).ravel())
            found["3"].append(value.numpy().astype(np.float64).ravel())
    return Made(graph, given, {name: np.array(rows) for name, rows in found.items()}, dt=1.0)


def norse_cuba() -> Made:
    """A graph that Norse reads, as it has no export of the model that it makes of it."""
    import norse.torch as norse

    generator = np.random.default_rng(6)

    def cuba(n: int, **values: float) -> nir.CubaLIF:
        given = {"r": 1.0, "v_leak": 0.0, "w_in": 1.0} | values
        return nir.CubaLIF(**{name: np.full(n, value, np.float32) for name, value in given.items()})

    graph = nir.NIRGraph(
        {
            "input": nir.Input(np.array([20])),
            "fc1": nir.Affine(
                generator.normal(0.0, 1.0, (15, 20)).astype(np.float32),
                generator.normal(0.3, 0.3, 15).astype(np.float32),
            ),
            "lif1": cuba(15, tau_syn=0.005, tau_mem=0.01, v_threshold=0.3, w_in=2.0),
            "fc2": nir.Affine(generator.normal(0.0, 1.0, (6, 15)).astype(np.float32), np.zeros(6, np.float32)),
            "lif2": cuba(6, tau_syn=0.004, tau_mem=0.02, v_threshold=0.05),
            "output": nir.Output(np.array([6])),
        },
        [("input", "fc1"), ("fc1", "lif1"), ("lif1", "fc2"), ("fc2", "lif2"), ("lif2", "output")],
    )
    cells = [norse.utils.import_nir._import_norse_module(graph.nodes[name], dt=0.001) for name in ("lif1", "lif2")]
    layers = [norse.utils.import_nir._import_norse_module(graph.nodes[name]) for name in ("fc1", "fc2")]
    given = events(20, share=0.3, seed=6)
    states, found = [None, None], {"lif1": [], "lif2": []}
    with torch.no_grad():
        for row in given:
            value = torch.from_numpy(row[None])
            for k, name in enumerate(found):
                value, states[k] = cells[k](layers[k](value), states[k])
                found[name].append(value.numpy().astype(np.float64).ravel())
    return Made(graph, given, {name: np.array(rows) for name, rows in found.items()}, dt=1.0)


MODELS: dict[str, Callable[[], Made]] = {
    each.__name__: each
    for each in (
        snntorch_dense,
        snntorch_synaptic,
        snntorch_conv,
        snntorch_braille,
        torch_cnn,
        norse_box,
        norse_cuba,
    )
}

PUBLISHED = {"snntorch_braille": "braille_noDelay_bias_zero.nir", "torch_cnn": "cnn_sinabs.nir"}
"""Files of graphs of the paper, by neuromorphs/NIR, which are read."""


def in_numpy(graph: nir.NIRGraph) -> nir.NIRGraph:
    """The same with arrays in place of tensors, as files have them."""
    for node in graph.nodes.values():
        if isinstance(node, nir.NIRGraph):
            in_numpy(node)
        for name, value in vars(node).items():
            if isinstance(value, torch.Tensor):
                setattr(node, name, value.detach().numpy())
    return graph


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name, make in MODELS.items():
        made = make()
        if name not in PUBLISHED:
            nir.write(FOLDER / f"{name}.nir", in_numpy(made.graph), compression=None)
        packed = {f"found {node}": values for node, values in made.found.items()}
        for key, values in packed.items():
            if set(np.unique(values)) <= {0.0, 1.0}:
                packed[key] = values.astype(bool)
        np.savez_compressed(FOLDER / f"{name}.npz", given=made.given.astype(bool), dt=made.dt, **packed)
        rates = {node: round(float(values.mean()), 3) for node, values in made.found.items()}
        print(name, list(made.graph.nodes), rates)
