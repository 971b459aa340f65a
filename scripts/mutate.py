"""Small slips, one at a time: does a test notice? Measured by area of the code.

    python scripts/mutate.py kernels rules --mutants 20 --seed 1 --out out/mutants.jsonl   # resumes where it stopped
    python scripts/mutate.py --report out/mutants.jsonl                                     # the table of an area

A slip is one changed operator, comparison, number or word of logic, drawn at random from the statements of an area.
The tests of that area then run in a copy of the tree, those first that name what the file defines, until one fails;
without a slip they must pass.
A slip whose tests take much longer than without it counts as noticed: it runs on for ever. What no test notices is
listed, to be read: a slip without effect is no fault of the tests, and is counted apart once `--equivalent` says so.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("spikelearn", "models", "tests", "scripts", "benchmarks", "docs", "examples", "tutorials")
COPIED_FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")


@dataclass(frozen=True)
class Area:
    """Files in which slips are made, and the tests that should notice, cheapest first."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


AREAS = {
    "kernels": Area(("spikelearn/kernels/**/*.py",), ("tests/naive", "tests/reference", "tests/property")),
    "rules": Area(
        ("spikelearn/plasticity/*.py",),
        (
            "tests/naive",
            "tests/reference",
            "tests/unit/test_rules.py",
            "tests/unit/test_signal_rules.py",
            "tests/unit/test_defaults.py",
        ),
    ),
    "neurons": Area(
        ("spikelearn/neurons/**/*.py",),
        (
            "tests/reference",
            "tests/property",
            "tests/naive",
            "tests/unit/test_values.py",
            "tests/unit/test_composition.py",
            "tests/unit/test_exact_engine.py",
            "tests/unit/test_margin.py",
            "tests/unit/test_derivative.py",
            "tests/unit/test_defaults.py",
        ),
    ),
    "plots": Area(("spikelearn/plots/*.py",), ("tests/unit",)),
    "metrics": Area(
        ("models/*.py",),
        (
            "tests/unit/test_measures_of_models.py",
            "tests/unit/test_trains_and_rules_of_models.py",
            "tests/unit/test_models_before_a_run.py",
            "tests/unit/test_model_parameters.py",
            "tests/unit/test_settings_of_models.py",
            "tests/reproduction",
        ),
    ),
    "sweeps": Area(("spikelearn/sweep/*.py",), ("tests/unit", "tests/faults")),
}
SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.And: ("and", "or"), ast.Or: ("or", "and"), ast.Is: ("is", "is not"),
}  # fmt: skip
VALIDATION = "tests/reference/test_validation.py"
NO_TESTS = 5
"""What pytest returns if it found none, as where all are slow."""
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Slip:
    """One change of the text of a file: columns are of the line, which is counted from 1."""

    path: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def applied_to(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        line = lines[self.line - 1]
        assert line[self.start : self.end] == self.old, (self, line)
        lines[self.line - 1] = line[: self.start] + self.new + line[self.end :]
        return "".join(lines)


def slips_of(path: str, text: str) -> list[Slip]:
    """All slips of a file, without those in annotations, messages of errors and what is imported for types only."""
    lines = text.splitlines()
    found: list[Slip] = []

    def between(left: ast.expr, right: ast.expr, old: str, new: str) -> None:
        """An operator stands between its operands, which must be on one line."""
        if left.end_lineno != right.lineno:
            return
        gap = lines[right.lineno - 1].encode()[left.end_col_offset : right.col_offset].decode()
        if re.findall(r"[^\s()]+", gap) == old.split():
            start = len(lines[right.lineno - 1].encode()[: left.end_col_offset].decode()) + gap.index(old)
            found.append(Slip(path, right.lineno, start, start + len(old), old, new))

    def at(node: ast.expr, old: str, new: str) -> None:
        start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
        if lines[node.lineno - 1][start : start + len(old)] == old:
            found.append(Slip(path, node.lineno, start, start + len(old), old, new))

    for node in _mutable(ast.parse(text)):
        if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
            between(node.left, node.right, *SWAPS[type(node.op)])
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPS:
            between(node.left, node.comparators[0], *SWAPS[type(node.ops[0])])
        elif isinstance(node, ast.BoolOp):
            for left, right in zip(node.values, node.values[1:], strict=False):
                between(left, right, *SWAPS[type(node.op)])
        elif isinstance(node, ast.AugAssign) and type(node.op) in SWAPS:
            old, new = (f"{each}=" for each in SWAPS[type(node.op)])
            between(node.target, node.value, old, new)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            at(node, "not " if isinstance(node.op, ast.Not) else "-", "")
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
            value = node.value
            new = str(not value) if isinstance(value, bool) else repr(value + 1) if value in (0, 1) else repr(value * 2)
            at(node, ast.get_source_segment(text, node) or "", new)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            at(node.func, node.func.id, CALLS[node.func.id])
    return found


def _mutable(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but annotations, what is raised and what is imported for types."""
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.Assert):
        return
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                yield from _mutable(each)


def drawn(area: Area, how_many: int, seed: int) -> list[Slip]:
    """Slips of an area: a file is drawn by its number of slips, each at most once."""
    paths = sorted({path for pattern in area.files for path in ROOT.glob(pattern) if path.name != "__init__.py"})
    every = [slip for path in paths for slip in slips_of(str(path.relative_to(ROOT)), path.read_text("utf-8"))]
    return random.Random(seed).sample(every, min(how_many, len(every)))


def defined_in(path: str) -> set[str]:
    """The functions and classes of a file, and what else has a capital, as models and rules do."""
    body = ast.parse((ROOT / path).read_text("utf-8")).body
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    given = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    return names | {each.id for each in given if isinstance(each, ast.Name) and each.id[:1].isupper()}


def tests_for(slip: Slip, area: Area) -> list[str]:
    """The test files of an area, those first that name the file or what it defines."""
    stem = Path(slip.path).stem
    named = re.compile(r"\b(" + "|".join(sorted(map(re.escape, {stem, *defined_in(slip.path)}))) + r")\b")
    files = [path for each in area.tests for path in sorted(_test_files(ROOT / each))]
    hits = {path: len(named.findall(path.read_text("utf-8"))) + 1000 * (path.stem == f"test_{stem}") for path in files}
    order = {path: k for k, path in enumerate(files)}
    return [str(path.relative_to(ROOT)) for path in sorted(files, key=lambda path: (-hits[path], order[path]))]


def oracles_for(slip: Slip, area: Area) -> list[str]:
    """What selects the comparisons with oracles of what a file defines, if they are among the tests of its area."""
    names = sorted(name for name in defined_in(slip.path) if name[:1].isupper() and not name.isupper())
    if VALIDATION not in [str(path.relative_to(ROOT)) for each in area.tests for path in _test_files(ROOT / each)]:
        return []
    return [VALIDATION, "-k", " or ".join(names)] if names else []


def _test_files(path: Path) -> list[Path]:
    return list(path.rglob("test_*.py")) if path.is_dir() else [path]


def judge(
    slip: Slip, area: Area, tree: Path, longest: float, files: int | None = None, made: bool = True
) -> dict[str, Any]:
    """Run the area's tests, or the first so many files of them, on the copy with one slip, or without if not made."""
    path = tree / slip.path
    before = path.read_text("utf-8")
    path.write_text(slip.applied_to(before) if made else before, "utf-8")
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
    verdict, by = "survived", ""
    started = time.monotonic()
    try:
        for tests in (oracles_for(slip, area), tests_for(slip, area)[:files]):
            if tests and verdict == "survived":
                done = subprocess.run(
                    [*pytest, *tests], cwd=tree, env=environment, capture_output=True, text=True, timeout=longest
                )
                failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
                if done.returncode not in (0, NO_TESTS):
                    verdict, by = "noticed", failed[1] if failed else done.stdout[-200:]
    except subprocess.TimeoutExpired:
        verdict, by = "too long", f"{longest:g} s"
    finally:
        path.write_text(before, "utf-8")
    return {"verdict": verdict, "by": by, "seconds": round(time.monotonic() - started, 1)}


def report(rows: Sequence[dict[str, Any]], without_effect: Sequence[str] = ()) -> str:
    """A table by area, and what survived."""
    lines = ["| area | slips | noticed | survived | without effect | share |", "|---" * 6 + "|"]
    for area in dict.fromkeys(row["area"] for row in rows):
        of = [row for row in rows if row["area"] == area]
        alive = [row for row in of if row["verdict"] == "survived"]
        empty = [row for row in alive if place_of(row) in without_effect]
        noticed = len(of) - len(alive)
        counted = len(of) - len(empty)
        lines.append(
            f"| {area} | {len(of)} | {noticed} | {len(alive) - len(empty)} | {len(empty)} | {noticed / counted:.0%} |"
        )
    lines += ["", "Survived:", ""]
    for row in rows:
        if row["verdict"] == "survived":
            note = " (without effect)" if place_of(row) in without_effect else ""
            lines.append(f"- {row['area']}: `{place_of(row)}`: `{row['old']}` to `{row['new']}`{note}")
    return "\n".join(lines) + "\n"


def place_of(row: dict[str, Any]) -> str:
    return f"{row['path']}:{row['line']}:{row['start']}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("areas", nargs="*", help=f"some of {', '.join(AREAS)}; default: all")
    parser.add_argument("--mutants", type=int, default=20, help="slips of each area")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=900.0, help="s, after which a slip counts as noticed")
    parser.add_argument(
        "--files", type=int, metavar="N", help="only the N test files that name most of it: a lower bound, in less time"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "out/mutants.jsonl")
    parser.add_argument("--report", type=Path, metavar="FILE", help="only print the table of what was measured")
    parser.add_argument("--equivalent", nargs="*", default=[], metavar="PATH:LINE:COLUMN", help="slips without effect")
    options = parser.parse_args(arguments)
    if options.report:
        rows = [json.loads(line) for line in options.report.read_text("utf-8").splitlines()]
        print(report(rows, options.equivalent))
        return 0
    if unknown := set(options.areas) - set(AREAS):
        parser.error(f"unknown area {sorted(unknown)[0]!r}; there are {', '.join(AREAS)}")
    # A job in a shell's background ignores Ctrl-C, and what it starts does: tests of Ctrl-C would fail.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    text = options.out.read_text("utf-8") if options.out.exists() else ""
    known = {(row["area"], place_of(row), row["new"]) for row in map(json.loads, text.splitlines())}
    with tempfile.TemporaryDirectory() as folder, options.out.open("a", encoding="utf-8") as out:
        tree = Path(folder, "tree")
        for name in COPIED:
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "store"))
        for name in COPIED_FILES:
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, tree / name)
        for name in options.areas or AREAS:
            slips = drawn(AREAS[name], options.mutants, options.seed)
            control = judge(slips[0], AREAS[name], tree, options.longest, options.files, made=False)
            if control["verdict"] != "survived":
                sys.exit(f"{name}: tests fail without a slip: {control['by']}")
            print(f"{name}: without a slip the tests of the first take {control['seconds']:g} s")
            for slip in slips:
                row = {"area": name, **asdict(slip)}
                if (name, place_of(row), slip.new) in known:
                    continue
                row |= judge(slip, AREAS[name], tree, options.longest, options.files)
                out.write(json.dumps(row) + "\n")
                out.flush()
                print(f"{name}: {place_of(row)} {slip.old!r} to {slip.new!r}: {row['verdict']} {row['by'][:80]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
