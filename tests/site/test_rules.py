"""Every rule for assigning credit has its page, with its circuit and what was measured."""

from site_pages import ROOT, rule_pages

from spikelearn.learning.rules import RULES


def test_every_rule_has_a_page_with_all_its_parts():
    pages = rule_pages.pages()
    assert set(pages) == {*RULES, "index"}
    for name in RULES:
        text = pages[name]
        assert f"{name}.svg" in text and f"({name}.md)" in pages["index"]
        for part in ("What a synapse must know", "Equations and sources", "Measured", "Use it"):
            assert f"\n## {part}\n" in text, f"{part} of {name}"


def test_circuits_are_drawn_from_the_networks(tmp_path):
    rule_pages.draw(tmp_path)
    for name in RULES:
        text = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        assert "hidden 1" in text and "output" in text, name


def test_words_are_of_rules_that_exist():
    found = {path.stem for path in (rule_pages.DOCS / "theory" / "words").glob("*.md")}
    assert found and found <= set(RULES)


def test_the_readme_knows_how_many_there_are():
    assert f"{len(RULES)} answers" in (ROOT / "README.md").read_text(encoding="utf-8")
