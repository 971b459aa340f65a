"""One command makes all pages from one commit: it resumes, refuses uncommitted code, and says what failed."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from spikelearn import version

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("pages_script", ROOT / "scripts" / "pages.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(version, "commit", lambda: "abc")
    return script


def part(pages, name, file, ends=0):
    """A part that writes a line into a file."""
    program = f"import sys; open(sys.argv[1], 'a').write('{name}\\n'); sys.exit({ends})"
    return pages.Part(name, "a page", (f'-c "{program}" {file}',))


def test_each_part_is_made_once_from_a_commit_and_what_failed_is_made_again(pages, tmp_path, monkeypatch, capfd):
    file, kept = tmp_path / "file", tmp_path / "made.json"
    one, bad, two = part(pages, "one", file), part(pages, "bad", file, ends=3), part(pages, "two", file)
    assert pages.main([], [one, bad, two], kept) == 1
    assert file.read_text() == "one\nbad\ntwo\n"
    assert "ended with 3" in (errors := capfd.readouterr().err) and errors.endswith("not made: bad\n")
    assert {name: each["commit"] for name, each in json.loads(kept.read_text()).items()} == {"one": "abc", "two": "abc"}
    table = [line for line in kept.with_suffix(".md").read_text().splitlines() if line.startswith("| ")]
    assert [[cell.strip() for cell in row.split("|")][4] for row in table] == ["commit", "abc", "not yet", "abc"]
    assert pages.main([], [one, bad, two], kept) == 1 and file.read_text() == "one\nbad\ntwo\nbad\n"
    assert pages.main(["two", "--anew"], [one, bad, two], kept) == 0 and file.read_text().endswith("bad\ntwo\n")
    monkeypatch.setattr(version, "commit", lambda: "abd")
    assert pages.main(["one"], [one, bad, two], kept) == 0 and file.read_text().endswith("two\none\n")


def test_the_commands_of_a_part_end_with_the_first_that_fails(pages, tmp_path):
    file = tmp_path / "file"
    commands = [part(pages, name, file, ends).commands[0] for name, ends in (("a", 0), ("b", 1), ("c", 0))]
    assert pages.main([], [pages.Part("all", "pages", tuple(commands))], tmp_path / "made.json") == 1
    assert file.read_text() == "a\nb\n" and not (tmp_path / "made.json").exists()


@pytest.mark.parametrize("commit", [None, "abc+"])
def test_code_that_is_not_committed_makes_no_page(pages, tmp_path, monkeypatch, capsys, commit):
    monkeypatch.setattr(version, "commit", lambda: commit)
    assert pages.main([], [part(pages, "one", tmp_path / "file")], tmp_path / "made.json") == 2
    assert "nothing but docs/, tests/ and prose differs from its commit" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["benchmark"], "there is no part 'benchmark'; there are: results, fresh"),
        ([], "--mnist FOLDER is needed for mnist, credit_assignment"),
        (["results", "--mnist", "/no/such"], "--mnist: there is no folder /no/such"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_made(pages, arguments, message, capsys):
    with pytest.raises(SystemExit):
        pages.main(arguments)
    assert message in capsys.readouterr().err


def test_a_folder_of_mnist_is_given_to_the_commands_that_need_it(pages, tmp_path, capsys):
    on_mnist = next(each for each in pages.PARTS if each.name == "mnist")
    for command in on_mnist.commands_with("/a folder/of mnist")[:-1]:
        assert "mnist=/a folder/of mnist" in command
    assert pages.main(["--list"]) == 0
    assert capsys.readouterr().out.count("    python ") == sum(len(each.commands) for each in pages.PARTS)


def test_every_command_of_the_parts_is_one_that_there_is(pages):
    for each in pages.PARTS:
        for words in each.commands_with("FOLDER"):
            file = words[1].replace(".", "/") + ".py" if words[0] == "-m" else words[0]
            text = (ROOT / file).read_text(encoding="utf-8")
            for option in [word for word in words[2 if words[0] == "-m" else 1 :] if word.startswith("--")]:
                assert f'"{option}"' in text or "page_of_rules" in text, f"{file} {option}"
