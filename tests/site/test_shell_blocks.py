"""Commands on pages parse, and name commands, options, models, scripts and extras that there are. None is run.

These are blocks of ```sh, and indented lines that begin with `python` or `spikelearn` and have nothing in brackets.
"""

import itertools
import re
import shlex
import shutil
import subprocess
import tomllib
from importlib.util import find_spec

import pytest
from site_pages import PAGES, ROOT, blocks

from spikelearn.cli.command import command_parser
from spikelearn.experiments import converted, load_experiment

OURS = ("benchmarks", "docs", "examples", "models", "scripts", "spikelearn", "tests", "tutorials")
"""Folders: what is said to lie in one of them is there."""
TOOLS = (
    "apt-get", "bash", "cd", "cmake", "export", "git", "lint-imports", "make", "mkdir", "module", "mpirun", "mypy",
    "pre-commit", "pytest", "ruff", "source", "srun",
)  # fmt: skip
"""Commands of others, whose options are theirs."""
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def shell(page):
    """The commands of a page, each as a tuple of words."""
    found = [each.code for each in blocks(page, "sh")]
    text = page.read_text(encoding="utf-8")
    indented = re.findall(r"^    ((?:python3?|spikelearn) (?:.*\\\n)*.*)", text, re.MULTILINE)
    found += [re.sub(r"\bN\b", "1", each) for each in indented if not re.search(r"[([]", each)]
    for line in "\n".join(found).replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;")
        lexer.whitespace_split = True
        for is_end, words in itertools.groupby(lexer, lambda word: set(word) <= set("&|;")):
            if not is_end:
                given = itertools.dropwhile(lambda word: re.match(r"[A-Z_]+=", word), words)  # variables come first
                yield tuple(word.removeprefix(".venv/bin/") for word in given)


@pytest.mark.parametrize("page", [page for page in PAGES if any(shell(page))], ids=lambda page: page.name)
def test_the_commands_of_a_page_are_those_that_there_are(page):
    for words in shell(page):
        check(*words)


def check(command, *words):
    for word in words:
        if word.partition("/")[0] in OURS and "/" in word:
            assert (ROOT / word.partition("::")[0]).exists(), word
    if command == "spikelearn":
        check_spikelearn(words)
    elif command in ("python", "python3"):
        check_python(words)
    elif command == "pip":
        named = {name for each in words for names in re.findall(r"\[(.+)\]", each) for name in names.split(",")}
        assert words[0] == "install" and named <= set(EXTRAS)
    else:
        assert command in TOOLS, f"no test knows what {command} is"
        if command in ("mpirun", "srun"):
            check(*words[words.index("python") :])


def check_spikelearn(words):
    """The command line takes the words, and the model has the parameters that are set."""
    options = vars(command_parser().parse_args(words))
    model = options.get("model")
    if model and re.fullmatch(r"\w+", model):  # no file
        converted(load_experiment(model), dict(each.split("=", 1) for each in options.get("settings") or ()))


def check_python(words):
    if words[0] == "-m":
        assert find_spec(words[1]) or words[1] == "sphinx"  # of the extra docs
        return
    script = words[0]
    if script == "script.py":  # the reader's
        return
    text = (ROOT / script).read_text(encoding="utf-8")
    for option in (each for each in words[1:] if each.startswith("--")):
        assert f'"{option}"' in text, f"{script} has no {option}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_blocks_for_the_shell_are_read_by_bash():
    for page in PAGES:
        for block in blocks(page, "sh"):
            read = subprocess.run(["bash", "-n"], input=block.code, capture_output=True, text=True)
            assert read.returncode == 0, f"{page}, line {block.line}: {read.stderr}"
