"""A page for each rule for assigning credit: idea, circuit, what a synapse must know, equations, what was measured.

The circuit is drawn from the network of a small learner. What only a person can say, evidence from experiments and the
idea in mathematics, stands in theory/words/NAME.md, which becomes part of the page.
"""

from __future__ import annotations

import csv
import inspect
import re
import statistics
from pathlib import Path
from typing import Any

from sklearn.base import clone

from _site.docstring import escaped, markdown
from spikelearn.learning.locality import MEANINGS
from spikelearn.learning.rules import RULES

DOCS = Path(__file__).parents[1]
SIZES = (5, 10, 3)
"""Of the circuits that are drawn: input, hidden cells, output."""
TASKS = {
    "yin_yang": "Yin-Yang, one hidden layer", "yin_yang_deep": "Yin-Yang, two hidden layers", "xor": "XOR",
    "xor_400": "XOR, 400 epochs", "digits": "handwritten digits", "mnist": "MNIST",
    "evidence_accumulation": "evidence accumulation", "store_recall": "store and recall",
}  # fmt: skip

COLUMNS = "| task | seeds | test accuracy | hidden cells frozen | no hidden cells | shuffled teacher |"
RELATIVE = re.compile(r"\bthe same\b|that inverse|\bit\b")
"""In what is said of a rule in a table where another stands above it."""


def pages() -> dict[str, str]:
    """Name of a rule -> its page in MyST, to stand in theory/rules; and "index", the list of all."""
    received = dict(
        re.findall(
            r"^\| `(\w+)` \| `[A-Z][^|]+` \| ([^|]+) \|$", (DOCS / "learners.md").read_text("utf-8"), re.MULTILINE
        )
    )
    results = _results()
    found = {name: _page(name, rule, received[name], results.get(name, [])) for name, rule in RULES.items()}
    in_order = [name for name in received if name in RULES]
    rows = [f"* - [{_title(RULES[name])}]({name}.md)\n  - `{name}`\n  - {received[name]}" for name in in_order]
    tree = "\n".join(in_order)
    found["index"] = "\n\n".join([
        "# Answers to the credit-assignment problem",
        "How can a synapse deep inside a network know whether it should become stronger? Each of these rules is an\n"
        "answer; all learn the same tasks in the same simulator, beside their controls\n"
        "([results](/results/credit_assignment.md)).",
        ":::{list-table}\n:header-rows: 1\n:widths: 32 18 50\n\n"
        "* - rule\n  - name\n  - what a hidden synapse receives\n" + "\n".join(rows) + "\n:::",
        f":::{{toctree}}\n:hidden:\n\n{tree}\n:::\n",
    ])  # fmt: skip
    return found


def draw(folder: Path) -> None:
    """Draw the circuit of every rule into folder/NAME.svg."""
    from matplotlib import rc_context

    for name, rule in RULES.items():
        axes = clone(rule).set_params(hidden=SIZES[1:-1]).build(SIZES).network.plot()
        for patch in axes.patches:
            patch.set_clip_on(False)
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
            axes.figure.savefig(folder / f"{name}.svg", bbox_inches="tight", facecolor="white", metadata={"Date": None})


def _documentation(rule: Any) -> tuple[str, str]:
    """The first line of the docstring of the module of a rule, and the rest."""
    first, _, rest = inspect.cleandoc(inspect.getmodule(type(rule)).__doc__ or "").partition("\n")
    return first, rest.strip("\n")


def _title(rule: Any) -> str:
    """What the rule is called, and the parameters that make it another one than usual."""
    name = _documentation(rule)[0].partition(":")[0]
    usual = type(rule)().get_params()
    own = {each: value for each, value in rule.get_params().items() if value != usual[each]}
    told = {each: value for each, value in own.items() if each not in ("learning_rate", "decay")}
    return f"{name} ({', '.join(f'{each}={value!r}' for each, value in told.items())})" if told else name


def _page(name: str, rule: Any, received: str, results: list[dict[str, str]]) -> str:
    first, rest = _documentation(rule)
    idea = first.partition(":")[2].strip()
    words = DOCS / "theory" / "words" / f"{name}.md"
    known = [f"- {MEANINGS[each]}" for each in MEANINGS if getattr(rule.locality, each)]
    parts = [
        f"# {escaped(_title(rule))}",
        escaped(idea[:1].upper() + idea[1:]),
        f":::{{figure}} {name}.svg\n:alt: The circuit of {name}\n\nThe circuit with {SIZES[1]} hidden cells, drawn "
        "from the network itself: populations, and projections with their synapses, weights, ports and rules.\n:::",
    ]
    if words.exists():
        parts += [words.read_text(encoding="utf-8").strip()]
    parts += [
        "## What a synapse must know",
        *(
            []
            if re.search(r"\bthe same\b|that inverse|\bit\b", received)
            else [f"A hidden synapse receives {received}."]
        ),
        "\n".join(known),
        "## Equations and sources",
        markdown(rest),
    ]
    if results:
        tasks = [task for task in TASKS if any(each["task"] == task for each in results)]
        parts += [
            "## Measured",
            "\n".join([COLUMNS, "|---|---|---|---|---|---|", *(_row(task, results) for task in tasks)]),
            "Means over seeds; the last three columns are controls. All rules side by side, with thresholds set "
            "beforehand, angles to the gradient and synaptic events: [results](/results/credit_assignment.md).",
        ]
    options = re.sub(r"\s+", " ", repr(rule))
    parts += [
        "## Use it",
        f"```py\nlearner = sl.learning.{options}.fit(X, y)\n```",
        f"```sh\nspikelearn compare --task yin_yang --rules {name} --seeds 5 --out out/comparison\n```",
    ]
    return "\n\n".join([*parts, ""])


def _row(task: str, results: list[dict[str, str]]) -> str:
    own = [each for each in results if each["task"] == task]
    columns = ("test_accuracy", "frozen_accuracy", "linear_accuracy", "shuffled_accuracy")
    values = [[float(each[column]) for each in own if each[column]] for column in columns]
    shown = [f"{statistics.fmean(each):.3f}" if each else "" for each in values]
    return f"| {TASKS[task]} | {len(own)} | {' | '.join(shown)} |"


def _results() -> dict[str, list[dict[str, str]]]:
    """Rule -> the rows of what was measured with it, of all tasks."""
    found: dict[str, list[dict[str, str]]] = {}
    for task in TASKS:
        with (DOCS / "results" / "credit_assignment" / task / "seeds.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                found.setdefault(row["rule"], []).append(row | {"task": task})
    return found
