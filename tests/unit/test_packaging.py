"""What tells others of the package agrees: pyproject.toml, CITATION.cff, .zenodo.json, the recipe and the paper."""

import json
import re
import tomllib
from pathlib import Path

import pytest

import spikelearn

ROOT = Path(__file__).parents[2]
CONDA = {"matplotlib": "matplotlib-base"}
"""Name on PyPI -> on conda-forge, where it differs."""


def text(*path):
    return ROOT.joinpath(*path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads(text("pyproject.toml"))["project"]


def recipe_list(name):
    """The items of a list in the recipe: `name:` and what is indented below it."""
    found = re.search(rf"^( *){name}:\n((?:\1  - .*\n)+)", text("packaging", "conda", "recipe.yaml"), re.MULTILINE)
    return [line.strip().removeprefix("- ") for line in found[2].splitlines()]


def test_versions_agree(project):
    version = spikelearn.__version__
    assert project["version"] == version
    assert f"\nversion: {version}\n" in text("CITATION.cff")
    assert json.loads(text(".zenodo.json"))["version"] == version
    assert f'\n  version: "{version}"\n' in text("packaging", "conda", "recipe.yaml")


def test_title_authors_licence_and_keywords_agree(project):
    citation, zenodo = text("CITATION.cff"), json.loads(text(".zenodo.json"))
    assert f'title: "{zenodo["title"]}"' in citation
    assert re.findall(r'- name: "(.*)"', citation) == [each["name"] for each in zenodo["creators"]]
    assert [each["name"] for each in project["authors"]] == [each["name"] for each in zenodo["creators"]]
    assert re.findall(r"^license: (.*)$", citation, re.MULTILINE) == [zenodo["license"]] == [project["license"]]
    assert "\n  license: MIT\n" in text("packaging", "conda", "recipe.yaml")
    keywords = citation.partition("keywords:\n")[2].splitlines()
    assert [line.removeprefix("  - ") for line in keywords] == zenodo["keywords"]


def test_conda_needs_what_pip_needs(project):
    asked = [re.match(r"([\w-]+)(>=[\w.]+)?[^;]*(;.*)?", each).groups() for each in project["dependencies"]]
    ours = {name: bound for name, bound, only in reversed(asked) if bound}
    needed = {f"{CONDA.get(name, name)} {bound}" for name, bound in ours.items()}
    python = re.fullmatch(r">=([\d.]+),(<[\d.]+)", project["requires-python"])
    run = recipe_list("run")
    assert run[0] == f"python >=${{{{ python_min }}}},{python[2]}"
    assert f'python_min: "{python[1]}"' in text("packaging", "conda", "recipe.yaml")
    assert set(run[1:]) == needed


def test_a_command_of_the_recipe_is_one_of_the_package(project):
    (name, target), *others = project["scripts"].items()
    assert not others and f"- {name} = {target}\n" in text("packaging", "conda", "recipe.yaml")


def test_the_paper_cites_what_it_lists_and_has_the_sections_of_joss():
    paper, references = text("paper", "paper.md"), text("paper", "paper.bib")
    listed = re.findall(r"^@\w+\{(\w+),", references, re.MULTILINE)
    assert sorted(listed) == sorted(set(re.findall(r"@(\w+\d{4})", paper)))
    assert references.count("doi = {10.") == len(listed)
    wanted = [
        "Summary", "Statement of need", "State of the field", "Software design", "Research impact statement",
        "AI usage disclosure", "Acknowledgements", "References",
    ]  # fmt: skip
    assert re.findall(r"^# (.*)$", paper, re.MULTILINE) == wanted
    assert 750 <= len(paper.split("---", 2)[2].split()) <= 1750
