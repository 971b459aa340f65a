"""Text written by the user, split into pieces that know their position, so that an error can point at one."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from spikelearn.equations.python import FUNCTIONS
from spikelearn.errors import DescriptionError

_DEFINITION = re.compile(r"^[ \t]*(?:d[ \t]*(?P<changing>\w+)[ \t]*/[ \t]*dt|(?P<name>\w+))[ \t]*(?P<sign>[=:])", re.M)
_STATEMENT = re.compile(
    r"[ \t]*(?P<target>[^\W\d]\w*)[ \t]*(?P<operator>[-+*/%]|\*\*|//)?=(?!=)(?P<expression>.*)", re.S
)
_SYNTAX = (ast.Name, ast.Call, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare)


class _Tables(ast.NodeTransformer):
    """`I(t)` and `I(t, i)`, a parameter that changes in time, become the name I: see Timed."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        given = [getattr(each, "id", None) for each in node.args]
        if isinstance(node.func, ast.Name) and node.func.id not in FUNCTIONS and given in (["t"], ["t", "i"]):
            return ast.copy_location(ast.Name(node.func.id, ast.Load()), node)
        return node


@dataclass(frozen=True)
class Piece:
    """text[start:end] of the user's text. where: its name in errors, 'equations of neuron model ...'."""

    where: str
    text: str
    start: int
    end: int

    @property
    def code(self) -> str:
        """The piece in one line, without comments; every character keeps its position."""
        piece = re.sub(r"#[^\n]*", lambda comment: " " * len(comment.group()), self.text[self.start : self.end])
        return piece.replace("\n", " ")

    @property
    def tree(self) -> ast.expr:
        """The piece parsed as an expression. Raises DescriptionError if it is not one."""
        try:
            tree = ast.parse(f"({self.code})", mode="eval").body
        except SyntaxError as error:
            offset = min(max((error.offset or 1) - 2, 0), len(self.code.rstrip()) - 1) if self.code.strip() else 0
            message = f"this is not an expression: {error.msg.replace(' (<unknown>, line 1)', '')}"
            raise DescriptionError(self.complaint(message, offset, offset + 1)) from None
        for node in ast.walk(tree):
            number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
            if isinstance(node, ast.expr) and not number and not isinstance(node, _SYNTAX):
                raise DescriptionError(self.complaint_at(f"{ast.unparse(node)} is not in Brian2's syntax", node))
        return _Tables().visit(tree)

    def complaint(self, message: str, start: int = 0, end: int | None = None) -> str:
        """An error message with the line of the text below it, and marks under characters start to end of the piece."""
        end = len(self.code.rstrip()) if end is None else end
        start += len(self.code[start:end]) - len(self.code[start:end].lstrip())
        first, last = self.start + start, self.start + max(end, start + 1)
        line_start = self.text.rfind("\n", 0, first) + 1
        line_end = self.text.find("\n", first)
        line_end = len(self.text) if line_end < 0 else line_end
        line = self.text[line_start:line_end]
        if not line.strip():
            return f"{self.where}: {message}"
        margin = len(line) - len(line.lstrip())
        marks = " " * (first - line_start - margin) + "^" * max(1, min(last, line_end) - first)
        return f"{self.where}: {message}\n    {line.strip()}\n    {marks}"

    def complaint_at(self, message: str, node: ast.AST) -> str:
        """The same, pointing at a node of `tree`."""
        return self.complaint(message, node.col_offset - 1, node.end_col_offset - 1)  # type: ignore[attr-defined]

    def complaint_about(self, message: str, word: str) -> str:
        """The same, pointing at the first occurrence of `word`."""
        found = re.search(rf"\b{re.escape(word)}\b", self.code)
        return self.complaint(message, *(found.span() if found else (0, None)))


def whole(where: str, text: str) -> Piece:
    """The whole text. Raises DescriptionError if it is none, or has characters that no equation has."""
    if not isinstance(text, str):
        raise DescriptionError(f"{where}: expected a text, got {text!r}")
    for k, character in enumerate(text):
        if not character.isprintable() and character not in "\n\r\t":
            line = text.count("\n", 0, k) + 1
            raise DescriptionError(f"{where}: character {ascii(character)} in line {line} cannot be part of equations")
    return Piece(where, text, 0, len(text))


@dataclass(frozen=True)
class Statement:
    """`target operator= expression`; operator is "" for plain assignment."""

    target: str
    operator: str
    expression: Piece
    whole: Piece


def statements(where: str, text: str) -> list[Statement]:
    """The statements of a text: one per line, or separated by ;. Raises DescriptionError."""
    found = []
    if not isinstance(text, str):
        raise DescriptionError(f"{where}: expected statements such as 'V_m = V_reset', got {text!r}")
    whole(where, text)
    for part in re.finditer(r"[^;\n]+", text):
        piece = Piece(where, text, part.start(), part.end())
        if not piece.code.strip():
            continue
        match = _STATEMENT.fullmatch(piece.code)
        if match is None:
            raise DescriptionError(piece.complaint("expected a statement such as 'V_m = V_reset' or 'w += b'"))
        start = piece.start + match.start("expression")
        expression = Piece(where, text, start, piece.end)
        expression.tree  # noqa: B018 (raises where it is no expression)
        found.append(Statement(match.group("target"), match.group("operator") or "", expression, piece))
    return found


def definitions(where: str, text: str) -> dict[str, tuple[Piece, Piece]]:
    """Variable -> (its whole equation, the right-hand side) in the order of the text. That of a parameter is empty.

    Raises DescriptionError for a line that is not an equation or has no unit.
    """
    whole(where, text)
    starts = list(_DEFINITION.finditer(text))
    before = Piece(where, text, 0, starts[0].start() if starts else len(text))
    if before.code.strip() or not starts:
        raise DescriptionError(before.complaint("expected equations such as 'dV_m/dt = (E_L - V_m) / tau_m : volt'"))
    found: dict[str, tuple[Piece, Piece]] = {}
    for match, following in zip(starts, [*starts[1:], None], strict=True):
        end = following.start() if following else len(text)
        piece = Piece(where, text, match.start(), end)
        name = match.group("changing") or match.group("name")
        colon = piece.code.rfind(":")
        if colon < 0:
            message = f"an equation ends in its unit, such as ': volt', and that of {name} has none"
            raise DescriptionError(piece.complaint(message))
        if name in found:
            raise DescriptionError(piece.complaint_about(f"{name} is defined twice", name))
        right = Piece(where, text, match.end(), match.start() + colon)
        found[name] = piece, right if match.group("sign") == "=" else Piece(where, text, match.end(), match.end())
        if match.group("sign") == "=":
            right.tree  # noqa: B018 (raises where it is no expression)
    return found
