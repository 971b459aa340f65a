"""The part of a rendered text that a kernel needs: itself and all that it reaches.

A template renders several kernels, of which only one or two call a model's own functions. Each is compiled from what it
reaches alone, so the others are the same text, and the same machine code, for all models that share the rest.
"""

from __future__ import annotations

import functools
import re

_BLOCK = re.compile(r"^(?:@[^\n]*\n)*(?:def|from|import|#|[A-Za-z_]\w*\s*[:=])", re.MULTILINE)
"""Where a function with its decorators, an import, a comment or a constant begins; ")" of a signature does not."""
_INJECTED = re.compile(r"# (\w+): [^\n]*\n# of [^\n]*\n")
"""The comment that stands for a function that cannot be imported; see `import_line` in modules.py."""
_NAME = re.compile(r"[A-Za-z_]\w*")
_NOT_CODE = re.compile(r'"""[^"]*"""|#[^\n]*')


@functools.lru_cache(maxsize=256)
def reached_text(text: str, name: str) -> str:
    """The lines of a text that define `name` and whatever it reaches, in their order."""
    blocks = _blocks(text)
    definitions: dict[str, list[int]] = {}
    for k, (defined, _, _) in enumerate(blocks):
        for each in defined:
            definitions.setdefault(each, []).append(k)
    kept: set[int] = set()
    waiting = [name]
    seen = {name}
    while waiting:
        for k in definitions.get(waiting.pop(), ()):
            if k not in kept:
                kept.add(k)
                new = blocks[k][1] - seen
                seen |= new
                waiting.extend(new)
    return _joined([blocks[k] for k in range(len(blocks)) if k in kept or not blocks[k][0]], seen)


def _joined(blocks: list[tuple[set[str], set[str], str]], needed: set[str]) -> str:
    """The lines of blocks, imports without what is not needed or is imported above, comments where lines follow."""
    lines: list[str] = []
    imported: set[str] = set()
    comment = ""
    for defined, _, block in blocks:
        if not defined:
            comment = block
            continue
        if block.startswith(("from ", "import ")):
            block = _import_of(block, (defined & needed) - imported)
            imported |= defined
        lines += [comment, block] if block else []
        comment = "" if block else comment
    return re.sub(r"\n+(?=@)", "\n\n\n", "".join(lines)).strip() + "\n"


@functools.lru_cache(maxsize=64)
def functions_of(text: str) -> tuple[str, ...]:
    """The names of the functions that a text defines."""
    return tuple(re.findall(r"^def (\w+)\(", text, re.MULTILINE))


@functools.lru_cache(maxsize=64)
def _blocks(text: str) -> list[tuple[set[str], set[str], str]]:
    """Names defined, names in it, and the lines, for each block of a text."""
    found = []
    at = 0
    for match in _INJECTED.finditer(text):
        found += _plain_blocks(text[at : match.start()])
        found.append(({match[1]}, set(), match[0]))
        at = match.end()
    return found + _plain_blocks(text[at:])


def _plain_blocks(text: str) -> list[tuple[set[str], set[str], str]]:
    starts = [match.start() for match in _BLOCK.finditer(text)]
    found: list[tuple[set[str], set[str], str]] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        block = text[start:end]
        code = _NOT_CODE.sub("", block)
        names = set(_NAME.findall(code))
        if code.startswith(("from ", "import ")):
            defined = {part.split()[-1] for part in code.split("import ", 1)[1].split(",")}
            found.append((defined, set(), block))
        elif not code.strip():
            found.append((set(), set(), block))
        elif match := re.match(r"(?:@[^\n]*\n)*(?:def )?(\w+)", code):
            found.append(({match[1]}, names - _variables(code), block))
    return found


def _variables(code: str) -> set[str]:
    """Arguments and variables of a function, which may be called like another function, except those that it calls."""
    signature = re.search(r"^def \w+\(([^)]*)\)", code, re.MULTILINE)
    own = set(_NAME.findall(signature[1])) if signature else set()
    own |= set(re.findall(r"^ +(\w+) = ", code, re.MULTILINE))
    return own - {"Written"} - set(re.findall(r"(\w+)\(", code))


def _import_of(block: str, names: set[str]) -> str:
    """An import of some of its names only."""
    line = block.rstrip()
    head, _, given = line.partition("import ")
    wanted = [part.strip() for part in given.split(",") if part.split()[-1] in names]
    return f"{head}import {', '.join(wanted)}{block[len(line) :]}" if wanted else ""
