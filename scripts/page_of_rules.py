"""What scripts have in common that compute points of several rules and write one page with a figure of them."""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def options_of(
    arguments: list[str] | None, about: str | None, out: str, rules: Sequence[str], seeds: int
) -> argparse.Namespace:
    """about: docstring of the script. out, rules, seeds: defaults."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(out), help="folder of the store")
    parser.add_argument("--rules", nargs="+", default=list(rules), metavar="RULE", help="default: one of each family")
    parser.add_argument("--seeds", type=int, default=seeds, help=f"default {seeds}")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="default: all cores")
    return parser.parse_args(arguments)


def points_of(
    model: str, options: argparse.Namespace, name: str, values: Iterable[Any], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Points that were computed without an error, of all seeds and rules with each value of the parameter `name`.

    settings: other parameters, of all points. What is in the store is not computed again.
    """
    from spikelearn import sweep

    each = itertools.product(range(1, options.seeds + 1), values, options.rules)
    rows = [{"rule": rule, "learner_seed": seed, name: value} for seed, value, rule in each]
    done = sweep.run(model, options.out, sweep.Design(rows=rows), settings=settings, workers=options.workers)
    return [point for point in done.table().to_pylist() if point["status"] == "done"]


def write_page(page: Path, figure: Any, label: str, before: str, after: str) -> None:
    """before, after: text of the page above and below its figure, which is written beside it."""
    picture = page.with_suffix(".png")
    figure.savefig(picture, dpi=200)
    page.write_text(f"{before}\n![{label}]({picture.name})\n\n{after}", encoding="utf-8")
    print(page)
