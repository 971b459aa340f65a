"""Where the time of each benchmark goes, and how close each loop is to a limit of this machine.

    python scripts/profile.py [--only cuba_4000 brunel] [--steps 3000] [--quick] [--write]

It times every call of a step on one thread and measures the limits of the machine in the same session; run it on an
otherwise idle machine. --write puts the page into docs/profile.md; by default it is printed. --quick uses small
networks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # instead of this folder, where this file would shadow Python's module profile

from benchmarks import networks  # noqa: E402
from benchmarks.profile_page import NAMES, page  # noqa: E402
from spikelearn.engine.roofline import measure_machine  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NETWORK", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--steps", type=int, default=3000, help="timed steps, after the network has settled")
    parser.add_argument("--settle", type=float, default=100.0, help="ms that a network runs before timing")
    parser.add_argument("--quick", action="store_true", help="small networks, to check that everything works")
    parser.add_argument("--write", action="store_true", help="write docs/profile.md")
    arguments = parser.parse_args()
    found = {each.name: each for each in (networks.quick() if arguments.quick else networks.full())}
    names = arguments.only or (list(found) if arguments.quick else NAMES)
    unknown = [name for name in names if name not in found]
    if unknown:
        parser.error(f"unknown network {unknown[0]!r}; expected some of: {', '.join(found)}")
    text = page([found[name] for name in names], measure_machine(), arguments.settle, arguments.steps)
    if arguments.write:
        (ROOT / "docs" / "profile.md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
