"""The step function of a membrane with receptors, as source text that can be read, saved and edited."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.source_text import is_identifier
from spikelearn.errors import DescriptionError
from spikelearn.neurons.membrane import Membrane
from spikelearn.neurons.receptors.model import Receptor

_WIDTH = 116

_METHODS = {
    "linear": "Exact integration (Rotter & Diesmann 1999).",
    "flow": "Receptors exactly; the potential with the input at mid-step (second order).",
    "advance": "Receptors exactly; the membrane with their input at mid-step, reset inside the step (second order).",
    "slopes": "Receptors exactly; the membrane by Heun's method (second order).",
}


def method_of(membrane: Membrane, receptors: Mapping[str, Receptor]) -> str:
    """Which of its functions advances the membrane."""
    currents = all(receptor.model.through_leak is not None for receptor in receptors.values())
    if membrane.linear is not None and currents:
        return "linear"
    return next(name for name in ("advance", "flow", "slopes") if getattr(membrane, name) is not None)


def drive_ports(membrane: Membrane, receptors: Mapping[str, Receptor]) -> dict[str, str]:
    """Compartment -> port that takes its continuous currents: itself, or the first receptor if there is only one."""
    if len(membrane.compartments) > 1:
        return {name: name for name in membrane.compartments}
    return dict.fromkeys(membrane.compartments, next(iter(receptors)))


def variables(name: str, receptor: Receptor) -> dict[str, str]:
    """Variable of a receptor -> its name in the neuron: x is g_<receptor> or I_syn_<receptor>."""
    x = f"g_{name}" if receptor.model.conductance else f"I_syn_{name}"
    return {variable: variable.removesuffix("x") + x for variable in receptor.model.state}


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)


class ComposedStep:
    """The text of a step written so far. known: the objects that it refers to."""

    def __init__(self, membrane: Membrane, receptors: Mapping[str, Receptor], constants: list[str]) -> None:
        self._membrane, self._receptors, self._constants = membrane, receptors, constants
        self._several = len(membrane.compartments) > 1
        self._ports = drive_ports(membrane, receptors)
        self._lines: list[str] = []
        self._lines_of_margin: list[str] = []
        self.known: dict[str, Any] = {}
        for argument in arguments_of(membrane.spike) if membrane.spike is not None else ():
            if argument.endswith("_before"):
                self._write(argument, argument.removesuffix("_before"))
        getattr(self, f"_by_{method_of(membrane, receptors)}")()

    def text(self) -> str:
        """The function `step`, and `margin` if the membrane has one."""
        state = [*self._membrane.state, *(v for r in self._receptors for v in self._names(r).values())]
        body = "\n".join(self._lines)
        words = set(re.findall(r"\w+", body))
        arguments = [*state, *(f"in_{r}" for r in self._receptors)]
        arguments += [f"I_{port}" for port in dict.fromkeys(self._ports.values())]
        arguments += [constant for constant in self._constants if constant in words]
        signature = textwrap.wrap(", ".join(arguments), _WIDTH, initial_indent="    ", subsequent_indent="    ")
        doc = f'    """{_METHODS[method_of(self._membrane, self._receptors)]}"""'
        end = textwrap.wrap(", ".join([*state, "mask"]), _WIDTH - 7)
        closing = (
            [f"    return {end[0]}"] if len(end) == 1 else ["    return (", *(f"        {e}" for e in end), "    )"]
        )
        head = [*signature[:-1], f"{signature[-1]},", "):"]
        step = "\n".join(["def step(", *head, doc, body, *closing]) + "\n"
        return "\n\n".join(
            [step, *(["\n".join(["def margin(", *head, *self._lines_of_margin]) + "\n"] * self.has_margin)]
        )

    @property
    def has_margin(self) -> bool:
        return bool(self._lines_of_margin)

    def _by_linear(self) -> None:
        [(name, compartment)] = self._membrane.compartments.items()
        V_m = compartment.potential
        self._write("current", " + ".join(self._drive(name)))
        self._write("V", self._call(self._membrane.linear, {}))
        for r in self._receptors:
            for variable in self._names(r).values():
                self._lines.append(f"    V += P_m_{variable} * {variable}")
        self._write(V_m, self._unless_held(V_m, "V"))
        self._advance("")
        self._end()

    def _by_flow(self) -> None:
        [compartment] = self._membrane.compartments.values()
        V_m = compartment.potential
        self._advance("half_")
        self._held_input(V_m)
        self._write("V", self._call(self._membrane.flow, {}))
        if any(receptor.model.open_fraction is not None for receptor in self._receptors.values()):
            self._write("V_halfway", f"0.5 * ({V_m} + V)")
            self._held_input("V_halfway")
            self._write("V", self._call(self._membrane.flow, {}))
        self._write(V_m, self._unless_held(V_m, "V"))
        self._advance("half_")
        self._end()

    def _by_advance(self) -> None:
        [compartment] = self._membrane.compartments.values()
        V_m = V = compartment.potential
        self._advance("half_")
        if any(receptor.model.open_fraction is not None for receptor in self._receptors.values()):
            V = "V_halfway"
            if self._membrane.flow is not None:
                self._held_input(V_m)
                self._write("V", self._call(self._membrane.flow, {}))
                self._write(V, self._unless_held(V_m, f"0.5 * ({V_m} + V)"))
            else:
                self._slopes_at({}, "")
                self._write(V, self._unless_held(V_m, f"{V_m} + 0.5 * dt * d{V_m}"))
            if compartment.V is not None:
                self._write(V, compartment.V[0].replace(V_m, V))
        self._held_input(V)
        if self._membrane.margin is not None:
            so_far = len(self._lines)
            self._write("margin", self._call(self._membrane.margin, {}))
            self._lines_of_margin = [*self._lines, "    return margin"]
            del self._lines[so_far:]
        self._write(", ".join([*self._membrane.state, "mask"]), self._call(self._membrane.advance, {}))
        self._advance("half_")
        self._end()

    def _held_input(self, V: str) -> None:
        """Conductance and current that drive the potential during the step."""
        [name] = self._membrane.compartments
        conductances, inputs = (([own] if own else []) for own in self._membrane.leak or ("", ""))
        for r, receptor in self._receptors.items():
            x = self._names(r)["x"]
            if receptor.model.conductance:
                if receptor.model.open_fraction is not None:
                    self._write(f"open_{r}", self._open(r, V))
                    x = f"open_{r}"
                conductances.append(x)
                inputs.append(f"{x} * E_{r}")
            else:
                inputs.append(x)
        self._write("conductance", " + ".join(conductances) or "0.0")
        self._write("current", " + ".join([*inputs, *self._drive(name)]))

    def _by_slopes(self) -> None:
        """Heun's method: slopes at the start, an Euler step, slopes at its end, and their mean."""
        moving = self._membrane.moving
        first = next(iter(self._membrane.compartments.values())).potential
        if self._membrane.held:
            self._write("held", self._membrane.held)
        self._slopes_at({x: x for x in moving}, "")
        self._hold(f"d{first}")
        for x in moving:
            self._write(f"{x}_trial", f"{x} + dt * d{x}")
        self._advance("")
        self._slopes_at({x: f"{x}_trial" for x in moving}, "_end")
        self._hold(f"d{first}_end")
        for x in moving:
            self._write(x, f"{x} + 0.5 * dt * (d{x} + d{x}_end)")
        self._end()

    def _slopes_at(self, places: Mapping[str, str], suffix: str) -> None:
        for name, compartment in self._membrane.compartments.items():
            V = places.get(compartment.potential, compartment.potential)
            if compartment.V is not None:
                self._write(compartment.V[1], compartment.V[0].replace(compartment.potential, V))
                V = compartment.V[1]
            inputs = [
                self._flowing(r, V) for r, receptor in self._receptors.items() if receptor.compartment in ("", name)
            ]
            self._write(self._current(name), " + ".join([*inputs, *self._drive(name)]))
        slopes = ", ".join(f"d{x}{suffix}" for x in self._membrane.moving)
        self._write(slopes, self._call(self._membrane.slopes, places))

    def _hold(self, slope: str) -> None:
        if self._membrane.held:
            self._write(slope, f"0.0 if held else {slope}")

    def _unless_held(self, V_m: str, V: str) -> str:
        return f"{V_m} if {self._membrane.held} else {V}" if self._membrane.held else V

    def _flowing(self, r: str, V: str) -> str:
        """The current of a receptor at a potential."""
        model, x = self._receptors[r].model, self._names(r)["x"]
        if not model.conductance:
            return x
        return f"{x if model.open_fraction is None else self._open(r, V)} * (E_{r} - {V})"

    def _open(self, r: str, V: str) -> str:
        model = self._receptors[r].model
        return f"{self._names(r)['x']} * {self._call(model.open_fraction, self._own(r, '') | {'V': V})}"

    def _advance(self, span: str) -> None:
        for r, receptor in self._receptors.items():
            self._write(", ".join(self._names(r).values()), self._call(receptor.model.advance, self._own(r, span)))

    def _end(self) -> None:
        """Arrivals, and then threshold and reset."""
        for r, receptor in self._receptors.items():
            given = self._own(r, "") | {"arriving": f"in_{r}"}
            self._write(", ".join(self._names(r).values()), self._call(receptor.model.receive, given))
        if self._membrane.spike is not None:
            self._write(", ".join([*self._membrane.state, "mask"]), self._call(self._membrane.spike, {}))

    def _names(self, r: str) -> dict[str, str]:
        return variables(r, self._receptors[r])

    def _own(self, r: str, span: str) -> dict[str, str]:
        """Argument name in a receptor's functions -> its name in the step."""
        model = self._receptors[r].model
        functions = (model.advance, model.receive, model.open_fraction)
        taken = {argument for function in functions if function is not None for argument in arguments_of(function)}
        return {argument: f"{span}{argument}_{r}" for argument in taken} | self._names(r)

    def _drive(self, compartment: str) -> list[str]:
        I_e: str = self._membrane.compartments[compartment].I_e
        return [f"I_{self._ports[compartment]}", I_e]

    def _current(self, compartment: str) -> str:
        return f"current_{compartment}" if self._several else "current"

    def _write(self, names: str, value: str) -> None:
        clash = sorted({*names.split(", ")} & {*self._constants})
        if clash:
            raise DescriptionError(f"a constant cannot be called {clash[0]}: the step has a variable of that name")
        line = f"    {names} = {value}"
        if len(line) > _WIDTH and value.endswith(")") and value.partition("(")[0].isidentifier():
            function, _, arguments = value.partition("(")
            self._lines += [f"    {names} = {function}(", *_wrapped(arguments[:-1]), "    )"]
        elif len(line) > _WIDTH:
            self._lines += [f"    {names} = (", *_wrapped(value), "    )"]
        else:
            self._lines.append(line)

    def _call(self, function: Any, given: Mapping[str, str]) -> str:
        """A call to a function, by the names of its arguments."""
        plain = getattr(function, "py_func", function)
        name = plain.__name__ if is_identifier(plain.__name__) else "function"
        while self.known.setdefault(name, function) is not function:
            name += "_"
        return f"{name}({', '.join(given.get(argument, argument) for argument in arguments_of(function))})"


def imported(known: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Lines that import these objects, and the objects that cannot be imported under their names."""
    injected: dict[str, Any] = {}
    modules: dict[str, list[str]] = {}
    plain_functions: list[str] = []
    for name, value in known.items():
        plain = getattr(value, "py_func", value)
        module = getattr(value, "Parameters", plain).__module__
        there = getattr(sys.modules.get(module), name, None)
        importable = module != "__main__" and all(map(is_identifier, module.split(".")))
        if not importable or (there is not value and there is not plain):
            injected[name] = value
            continue
        modules.setdefault(module, []).append(name)
        if there is not value:
            plain_functions.append(f"{name} = scalar({name})")
            modules.setdefault("spikelearn.codegen.jit", ["scalar"])
    lines = [f"from {module} import {', '.join(sorted(modules[module]))}" for module in sorted(modules)]
    return [*lines, *([""] if plain_functions else []), *plain_functions], injected
