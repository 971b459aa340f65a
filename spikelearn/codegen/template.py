"""Templates of kernels: valid Python that parses and lints, rendered for one model or rule at a time.

A template is a file in kernels/templates. It is read as text and never imported. Differences between models are passed
to `render` as lists of names and as flags, and appear in the template as follows:

    PRE, slot__PRE[k]                a list, in capitals: with pre = ("x", "y") this is x, y, slot_x[k], slot_y[k];
                                     `: Written` after it, in a signature, applies to each, as an index does
    # for x in pre:  ...  # end      lines that are repeated; in them `x` and `slot__x` are one name of the list
    # if modulated:  ...  # else:  ...  # end     conditional lines; any Python expression of lists and flags
    # EVENTS = step, event__PRE      a list defined in the template, also with `... for x in pre` at its end

An empty list removes its comma. Names in capitals that the template imports are left unchanged. All other comments
are kept, and lines that become too long are wrapped at commas. Errors raise TemplateError.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from spikelearn.codegen.source_text import operand
from spikelearn.errors import TemplateError

TEMPLATES = Path(__file__).parents[1] / "kernels" / "templates"
LINE_LENGTH = 120

Value: TypeAlias = "bool | str | tuple[str, ...] | tuple[tuple[str, ...], ...]"
"""A flag; a list of names, or of tuples for `# for x, y in ...`; one name, which is a list of one."""

_MARK = re.compile(r"\s*# (?:(for) ([a-z, ]+) in (\w+):|(if) (.+):|(else):|(end)|([A-Z][A-Z0-9_]+) =(?: (.*))?)")
_LIKE_A_MARK = re.compile(r"\s*# (?:(?:for|if|elif|else|end|while)\b.*|.*:|[A-Z][A-Z0-9_]+ =.*)")
_ONE_EACH = re.compile(r"(.+) for ([a-z, ]+) in (\w+)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_LIST = re.compile(r"[A-Z]{2,}(?:_[A-Z0-9]+)*")
_IMPORT = re.compile(r"^(?:from|import) .*$", re.MULTILINE)
_MARKED = ": Written"
_EMPTY = "\0"
_EMPTY_WITH_COMMA = re.compile(f"(?:, {_EMPTY})+(?=[)\\]]|$)|{_EMPTY},? ?")


class _Line(NamedTuple):
    """A line: plain text, alternating with words to be substituted. inside: it begins within brackets.

    words: the components of each word: parts, a list or None, and parts after it.
    """

    place: str
    texts: tuple[str, ...]
    words: tuple[tuple[tuple[str, ...], str | None, tuple[str, ...]], ...]
    inside: bool = False


class _For(NamedTuple):
    """Lines repeated for each item of the list `source`, whose parts are called `names`."""

    place: str
    names: tuple[str, ...]
    source: str
    body: tuple[_Node, ...]


class _If(NamedTuple):
    """Conditional lines."""

    place: str
    condition: str
    body: tuple[_Node, ...]
    otherwise: tuple[_Node, ...]


class _List(NamedTuple):
    """A list made from a line, or from one line per item of another list."""

    name: str
    made_of: _Line | _For


_Node: TypeAlias = "str | _Line | _For | _If | _List"


class _Scope(NamedTuple):
    """The meanings of names: flags and lists, and the variables of the loops around a line."""

    values: dict[str, Any]
    one: dict[str, str]


@functools.cache
def render(*templates: str, **values: Value) -> str:
    """The text of kernels/templates/`template`.py with these lists and flags substituted.

    Of several templates, that of one after the other; the lists that one makes are known in the next. Raises
    DescriptionError for an item that is not a name, which would be something else in the text.
    """
    where = " and ".join(f"kernels/templates/{template}.py" for template in templates)
    for name, value in values.items():
        for item in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ():
            for part in (item,) if isinstance(item, str) else item:
                operand(part, f"{name} of {where}")
    scope, texts = _Scope(dict(values), {}), []
    for template in templates:
        lines = _rendered(parse(TEMPLATES / f"{template}.py"), scope)
        texts.append("\n".join([f"# Rendered from kernels/templates/{template}.py.", *lines]))
    return re.sub(r"\n{4,}", "\n\n\n", "\n\n\n".join(texts)) + "\n"


@functools.cache
def parse(path: Path) -> tuple[_Node, ...]:
    """A template as lines and marks, without its docstring, which comes first."""
    text = path.read_text(encoding="utf-8")
    imported = frozenset(word for line in _IMPORT.findall(text) for word in _WORD.findall(line))
    lines = text.splitlines()
    begin = text[: text.index('"""', 3)].count("\n") + 1
    nodes, end = _Parser(path, lines, imported).block(begin, ())
    if end < len(lines):
        raise TemplateError(f"{path}:{end + 1}: {lines[end].strip()!r} without a matching start")
    return nodes


class _Parser:
    """The lines of one template, and the number of brackets open at the start of the next one."""

    def __init__(self, path: Path, lines: Sequence[str], imported: frozenset[str]) -> None:
        self.path, self.lines, self.imported, self.open = path, lines, imported, 0

    def block(self, k: int, variables: tuple[str, ...]) -> tuple[tuple[_Node, ...], int]:
        """The lines from k up to the mark that ends their block, and the index of that mark."""
        nodes: list[_Node] = []
        quoted = False
        while k < len(self.lines):
            line = self.lines[k]
            if quoted or '"""' in line:
                quoted ^= line.count('"""') == 1
                nodes.append(line)
            elif not line.lstrip().startswith("#"):
                nodes.append(self.line(line, k, variables))
            elif not (mark := _MARK.fullmatch(line)):
                if _LIKE_A_MARK.fullmatch(line):
                    raise TemplateError(f"{self.path}:{k + 1}: unknown mark {line.strip()!r}")
                nodes.append(line)
            elif mark[6] or mark[7]:
                break
            elif mark[8]:
                nodes.append(self.list(mark[8].lower(), mark[9] or "", k, variables))
            else:
                node, k = self.marked(mark, k, variables)
                nodes.append(node)
            k += 1
        return tuple(nodes), k

    def marked(self, mark: re.Match[str], k: int, variables: tuple[str, ...]) -> tuple[_Node, int]:
        """A loop or condition that begins in line k, and the index of its end."""
        place, names = f"{self.path}:{k + 1}", _split(mark[2])
        body, end = self.block(k + 1, variables + names)
        otherwise: tuple[_Node, ...] = ()
        if mark[4] and end < len(self.lines) and self.lines[end].strip() == "# else:":
            otherwise, end = self.block(end + 1, variables)
        if end == len(self.lines) or self.lines[end].strip() != "# end":
            raise TemplateError(f"{place}: {mark[0].strip()!r} has no '# end'")
        if mark[1]:
            return _For(place, names, mark[3], body), end
        return _If(place, mark[5], body, otherwise), end

    def list(self, name: str, text: str, k: int, variables: tuple[str, ...]) -> _List:
        if each := _ONE_EACH.fullmatch(text):
            names = _split(each[2])
            line = self.line(each[1], k, variables + names)
            return _List(name, _For(line.place, names, each[3], (line,)))
        return _List(name, self.line(text, k, variables))

    def line(self, text: str, k: int, variables: tuple[str, ...]) -> _Line:
        place, begin = f"{self.path}:{k + 1}", 0
        code, comment = (text, "") if (end := text.find("  # ")) < 0 else (text[:end], text[end:])
        texts, words = [], []
        for match in _words(variables).finditer(code):
            parts = match[0].split("__")
            lists = [part for part in parts if _LIST.fullmatch(part)]
            if match[0] in self.imported & {*lists} or not (lists or any(part in variables for part in parts)):
                if len(parts) > 1:
                    raise TemplateError(f"{place}: no loop has a variable in {match[0]!r}")
                continue
            if len(lists) > 1:
                raise TemplateError(f"{place}: two lists in {match[0]!r}")
            at = parts.index(lists[0]) if lists else len(parts)
            texts.append(code[begin : match.start()])
            words.append((tuple(parts[:at]), lists[0].lower() if lists else None, tuple(parts[at + 1 :])))
            begin = match.end()
        inside = self.open > 0
        self.open += _opened(code)
        return _Line(place, (*texts, code[begin:] + comment), tuple(words), inside)


@functools.cache
def _words(variables: tuple[str, ...]) -> re.Pattern[str]:
    """Words that names may be put in for: with __ in them, in capitals, and the variables of loops."""
    return re.compile(rf"(?<!\w)(?:\w*__\w*|{_LIST.pattern}{''.join(f'|{name}' for name in variables)})(?!\w)")


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",")) if text else ()


def _rendered(nodes: Sequence[_Node], scope: _Scope) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif isinstance(node, _Line):
            if not node.words:
                yield node.texts[0]
            elif (line := _line(node, scope)).strip():
                yield from _broken(line, node.inside)
        elif isinstance(node, _For):
            for one in _each(node, scope):
                yield from _rendered(node.body, one)
        elif isinstance(node, _If):
            yield from _rendered(node.body if _holds(node, scope) else node.otherwise, scope)
        else:
            _make(node, scope)


def _make(node: _List, scope: _Scope) -> None:
    of = node.made_of
    if isinstance(scope.values.get(node.name), bool):
        raise TemplateError(f"{of.place}: {node.name!r} is a flag")
    scopes = _each(of, scope) if isinstance(of, _For) else [scope]
    line = of.body[0] if isinstance(of, _For) else of
    assert isinstance(line, _Line)
    scope.values[node.name] = tuple(item for one in scopes for item in _items(_line(line, one)))


def _holds(node: _If, scope: _Scope) -> bool:
    try:
        return bool(eval(node.condition, {}, {**scope.values, **scope.one}))
    except Exception as error:
        raise TemplateError(f"{node.place}: if {node.condition}: {error}") from error


def _each(node: _For, scope: _Scope) -> Iterator[_Scope]:
    """The scopes of the lines of a loop."""
    for item in _list(node.source, node.place, scope):
        parts = (item,) if isinstance(item, str) else item
        if len(parts) != len(node.names):
            raise TemplateError(f"{node.place}: expected {len(node.names)} names, got {item!r}")
        yield _Scope(scope.values, {**scope.one, **dict(zip(node.names, parts, strict=True))})


def _list(name: str, place: str, scope: _Scope) -> tuple[Any, ...]:
    found = scope.values.get(name)
    if isinstance(found, str):
        return (found,)
    if not isinstance(found, tuple):
        there = ", ".join(sorted(name for name, value in scope.values.items() if not isinstance(value, bool)))
        raise TemplateError(f"{place}: unknown list {name!r}; there are {there}")
    return found


def _line(node: _Line, scope: _Scope) -> str:
    """A line with names substituted."""
    done = node.texts[0]
    for word, text in zip(node.words, node.texts[1:], strict=True):
        first, name, rest = word
        before, after = ([scope.one.get(part, part) for part in parts] for parts in (first, rest))
        if name is None:
            done += "_".join(before) + text
            continue
        if text.startswith("[") and "]" not in text:
            raise TemplateError(f"{node.place}: the index of list {name!r} cannot contain names to be substituted")
        index = text[: text.index("]") + 1] if text.startswith("[") else _MARKED if text.startswith(_MARKED) else ""
        names = ("_".join([*before, each, *after]) + index for each in _list(name, node.place, scope))
        done += (", ".join(names) or _EMPTY) + text[len(index) :]
    return _EMPTY_WITH_COMMA.sub("", done) if _EMPTY in done else done


def _items(text: str) -> Iterator[str]:
    """The parts of a text between commas outside all brackets."""
    depth, begin = 0, 0
    for k, sign in enumerate(text + ","):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            if item := text[begin:k].strip():
                yield item
            begin = k + 1


def _broken(line: str, inside: bool) -> Iterator[str]:
    """A line, wrapped if it is too long. Many names before a " = " or after a return are put into brackets for that."""
    if len(line) <= LINE_LENGTH:
        yield line
        return
    indent = len(line) - len(line.lstrip())
    target, equals, value = line.strip().partition(" = ")
    if equals and "(" not in target and len(target) > LINE_LENGTH // 2:
        line = f"{' ' * indent}({target}) = {value}"
    elif line.lstrip().startswith("return ") and not inside:
        line = f"{' ' * indent}return ({line.strip().removeprefix('return ')})"
    depth, further = int(inside), indent if inside else indent + 8
    while len(line) > LINE_LENGTH:
        end = line.rfind(", ", further, LINE_LENGTH)
        while end > 0 and depth + _opened(line[:end]) <= 0:
            end = line.rfind(", ", further, end)
        if end < 0:
            break
        depth += _opened(line[:end])
        yield line[: end + 1]
        line = " " * further + line[end + 2 :]
    yield line


def _opened(text: str) -> int:
    """The number of brackets opened but not closed by a text."""
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))
