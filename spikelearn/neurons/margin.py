"""The margin of a neuron: its potential minus its threshold, before a reset. Surrogate gradients are functions of it.

Source: Neftci, Mostafa & Zenke 2019, IEEE Signal Process. Mag. 36(6):51.
"""

from __future__ import annotations

import ast
import functools
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from spikelearn.codegen.functions import arguments_of, function_from
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError
from spikelearn.parameters import suggest

if TYPE_CHECKING:
    from spikelearn.neurons.model import NeuronModel

CANNOT_SPIKE = -1e300
"""The margin of a neuron that no input could make spike in this step, such as a refractory one. It is finite, so that
its derivatives are 0."""

FAR_ABOVE = 1e300
"""The margin of a neuron whose potential has no end within the step."""


@functools.cache
def margin_function(model: NeuronModel) -> Callable[..., Any]:
    """The margin of a model, as a compiled function with the arguments of its `step`, before the step.

    It is at least 0 in exactly those steps in which the neuron spikes (up to equality where the model asks for more
    than its threshold), and CANNOT_SPIKE in those in which it cannot. Raises DescriptionError if the model has none.
    """
    if not model.margin:
        raise DescriptionError(
            f"neuron model {model.name!r} has no margin: give margin= to NeuronModel, such as 'V_m - V_th'"
        )
    if callable(model.margin):
        return model.margin
    text = _text(model, model.margin)
    return scalar(function_from(text, "margin", {"step": model.step, "np": np}))


def _text(model: NeuronModel, margin: str) -> str:
    """A function that makes the step without its spike: with thresholds that are infinite."""
    arguments, state = arguments_of(model.step), list(model.state)
    thresholds = _names(margin) - set(state)
    new = ", ".join([*(f"new_{name}" for name in state), "mask"])

    def step(at: str) -> str:
        return f"step({', '.join(at if name in thresholds else name for name in arguments)})"

    renamed = {name: f"new_{name}" for name in state}
    value = ast.unparse(_Renamed(renamed).visit(ast.parse(margin, mode="eval")))
    lines = [f"{new} = {step('np.inf')}"]
    if thresholds:
        lines += [f"{', '.join('_' for _ in state)}, could = {step('-np.inf')}"]
        value = f"{value} if could & 1 else {CANNOT_SPIKE!r}"
    lines += [f"return {value}"]
    return f"def margin({', '.join(arguments)}):\n" + textwrap.indent("\n".join(lines), "    ") + "\n"


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.names.get(node.id, node.id))


def _names(expression: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)}


def check_margin(model: NeuronModel, constants: list[str]) -> None:
    """Check a margin that is text. constants: the names of those of the model."""
    margin: Any = model.margin
    where = f"margin of neuron model {model.name!r}"
    expected = f"{where}: expected a state variable, an expression such as 'V_m - V_th', or a function"
    if not isinstance(margin, str):
        raise DescriptionError(f"{expected}, got {margin!r}")
    try:
        names = _names(margin)
    except SyntaxError:
        raise DescriptionError(f"{expected}, got {margin!r}") from None
    known = [*model.state, *constants]
    for name in sorted(names - set(known)):
        raise DescriptionError(
            f"{where}: {name} is neither a state variable nor a constant of the step{suggest(name, known)}"
        )
    if not names & set(model.state):
        raise DescriptionError(f"{expected}; {margin!r} contains no state variable")
