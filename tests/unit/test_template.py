"""The renderer of kernel templates: what each mark does, and what is said of mistakes."""

import pytest

from spikelearn.codegen import template
from spikelearn.codegen.template import LINE_LENGTH, TEMPLATES, render
from spikelearn.errors import TemplateError

DOCSTRING = '"""A template."""\n'


@pytest.fixture
def rendered(tmp_path, monkeypatch):
    """Text, lists and flags -> the lines that come of them, but for the first, which names the template."""
    monkeypatch.setattr(template, "TEMPLATES", tmp_path)
    render.cache_clear()
    template.parse.cache_clear()

    def of(text: str, **values) -> list[str]:
        (tmp_path / "one.py").write_text(DOCSTRING + text)
        first, *lines = render("one", **values).rstrip("\n").split("\n")
        assert first == "# Rendered from kernels/templates/one.py."
        return lines

    return of


def test_a_name_in_capitals_stands_for_a_list(rendered):
    assert rendered("f(a, PRE, b)", pre=("x", "y")) == ["f(a, x, y, b)"]


def test_a_list_may_be_part_of_a_name_and_have_an_index(rendered):
    assert rendered("f(slot__PRE, PRE__now[k, 0], H)", pre=("x", "y")) == [
        "f(slot_x, slot_y, x_now[k, 0], y_now[k, 0], H)"
    ]


def test_what_is_said_of_a_list_in_a_signature_is_said_of_each(rendered):
    text = "def f(step, PRE: Written, slot__PRE: Written, NONE: Written, POST):\n    pass"
    [first, _] = rendered(text, pre=("x", "y"), none=(), post=("z",))
    assert first == "def f(step, x: Written, y: Written, slot_x: Written, slot_y: Written, z):"


def test_one_name_is_a_list_of_one(rendered):
    assert rendered("n = len(all__MEMBRANE)", membrane="V_m") == ["n = len(all_V_m)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(PRE)", "f()"),
        ("f(PRE, a)", "f(a)"),
        ("f(a, PRE)", "f(a)"),
        ("f(a, PRE, b)", "f(a, b)"),
        ("f(a, PRE[i], PRE)", "f(a)"),
    ],
)
def test_an_empty_list_takes_its_comma_with_it(rendered, text, expected):
    assert rendered(text, pre=()) == [expected]


def test_a_line_of_empty_lists_vanishes(rendered):
    assert rendered("f(\n    a,\n    PRE,\n)", pre=()) == ["f(", "    a,", ")"]


def test_a_loop_repeats_lines_for_each_name(rendered):
    text = "# for x in pre:\nx = slot__x[k] + x__end\n# end\nreturn x"
    assert rendered(text, pre=("a", "b")) == ["a = slot_a[k] + a_end", "b = slot_b[k] + b_end", "return x"]


def test_a_loop_may_have_two_variables(rendered):
    assert rendered("# for x, y in pairs:\nx = y[i]\n# end", pairs=(("w", "weights"),)) == ["w = weights[i]"]


def test_a_name_of_a_model_in_capitals_is_no_list(rendered):
    text = "# for x in pre:\nslot__x = x\n# end\nf(PRE)"
    assert rendered(text, pre=("PRE", "AMPA")) == ["slot_PRE = PRE", "slot_AMPA = AMPA", "f(PRE, AMPA)"]


@pytest.mark.parametrize(("on", "expected"), [(True, ["a = 1"]), (False, ["a = 2"])])
def test_a_choice_leaves_lines_out(rendered, on, expected):
    assert rendered("# if on and pre:\na = 1\n# else:\na = 2\n# end", on=on, pre=("x",)) == expected


def test_marks_may_lie_in_each_other(rendered):
    text = "# for x in pre:\n# if x in added:\nx += 1\n# else:\nx = 1\n# end\n# end"
    assert rendered(text, pre=("a", "b"), added=("b",)) == ["a = 1", "b += 1"]


def test_a_template_makes_lists(rendered):
    text = "# EVENTS = end, event__PRE\n# TABLES = x__coarse, g(x, x__fine) for x in pre\nf(EVENTS, TABLES)"
    assert rendered(text, pre=("a", "b")) == [
        "f(end, event_a, event_b, a_coarse, g(a, a_fine), b_coarse, g(b, b_fine))"
    ]


def test_a_list_may_grow(rendered):
    text = "# SUM = w\n# for x in pre:\n# SUM = SUM + x * H__x\n# end\nnow = SUM"
    assert rendered(text, pre=("a", "b")) == ["now = w + a * H_a + b * H_b"]


def test_names_in_capitals_that_are_imported_stand_for_themselves(rendered):
    text = "from clocks import PHASE\nphase = clock[PHASE]"
    assert rendered(text, pre=()) == text.split("\n")


def test_docstrings_and_comments_are_kept(rendered):
    text = 'def f(PRE):\n    """PRE, as NEST has it:\n\n    # if that\n    """\n    # Eq. 10\n    return PRE  # PRE'
    assert rendered(text, pre=("x",)) == text.replace("f(PRE)", "f(x)").replace("return PRE", "return x").split("\n")


def test_long_lines_are_broken_at_commas(rendered):
    many = tuple(f"a_name_of_some_length_{k}" for k in range(20))
    text = "def f(step, MANY):\n    all__MANY, mask = g(MANY, (1, 2))\n    return f(\n        MANY\n    )"
    lines = rendered(text, many=many)
    assert max(map(len, lines)) <= LINE_LENGTH and len(lines) > 10
    found = {}
    exec("\n".join(lines), found)
    assert found["f"].__code__.co_varnames[:21] == ("step", *many)


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("a = 1\nf(POST)", 3, "unknown list 'post'; there are pre"),
        ("# for x in post:\nx\n# end", 2, "unknown list 'post'; there are pre"),
        ("a = 1\nb__y = 1", 3, "no loop has a variable in 'b__y'"),
        ("f(a__PRE__PRE)", 2, "two lists in 'a__PRE__PRE'"),
        ("# if of and on:\na\n# end", 2, "name 'of' is not defined"),
        ("# while on:\na\n# end", 2, "unknown mark '# while on:'"),
        ("# elif on:\na\n# end", 2, "unknown mark '# elif on:'"),
        ("# for x of pre:\na\n# end", 2, "unknown mark '# for x of pre:'"),
        ("# for x in pre:\na", 2, "has no '# end'"),
        ("a\n# end", 3, "without a matching start"),
        ("a\n# else:\nb", 3, "without a matching start"),
        ("# for x in pre:\na\n# else:\nb\n# end", 2, "has no '# end'"),
        ("# for x, y in pre:\na\n# end", 2, "expected 2 names, got 'x'"),
        ("# ON = a", 2, "'on' is a flag"),
        ("# for x in pre:\nf(PRE[x])\n# end", 3, "the index of list 'pre'"),
    ],
)
def test_a_mistake_is_reported_with_file_and_line(rendered, tmp_path, text, line, complaint):
    with pytest.raises(TemplateError) as caught:
        rendered(text, pre=("x", "y"), on=True)
    assert complaint in str(caught.value) and str(caught.value).startswith(f"{tmp_path / 'one.py'}:{line}: ")


def test_templates_cannot_be_imported():
    with pytest.raises(ImportError, match="templates for spikelearn.codegen.template"):
        import spikelearn.kernels.templates  # noqa: F401


def test_templates_parse_as_they_stand():
    paths = [path for path in TEMPLATES.glob("*.py") if path.stem != "__init__"]
    assert len(paths) >= 8
    for path in paths:
        compile(path.read_text(), path, "exec")
