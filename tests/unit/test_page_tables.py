"""Tables in pages: the numbers are those that were measured, and a comment that cannot be read is an error."""

import json
from pathlib import Path

import pytest

from spikelearn.errors import ExperimentError
from spikelearn.sweep import page_tables

DOCS = Path(__file__).resolve().parents[2] / "docs"
END = "<!-- end of measured -->"


def measured(folder, file_name, by_seed, settings=None):
    """Write measurements: seed -> metrics."""
    path = folder / "results" / "measured" / f"{file_name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    versions = {"spikelearn": "1.0", "commit": "abc"}
    seeds = {
        str(seed): {"key": "", "metrics": metrics, "cpu_s": 1.0, "wall_s": 1.0, "versions": versions}
        for seed, metrics in by_seed.items()
    }
    path.write_text(json.dumps({"model": "m", "settings": settings or {}, "quick": False, "seeds": seeds}))


def table(folder, rows, options=""):
    """The lines of the table that a comment asks for."""
    comment = f"<!-- measured{': ' + options if options else ''}\n{rows}\n-->\n"
    filled = page_tables.filled(f"before\n\n{comment}old\n{END}\nafter\n", folder)
    assert filled.startswith(f"before\n\n{comment}") and filled.endswith(f"\n\n{END}\nafter\n")
    assert page_tables.filled(filled, folder) == filled
    return filled[len(f"before\n\n{comment}") : -len(f"\n\n{END}\nafter\n")].splitlines()


def test_rows_of_several_forms_have_a_column_for_each_seed_with_median_mean_and_deviation(tmp_path):
    measured(tmp_path, "m", {2: {"rate": 5.0, "n": 3}, 10: {"rate": 2.0, "n": 4}, 3: {"rate": 11.0, "n": 5}})
    measured(tmp_path, "m+a=1+b=x", {2: {"rate": None}})
    rows = "rate | m | rate\nnumber | m | n\nother | m b=x a=1 | rate\nno | m c=1 | rate"
    assert table(tmp_path, rows, 'decimals=2 head="in Hz"') == [
        "| in Hz | seed 2 | seed 3 | seed 10 | median | mean ± SD |",
        "|---|---|---|---|---|---|",
        "| rate | 5.00 | 11.00 | 2.00 | 5.00 | 6.00 ± 4.58 |",
        "| number | 3 | 5 | 4 | 4.00 | 4.00 ± 1.00 |",
        "| other | not measured | not measured | not measured |  |  |",
        "| no | not measured | not measured | not measured |  |  |",
        "",
        "*Measured with spikelearn 1.0 (commit abc).*",
    ]


def test_one_seed_has_no_median(tmp_path):
    measured(tmp_path, "m", {7: {"rate": 5.0}})
    assert table(tmp_path, "rate | m | rate")[:3] == ["|  | seed 7 |", "|---|---|", "| rate | 5.000 |"]


def test_columns_are_parts_of_metrics_of_the_first_seed_beside_what_is_expected(tmp_path):
    metrics = {f"triplet_pre_post_{f}": v for f, v in (("0.1", 0.25), ("10", 0.5))}
    measured(tmp_path, "pairing_curves", {2: dict.fromkeys(metrics, 0.0), 1: metrics})
    rows = "pre | pairing_curves | triplet_pre_post_{}\nreported | pairing_curves | expected triplet_pre_post_{}"
    assert table(tmp_path, rows, "columns=0.1,10 decimals=2 head=Hz")[:4] == [
        "| Hz | 0.1 | 10 |", "|---|---|---|", "| pre | 0.25 | 0.50 |", "| reported | 0.00 | 0.13 |",
    ]  # fmt: skip


def test_without_measurements_a_table_says_so(tmp_path):
    assert table(tmp_path, "rate | m | rate") == ["|  |", "|---|", "| rate |"]
    assert table(tmp_path, "rate | m | rate_{}", "columns=a,b")[2] == "| rate | not measured | not measured |"


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ("rate | m", "", "page.md: expected 'label | model NAME=VALUE ... | metric', got 'rate | m'"),
        ("rate | m | rat", "", "page.md: there is no metric 'rat'; there are: rate"),
        ("rate | m | rate", "colums=a", "page.md: a table has no option 'colums'; it has: columns, decimals, head"),
        ("rate | m | rate", "decimals=two", "page.md: decimals: expected a whole number, got 'two'"),
        ("rate | m | rate", 'head="a', "page.md: options: No closing quotation"),
    ],
)
def test_a_comment_that_cannot_be_read_is_an_error_that_names_the_page(tmp_path, rows, options, message):
    measured(tmp_path, "m", {7: {"rate": 5.0}})
    (tmp_path / "results" / "page.md").write_text(f"<!-- measured: {options}\n{rows}\n-->\n{END}\n")
    with pytest.raises(ExperimentError) as caught:
        page_tables.fill_pages(tmp_path)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize("then", [f"\n<!-- measured\nrate | m | rate\n-->\n{END}\n", "\nNo end.\n"])
def test_a_comment_without_an_end_is_an_error(tmp_path, then):
    measured(tmp_path, "m", {7: {"rate": 5.0}})
    (tmp_path / "results" / "page.md").write_text(f"<!-- measured\nrate | m | rate\n-->\n{then}")
    with pytest.raises(ExperimentError, match="a table has no '<!-- end of measured -->'"):
        page_tables.fill_pages(tmp_path)


def test_only_pages_whose_numbers_changed_are_written(tmp_path):
    measured(tmp_path, "m", {7: {"rate": 5.0}})
    page, other = tmp_path / "results" / "page.md", tmp_path / "results" / "other.md"
    page.write_text(f"<!-- measured\nrate | m | rate\n-->\n{END}\n")
    other.write_text("no table\n")
    assert page_tables.fill_pages(tmp_path) == [page]
    assert "| rate | 5.000 |" in page.read_text() and other.read_text() == "no table\n"
    assert page_tables.fill_pages(tmp_path) == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("results/*.md")), ids=lambda path: path.stem)
def test_tables_of_the_documentation_say_what_was_measured(page):
    text = page.read_text(encoding="utf-8")
    filled = page_tables.filled(text, DOCS)
    assert filled == text, "python scripts/reproduce.py --report"
    assert "not measured |" not in "".join(filled.split(END)[:-1])
