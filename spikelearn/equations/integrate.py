"""Integration of a system of equations over a step: the methods of Brian2, as lines of Python."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from spikelearn.equations.explicit import explicit
from spikelearn.equations.python import SCALAR_ONLY
from spikelearn.equations.rendering import Rendered, Unsupported, together, unused
from spikelearn.equations.system import System, from_sympy, names_in, symbol, to_sympy, without_units
from spikelearn.errors import DescriptionError
from spikelearn.parameters import suggest


def exact(system: System) -> Rendered:
    """x(t + dt) = P x(t) + Q b for linear equations x' = A x + b, from the linear system that Brian2 finds."""
    import sympy
    from brian2.stateupdaters.base import UnsupportedEquationsException
    from brian2.stateupdaters.exact import get_linear_system

    if system.noises:
        raise Unsupported("it has noise")
    try:
        found, A, b = get_linear_system(system.brian2(), {})
    except UnsupportedEquationsException:
        raise Unsupported("it is not linear in " + ", ".join(system.variables)) from None
    variables, n = system.variables, len(found)
    order = [found.index(name) for name in variables]
    A, b = A.extract(order, order), b.extract(order, [0])
    if "t" in system.given and any(each.has(symbol("t")) for each in (*A, *b)):
        raise Unsupported("it depends on t, which changes within a step")
    for i, j in ((i, j) for i in range(n) for j in range(n)):
        loose = {str(s) for s in A[i, j].free_symbols} - set(system.constant)
        if loose:
            raise Unsupported(
                f"the coefficient of {variables[j]} in d{variables[i]}/dt is not constant: it has {min(loose)}"
            )
    held = [i for i, name in enumerate(variables) if name in system.held]
    reach = _reach(A, [])
    rendered = Rendered()
    rendered.constants_before += _matrix_lines("A", A, [])
    rendered.constants_before.append("P, Q = propagators(A, dt)")
    rendered.imports.add("from spikelearn.equations.linear import propagators")
    free = [i for i in range(n) if i not in held]
    disturbed = [i for i in free if any(reach[i][j] for j in held)]
    updates = {}
    for i in range(n):
        updates[i] = _linear_update(rendered, system, variables, A, b, i, reach, "P", "Q", "")
    if disturbed:
        rendered.constants_before += _matrix_lines("A_held", A, held)
        rendered.constants_before.append("P_held, Q_held = propagators(A_held, dt)")
        reach_held, b_held = _reach(A, held), sympy.Matrix([0 if i in held else b[i] for i in range(n)])
    for i in range(n):
        if i in held:
            updates[i] = f"{variables[i]} if held else {updates[i]}"
        elif i in disturbed:
            while_held = _linear_update(
                rendered, system, variables, A, b_held, i, reach_held, "P_held", "Q_held", "_held"
            )
            updates[i] = f"{while_held} if held else {updates[i]}"
    rendered.step += together({variables[i]: updates[i] for i in _order(reach, n)})
    return rendered


def _linear_update(
    rendered: Rendered, system: Any, variables: Any, A: Any, b: Any, i: int, reach: Any, P: Any, Q: Any, suffix: str
) -> str:
    """The right-hand side of one line of the step; the constants that it needs are added to `rendered`."""
    import sympy

    taken = system.names
    name, terms = variables[i], []

    def constant(wanted: str, text: str) -> str:
        found = unused(wanted, taken)
        rendered.constants[found] = text
        return found

    for j in [i, *(j for j in range(len(variables)) if j != i)]:
        if reach[i][j]:
            wanted = f"P{suffix}_{name}" if i == j else f"P{suffix}_{name}_{variables[j]}"
            terms.append(f"{constant(wanted, f'{P}[{i}, {j}]')} * {variables[j]}")
    fixed, rest = [], []
    gains: dict[str, list[str]] = {}
    for j in range(len(variables)):
        if not reach[i][j] or b[j] == 0:
            continue
        fixed_j, loose_j = sympy.Integer(0), sympy.Integer(0)
        for term in sympy.Add.make_args(sympy.expand(b[j])):
            if {str(s) for s in term.free_symbols} <= set(system.constant):
                fixed_j += term
            else:
                loose_j += term
        if fixed_j != 0:
            fixed.append(f"{Q}[{i}, {j}] * ({from_sympy(fixed_j)})")
        for drive in sorted({s for s in loose_j.free_symbols if str(s) not in system.constant}, key=str):
            slope = sympy.diff(loose_j, drive)
            if {str(s) for s in slope.free_symbols} <= set(system.constant):
                gains.setdefault(str(drive), []).append(f"{Q}[{i}, {j}] * ({from_sympy(slope)})")
                loose_j = sympy.expand(loose_j - slope * drive)
        if loose_j != 0:
            gain = constant(f"Q{suffix}_{name}_{variables[j]}", f"{Q}[{i}, {j}]")
            rest.append(f"{gain} * ({from_sympy(loose_j)})")
    for drive, parts in gains.items():
        terms.append(f"{constant(f'P{suffix}_{name}_{drive}', ' + '.join(parts))} * {drive}")
    if fixed:
        terms.append(constant(f"{name}_constant{suffix}", " + ".join(fixed)))
    return " + ".join(terms + rest) or "0.0"


def _reach(A: Any, held: list[int]) -> list[list[bool]]:
    """Whether variable i at the end of a step depends on variable j at its start."""
    n = A.shape[0]
    reach = [[i == j or (i not in held and A[i, j] != 0) for j in range(n)] for i in range(n)]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                reach[i][j] = reach[i][j] or (reach[i][k] and reach[k][j])
    return reach


def _order(reach: list[list[bool]], n: int) -> list[int]:
    """An order in which no variable is changed before another that needs its old value, if there is one."""
    left, order = list(range(n)), []
    while left:
        ready = [i for i in left if not any(reach[j][i] for j in left if j != i)]
        if not ready:
            return list(range(n))
        order.append(ready[0])
        left.remove(ready[0])
    return order


def _matrix_lines(name: str, A: Any, held: list[int]) -> list[str]:
    n = A.shape[0]
    rows = [", ".join("0.0" if i in held or A[i, j] == 0 else from_sympy(A[i, j]) for j in range(n)) for i in range(n)]
    return [f"{name} = [", *(f"    [{row}]," for row in rows), "]"]


def exponential_euler(system: System) -> Rendered:
    """x = x_inf + (x - x_inf) exp(A dt), where x' = A x + B and A and B are constant over the step; equations without a
    leak use Euler's method. Brian2 checks whether each equation is linear in its own variable."""
    import sympy
    from brian2.stateupdaters.exponential_euler import get_conditionally_linear_system

    if system.noises:
        raise Unsupported("it has noise")
    try:
        get_conditionally_linear_system(system.brian2())
    except ValueError:
        raise Unsupported("an equation is not linear in its own variable") from None
    rendered, taken = Rendered(), system.names
    own = {x: [e for e in system.expressions if system.depends(e, x)] for x in system.variables}
    parts = {}
    for x, piece in system.rights.items():
        known: dict[Any, Any] = {}
        for name in system.expressions:
            if name in own[x]:
                known[symbol(name)] = to_sympy(system.expressions[name].tree).xreplace(known)
        right = to_sympy(piece.tree).xreplace(known)
        leak = sympy.diff(right, symbol(x))
        leak = sympy.simplify(leak) if leak.has(symbol(x)) else leak
        if leak.has(symbol(x)):
            raise Unsupported(f"d{x}/dt is not linear in {x}")
        parts[x] = leak, right.subs(symbol(x), 0)
    written = [ast.parse(from_sympy(each), mode="eval") for pair in parts.values() for each in pair]
    for name in system.needed_expressions([tree.body for tree in written]):
        rendered.step.append(f"{name} = {without_units(system.expressions[name].tree)}")
    updates = []
    for x, (leak, rest) in parts.items():
        if leak == 0:
            change = unused(f"d{x}", taken)
            rendered.step.append(f"{change} = {from_sympy(rest)}")
            update = f"{x} + dt * {change}"
        else:
            P, decay = unused(f"P_{x}", taken), f"exp(dt * ({from_sympy(leak)}))"
            used = names_in(ast.parse(decay, mode="eval"))
            if {str(s) for s in leak.free_symbols} <= set(system.constant) and not used & SCALAR_ONLY:
                rendered.constants[P] = decay
            else:
                rendered.step.append(f"{P} = {decay}")
            update = f"{P} * {x}"
            if rest != 0:
                target = unused(f"{x}_inf", taken)
                rendered.step.append(f"{target} = {from_sympy(sympy.together(-rest / leak))}")
                update = f"{target} + ({x} - {target}) * {P}"
        updates.append(f"{x} = {x} if held else {update}" if x in system.held else f"{x} = {update}")
    rendered.step += updates
    return rendered


METHODS: Mapping[str, Callable[[System], Rendered]] = {
    "exact": exact,
    "exponential_euler": exponential_euler,
    **{name: partial(explicit, method=name) for name in ("euler", "rk2", "rk4", "heun", "milstein")},
}


def integrated(system: System, method: str | None) -> tuple[str, Rendered]:
    """The method and the lines of one step. Default: exact, else exponential Euler, else RK4; with noise Euler if it is
    additive, else Heun. Raises DescriptionError with the reason if a method cannot be used."""
    if method is not None:
        if method not in METHODS:
            raise DescriptionError(
                f"method of {system.owner}: unknown method {method!r}{suggest(method, METHODS)}; "
                f"expected one of {', '.join(METHODS)}"
            )
        try:
            return method, METHODS[method](system)
        except Unsupported as reason:
            piece = next(iter(system.rights.values()))
            message = f"method {method!r} cannot integrate {system.owner}: {reason}"
            raise DescriptionError(piece.complaint(message) if len(system.rights) == 1 else message) from None
    for name in ("euler", "heun", "milstein") if system.noises else ("exact", "exponential_euler", "rk4"):
        try:
            return name, METHODS[name](system)
        except Unsupported:
            continue
    raise DescriptionError(f"no Brian2 method can integrate the equations of {system.owner}")
