"""Text of a user on its way into source: a name must be one, and any other text becomes a literal or a remark."""

from __future__ import annotations

import keyword
import re
import reprlib
from typing import Any

from spikelearn.errors import DescriptionError

_WORDS = re.compile(r"\w+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_OPERAND = re.compile(r"\w+(?:\.\w+)*(?:\[\w+\])?|\w+\(\w+(?:, \w+)*\)|(?:\(\w+ - \w+\)|\w+) \* \w+")


def is_identifier(text: Any) -> bool:
    """Whether a text is a name in Python, also after Python has normalised it (a micro sign becomes a mu)."""
    if not isinstance(text, str) or not text.isidentifier() or keyword.iskeyword(text) or text == "__debug__":
        return False
    if text.isascii():
        return True
    import unicodedata

    return unicodedata.is_normalized("NFKC", text)


def identifier(text: Any, what: str) -> str:
    """A name for a variable. Raises DescriptionError."""
    if not is_identifier(text):
        raise DescriptionError(
            f"{what}: expected a name of letters, digits and _, no keyword of Python, got {reprlib.repr(text)}"
        )
    return str(text)


def operand(text: str, what: str) -> str:
    """What is put in for a name of a template: a name, also of a module, a number, an element, a tuple of names by
    their class, or the time of an event or between two.

    Raises DescriptionError.
    """
    if _NUMBER.fullmatch(text):
        return text
    words = _WORDS.findall(text)
    if not _OPERAND.fullmatch(text) or not all(word.isdecimal() or is_identifier(word) for word in words):
        raise DescriptionError(f"{what}: expected a name of letters, digits and _, got {reprlib.repr(text)}")
    return text


def quoted(text: str) -> str:
    """A literal: in triple quotes if it has several lines, in double quotes if it can be."""
    lines = text.split("\n")
    plain = all(line.isprintable() for line in lines) and "\\" not in text
    if len(lines) > 1 and plain and '"""' not in text and not text.endswith('"'):
        return f'"""{text}"""'
    return f'"{text}"' if len(lines) == 1 and plain and '"' not in text else repr(text)


def docstring(text: str) -> str:
    """A literal in triple quotes, if it can be. What is not Unicode is spelt out: Python takes none in docstrings."""
    literal = quoted(text.encode("utf-8", "backslashreplace").decode("utf-8"))
    return f'""{literal}""' if literal == f'"{text}"' else literal


def remark(text: str) -> str:
    """The rest of a line of comment."""
    return text if text.isprintable() else repr(text)[1:-1]
