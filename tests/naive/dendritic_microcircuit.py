"""The dendritic error microcircuit in its rate form, written down once more with numpy, one line for each equation.

Everything is an array of a layer; what arrives in a step was sent in the step before it. Nothing here knows of events,
traces in closed form, or tables of synapses.
"""

from dataclasses import dataclass, field

import numpy as np


def phi(u):
    return 1.0 / (1.0 + np.exp(-u))


@dataclass
class Layer:
    """Cells with a basal and an apical dendrite. g_A or g_som of 0: without the apical dendrite, without nudging."""

    n: int
    g_A: float
    g_som: float
    p: object
    state: dict = field(default_factory=dict)

    def __post_init__(self):
        self.state = {name: np.zeros(self.n) for name in ("u", "v_B", "v_A", "nudge", "r")}

    def step(self, basal, apical, nudge, teacher, g_teacher):
        """basal, apical, nudge: what arrives. teacher: g u_target that acts now, with its conductance."""
        p, s = self.p, self.state
        keep, keep_som = np.exp(-p.dt / p.tau_syn), np.exp(-p.dt / 0.1)
        g = p.g_L + p.g_B + self.g_A + self.g_som + g_teacher
        u_inf = (p.g_B * s["v_B"] + self.g_A * s["v_A"] + s["nudge"] + teacher) / g
        s["u"] = u_inf + (s["u"] - u_inf) * np.exp(-g * p.dt)
        s["v_B"] = keep * s["v_B"] + (1 - keep) * basal
        s["v_A"] = keep * s["v_A"] + (1 - keep) * apical
        s["nudge"] = keep_som * s["nudge"] + (1 - keep_som) * nudge
        u_inf = (p.g_B * s["v_B"] + self.g_A * s["v_A"] + s["nudge"] + teacher) / g
        s["r"] = phi(s["u"] + p.prospective * (u_inf - s["u"]))

    @property
    def error(self):
        """The rate less the rate that the basal dendrite alone would make."""
        p, s = self.p, self.state
        return s["r"] - phi(p.g_B / (p.g_L + p.g_B + self.g_A) * s["v_B"])


def run(p, weights, points, labels=None, etas=None):
    """Points one after the other. etas: projection -> learning rate. Gives (weights, u of outputs, v_A) by step."""
    w = {name: values.copy() for name, values in weights.items()}
    etas = etas or {}
    hidden, output = Layer(p.sizes[1], p.g_A, 0.0, p), Layer(3, 0.0, 0.0, p)
    interneurons = Layer(3, 0.0, p.g_som, p)
    r_in, keep = np.zeros(4), np.exp(-p.dt / p.tau_syn)
    x = {name: np.zeros(n) for name, n in (("input", 4), ("hidden", p.sizes[1]), ("interneurons", 3))}
    shown_u, shown_v_A = [], []
    for k, point in enumerate(points):
        g, teacher = 0.0, np.zeros(3)
        if labels is not None:
            g = p.g_som
            teacher = g * np.where(np.arange(3) == labels[k], p.target, -p.target)
        for step in range(round(p.settle / p.dt) + round(p.learn / p.dt)):
            r_h, r_o, r_i = (layer.state["r"] for layer in (hidden, output, interneurons))
            for name, r in (("input", r_in), ("hidden", r_h), ("interneurons", r_i)):
                x[name] = keep * x[name] + (1 - keep) * r
            nudge = p.g_som * output.state["u"]
            apical = r_o @ w["down 1"] + r_i @ w["pi 1"]
            arriving = r_in @ w["up 1"], r_h @ w["up 2"], r_h @ w["ip 1"]
            r_in = point
            hidden.step(arriving[0], apical, 0.0, 0.0, 0.0)
            output.step(arriving[1], 0.0, 0.0, teacher, g)
            interneurons.step(arriving[2], 0.0, nudge, 0.0, 0.0)
            if step >= round(p.settle / p.dt):
                for name, source, change in (
                    ("up 1", "input", hidden.error),
                    ("up 2", "hidden", output.error),
                    ("ip 1", "hidden", interneurons.error),
                    ("pi 1", "interneurons", -hidden.state["v_A"]),
                ):
                    w[name] += etas.get(name, 0.0) * p.dt * np.outer(x[source], change)
            shown_u.append(output.state["u"].copy())
            shown_v_A.append(hidden.state["v_A"].copy())
    return w, np.array(shown_u), np.array(shown_v_A)
