"""Docstrings of the package as Markdown: plain prose, arguments as "name: text", doctests."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable

WIDTH = 108
"""Of lines of docstrings, less what the methods of a class are indented by."""
SPECIAL = re.compile(r"([\\*_<>\[\]#$~|])")


def escaped(text: str) -> str:
    """Plain text as Markdown; what stands between backticks is code and stays as it is."""
    pieces = re.split(r"(`[^`]+`)", text)
    return "".join(each if k % 2 else SPECIAL.sub(r"\\\1", each) for k, each in enumerate(pieces))


def markdown(text: str, arguments: Iterable[str] = ()) -> str:
    """A docstring as Markdown.

    arguments: names that begin an entry of a list where a colon follows them at the start of a line or sentence.
    """
    names = sorted(arguments, key=len, reverse=True)
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        blocks += _block(block, names) if block else []
    return "\n\n".join(blocks)


def fenced(text: str, language: str = "text") -> str:
    return f"````{{code-block}} {language}\n{text}\n````"


def _block(block: str, names: list[str]) -> list[str]:
    lines = block.splitlines()
    if any(line.startswith(">>>") for line in lines):
        start = next(k for k, line in enumerate(lines) if line.startswith(">>>"))
        code = re.sub(r"\s*# doctest: .*", "", "\n".join(lines[start:]))
        return [*([] if start == 0 else _block("\n".join(lines[:start]), names)), fenced(code, "pycon")]
    if all(line.startswith("    ") for line in lines):
        inner = textwrap.dedent(block)
        return _block(inner, names) if "`" in inner else [fenced(inner)]
    if len(lines) > 1 and set(lines[1]) == {"-"}:
        return [f"**{escaped(lines[0])}**", *_block("\n".join(lines[2:]), names)] if lines[2:] else []
    if any(re.search(r"\S {3,}\S", line) for line in lines):
        return [fenced(block)]
    entries = _entries(lines, names)
    if entries:
        return entries
    if len(lines) > 1 and all(" = " in line or "= " in line for line in lines):
        return ["\\\n".join(escaped(line.strip()) for line in lines)]
    return [_prose(lines)]


def _prose(lines: list[str]) -> str:
    return escaped(" ".join(line.strip() for line in lines))


def _broken_on_purpose(lines: list[str]) -> list[list[str]]:
    """Lines in groups that end where the first word of the next line would have found room, after a sentence."""
    groups = [lines[:1]]
    for before, line in itertools.pairwise(lines):
        room = WIDTH - len(before) - 1 >= len(line.split(" ", 1)[0])
        if room and before.endswith((".", ")")) and re.match(r"[A-Z`]", line):
            groups.append([])
        groups[-1].append(line)
    return groups


def _entries(lines: list[str], names: list[str]) -> list[str]:
    """The paragraph with a bullet for each argument that it explains; nothing if it explains none."""
    if not names:
        return []
    one = "|".join(re.escape(name) for name in names)
    begins = re.compile(rf"(?:(?<=^)|(?<=[.;)\"] ))((?:{one})(?:, (?:and )?(?:{one}))*): ")
    text = re.sub(r"\s*\n\s*", " ", "\n".join(lines))
    found = list(begins.finditer(text))
    if not found:
        return []
    parts = _broken_on_purpose(lines)
    if len(parts) > 1:
        return [each for part in parts for each in _entries(part, names) or [_prose(part)]]
    before = text[: found[0].start()].strip()
    ends = [each.start() for each in found[1:]] + [len(text)]
    listed, after = [], ""
    for each, end in zip(found, ends, strict=True):
        meaning = text[each.end() : end].strip()
        cut = re.search(r"(?<=[.)] )(?=(?:Raises|Returns|Source:) )", meaning) if end == len(text) else None
        if cut:
            meaning, after = meaning[: cut.start()].strip(), meaning[cut.start() :]
        listed.append(f"- **{escaped(each.group(1))}**: {escaped(meaning)}")
    return [part for part in (escaped(before), "\n".join(listed), escaped(after)) if part]
