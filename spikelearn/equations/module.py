"""The text of the module of a generated model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.source_text import docstring, quoted
from spikelearn.equations.constants import Constant
from spikelearn.equations.python import VECTORISED, to_python
from spikelearn.equations.rendering import WIDTH, Rendered, python_lines


@dataclass(frozen=True)
class Raw:
    """Text inserted verbatim among the arguments of a model."""

    text: str


def constant_values(
    used: Sequence[str], constants: Mapping[str, Constant], rendered: Rendered, more: Mapping[str, str] | None = None
) -> tuple[list[str], dict[str, str]]:
    """Body and result of the function `constants` of a model, from the names that its functions use.

    more: the values of further constants.
    """
    read = {name: constant.read for name, constant in constants.items()}
    known = {**read, "dt": "dt", **(more or {})}
    known |= {name: to_python(text, read, "numpy") for name, text in rendered.constants.items()}
    return python_lines(rendered.constants_before, read, "numpy"), {name: known[name] for name in used if name in known}


def render_module(
    kind: str,
    name: str,
    constants: Mapping[str, Constant],
    constants_before: Sequence[str],
    constant_values: Mapping[str, str],
    initial: Mapping[str, str] | None,
    functions: Sequence[str],
    main: Sequence[str] | str,
    given: Mapping[str, Any],
    imports: Iterable[str],
    about: str = "",
) -> str:
    """The text of a module that defines `Model`.

    kind: the class of the model. constants: its parameters. constants_before, constant_values: the body and the result
    of its function `constants`. initial: variable -> value. functions: texts. main: the functions passed to the model,
    which are also the names of its arguments. given: its other arguments. about: added to the docstring.
    """
    mains = [main] if isinstance(main, str) else list(main)
    fields = [f"    {c.name}: {c.annotation} = {c.default!r}" for c in constants.values()] or ["    pass"]
    annotations = {c.unit_annotation.split("(")[0] for c in constants.values()}
    dictionary = [f'        "{n}": {value},' for n, value in constant_values.items()]
    body = [*(f"    {line}" for line in constants_before), *_dict_lines("    return ", dictionary)]
    start = _dict_lines("    return ", [f'        "{n}": {value},' for n, value in (initial or {}).items()])
    blocks = [
        "\n".join(["class Parameters(NamedTuple):", *fields]) + "\n",
        "\n".join(["def constants(p, dt):", *body]) + "\n",
        *(["\n".join(["def initial(p):", *start]) + "\n"] if initial is not None else []),
        *functions,
        _model(kind, name, initial is not None, mains, given),
    ]
    text = "\n\n".join(blocks)
    doc = f"{name}: generated from equations; edit it as you like."
    head = [docstring(f"{doc}\n\n{about.strip()}\n" if about.strip() else doc), ""]
    head += ["import math"] if re.search(r"\bmath\.", text) else []
    meanings = any(c.meaning for c in constants.values())
    head += [f"from typing import {'Annotated, ' if meanings else ''}NamedTuple", ""]
    head += ["import numpy as np", ""] if re.search(r"\bnp\.", text) else []
    ours = {f"from spikelearn import {kind}", *imports}
    ours |= {"from spikelearn.codegen.jit import scalar"} if "@scalar" in text else set()
    called = [name for name in VECTORISED if re.search(rf"(?<!\.)\b{name}\(", text)]
    for module in {VECTORISED[name] for name in called}:
        ours |= {f"from {module} import {', '.join(sorted(n for n in called if VECTORISED[n] == module))}"}
    ours |= {f"from spikelearn.units import {', '.join(sorted(annotations, key=str.lower))}"} if annotations else set()
    return "\n".join([*head, *sorted(ours), "", "", text])


def _dict_lines(opening: str, entries: Sequence[str]) -> list[str]:
    if not entries:
        return [f"{opening}{{}}"]
    return [f"{opening}{{", *entries, "    }"]


def _model(kind: str, name: str, has_initial: bool, mains: Sequence[str], given: Mapping[str, Any]) -> str:
    lines = [f"Model = {kind}(", f"    {_literal(name)},", "    Parameters,"]
    lines += ["    constants=constants,", *(f"    {main}={main}," for main in mains)]
    lines += ["    initial=initial,"] if has_initial else []
    for key, value in given.items():
        if value in ("", (), {}):
            if key not in ("ports", "state", "pre", "post"):
                continue
        text = _literal(value)
        lines.append(f"    {key}={text},")
    return "\n".join([*lines, ")"]) + "\n"


def _literal(value: Any) -> str:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        entries = [f"{_literal(k)}: {_literal(v)}" for k, v in value.items()]
        if sum(map(len, entries)) > WIDTH - 40:
            return "{\n" + "".join(f"        {entry},\n" for entry in entries) + "    }"
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_literal, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)
