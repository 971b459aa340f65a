"""Compare spikelearn as a back-end of PyNN with pyNN.nest and closed forms: python scripts/compare_pynn.py --write

It has the requirements of the tests: pip install -e ".[test]". The scripts are those of tests/interop.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests/interop"))

from pynn_case import Found, Script, compare
from pynn_scripts import SCRIPTS
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/interop/pynn.md"
BEGIN, END = "<!-- begin: scripts/compare_pynn.py --write -->\n", "<!-- end -->\n"
HEAD = """\
With {versions}. The largest difference of each quantity; 0 is the same number, for spikes the same steps.

| in PyNN | script | oracle | largest difference | |
|---|---|---|---|---|
"""


def row(script: Script, found: list[Found]) -> str:
    """One script, with the largest difference of each of its quantities."""
    differences = ", ".join(
        f"{each.quantity} {each.largest:.1g} ({script.tolerance[each.quantity][1]})" for each in found
    )
    verdict = "met" if all(each.within for each in found) else "**MISSED**"
    return f"| {script.subject} | {script.what} | {script.oracle} | {differences} | {verdict} |\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", default="", help="only scripts whose name contains this")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    scripts = [script for script in SCRIPTS if arguments.only in str(script)]
    if not scripts:
        parser.error(f"no script's name contains {arguments.only!r}")
    if arguments.write and arguments.only:
        parser.error("the table has all scripts: --write goes without --only")
    found = [(script, compare(script)) for script in tqdm(scripts, unit=" scripts", disable=not sys.stderr.isatty())]
    packages = {"spikelearn": "spikelearn", "PyNN": "PyNN", "NEST": "nest-simulator"}
    text = HEAD.format(versions=", ".join(f"{name} {version(package)}" for name, package in packages.items()))
    text += "".join(row(*pair) for pair in found)
    print(text)
    if arguments.write:
        page = PAGE.read_text()
        before, rest = page.split(BEGIN)
        _, after = rest.split(END)
        PAGE.write_text(before + BEGIN + text + END + after)
    return 0 if all(each.within for _, every in found for each in every) else 1


if __name__ == "__main__":
    sys.exit(main())
