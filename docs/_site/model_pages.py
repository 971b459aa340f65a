"""A page for every published network: picture, what was measured beside what was published, parameters, code."""

from __future__ import annotations

import re
from pathlib import Path

from _site.docstring import escaped, markdown
from spikelearn.experiments import list_experiments, load_experiment, parameters_table

DOCS = Path(__file__).parents[1]


def pages() -> dict[str, str]:
    """Name of the model -> its page in MyST, to stand in gallery/models; and "index", the list of all."""
    sections = re.findall(r"^## (\w+)(?:, [^\n]*)?\n\n(.*?)(?=^## |\Z)", _text("results.md"), re.MULTILINE | re.DOTALL)
    measured = dict(reversed(sections))  # of several settings the first one
    found = {each.name: _page(each.name, measured.get(each.name, "")) for each in list_experiments()}
    rows = [f"* - [{each.name}]({each.name}.md)\n  - {escaped(each.summary)}" for each in list_experiments()]
    tree = "\n".join(found)
    found["index"] = "\n\n".join([
        "# Models", "Every published network that comes with spikelearn: picture, numbers, parameters and code.",
        ":::{list-table}\n:widths: 30 70\n\n" + "\n".join(rows) + "\n:::",
        f":::{{toctree}}\n:hidden:\n\n{tree}\n:::\n",
    ])  # fmt: skip
    return found


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _page(name: str, measured: str) -> str:
    model = load_experiment(name)
    parts = [f"# {name}", escaped(model.summary)]
    others = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob(f"gallery/{name}+*.png"))
    drawings = [f"gallery/{name}.png", f"{name}.png", *others]
    picture = next((each for each in drawings if (DOCS / each).exists()), "")
    if picture:
        parts += [f"![{escaped(model.summary)}](/{picture})"]
    about = model.text.partition("\n")[2].strip("\n")
    if about:
        parts += [markdown(about)]
    parts += ["```sh\nspikelearn run " + name + "\n```"]
    if measured:
        parts += ["## Measured beside published", measured.partition("\n\n")[2].strip(), "From [results](/results.md)."]
    if (DOCS / "results" / f"{name}.md").exists():
        parts += [f"More measurements: [results of {name}](/results/{name}.md)."]
    rows = [
        f"* - `{row.name}`\n  - `{row.default}`\n  - {row.unit}\n  - {escaped(row.doc)}"
        for row in parameters_table(model, model.parameters())
    ]
    if rows:
        head = "* - name\n  - default\n  - unit\n  - meaning\n"
        parts += [
            "## Parameters",
            ":::{list-table}\n:header-rows: 1\n:widths: 22 22 8 48\n\n" + head + "\n".join(rows) + "\n:::",
        ]
    code = f"/../models/{name}.py"
    parts += ["## Code", f":::{{literalinclude}} {code}\n:language: python\n:::\n"]
    return "\n\n".join(parts)
