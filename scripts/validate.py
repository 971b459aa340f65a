"""Hold every model and rule against its oracle and write the table: python scripts/validate.py --out docs/validation.md

It needs what the tests need: pip install -e ".[test]".
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from cases.case import Case, Difference, difference
from cases.every_case import CASES
from tqdm import tqdm

from spikelearn.network import versions

HEAD = """\
# Validation

Every model and rule beside an oracle: another simulator that runs live, a closed form, or a published number. Made by

```sh
{command}
```

with {versions}. "Difference" is the largest of all values that were compared, "relative" is over the largest expected
value. The tests run the same cases. What each class of tolerance allows is said in tests/tolerances.py.

| subject | what | oracle | values | difference | relative | allowed | |
|---|---|---|---|---|---|---|---|
"""


def row(case: Case, found: Difference) -> str:
    verdict = "met" if found.within else "**MISSED**"
    return (
        f"| {case.subject} | {case.what} | {case.oracle} | {found.n:,} | {found.largest:.2g} | {found.relative:.2g} "
        f"| {case.tolerance_name} | {verdict} |\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="where the table is written; by default it is only printed")
    parser.add_argument("--only", default="", help="only the cases that have this in their name")
    parser.add_argument("--quick", action="store_true", help="leave out the slow cases")
    arguments = parser.parse_args()
    cases = [case for case in CASES if arguments.only in str(case) and not (arguments.quick and case.slow)]
    if not cases:
        parser.error(f"no case has {arguments.only!r} in its name")
    found = [(case, difference(case)) for case in tqdm(cases, unit=" cases", disable=not sys.stderr.isatty())]
    installed = ", ".join(f"{name} {version}" for name, version in (versions() | peers()).items())
    command = " ".join(["python scripts/validate.py", *sys.argv[1:]])
    text = HEAD.format(command=command, versions=installed) + "".join(row(*pair) for pair in found)
    if arguments.out is not None:
        arguments.out.write_text(text)
    print(text)
    return 0 if all(difference.within for _, difference in found) else 1


def peers() -> dict[str, str]:
    """The versions of the oracles that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    result = {}
    for name, package in (("NEST", "nest-simulator"), ("Brian2", "brian2")):
        try:
            result[name] = version(package)
        except PackageNotFoundError:
            continue
    return result


if __name__ == "__main__":
    sys.exit(main())
