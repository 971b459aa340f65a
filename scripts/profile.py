"""Where the time of each benchmark goes, and how near each loop is to a limit of this machine.

    python scripts/profile.py [--only cuba_4000 brunel] [--steps 3000] [--quick] [--write]

It times every call of a step on one thread and measures in the same session what the machine can do; on a machine that
does nothing else. --write puts the page into docs/profile.md, otherwise it is printed. --quick takes small networks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # in place of this folder, where Python's own module of this file's name would be sought

from benchmarks import networks  # noqa: E402
from benchmarks.profile_page import NAMES, page  # noqa: E402
from spikelearn.engine.roofline import measure_machine  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NETWORK", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--steps", type=int, default=3000, help="steps that are timed, after the network has settled")
    parser.add_argument("--settle", type=float, default=100.0, help="ms that a network runs before it is timed")
    parser.add_argument("--quick", action="store_true", help="small networks: to see that all works")
    parser.add_argument("--write", action="store_true", help="write docs/profile.md")
    arguments = parser.parse_args()
    found = {each.name: each for each in (networks.quick() if arguments.quick else networks.full())}
    names = arguments.only or (list(found) if arguments.quick else NAMES)
    unknown = [name for name in names if name not in found]
    if unknown:
        parser.error(f"no network is called {unknown[0]!r}; there are: {', '.join(found)}")
    text = page([found[name] for name in names], measure_machine(), arguments.settle, arguments.steps)
    if arguments.write:
        (ROOT / "docs" / "profile.md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
