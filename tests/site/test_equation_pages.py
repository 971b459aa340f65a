"""Equations of models become mathematics."""

import inspect

import pytest
from site_pages import equations, reference

from spikelearn.documented import Documented


@pytest.mark.parametrize(
    "text, expected",
    [
        ("dV_m/dt = -(V_m - E_L) / tau_m : volt", r"\frac{dV_{m}}{dt} = \frac{-\left(V_{m} - E_{L}\right)}{\tau_{m}}"),
        ("dw/dt = eta*y*(x - y*w)", r"\frac{dw}{dt} = \eta \, y \, \left(x - y \, w\right)"),
        ("x = a - (b - c) : 1", r"x = a - \left(b - c\right)"),
        ("x = (a + b)**2/c : 1", r"x = \frac{\left(a + b\right)^{2}}{c}"),
        (
            "I_syn_exc += weight",
            r"I_{\mathrm{syn},\mathrm{exc}} \leftarrow I_{\mathrm{syn},\mathrm{exc}} + \mathrm{weight}",
        ),
        ("w = (w/W)**mu_minus", r"w \leftarrow \left(\frac{w}{W}\right)^{\mu_{-}}"),
        ("w -= a - b", r"w \leftarrow w - \left(a - b\right)"),
        ("V_m >= V_th", r"V_{m} \ge V_{\mathrm{th}}"),
        ("u*(1 - x) : ?? nothing", None),
    ],
)
def test_a_line_becomes_mathematics(text, expected):
    assert equations.latex(text) == expected


def test_all_models_that_have_equations_show_them():
    """A section of which a line is not understood is shown as text instead: no model has one."""
    for each in reference.entries():
        if isinstance(each.value, Documented):
            for heading, text in each.value.facts():
                if heading == "Equations" and text.strip():
                    assert equations.block(inspect.cleandoc(text)), each.name
