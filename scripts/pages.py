"""Make all pages of measurements anew, part after part, from one commit.

    python scripts/pages.py --mnist FOLDER        all parts; resumes where it stopped; about a day on two cores
    python scripts/pages.py results validation    some
    python scripts/pages.py --list                the parts, their commands, and the commit that each was made from

A part that was made from this commit is not made again. Nothing but docs/, tests/ and prose may differ from the
commit. The parts benchmarks, exact_engine and profile need an otherwise idle machine. docs/results/made.md says when
each part was made, and from which commit; --mnist is the folder of MNIST's files.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # instead of this folder, where profile.py would shadow Python's module profile

MADE = ROOT / "docs" / "results" / "made.json"
MNIST = "{mnist}"


class Part(NamedTuple):
    """Pages that are made together. commands: what Python is called with, in the root of the checkout."""

    name: str
    pages: str
    commands: tuple[str, ...]

    def commands_with(self, mnist: str) -> list[list[str]]:
        return [[word.replace(MNIST, mnist) for word in shlex.split(command)] for command in self.commands]

    @property
    def needs_mnist(self) -> bool:
        return any(MNIST in command for command in self.commands)


REPRODUCE = "scripts/reproduce.py"
ON_MNIST = "--seeds 1 2 3 4 5 --set mnist={mnist}"
PARTS = (
    Part("results", "results.md, refereed.md, gallery, tables of single models", (REPRODUCE,)),
    Part("fresh", "fresh seeds of refereed.md", (f"{REPRODUCE} --fresh", f"{REPRODUCE} --report")),
    Part(
        "published_size", "XOR with 500 cells",
        (
            f"{REPRODUCE} burstprop_xor --seeds 1 2 3 4 5 --set cells=500 --set dt=0.1 --set controls=False",
            f"{REPRODUCE} --report",
        ),
    ),
    Part(
        "mnist", "digits on MNIST-t10k",
        (
            f"{REPRODUCE} diehl_cook_2015 {ON_MNIST}",
            f"{REPRODUCE} diehl_cook_2015 {ON_MNIST} --set silent=5.0",
            f"{REPRODUCE} plateau_learning {ON_MNIST} --set shown=80000",
            f"{REPRODUCE} digits {ON_MNIST}",
            f"{REPRODUCE} --report",
        ),
    ),
    Part("validation", "validation.md", ("scripts/validate.py --out docs/validation.md",)),
    Part("exact_engine", "results/exact_engine.md", ("scripts/crossover.py --repeats 5 --write",)),
    Part("benchmarks", "benchmarks.md", ("scripts/benchmark.py --write",)),
    Part("profile", "profile.md", ("scripts/profile.py --write",)),
    Part("sweeps", "sweeps.md", ("-m benchmarks.sweeps --write",)),
    Part(
        "credit_assignment", "results/credit_assignment.md, learning_rules.png",
        ("scripts/credit_assignment.py --compute --mnist {mnist}",),
    ),
    Part("scaling", "results/credit_assignment_scaling.md", ("scripts/credit_assignment_scaling.py",)),
    Part("feedback_weights", "results/feedback_weights.md", ("scripts/feedback_weights.py",)),
)  # fmt: skip


def options_of(arguments: Sequence[str] | None, parts: Sequence[Part]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [part.name for part in parts]
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(names)}; default: all")
    parser.add_argument("--mnist", type=Path, metavar="FOLDER", help="folder of MNIST's files")
    parser.add_argument("--anew", action="store_true", help="also what was made from this commit")
    parser.add_argument("--list", action="store_true", help="only list the parts")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.parts if name not in names]:
        parser.error(f"there is no part {unknown[0]!r}; there are: {', '.join(names)}")
    options.chosen = [part for part in parts if part.name in (options.parts or names)]
    needing = [part.name for part in options.chosen if part.needs_mnist]
    if needing and not options.list and options.mnist is None:
        parser.error(f"--mnist FOLDER is needed for {', '.join(needing)}")
    if options.mnist is not None and not options.mnist.is_dir():
        parser.error(f"--mnist: there is no folder {options.mnist}")
    return options


def made_page(made: Mapping[str, Any], parts: Sequence[Part]) -> str:
    """When each part was made, and from which commit."""
    lines = ["# How these pages were made", ""]
    lines += ["Made part by part by `python scripts/pages.py`. Results that were kept carry their own commit.", ""]
    lines += ["| part | pages | commands | commit | finished | took |", "|---|---|---|---|---|---|"]
    for part in parts:
        commands = "<br>".join(f"`python {command.replace(MNIST, 'FOLDER')}`" for command in part.commands)
        last = made.get(part.name)
        when = [last["commit"], last["finished"], f"{last['seconds'] / 60:.0f} min"] if last else ["not yet", "", ""]
        lines.append(f"| {' | '.join([part.name, part.pages, commands, *when])} |")
    return "\n".join(lines) + "\n"


def make(part: Part, mnist: str) -> bool:
    """Run the commands of a part until one fails; whether none did."""
    for command in part.commands_with(mnist):
        print(f"{part.name}: python {shlex.join(command)}", flush=True)
        if (ended := subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode) != 0:
            print(f"{part.name}: python {shlex.join(command)} ended with {ended}", file=sys.stderr)
            return False
    return True


def main(arguments: Sequence[str] | None = None, parts: Sequence[Part] = PARTS, kept: Path = MADE) -> int:
    from spikelearn.atomic_files import replacing
    from spikelearn.version import commit

    options, of = options_of(arguments, parts), commit()
    made: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    if options.list:
        for part in options.chosen:
            print(f"{part.name}: {part.pages}; {made[part.name]['commit'] if part.name in made else 'not yet'}")
            print("".join(f"    python {command}\n" for command in part.commands), end="")
        return 0
    if of is None or of.endswith("+"):
        expected = "a checkout in which nothing but docs/, tests/ and prose differs from its commit"
        print(f"expected {expected}: pages carry it", file=sys.stderr)
        return 2
    failed = []
    for part in options.chosen:
        if not options.anew and made.get(part.name, {}).get("commit") == of:
            print(f"{part.name}: made from this commit before")
            continue
        begun = time.monotonic()
        if not make(part, str(options.mnist)):
            failed.append(part.name)
            continue
        finished = datetime.datetime.now().astimezone().isoformat(timespec="minutes")
        made[part.name] = {"commit": of, "finished": finished, "seconds": round(time.monotonic() - begun)}
        for path, text in (
            (kept, json.dumps(made, indent=1) + "\n"),
            (kept.with_suffix(".md"), made_page(made, parts)),
        ):
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
    if failed:
        print(f"not made: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
