"""Equations of models, which are text in Brian2's syntax, as mathematics."""

from __future__ import annotations

import ast
import re

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega "
    "Delta Theta Lambda Sigma Phi Psi Omega"
).split()
SIGNS = {"plus": "+", "minus": "-"}
FUNCTIONS = {"exp": r"\exp", "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tanh": r"\tanh", "sqrt": r"\sqrt"}
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\,", ast.Mod: r"\bmod"}
COMPARED = {ast.Lt: "<", ast.Gt: ">", ast.LtE: r"\le", ast.GtE: r"\ge", ast.Eq: "=", ast.NotEq: r"\ne"}
CHANGES = {ast.Add: "+", ast.Sub: "-", ast.Mult: r"\cdot", ast.Div: "/"}
SUM, PRODUCT, UNARY, POWER, ATOM = range(5)
"""How tightly something binds: what binds less tightly than where it stands is put into brackets."""


def latex(line: str) -> str | None:
    """A line of equations or a statement as LaTeX; None for one that is neither."""
    text = re.sub(r"\s*#.*", "", line).strip()
    equation = ":" in text or text.startswith("d")
    equation = equation and re.fullmatch(
        r"(?:d(\w+)/dt|(\w+))\s*=(?!=)\s*(.+?)(?:\s*:\s*[\w*/^ .()-]+?(?:\s*\(([^()]*)\))?)?", text
    )
    try:
        if equation:
            derived, name, right, flags = equation.groups()
            left = rf"\frac{{d{symbol(derived)}}}{{dt}}" if derived else symbol(name)
            note = r" \quad \text{unless refractory}" if flags and "unless refractory" in flags else ""
            return f"{left} = {_of(ast.parse(right, mode='eval').body, SUM)}{note}"
        [statement] = ast.parse(text).body
        return _statement(statement)
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError):
        return None


def block(text: str) -> str:
    """All lines of a section as Markdown: mathematics, with what stands between them as text; "" if a line is none."""
    rows, parts = [], []
    for line in re.sub(r"\n\s*(?=[-+] )", " ", text).splitlines():
        if line.strip().endswith(":") and "=" not in line:
            parts += [_aligned(rows), line.strip()]
            rows = []
        elif line.strip() and not re.fullmatch(r"\s*\w+ : [\w/*^ ]+(\([\w ]+\))?\s*", line):
            pieces = [latex(piece) for piece in line.split(";")]
            if None in pieces:
                return ""
            rows += [piece for piece in pieces if piece]
    return "\n\n".join(part for part in (*parts, _aligned(rows)) if part)


def symbol(name: str) -> str:
    """A name as a symbol: Greek letters, and what follows the first underscore as an index."""
    first, _, index = name.strip("_").partition("_")
    head = rf"\{first}" if first in GREEK else first if len(first) == 1 else rf"\mathrm{{{first}}}"
    below = ",".join(_index(each) for each in index.split("_")) if index else ""
    return rf"{head}_{{{below}}}" if below else head


def _index(name: str) -> str:
    if name in SIGNS:
        return SIGNS[name]
    return rf"\{name}" if name in GREEK else name if len(name) == 1 else rf"\mathrm{{{name}}}"


def _aligned(rows: list[str]) -> str:
    return "\n\n".join(f"$$\n{row}\n$$" for row in rows)


def _statement(node: ast.stmt) -> str:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return rf"{symbol(name)} \leftarrow {_of(value, SUM)}"
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            own = symbol(name)
            return (
                rf"{own} \leftarrow {own} {CHANGES[type(op)]} {_of(value, SUM if isinstance(op, ast.Add) else PRODUCT)}"
            )
        case ast.Expr(value=value):
            return _of(value, SUM)
    raise ValueError


def _of(node: ast.expr, within: int) -> str:
    binds, text = _bound(node)
    return rf"\left({text}\right)" if binds < within else text


def _bound(node: ast.expr) -> tuple[int, str]:
    """How tightly an expression binds, and what it is in LaTeX."""
    match node:
        case ast.Name(id=name):
            return ATOM, symbol(name)
        case ast.Constant(value=bool(value)):
            return ATOM, rf"\text{{{str(value).lower()}}}"
        case ast.Constant(value=int() | float() as value):
            return ATOM, f"{value:g}"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return POWER, rf"\frac{{{_of(left, SUM)}}}{{{_of(right, SUM)}}}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return POWER, f"{_of(left, ATOM)}^{{{_of(right, SUM)}}}"
        case ast.BinOp(left=left, op=op, right=right):
            sums = isinstance(op, ast.Add | ast.Sub)
            other = PRODUCT if isinstance(op, ast.Sub) or not sums else SUM
            own = SUM if sums else PRODUCT
            return own, f"{_of(left, own)} {OPERATORS[type(op)]} {_of(right, other)}"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return SUM, f"-{_of(operand, PRODUCT)}"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return SUM, rf"\text{{not }} {_of(operand, ATOM)}"
        case ast.BoolOp(op=op, values=values):
            word = r" \;\text{and}\; " if isinstance(op, ast.And) else r" \;\text{or}\; "
            return SUM, word.join(_of(each, SUM) for each in values)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return SUM, f"{_of(left, SUM)} {COMPARED[type(op)]} {_of(right, SUM)}"
        case ast.Call(func=ast.Name(id="sqrt"), args=[one]):
            return ATOM, rf"\sqrt{{{_of(one, SUM)}}}"
        case ast.Call(func=ast.Name(id="int"), args=[one]):
            return ATOM, rf"\left[{_of(one, SUM)}\right]"
        case ast.Call(func=ast.Name(id="abs"), args=[one]):
            return ATOM, rf"\left|{_of(one, SUM)}\right|"
        case ast.Call(func=ast.Name(id=name), args=args):
            head = FUNCTIONS.get(name, rf"\mathrm{{{name}}}")
            return ATOM, rf"{head}\left({', '.join(_of(each, SUM) for each in args)}\right)"
    raise ValueError
