"""Scripts that ask PyNN for a back-end by its name, which may be spikelearn: python -m spikelearn.pynn SCRIPT ..."""

from __future__ import annotations

import importlib
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

USAGE = "usage: python -m spikelearn.pynn SCRIPT spikelearn [ARGUMENT ...]"


def named() -> None:
    """Let PyNN find this back-end as pyNN.spikelearn: it imports a back-end by its name, as a module of its own."""
    import pyNN

    pyNN.spikelearn = sys.modules["pyNN.spikelearn"] = importlib.import_module("spikelearn.pynn")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a script as `python SCRIPT ...` would, with `spikelearn` among the back-ends that it may be given."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0].startswith("-"):
        asked = given in (["-h"], ["--help"])
        print(f"{__doc__}\n\n{USAGE}", file=sys.stdout if asked else sys.stderr)
        raise SystemExit(0 if asked else 2)
    script = Path(given[0])
    if not script.is_file():
        raise SystemExit(f"{USAGE}\nexpected a script, got {given[0]!r}, which is no file")
    named()
    sys.argv = given
    sys.path[0] = str(script.resolve().parent)
    runpy.run_path(given[0], run_name="__main__")
