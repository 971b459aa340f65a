"""Explicit methods, read from Brian2's own descriptions: Euler, RK2, RK4, and Heun and Milstein for noise.

A description is a few statements about x, f(x, t) and, for noise, g(x, t) and dW, such as `k_1 = dt*f(x,t)`. Here f
becomes a function `derivatives` of all variables, called once for each stage.
"""

from __future__ import annotations

import ast
from typing import Any

from spikelearn.equations.python import to_python
from spikelearn.equations.rendering import Rendered, Unsupported, together, unused
from spikelearn.equations.system import System, from_sympy, names_in, symbol, without_units


def explicit(system: System, method: str) -> Rendered:
    from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException

    updater = StateUpdateMethod.stateupdaters[method]
    if system.noises:
        try:
            updater(system.brian2(), {})
        except UnsupportedEquationsException as reason:
            raise Unsupported(str(reason).rstrip(".")[:1].lower() + str(reason).rstrip(".")[1:]) from None
    return _Stages(system, updater).rendered


class _Stages:
    """The stages of one method for one system. `rendered` is the result."""

    def __init__(self, system: System, updater: Any) -> None:
        self.system, self.symbols, self.rendered = system, updater.symbols, Rendered()
        self.taken = system.names
        self.temporaries = dict(updater.statements)
        self.own_noise = {x: self._noise_of(x) for x in system.variables}
        self.derivatives = unused("derivatives", self.taken)
        self.calls: dict[str, dict[str, Any]] = {}
        every = [*self.temporaries.values(), updater.output]
        self.n_calls = len({call for text in every for call in text.find(lambda e: e.func == self.symbols["__f"])})
        self._render_derivatives()
        self._render_noises()
        for name, expression in updater.statements:
            for x in system.variables:
                if not system.noises or self.own_noise[x]:
                    value = self._complete(expression, x, self.own_noise[x])
                    self.rendered.step.append(f"{self._stored(name, x)} = {from_sympy(value)}")
        updates = [(x, from_sympy(self._new_value(updater.output, x))) for x in system.variables]
        self.rendered.step += together(
            {x: f"{x} if held else {new}" if x in system.held else new for x, new in updates}
        )

    def _noise_of(self, x: str) -> str | None:
        """The noise of a variable. If there are several, the method has no temporary values."""
        found = [xi for xi in self.system.noises if self.system.substituted[x].has(symbol(xi))]
        return found[0] if found else None

    def _render_derivatives(self) -> None:
        """The function f, from the user's own text without its noise."""
        system = self.system
        trees = [piece.tree for piece in system.rights.values()]
        expressions = system.needed_expressions(trees)
        lines = [f"{name} = {without_units(system.expressions[name].tree)}" for name in expressions]
        for x, piece in system.rights.items():
            right = to_python(piece.tree, dict.fromkeys(system.noises, "0"), "brian2")
            lines.append(f"{self._change(x)} = {f'0.0 if held else {right}' if x in system.held else right}")
        lines.append("return " + ", ".join(self._change(x) for x in system.variables))
        used = names_in(ast.parse("\n".join(lines).replace("return ", "")))
        own = [name for name in (*system.given, *system.constant) if name in used]
        self.others = [*(["held"] if system.held else []), *own]
        self.rendered.helpers[self.derivatives] = ([*system.variables, *self.others], lines)

    def _change(self, x: str) -> str:
        return unused(f"d{x}", self.taken)

    def _render_noises(self) -> None:
        for xi in self.system.noises:
            self.rendered.noises.append(f"normal_{xi}")
            self.rendered.step.append(f"{xi} = sqrt_dt * normal_{xi}")
        if self.system.noises:
            self.rendered.constants["sqrt_dt"] = "sqrt(dt)"

    def _evaluate(self, call: Any) -> dict[str, Any]:
        """Variable -> value of f at the point that `call` names; the line that computes it is rendered once."""
        key, others = str(call.args[0]), self.others
        if "t" in others and "t" in self.system.given:
            at = from_sympy(self._time(call))
            key, others = f"{key}, {at}", [at if name == "t" else name for name in others]
        if key not in self.calls:
            stage = "" if self.n_calls == 1 else f"_{len(self.calls) + 1}"
            names = {x: unused(f"d{x}{stage}", self.taken) for x in self.system.variables}
            arguments = [from_sympy(self._put(call.args[0], x, None)) for x in self.system.variables]
            line = f"{', '.join(names.values())} = {self.derivatives}({', '.join([*arguments, *others])})"
            self.rendered.step.append(line)
            self.calls[key] = {x: symbol(name) for x, name in names.items()}
        return self.calls[key]

    def _time(self, call: Any) -> Any:
        """The time at which f or g is evaluated: t, at which the step begins, or a later one."""
        return call.args[1].xreplace({self.symbols["__t"]: symbol("t")})

    def _stored(self, temporary: str, x: str) -> Any:
        return symbol(unused(f"{temporary.strip('_')}_{x}", self.taken))

    def _put(self, expression: Any, x: str, xi: str | None) -> Any:
        """x and the results of earlier statements, for one variable with noise `xi`."""
        known = {self.symbols["__x"]: symbol(x), self.symbols["__t"]: symbol("t")}
        for name, statement in self.temporaries.items():
            if self.symbols.get(name) in expression.free_symbols:
                stored = not self.system.noises or xi is not None
                known[self.symbols[name]] = self._stored(name, x) if stored else self._complete(statement, x, None)
        return expression.xreplace(known)

    def _noise_at(self, x: str, xi: str | None, call: Any) -> Any:
        """g of one variable and one noise, at the point and time that `call` names; another variable is moved there
        without its own noise."""
        import sympy

        if xi is None:
            return sympy.Integer(0)
        g = sympy.diff(self.system.substituted[x], symbol(xi))
        if g.free_symbols and {str(s) for s in g.free_symbols} <= set(self.system.constant):
            several = len(self.system.noises) > 1
            name = unused(f"noise_{x}_{xi}" if several else f"noise_{x}", self.taken)
            self.rendered.constants[name] = from_sympy(g)
            return symbol(name)
        moved = {symbol(y): self._put(call.args[0], y, xi if y == x else None) for y in self.system.variables}
        moved |= {symbol("t"): self._time(call)} if "t" in self.system.given else {}
        return g.subs(moved, simultaneous=True)

    def _complete(self, expression: Any, x: str, xi: str | None) -> Any:
        """An expression of the description for one variable and one noise, or without noise."""
        import sympy

        f, g, dW = self.symbols["__f"], self.symbols["__g"], self.symbols["__dW"]
        expression = expression.replace(lambda e: e.func == f, lambda e: self._evaluate(e)[x])
        expression = expression.replace(lambda e: e.func == g, lambda e: self._noise_at(x, xi, e))
        expression = expression.xreplace({dW: symbol(xi) if xi else sympy.Integer(0)})
        return self._put(expression, x, xi)

    def _new_value(self, output: Any, x: str) -> Any:
        import sympy

        noisy = [term for term in sympy.Add.make_args(output) if term.has(self.symbols["__g"], self.symbols["__dW"])]
        calm = output - sympy.Add(*noisy)
        each = [self._complete(sympy.Add(*noisy), x, xi) for xi in self.system.noises]
        own = self.own_noise[x]
        if self.temporaries and self.system.noises:
            each = [self._complete(sympy.Add(*noisy), x, own)] if own else []
        return self._complete(calm, x, own) + sympy.Add(*each)
