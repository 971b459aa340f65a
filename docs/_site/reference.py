"""The reference: a page for every public name, written from what the packages export, so that a new name needs none.

`pages` returns the text of all pages; nothing here needs Sphinx.
"""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import spikelearn
from _site import equations
from _site.docstring import escaped, fenced, markdown
from spikelearn.documented import Documented, module_docstring, signature
from spikelearn.parameters import declared_units, meanings

PARTS = {
    "networks": ("Networks and runs", "What a network is made of, how it runs, and what comes back."),
    "results": ("What runs return", "Spikes, traces and synapses of a run, as its methods return them."),
    "neurons": ("Neurons and receptors", "Models of neurons, and of what an arrival does to them."),
    "synapses": ("Synapses", "Short-term plasticity and graded synapses. A static synapse has no model."),
    "plasticity": ("Plasticity rules", "Rules of synapses, homeostasis and rewiring."),
    "sources": ("Sources", "Sources of spikes and of currents."),
    "connectivity": ("Connection rules", "Which pairs of neurons a projection connects, and profiles of distance."),
    "learning": ("Learners", "Networks with a rule for assigning credit, with scikit-learn's interface; gradients."),
    "analysis": ("Analysis", "From arrays of spikes to numbers."),
    "plots": ("Plots", "From runs and sweeps to matplotlib Axes."),
    "tasks": ("Tasks", "Data sets to learn, as arrays."),
    "sweep": ("Sweeps", "Grids of parameters and fits, with a store that resumes."),
    "io": ("Files and other tools", "Runs and networks to and from files and other tools."),
    "experiments": ("Experiments", "What model files are made of, and how they are run."),
    "errors": ("Errors and warnings", "All that is raised on purpose."),
}
"""Part of the reference -> title, and what is in it. What `spikelearn` exports from other modules is in "networks"."""
OF_MODULES = {
    "spikelearn.learning": "learning", "spikelearn.interop": "io", "spikelearn.io": "io", "spikelearn.viewer": "plots",
}  # fmt: skip
"""Where a name of `spikelearn` is found that none of the packages of models exports: by the package that defines it."""
NAMESPACES = ("analysis", "experiments", "io", "learning", "plots", "results", "sweep", "tasks")
"""Subpackages with names of their own, `sl.plots.raster`; those of the others are names of `spikelearn`."""


class Entry(NamedTuple):
    """A public name: where it is found, in which part of the reference it is, and what it stands for."""

    name: str
    module: str
    part: str
    value: Any

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def page(self) -> str:
        return f"{self.module.removeprefix('spikelearn').lstrip('.').replace('.', '_')}_{self.name}".lstrip("_")

    @property
    def shown(self) -> str:
        return self.path.replace("spikelearn.", "sl.", 1)


def entries() -> list[Entry]:
    """Every public name of `spikelearn` and of its public subpackages, in the order of their lists."""
    found = []
    of_part = {
        name: part
        for part in ("neurons", "synapses", "plasticity", "sources", "connectivity")
        for name in import_module(f"spikelearn.{part}").__all__
    }
    for name in spikelearn.__all__:
        value = getattr(spikelearn, name)
        value = inspect.unwrap(value) if isinstance(value, ModuleType) else value  # `models`, once a model is imported
        defined = ".".join(str(getattr(value, "__module__", "")).split(".")[:2])
        part = of_part.get(name) or OF_MODULES.get(defined, "networks")
        found.append(Entry(name, "spikelearn", part, value))
    for package in NAMESPACES:
        module = import_module(f"spikelearn.{package}")
        found += [Entry(name, module.__name__, package, getattr(module, name)) for name in module.__all__]
    errors = import_module("spikelearn.errors")
    found += [
        Entry(name, "spikelearn.errors", "errors", value)
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == "spikelearn.errors"
    ]
    return found


def pages() -> dict[str, str]:
    """Name of a page in the reference -> its text in MyST."""
    known = entries()
    found = {f"part_{part}": _part(part, [each for each in known if each.part == part]) for part in PARTS}
    public = {id(each.value): each.path for each in known if isinstance(each.value, type)}
    for each in known:
        found[each.page] = _Page(each, public).text
    found["command_line"] = _command_line()
    return found


def _part(part: str, known: list[Entry]) -> str:
    title, about = PARTS[part]
    rows = [f"* - [`{each.shown}`]({each.page}.md)\n  - {escaped(_summary(each.value))}" for each in known]
    tree = "\n".join(f"{each.shown} <{each.page}>" for each in known)
    return "\n\n".join([
        f"# {title}", about,
        ":::{list-table}\n:widths: 35 65\n\n" + "\n".join(rows) + "\n:::",
        f":::{{toctree}}\n:hidden:\n\n{tree}\n:::\n",
    ])  # fmt: skip


def _summary(value: Any) -> str:
    """The first sentence or line of what is said of it."""
    text = (_documentation(value) or "").strip()
    if isinstance(value, Documented):
        text = module_docstring(value)
    first = text.partition("\n\n")[0].replace("\n", " ")
    return re.split(r"(?<=[.]) (?=[A-Z`])|(?<=\.) \w+: ", first)[0]


def _documentation(value: Any) -> str:
    if isinstance(value, str | dict | tuple):
        return ""
    return inspect.getdoc(value) or ""


class _Page:
    """The page of one name."""

    def __init__(self, entry: Entry, public: dict[int, str]) -> None:
        self.entry, self.value, self.public = entry, entry.value, public

    @cached_property
    def text(self) -> str:
        body = "\n\n".join(self._body())
        return f"# {escaped(self.entry.name)}\n\n{body}\n"

    def _body(self) -> Iterator[str]:
        value, path = self.value, self.entry.path
        if isinstance(value, Documented):
            yield _directive("function", path + _arguments(signature(value)), "\n\n".join(_of_model(value)))
        elif isinstance(value, type):
            arguments = "" if "Made by `" in _documentation(value) else self._arguments(value)
            yield _directive("class", path + arguments, "\n\n".join(self._of_class()))
        elif callable(value):
            own = _signature(value)
            text = markdown(_documentation(value), own.parameters)
            yield _directive("function", path + self._arguments(value, own), text)
        else:
            listed = ", ".join(f"`{each}`" for each in value) if isinstance(value, dict | tuple) else f"`{value!r}`"
            yield _directive("data", path, markdown(_documentation(value) + f"\n\nA {type(value).__name__}: {listed}"))

    def _of_class(self) -> Iterator[str]:
        own = _signature(self.value)
        fields = [*own.parameters, *getattr(self.value, "__annotations__", {})]
        yield markdown(_documentation(self.value), dict.fromkeys(fields))
        above = [base for base in self.value.__mro__[1:] if id(base) in self.public]
        if above:
            yield f"Has what `{above[0].__name__}` has, too."
        known = {name for base in above for name in dir(base)}
        for name, member in sorted(members(self.value), key=lambda each: each[0].lower()):
            if name not in known or name in vars(self.value):
                yield from self._member(name, member)

    def _member(self, name: str, member: Any) -> Iterator[str]:
        text = inspect.getdoc(member)
        if not text:
            return
        if isinstance(member, property | cached_property):
            yield _directive("property", name, markdown(text), ":no-index-entry:")
            return
        function = inspect.unwrap(getattr(member, "__func__", member))
        if not callable(function):
            return
        own = _signature(function)
        bound = [p for k, p in enumerate(own.parameters.values()) if k or isinstance(member, staticmethod)]
        own = own.replace(parameters=bound)
        option = {classmethod: ":classmethod:", staticmethod: ":staticmethod:"}.get(type(member), ":no-index-entry:")
        yield _directive("method", name + self._arguments(function, own), markdown(text, own.parameters), option)

    def _arguments(self, of: Any, own: inspect.Signature | None = None) -> str:
        """The signature of a class or function, in which classes of packages, and names of several, are in full.

        Sphinx looks for others in the class, and then in `spikelearn`.
        """
        found = vars(import_module(of.__module__))

        def named(match: re.Match[str]) -> str:
            path = self.public.get(id(found.get(match[0])), "")
            alike = sum(each.endswith(f".{match[0]}") for each in self.public.values())
            return match[0] if not path or (alike == 1 and path == f"spikelearn.{match[0]}") else f"~{path}"

        def full(annotation: Any) -> Any:
            annotation = getattr(annotation, "__forward_arg__", annotation)
            return re.sub(r"(?<![\w.\"'])[A-Z]\w+\b", named, annotation) if isinstance(annotation, str) else annotation

        own = own or _signature(of)
        parameters = [each.replace(annotation=full(each.annotation)) for each in own.parameters.values()]
        return _arguments(own.replace(parameters=parameters, return_annotation=full(own.return_annotation)))


def members(of: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties of a class and of its bases in this package."""
    seen = set()
    for base in of.__mro__:
        if not base.__module__.startswith("spikelearn"):
            continue
        for name, member in vars(base).items():
            wanted = inspect.isfunction(member) or isinstance(
                member, property | cached_property | classmethod | staticmethod
            )
            if wanted and not name.startswith("_") and name not in seen:
                seen.add(name)
                yield name, member


def _of_model(value: Documented) -> Iterator[str]:
    """What `help` shows of a model, with its parameters as a table."""
    yield markdown(module_docstring(value))
    known, units = meanings(value.Parameters), declared_units(value.Parameters)
    rows = [
        f"* - `{name}`\n  - {units[name]}\n  - {_default(value, name)}\n  - {escaped(known[name])}"
        for name in value.Parameters._fields
    ]
    if rows:
        yield (
            "**Parameters**\n\n:::{list-table}\n:header-rows: 1\n:widths: 18 14 12 56\n\n"
            "* - name\n  - unit\n  - default\n  - meaning\n" + "\n".join(rows) + "\n:::"
        )
    for heading, text in value.facts():
        if text.strip():
            code = heading == "Equations" or "\n    " in text
            body = fenced(inspect.cleandoc(text)) if code else _lines(inspect.cleandoc(text))
            formulas = equations.block(inspect.cleandoc(text)) if heading == "Equations" else ""
            if formulas:
                body = f"{formulas}\n\n:::{{dropdown}} As text\n\n{body}\n:::"
            yield f"**{escaped(heading)}**\n\n{body}"


def _default(value: Documented, name: str) -> str:
    parameter = signature(value).parameters[name]
    return "must be given" if parameter.default is parameter.empty else f"{parameter.default:g}"


def _lines(text: str) -> str:
    return "\\\n".join(escaped(line) for line in text.splitlines())


def _signature(value: Any) -> inspect.Signature:
    try:
        return inspect.signature(value)
    except (TypeError, ValueError):
        return inspect.Signature()


def _arguments(own: inspect.Signature) -> str:
    """The signature as the Python domain of Sphinx reads it."""
    parameters = [
        each.replace(default=_Shown(each.default)) if each.default is not each.empty else each
        for each in own.parameters.values()
    ]
    returned = own.empty if own.return_annotation in (None, "None") else own.return_annotation
    text = str(own.replace(parameters=parameters, return_annotation=returned))
    return re.sub(r"(?<=[:>] )(['\"])(.+?)\1(?=$|[,)=]| =)", r"\2", text)


class _Shown:
    """The repr of a default value, if it is one that can be read."""

    def __init__(self, value: Any) -> None:
        self.text = repr(value)

    def __repr__(self) -> str:
        return "..." if self.text.startswith("<") or " at 0x" in self.text or len(self.text) > 60 else self.text


def _directive(kind: str, head: str, body: str, option: str = "") -> str:
    """A directive of the Python domain, with a fence longer than those inside."""
    fence = ":" * (4 + max((len(each) for each in re.findall(r"^:+", body, re.MULTILINE)), default=0))
    options = f"{option}\n" if option and option != ":no-index-entry:" else ""
    return f"{fence}{{py:{kind}}} {head}\n{options}\n{body}\n{fence}"


def _command_line() -> str:
    """What `spikelearn --help` prints, and the same of each command."""
    first = _help()
    commands = re.findall(r"^    (\w+) +\S", first, re.MULTILINE)
    blocks = [fenced(first)]
    for command in commands:
        blocks += [f"## {command}", fenced(_help(command))]
    return "\n\n".join(["# Command line", *blocks, ""])


def _help(*words: str) -> str:
    from spikelearn.cli import main

    printed = io.StringIO()
    with redirect_stdout(printed):
        try:
            main([*words, "--help"])
        except SystemExit:
            pass
    return printed.getvalue().rstrip()
