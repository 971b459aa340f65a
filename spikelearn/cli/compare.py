"""The command line of comparisons: `spikelearn compare --task TASK --rules all`. Only arguments and printing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.cli.sweep import add_common, working

_MODEL = "credit_assignment"
ALL = "all"


def add_compare(commands: Any) -> None:
    """Add `compare` to the subcommands."""
    usage = "spikelearn compare [--task TASK] [--rules all|RULE ...] [--seeds N] [--out DIR] [options]"
    compare = commands.add_parser(
        "compare", usage=usage, help="compare rules for assigning credit on one task", allow_abbrev=False,
        epilog="The same command run again computes what is missing; other rules and seeds join the same table.",
    )  # fmt: skip
    compare.add_argument(
        "--task",
        default="yin_yang",
        help="xor, yin_yang (default), digits, mnist, pixels, frequency, lags, wave_lags, evidence_accumulation, "
        "store_recall or nested_store_recall",
    )
    compare.add_argument("--rules", nargs="+", default=[ALL], metavar="RULE", help="names of rules (default: all)")
    compare.add_argument("--seeds", type=int, default=5, metavar="N", help="learners of each rule (default 5)")
    compare.add_argument("--mnist", default="", metavar="DIR", help="folder of the MNIST files, for --task mnist")
    compare.add_argument("--no-controls", action="store_true", help="leave out the controls")
    add_common(compare, "out/comparison")
    compare.set_defaults(action=_compare)


def _compare(options: argparse.Namespace) -> int:
    from spikelearn.learning.comparison import CONTROLS, compare
    from spikelearn.learning.comparison_report import write_figures, write_needs, write_tables

    rules: Sequence[str] | None = None if options.rules == [ALL] else options.rules
    options.settings += [f"mnist={options.mnist}"] if options.mnist else []
    controls = () if options.no_controls else tuple(CONTROLS)
    with working(options, ex.load_experiment(_MODEL), Path("out") / "comparison") as common:
        found = compare(common.pop("out"), options.task, rules, options.seeds, controls, **common)
    directory = options.out or Path("out") / "comparison"
    rules = list(dict.fromkeys(row["rule"] for row in found.rows))
    written = [
        *write_tables(found, directory), *write_figures(found, directory), *write_needs(rules, directory)
    ]  # fmt: skip
    if options.json:
        print(json.dumps(found.rows))
    for path in written:
        print(path, file=sys.stderr if options.json else sys.stdout)
    failed = [row for row in found.rows if row["test_accuracy"] is None]
    if failed:
        print(f"{len(failed)} of {len(found.rows)} learners failed; --retry computes them again", file=sys.stderr)
    return 1 if failed else 0
