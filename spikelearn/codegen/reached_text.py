"""The part of a rendered text that a kernel needs: itself and all that it reaches.

A template renders several kernels, of which only one or two call a model's own functions. Each is compiled from what it
reaches alone, so the others are the same text, and the same machine code, for all models that share the rest.
"""

from __future__ import annotations

import functools
import re
from typing import TypeAlias

_BLOCK = re.compile(r"^(?:@[^\n]*\n)*(?:def|from|import|#|[A-Za-z_]\w*\s*[:=])", re.MULTILINE)
"""Where a function with its decorators, an import, a comment or a constant begins; ")" of a signature does not."""
_INJECTED = re.compile(r"# (\w+): [^\n]*\n# of [^\n]*\n")
"""The comment that stands for a function that cannot be imported; see `import_line` in modules.py."""
_NAME = re.compile(r"[A-Za-z_]\w*")
_NOT_CODE = re.compile(r'"""[^"]*"""|#[^\n]*')
_FUNCTION = re.compile(r"^def (\w+)\(", re.MULTILINE)
_DEFINED = re.compile(r"(?:@[^\n]*\n)*(?:def )?(\w+)")
_SIGNATURE = re.compile(r"^def \w+\(([^)]*)\)", re.MULTILINE)
_ASSIGNED = re.compile(r"^ +(\w+) = ", re.MULTILINE)
_CALLED = re.compile(r"(\w+)\(")
_IMPORTS = ("from ", "import ")
Block: TypeAlias = "tuple[set[str], str]"
"""The names that some lines define, and the lines."""


@functools.lru_cache(maxsize=256)
def reached_text(text: str, name: str) -> str:
    """The lines of a text that define `name` and whatever it reaches, in their order."""
    if len(functions_of(text)) < 2:
        return text
    blocks = _blocks(text)
    definitions: dict[str, list[int]] = {}
    for k, (defined, _) in enumerate(blocks):
        for each in defined:
            definitions.setdefault(each, []).append(k)
    kept: set[int] = set()
    waiting, seen = [name], {name}
    while waiting:
        for k in definitions.get(waiting.pop(), ()):
            if k not in kept:
                kept.add(k)
                new = _used(blocks[k][1]) - seen
                seen |= new
                waiting.extend(new)
    return _joined([blocks[k] for k in range(len(blocks)) if k in kept or not blocks[k][0]], seen)


@functools.lru_cache(maxsize=64)
def functions_of(text: str) -> tuple[str, ...]:
    """The names of the functions that a text defines."""
    return tuple(_FUNCTION.findall(text))


def _joined(blocks: list[Block], needed: set[str]) -> str:
    """The lines of blocks, imports without what is not needed or is imported above, comments where lines follow."""
    lines: list[str] = []
    imported: set[str] = set()
    comment = ""
    for defined, block in blocks:
        if not defined:
            comment = block
            continue
        if block.startswith(_IMPORTS):
            block = _import_of(block, (defined & needed) - imported)
            imported |= defined
        lines += [comment, block] if block else []
        comment = "" if block else comment
    return re.sub(r"\n+(?=@)", "\n\n\n", "".join(lines)).strip() + "\n"


@functools.lru_cache(maxsize=64)
def _blocks(text: str) -> list[Block]:
    """All blocks of a text; comments define nothing."""
    found: list[Block] = []
    at = 0
    for match in _INJECTED.finditer(text):
        found += _plain_blocks(text[at : match.start()])
        found.append(({match[1]}, match[0]))
        at = match.end()
    return found + _plain_blocks(text[at:])


def _plain_blocks(text: str) -> list[Block]:
    starts = [match.start() for match in _BLOCK.finditer(text)]
    found: list[Block] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        block = text[start:end]
        if block.startswith(_IMPORTS):
            given = _NOT_CODE.sub("", block).split("import ", 1)[1]
            found.append(({part.split()[-1] for part in given.split(",")}, block))
        elif block.startswith("#"):
            found.append((set(), block))
        else:
            defined = _DEFINED.match(block)
            assert defined is not None
            found.append(({defined[1]}, block))
    return found


@functools.lru_cache(maxsize=256)
def _used(block: str) -> set[str]:
    """The names that a block uses, without those of its own arguments and variables, unless it calls them."""
    if block.startswith((*_IMPORTS, "#")):
        return set()
    code = _NOT_CODE.sub("", block)
    signature = _SIGNATURE.search(code)
    own = set(_NAME.findall(signature[1])) - {"Written"} if signature else set()
    own |= set(_ASSIGNED.findall(code))
    return set(_NAME.findall(code)) - (own - set(_CALLED.findall(code)))


def _import_of(block: str, names: set[str]) -> str:
    """An import of some of its names only."""
    line = block.rstrip()
    head, _, given = line.partition("import ")
    wanted = [part.strip() for part in given.split(",") if part.split()[-1] in names]
    return f"{head}import {', '.join(wanted)}{block[len(line) :]}" if wanted else ""
