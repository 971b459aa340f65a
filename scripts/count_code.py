"""Counts that describe the code: its size, its longest parts, and obstacles for readers.

    python scripts/count_code.py [DIRECTORY]

DIRECTORY is a checkout (default: this one), so that two versions can be compared. Only the package is counted, and
models/ where stated; blank lines are included. The figures are in docs/design/architecture.md.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TYPE_TESTS = re.compile(
    r"isinstance\([^()]*\b(SignalRule|PlasticityRule|EventPlan|Program|NEST|Brian2|Rewiring|Normalisation)\b"
)
"""Tests of the type of a rule or an engine."""


def sources(folder: Path) -> Iterator[tuple[Path, str]]:
    """All Python files below a folder, each with its text."""
    for path in sorted(folder.rglob("*.py")):
        yield path, path.read_text()


def functions(folder: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """All functions below a folder, each with its location."""
    for path, text in sources(folder):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(folder.parent)}:{node.lineno} {node.name}", node


def n_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Number of lines from the def to the last statement."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def n_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Number of arguments of every kind, without self."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def counts(root: Path) -> list[tuple[str, str]]:
    """(label, count) for the package in a checkout."""
    package, models = root / "spikelearn", root / "models"
    texts = dict(sources(package))
    sizes = {path: text.count("\n") for path, text in texts.items()}
    model_sizes = {path: text.count("\n") for path, text in sources(models)}
    everything = dict(functions(package))
    longest = max(everything, key=lambda place: n_lines(everything[place]))
    widest = max(everything, key=lambda place: n_arguments(everything[place]))
    largest, largest_model = max(sizes, key=sizes.__getitem__), max(model_sizes, key=model_sizes.__getitem__)
    whole = "\n".join(texts.values())
    return [
        ("files in the package", f"{len(sizes)}"),
        ("lines in the package", f"{sum(sizes.values()):,}"),
        ("lines in models/", f"{sum(model_sizes.values()):,}"),
        ("largest file of the package", f"{sizes[largest]} ({largest.relative_to(root)})"),
        ("largest model file", f"{model_sizes[largest_model]} ({largest_model.relative_to(root)})"),
        ("longest function", f"{n_lines(everything[longest])} ({longest})"),
        ("functions of more than 60 lines", f"{sum(n_lines(f) > 60 for f in everything.values())}"),
        ("most arguments", f"{n_arguments(everything[widest])} ({widest})"),
        ("type tests on rules or engines", f"{len(TYPE_TESTS.findall(whole))}"),
        ("`fmt: skip`", f"{whole.count('# fmt: skip')}"),
        ("`Any`", f"{len(re.findall(r'[^A-Za-z]Any[^A-Za-z]', whole))}"),
    ]


if __name__ == "__main__":
    at = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    for what, how_many in counts(at.resolve()):
        print(f"| {what} | {how_many} |")
