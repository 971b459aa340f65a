"""Every rule for assigning credit has its page, with its circuit and what was measured."""

import inspect
import re
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from site_pages import ROOT, rule_pages

import spikelearn as sl
from spikelearn.learning.rules import RULES


def test_every_rule_has_a_page_with_all_its_parts():
    pages = rule_pages.pages()
    assert set(pages) == {*RULES, "index"}
    for name in RULES:
        text = pages[name]
        assert f"{name}.svg" in text and f"({name}.md)" in pages["index"]
        for part in (*rule_pages.WORDS, "What a synapse must know", "Equations and sources", "Measured", "Use it"):
            assert f"\n## {part}\n" in text, f"{part} of {name}"


def test_circuits_are_drawn_from_the_networks(tmp_path):
    rule_pages.draw(tmp_path)
    for name in RULES:
        text = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        assert "hidden 1" in text and "output" in text, name


@pytest.mark.parametrize("name", RULES)
def test_no_text_of_a_circuit_meets_another_text_the_edge_of_a_box_or_an_arrow(name):
    axes = rule_pages.circuit(name)
    figure = axes.figure
    FigureCanvasAgg(figure).draw()
    texts = [(each.get_text(), each.get_window_extent()) for each in axes.texts]
    boxes = [each.get_window_extent() for each in axes.patches if isinstance(each, FancyBboxPatch)]
    paths = [each.get_path() for each in axes.patches if isinstance(each, FancyArrowPatch)]
    lines = [each for path in paths for each in axes.transData.transform_path(path).to_polygons(closed_only=False)]
    assert len(boxes) >= 3 and len(lines) >= 2
    for (text, one), (other, another) in combinations(texts, 2):
        assert not one.overlaps(another), f"{text!r} and {other!r}"
    for text, extent in texts:
        assert figure.bbox.fully_containsx(extent.x0) and figure.bbox.fully_containsx(extent.x1)
        assert figure.bbox.fully_containsy(extent.y0) and figure.bbox.fully_containsy(extent.y1)
        inside = [box for box in boxes if all(box.contains(*corner) for corner in extent.corners())]
        assert inside or not any(map(extent.overlaps, boxes)), f"{text!r} and a box"
        assert inside or not any(Path(line).intersects_bbox(extent, filled=False) for line in lines), f"{text!r}"


def test_the_learner_that_a_page_makes_is_the_rule():
    pages = rule_pages.pages()
    for name in RULES:
        [code] = re.findall(r"^```py\nlearner = (.+)\.fit\(X, y\)$", pages[name], re.MULTILINE)
        assert repr(eval(code, {"sl": sl})) == repr(RULES[name])


def test_every_rule_has_words_and_no_others_are_there():
    found = {path.stem for path in (rule_pages.DOCS / "theory" / "words").glob("*.md")}
    assert found == set(RULES), "docs/theory/words/NAME.md is what a person writes of a rule"
    for name in RULES:
        words = rule_pages.words_of(name)
        assert list(words) == [each for each in rule_pages.WORDS if each in words], name
        assert words[rule_pages.WORDS[0]].count("$$") == 2, f"{name}: the idea has its equations once"


def test_every_paper_that_is_cited_as_evidence_has_its_source():
    text = {name: inspect.getmodule(type(rule)).__doc__ for name, rule in RULES.items()}
    for name in RULES:
        for paper, year in rule_pages.citations(rule_pages.words_of(name).get(rule_pages.WORDS[1], "")):
            known = any(rule_pages.is_of(each, paper, year) for each in rule_pages.sources())
            assert known or re.search(rf"{paper}[^.;:(]*{year}", text[name]), f"{name}: {paper} {year}"


def test_what_was_missed_is_said():
    pages = rule_pages.pages()
    assert "Missed: 0.888 (smallest 0.834), asked for was accuracy 0.93" in pages["erbp"]
    assert "Missed" not in pages["fa"]


def test_what_a_synapse_must_know_is_that_of_the_rule():
    text = rule_pages.pages()["weight_perturbation"]
    assert "| own source | no |" in text and "| global number | yes |" in text


def test_learning_is_drawn_from_what_was_measured(tmp_path):
    pytest.importorskip("pyarrow")
    rule_pages.draw_learning(tmp_path)
    assert {path.stem for path in tmp_path.glob("*.svg")} == {f"{name}_learning" for name in RULES}
    assert "one example" in (tmp_path / "fa_learning.svg").read_text(encoding="utf-8")
    assert "one example" not in (tmp_path / "rstdp_learning.svg").read_text(encoding="utf-8")


def test_the_readme_knows_how_many_there_are():
    assert f"{len(RULES)} rules of credit assignment" in (ROOT / "README.md").read_text(encoding="utf-8")
