"""The reference has every public name, and Markdown shows docstrings as they were meant."""

import inspect
import re
from importlib import import_module

import pytest
from site_pages import ROOT, docstring, reference

PUBLIC = ("spikelearn", *(f"spikelearn.{each}" for each in reference.NAMESPACES), "spikelearn.errors")


@pytest.fixture(scope="module")
def pages():
    return reference.pages()


@pytest.mark.parametrize("package", PUBLIC)
def test_every_public_name_has_a_page_that_says_something(package, pages):
    module = import_module(package)
    modules = [name for name in dir(module) if inspect.ismodule(getattr(module, name))]
    names = [name for name in dir(module) if not name.startswith("_") and name not in modules]
    wanted = set(getattr(module, "__all__", names))
    assert len(wanted) > 4
    found = {each.name: pages[each.page] for each in reference.entries() if each.module == package}
    assert set(found) == wanted
    for name, text in found.items():
        title, _, body = text.partition("\n\n")
        assert title.startswith("# ") and package in body, name
        assert len(body.split()) > 8 or "{py:data}" in body, f"{name} has no documentation"


def test_every_page_is_in_the_contents_and_every_part_in_the_index(pages):
    index = (ROOT / "docs" / "reference" / "index.md").read_text(encoding="utf-8")
    for part in reference.PARTS:
        assert f"api/part_{part}\n" in index
    listed = "\n".join(pages[f"part_{part}"] for part in reference.PARTS)
    assert all(f"<{each.page}>" in listed for each in reference.entries())


def test_what_lists_models_is_the_function_also_once_a_model_was_imported():
    import_module("spikelearn.models.brunel_2000")
    [listing] = [each.value for each in reference.entries() if each.path == "spikelearn.models"]
    assert inspect.isfunction(listing) and ">>> models(" in listing.__doc__


def test_a_package_that_spikelearn_hands_on_is_in_the_reference():
    text = (ROOT / "spikelearn" / "__init__.py").read_text(encoding="utf-8")
    handed_on = set(re.findall(r"from spikelearn import (\w+) as \1", text))
    assert len(handed_on) > 4 and handed_on <= set(reference.NAMESPACES)


def test_the_page_of_a_network_explains_each_argument_of_a_method(pages):
    text = pages["Network"]
    assert "{py:method} connect(source: Population | View, target: Population | View | Modulator" in text
    for name in ("weight", "delay", "procedural"):
        assert f"- **{name}**: " in text


def test_annotations_lead_to_the_class_that_is_meant(pages):
    assert "-> ~spikelearn.results.Trace\n" in pages["Run"] and "-> ~spikelearn.results.Spikes\n" in pages["Run"]
    assert "pre: tuple[~spikelearn.Trace, ...]" in pages["PlasticityRule"]
    assert "ForwardRef" not in "".join(pages.values())


def test_what_is_made_by_a_method_shows_no_constructor(pages):
    assert "{py:class} spikelearn.Run\n" in pages["Run"] and "{py:class} spikelearn.LIF(" not in pages["Run"]
    assert "{py:class} spikelearn.Network(dt" in pages["Network"]


def test_a_line_that_ends_early_ends_the_list_of_arguments():
    lines = ["f: of", "x. Also the last.", "Not about x.", "x: a number; " + 40 * "y" + ".", "Neither."]
    shown = docstring.markdown("\n".join(lines), ["f", "x"])
    assert shown.split("\n\n") == ["- **f**: of x. Also the last.", "Not about x.", f"- **x**: a number; {40 * 'y'}.",
                                   "Neither."]  # fmt: skip
    full = "x: " + "y" * 110 + ".\nStill about x."
    assert docstring.markdown(full, ["x"]) == f"- **x**: {'y' * 110}. Still about x."


def test_prose_becomes_markdown_with_arguments_listed_and_nothing_read_as_markup():
    text = "Weights a*b*c of `x_1`.\n\nfirst: one, in\n    ms. second, third: two. Raises UnitError for more."
    shown = docstring.markdown(text, ["first", "second", "third"])
    assert shown.split("\n\n") == [
        "Weights a\\*b\\*c of `x_1`.",
        "- **first**: one, in ms.\n- **second, third**: two.",
        "Raises UnitError for more.",
    ]


def test_an_example_is_shown_without_its_directives():
    shown = docstring.markdown("Says.\n\n>>> f(1)  # doctest: +SKIP\n2")
    assert shown == "Says.\n\n````{code-block} pycon\n>>> f(1)\n2\n````"
