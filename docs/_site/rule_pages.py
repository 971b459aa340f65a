"""A page for each rule for assigning credit: idea, circuit, what a synapse must know, equations, what was measured.

The circuit is drawn from the network of a small learner, the course of learning from the points of the comparison, and
the limits begin with what the comparison asked for and the rule missed. What only a person can say, the idea in
mathematics, evidence from experiments and limits of another kind, stands in theory/words/NAME.md, with a heading for
each of `WORDS`, and a title if the rule is to be called otherwise than its module says.
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
from spikelearn.learning.locality import MEANINGS, Locality
from spikelearn.learning.rules import RULES

DOCS = Path(__file__).parents[1]
SIZES = (5, 10, 3)
"""Of the circuits that are drawn: input, hidden cells, output."""
TASKS = {
    "yin_yang": "Yin-Yang, one hidden layer", "yin_yang_deep": "Yin-Yang, two hidden layers", "xor": "XOR",
    "xor_400": "XOR, 400 presentations of each pattern", "digits": "handwritten digits", "mnist": "MNIST",
    "evidence_accumulation": "evidence accumulation", "store_recall": "store and recall",
}  # fmt: skip

WORDS = ("The idea", "Evidence from experiments", "Limits")
"""Headings of what stands in theory/words/NAME.md, each of them once, in this order."""
CONTROLS = {
    "none": ("the rule", "-"), "frozen": ("hidden cells frozen", "--"), "linear": ("no hidden cells", "-."),
    "shuffled_teacher": ("shuffled teacher", ":"),
}  # fmt: skip
"""Control -> what it is called, and its line."""

WIDE = "---\nhtml_theme.sidebar_secondary.remove: true\n---"
"""Front matter of a page without contents at its side, which leaves circuits the room to be read."""
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
    rows = [f"* - [{escaped(_title(name))}]({name}.md)\n  - `{name}`\n  - {received[name]}" for name in in_order]
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


def circuit(name: str) -> Any:
    """The Axes with the circuit of a rule, drawn from its network."""
    return clone(RULES[name]).set_params(hidden=SIZES[1:-1]).build(SIZES).network.plot()


def draw(folder: Path) -> None:
    """Draw the circuit of every rule into folder/NAME.svg."""
    from matplotlib import rc_context

    for name in RULES:
        axes = circuit(name)
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
            axes.figure.savefig(folder / f"{name}.svg", bbox_inches="tight", facecolor="white", metadata={"Date": None})


def draw_learning(folder: Path) -> None:
    """Draw how every rule and its controls learn, and angles to the gradient, into folder/NAME_learning.svg."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from pyarrow import parquet

    from spikelearn.plots.panels import whole_numbers
    from spikelearn.plots.style import DOTTED, FAINT, PALETTE, clean

    points = parquet.read_table(DOCS / "results" / "credit_assignment" / "yin_yang" / "points.parquet").to_pylist()
    for name in RULES:
        own = [point for point in points if point["rule"] == name]
        figure = Figure(figsize=(7.2, 2.5), layout="constrained")
        accuracy, angle = figure.subplots(1, 2, width_ratios=(1.5, 1))
        for (control, (label, line)), shade in zip(CONTROLS.items(), PALETTE, strict=False):
            courses = [_course(each, "test_accuracy") for each in own if each["control"] == control]
            for course in courses if control == "none" else []:
                accuracy.plot(*zip(*course.items(), strict=True), color=shade, lw=0.6, alpha=0.4)
            accuracy.plot(*_mean(courses), color=shade, ls=line, lw=1.5, label=label)
        clean(accuracy).set(xlabel="epoch", ylabel="test accuracy", ylim=(0.2, 1.0))
        whole_numbers(accuracy.xaxis)
        figure.legend(
            *accuracy.get_legend_handles_labels(), fontsize=7, frameon=False, ncols=4, loc="outside upper left"
        )
        for kind, label, line in (("single", "one example", "o-"), ("averaged", "sum of 256", "s--")):
            courses = [_course(each, f"{kind}.layer_1") for each in own if each["control"] == "none"]
            if any(courses):
                angle.plot(*_mean(courses), line, color=PALETTE[0], lw=1.2, ms=3, label=label)
        clean(angle).set(xlabel="epoch", ylabel="degrees to the gradient", ylim=(-4, 120), yticks=(0, 30, 60, 90))
        angle.axhline(90, color=FAINT, ls=DOTTED, zorder=0)
        if angle.lines[1:]:
            angle.legend(fontsize=7, frameon=False, loc="upper right")
        else:
            angle.set_visible(False)
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
            figure.savefig(folder / f"{name}_learning.svg", facecolor="white", metadata={"Date": None})


def _course(point: dict[str, Any], what: str) -> dict[int, float]:
    """Epoch -> value, of a point of the comparison."""
    found = {key: value for key, value in point.items() if key.startswith(f"{what}.epoch_") and value is not None}
    return {int(key.rpartition("_")[2]): value for key, value in found.items()}


def _mean(courses: list[dict[int, float]]) -> tuple[list[int], list[float]]:
    epochs = sorted(set.intersection(*(set(course) for course in courses)))
    return epochs, [statistics.fmean(course[epoch] for course in courses) for epoch in epochs]


def words_of(name: str) -> dict[str, str]:
    """Heading -> what a person wrote below it, of a rule."""
    pieces = re.split(r"^## (.+)\n", _text_of(name), flags=re.MULTILINE)[1:]
    return {heading: text.strip() for heading, text in zip(pieces[::2], pieces[1::2], strict=True)}


def _text_of(name: str) -> str:
    path = DOCS / "theory" / "words" / f"{name}.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _in_rows(text: str) -> str:
    """Markdown with each displayed equation in a row of its own, where a \\qquad stands between them."""
    return re.sub(
        r"\$\$(.+?)\$\$", lambda found: re.sub(r"\s*\\qquad\s*", "\n$$\n\n$$\n", found.group()), text, flags=re.DOTALL
    )


def _known(locality: Locality) -> str:
    """A table of what a synapse must know, and what it need not."""
    comments = inspect.getsource(Locality)
    meaning = dict(re.findall(r'^    (\w+): bool = .*\n    """(.+?)"""', comments, re.MULTILINE))
    rows = [
        f"| {MEANINGS[each]} | {'yes' if getattr(locality, each) else 'no'} | {meaning[each]} |" for each in MEANINGS
    ]
    return "\n".join(["| | needed | that is |", "|---|---|---|", *rows])


def _thresholds() -> list[dict[str, str]]:
    """The rows of the table of thresholds of the results."""
    text = (DOCS / "results" / "credit_assignment.md").read_text(encoding="utf-8").partition("## Thresholds")[2]
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (.+?) \| (.+?) \| (.+?) \|$", text.partition("\n## ")[0], re.MULTILINE)
    return [dict(zip(("part", "rule", "asked", "measured", "met"), row, strict=True)) for row in rows]


def _missed(name: str) -> list[str]:
    """What was asked for beforehand and was missed, as entries of a list."""
    found: dict[str, list[str]] = {}
    for each in _thresholds():
        if each["rule"] == name and each["met"].startswith("missed"):
            why = re.sub(r"^missed:?\s*", "", each["met"])
            found.setdefault(why, []).append(
                f"{each['measured']}, asked for was {each['asked']} ({TASKS[each['part']]})"
            )
    return [
        f"- Missed: {'; '.join(rows)}. {why[:1].upper() + why[1:]}".strip(". ") + "." for why, rows in found.items()
    ]


def citations(text: str) -> set[tuple[str, str]]:
    """The papers that a text cites: the name that stands before the year, with or without "et al.", and the year."""
    return set(re.findall(r"([\w'-]+)(?:\s+et\s+al\.)?\s+((?:19|20)\d\d)\b", text))


def sources() -> list[str]:
    """The entries of theory/sources.md."""
    return re.findall(r"^- (.+)", (DOCS / "theory" / "sources.md").read_text(encoding="utf-8"), re.MULTILINE)


def is_of(source: str, name: str, year: str) -> bool:
    """Whether a source is the paper that is cited by this name and year: the first author, or the last one."""
    authors = source.partition(f" {year}")[0]
    return authors != source and name in (re.split(r"[, ]", authors)[0], authors.rpartition(" ")[2])


def _cited(text: str) -> list[str]:
    cited = [each for each in sources() if any(is_of(each, *one) for one in citations(text))]
    return [f"Sources: {escaped('; '.join(cited))}."] if cited else []


def _prediction(name: str) -> list[str]:
    """What an experiment with a brain-computer interface would find if the rule were the brain's, simulated."""
    text = (DOCS / "results" / "which_rule.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| `{name}` \| (.+?) \| (.+?) \| (.+?) \| .+? \|$", text, re.MULTILINE)
    if not found:
        return []
    signals, updates, cursor = (each.partition(" ")[0] for each in found.groups())
    sent = (
        "no signal that a cell receives could have the sign of its role"
        if signals == "none"
        else f"a share of {signals} of the cells received a teaching signal with the sign of their role"
    )
    return [
        "**Prediction.** In a simulation of the brain-computer interface of Francioni et al. 2026, whose decoder makes "
        f"some cells good for reward and others bad, {sent}, and updates had that sign on average in {updates}; by "
        f"chance it would be 0.50. After learning the cursor was on its side in {cursor} of the trials "
        "([which rule is it](/results/which_rule.md#from-a-brain-computer-interface)).",
    ]


def _documentation(rule: Any) -> tuple[str, str]:
    """The first line of the docstring of the module of a rule, and the rest."""
    first, _, rest = inspect.cleandoc(inspect.getmodule(type(rule)).__doc__ or "").partition("\n")
    return first, rest.strip("\n")


def _title(name: str) -> str:
    """What a rule is called: what a person wrote, else what its module begins with."""
    heading = re.match(r"# (.+)\n", _text_of(name))
    return heading.group(1) if heading else _documentation(RULES[name])[0].partition(":")[0].rstrip(".")


def _page(name: str, rule: Any, received: str, results: list[dict[str, str]]) -> str:
    first, rest = _documentation(rule)
    idea = first.partition(":")[2].strip()
    words = words_of(name)
    parts = [
        WIDE,
        f"# {escaped(_title(name))}",
        escaped(idea[:1].upper() + idea[1:]),
        *_section(WORDS[0], _in_rows(words.get(WORDS[0], ""))),
        f":::{{figure}} {name}.svg\n:alt: The circuit of {name}\n:width: 100%\n\nThe circuit with {SIZES[1]} "
        "hidden cells, drawn from the network itself: populations, projections with their synapses, weights, ports and "
        "rules, and modulators with what they modulate.\n:::",
        "## What a synapse must know",
        *([] if RELATIVE.search(received) else [f"A hidden synapse receives {received}."]),
        _known(rule.locality),
        "[All rules side by side](/results/credit_assignment.md#locality).",
        *_section(WORDS[1], words.get(WORDS[1], "")),
        *_cited(words.get(WORDS[1], "")),
        *_prediction(name),
        "## Equations and sources",
        markdown(rest),
    ]
    if results:
        tasks = [task for task in TASKS if any(each["task"] == task for each in results)]
        angle = [each["measured"] for each in _thresholds() if each["rule"] == name and "below 90" in each["asked"]]
        parts += [
            "## Measured",
            f":::{{figure}} {name}_learning.svg\n:alt: How {name} and its controls learn\n\nYin-Yang with one hidden "
            "layer. Left: the share of new points that is right after each epoch, mean of five seeds; thin lines are "
            "the seeds. Right, where the rule has a loss: the angle between what the rule changes in the weights from "
            "the input and minus the gradient of its loss; at 90 degrees a change has nothing of the gradient.\n:::",
            "\n".join([COLUMNS, "|---|---|---|---|---|---|", *(_row(task, results) for task in tasks)]),
            "Means over seeds; the last three columns are controls. "
            + (
                f"Angle to the gradient after learning: {angle[0]} degrees. "
                if angle and "no loss" not in angle[0]
                else ""
            )
            + "All rules side by side, with thresholds set beforehand, angles and synaptic events: "
            "[results](/results/credit_assignment.md).",
        ]
    limits = "\n\n".join(part for part in ("\n".join(_missed(name)), words.get(WORDS[2], "")) if part)
    parts += _section(WORDS[2], limits)
    options = re.sub(r"\s+", " ", repr(rule))
    parts += [
        "## Use it",
        f"```py\nlearner = sl.learning.{options}.fit(X, y)\n```",
        f"```sh\nspikelearn compare --task yin_yang --rules {name} --seeds 5 --out out/comparison\n```",
    ]
    return "\n\n".join([*parts, ""])


def _section(heading: str, text: str) -> list[str]:
    return [f"## {heading}", text] if text else []


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
