"""Rendering of functions: lines in Brian2's syntax, finally converted to Python and wrapped."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spikelearn.equations.python import to_python_lines

WIDTH = 118


class Unsupported(Exception):
    """The reason why a method of integration cannot be used."""


@dataclass
class Rendered:
    """The output of a method of integration, with the names of the equations and Brian2's functions.

    step: lines that advance the variables by one step. helpers: name -> (arguments, lines) of functions that `step`
    calls. constants_before, constants: lines of the function that computes constants, and its results by name.
    noises: names of standard normal numbers, new in each step. imports: lines.
    """

    step: list[str] = field(default_factory=list)
    helpers: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    constants_before: list[str] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    noises: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)


def unused(wanted: str, taken: set[str]) -> str:
    """`wanted`, with underscores appended if it is already in use."""
    while wanted in taken:
        wanted += "_"
    return wanted


def together(values: Mapping[str, str]) -> list[str]:
    """Lines that assign new values, all computed from the old ones: one per variable if none needs another."""
    seen: set[str] = set()
    for name, value in values.items():
        if seen & {node.id for node in ast.walk(ast.parse(value)) if isinstance(node, ast.Name)}:
            return [f"{', '.join(values)} = ({', '.join(values.values())})"]
        seen.add(name)
    return [f"{name} = {value}" for name, value in values.items()]


def function(name: str, arguments: Sequence[str], doc: str, lines: Sequence[str], scalar: bool = True) -> str:
    """A function as text; `lines` are Python."""
    head = ["@scalar"] if scalar else []
    head += broken(f"def {name}({', '.join(arguments)}):", "")
    body = [f'    """{doc}"""'] if doc else []
    lines = [f"return {line[8:-1]}" if line.startswith("return (") and _one_pair(line[7:]) else line for line in lines]
    return "\n".join([*head, *body, *(each for line in lines for each in broken(line, "    "))]) + "\n"


def python_lines(lines: Sequence[str], names: Mapping[str, str], style: str = "math") -> list[str]:
    """Lines in Brian2's syntax as lines of Python, one per statement."""
    return to_python_lines("\n".join(lines), names, style)


def used_names(lines: Sequence[str]) -> list[str]:
    """The names that Python lines read, in order of first use."""
    found: dict[str, None] = {}
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Name):
            found.setdefault(node.id)
    places = {name: min(_place(line, name, k) for k, line in enumerate(lines)) for name in found}
    return sorted(found, key=lambda name: places[name])


def _place(line: str, name: str, number: int) -> tuple[int, int]:
    where = [n.col_offset for n in ast.walk(ast.parse(line)) if isinstance(n, ast.Name) and n.id == name]
    return (number, min(where)) if where else (1 << 30, 0)


def broken(line: str, indent: str) -> list[str]:
    """A line, wrapped at its outermost commas, signs or conditions if it is too long."""
    if len(indent + line) <= WIDTH:
        return [indent + line]
    if line.startswith("def "):
        name, _, arguments = line.removesuffix("):").partition("(")
        each = [f"{argument}," for argument in arguments.split(", ")]
        return [f"{indent}{name}(", *_filled(each, indent + "    "), f"{indent}):  # fmt: skip"]
    head, sign, right = line.partition(" = ") if not line.startswith("return ") else ("return", " ", line[7:])
    call = re.fullmatch(r"[\w.]+\(", right[: right.find("(") + 1])
    if call and _one_pair(right[right.find("(") :]):
        return [
            f"{indent}{head}{sign}{call.group()}",
            *_filled(_parts(right[call.end() : -1]), indent + "    "),
            f"{indent})",
        ]
    parts = _parts(right)
    if len(parts) == 1:
        return [indent + line]
    return [f"{indent}{head}{sign}(", *_filled(parts, indent + "    "), f"{indent})"]


def _one_pair(text: str) -> bool:
    """Whether the first bracket of a text is closed by its last character."""
    depth = 0
    for k, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return k == len(text) - 1
    return False


def _filled(parts: Sequence[str], indent: str) -> list[str]:
    """Parts joined into lines that are not too long."""
    lines = [indent]
    for part in parts:
        if len(lines[-1]) + len(part) + 1 > WIDTH and lines[-1].strip():
            lines.append(indent)
        lines[-1] += part if not lines[-1].strip() else " " + part
    return lines


def _parts(text: str) -> list[str]:
    """A long expression, split outside all brackets: before + - if else and or, and after commas."""
    depth, parts, begin, k = 0, [], 0, 0
    while k < len(text):
        depth += text[k] in "([{"
        depth -= text[k] in ")]}"
        if depth == 0 and text[k] == ",":
            parts.append(text[begin : k + 1].strip())
            begin = k + 1
        elif depth == 0 and any(text.startswith(word, k) for word in (" + ", " - ", " if ", " else ", " and ", " or ")):
            parts.append(text[begin:k].strip())
            begin = k + 1
        k += 1
    return [part for part in [*parts, text[begin:].strip()] if part]
